//! Reads `prometheus.io/rule`.

use super::Scale;
use super::mistaken::{self, RuleEntry};
use super::template::Templates;
use super::unit::Unit;
use crate::diagnostic::{Diagnostic, Severity, Span};
use crate::page_params::{GraphType, quoted};
use crate::promql::split::{find, split};
use crate::promql::{PromQl, QueryValue, unquote};
use crate::yaml::shown;

/// The most graphs of one annotation.
pub const MAX_GRAPHS: usize = 200;

/// One entry of `prometheus.io/rule`.
#[derive(Clone, Debug, Default)]
pub struct GraphSpec {
    /// The query as its author wrote it, its templates filled, trimmed. Where it is broken, as it was written.
    pub source: String,
    /// None: broken, for the reasons in `problems`, whose spans are offsets into the annotation's value.
    pub query: Option<PromQl>,
    /// The dimension list; empty when none is given.
    pub dimensions: Vec<String>,
    pub graph_type: Option<GraphType>,
    pub title: Option<String>,
    pub unit: Option<Unit>,
    pub stack: bool,
    /// How values are placed. Only an address says so.
    pub scale: Scale,
    /// The places of the query and of each dimension, in the annotation's value.
    pub query_span: Span,
    pub dimension_spans: Vec<Span>,
    pub problems: Vec<Diagnostic>,
}

impl GraphSpec {
    /// How it is drawn. A text can only be a tile, and a single number is one unless the author wants a line.
    pub fn drawn_as(&self) -> GraphType {
        let value = self.query.as_ref().map(PromQl::value).unwrap_or_default();
        match (self.graph_type, value) {
            (_, QueryValue::String) => GraphType::Stat,
            (Some(graph_type), _) => graph_type,
            (None, QueryValue::Scalar) => GraphType::Stat,
            (None, QueryValue::Series) => GraphType::default(),
        }
    }
}

/// The graphs in their order, and the problems that belong to none of them.
/// Each graph has its own problems. All spans are offsets into `value`.
pub fn read(value: &str, templates: &Templates<'_>) -> (Vec<GraphSpec>, Vec<Diagnostic>) {
    let mut problems = Vec::new();
    if let Some(problem) = mistaken::rule_file(value) {
        let source = value.trim().to_owned();
        let graph = GraphSpec { problems: vec![problem], source, ..GraphSpec::default() };
        return (vec![graph], problems);
    }
    let entries = split(value, ',').into_iter().map(|entry| entry.trimmed(value));
    let mut entries: Vec<Span> = entries.filter(|entry| !entry.of(value).is_empty()).collect();
    if entries.is_empty() {
        let message = "no query; write one or remove the annotation";
        problems.push(Diagnostic::error(Span::whole(value), message));
    }
    if let Some(first_left_out) = entries.get(MAX_GRAPHS) {
        let rest = Span::new(first_left_out.start, value.len());
        problems.push(Diagnostic::error(rest, format!("only the first {MAX_GRAPHS} graphs are read")));
        entries.truncate(MAX_GRAPHS);
    }
    let mut previous = None;
    let graphs = entries.into_iter().map(|entry| {
        let graph = graph(value, entry, previous, templates);
        if !graph.source.is_empty() {
            previous = Some(entry);
        }
        graph
    });
    (graphs.collect(), problems)
}

/// `previous` is the entry before with a query.
fn graph(value: &str, entry: Span, previous: Option<Span>, templates: &Templates<'_>) -> GraphSpec {
    let text = entry.of(value);
    let mut fields = split(text, '|').into_iter().map(|f| f.shifted(entry.start).trimmed(value));
    let source = fields.next().unwrap_or(Span::new(entry.start, entry.start));
    let mut graph = GraphSpec::of_query(source.of(value), Some(templates));
    graph.query_span = source;
    graph.problems = graph.problems.into_iter().map(|p| p.shifted(source.start)).collect();
    let mistake = mistaken::of_entry(&RuleEntry {
        value,
        whole: entry,
        place: source,
        previous,
        query: graph.query.as_ref(),
    });
    if let Some(mistake) = mistake {
        // It says more than that the query is not checked, or that there is none; one of the whole, more than others.
        let is_whole = mistake.span == Some(source);
        graph.problems.retain(|problem| problem.severity == Severity::Warning && !is_whole);
        graph.problems.push(mistake);
    }
    for (position, field) in fields.enumerate() {
        let text = field.of(value);
        let problem = match find(text, '=') {
            Some(at) => option(&mut graph, text, at, field, templates).err(),
            None if text.is_empty() => None,
            None if position == 0 => {
                let spans = &mut graph.dimension_spans;
                let (dimensions, problem) = dimensions(text, spans, |label, at| filled(label, at, templates));
                spans.iter_mut().for_each(|span| *span = span.shifted(field.start));
                graph.dimensions = dimensions;
                let mistake = mistaken::of_dimension(text).map(|message| Diagnostic::warning(field, message));
                graph.problems.extend(mistake);
                problem.map(|problem| problem.shifted(field.start))
            }
            None => Some(Diagnostic::warning(
                field,
                "ignored: not an option (name=value), and the dimensions must follow the query directly",
            )),
        };
        graph.problems.extend(problem);
    }
    graph
}

impl GraphSpec {
    /// A graph of one query and nothing else. The spans of its problems are offsets into `text`.
    /// Without an entity there is nothing to fill templates from.
    pub fn of_query(text: &str, templates: Option<&Templates<'_>>) -> Self {
        let (query, problems) = match templates {
            Some(templates) => templates.query(text),
            None => unfilled(text),
        };
        let source = query.as_ref().map_or(text, PromQl::as_str).trim().to_owned();
        Self { query, problems, source, ..Self::default() }
    }
}

/// Reads a query without an entity: `{{` is not a template.
fn unfilled(text: &str) -> (Option<PromQl>, Vec<Diagnostic>) {
    let (query, mut problems) = PromQl::read(text);
    let braces = text.find("{{").filter(|_| query.is_some());
    problems.extend(braces.map(|start| {
        let message = "no entity to fill {{ }} from; sent to Prometheus unchanged";
        Diagnostic::warning(Span::new(start, start + 2), message)
    }));
    (query, problems)
}

/// Reads `label` or `label;label`, each once; a label beyond `[a-zA-Z0-9_]` may be written in quotes.
pub fn read_dimensions(text: &str) -> (Vec<String>, Option<Diagnostic>) {
    dimensions(text, &mut Vec::new(), |label, _| Ok(label.to_owned()))
}

/// `spans` gets the place of each label in `text`.
fn dimensions(
    text: &str,
    spans: &mut Vec<Span>,
    fill: impl Fn(&str, Span) -> Result<String, Diagnostic>,
) -> (Vec<String>, Option<Diagnostic>) {
    let (mut labels, mut problem) = (Vec::new(), None);
    for part in split(text, ';') {
        let part = part.trimmed(text);
        let label = part.of(text);
        if label.is_empty() {
            continue;
        }
        match word(label).map(|label| fill(&label, part)) {
            Some(Ok(label)) if labels.contains(&label) => {}
            Some(Ok(label)) => {
                labels.push(label);
                spans.push(part);
            }
            Some(Err(unfilled)) => problem = Some(unfilled),
            None => problem = Some(Diagnostic::warning(part, "unclosed quote")),
        }
    }
    (labels, problem)
}

/// Reads `name=value`. A problem with it leaves the graph as it is.
fn option(
    graph: &mut GraphSpec,
    text: &str,
    equals: usize,
    field: Span,
    templates: &Templates<'_>,
) -> Result<(), Diagnostic> {
    let name_place = Span::new(0, equals).trimmed(text);
    let value_place = Span::new(equals + 1, text.len()).trimmed(text);
    let (name, written) = (name_place.of(text), value_place.of(text));
    let place = value_place.shifted(field.start);
    let warning = |message: String| Diagnostic::warning(place, message);
    if !is_quote(written) && written.contains('#') {
        return Err(warning("`#` starts a comment; put the value in quotes".to_owned()));
    }
    let value = word(written).ok_or_else(|| warning("unclosed quote, or text after it".to_owned()))?;
    let invalid = |end: &str| warning(format!("{name}: {} {end}", quoted(&value)));
    match name {
        "title" => {
            let title = filled(&value, place, templates)?;
            graph.title = Some(title).filter(|title| !title.trim().is_empty());
        }
        "type" => graph.graph_type = Some(value.trim().parse().map_err(|end: String| invalid(&end))?),
        "unit" => {
            let (shown, most) = (quoted(&value), Unit::MAX_CHARS);
            let refused = || warning(format!("{shown} is not a unit: a word of at most {most} characters"));
            graph.unit = Some(Unit::parse(&value).ok_or_else(refused)?);
        }
        "stack" => graph.stack = value.parse().map_err(|_| invalid("is neither true nor false"))?,
        _ => {
            let message = format!("unknown option `{}`; use type, title, unit or stack", shown(name));
            return Err(Diagnostic::warning(name_place.shifted(field.start), message));
        }
    }
    Ok(())
}

/// Fills the templates of a word. A problem with one is a problem of the whole word.
fn filled(word: &str, place: Span, templates: &Templates<'_>) -> Result<String, Diagnostic> {
    templates.text(word).map_err(|message| Diagnostic::warning(place, message))
}

/// The text without its quotes, if it has any; None for unclosed quotes.
fn word(text: &str) -> Option<String> {
    if !is_quote(text) {
        return Some(text.to_owned());
    }
    unquote(text).filter(|(_, length)| *length == text.len()).map(|(inner, _)| inner)
}

fn is_quote(text: &str) -> bool {
    text.starts_with(['"', '\'', '`'])
}

#[cfg(test)]
mod tests;
