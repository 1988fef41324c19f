//! Reads `prometheus.io/rule`.

use super::{GraphSpec, Templates, Unit, mistaken};
use crate::page_params::quoted;
use crate::problem::{Problem, Span};
use crate::promql::split::{Separator, find, split};
use crate::promql::{PromQl, unquote};

/// The most graphs that one annotation may ask for.
pub const MAX_GRAPHS: usize = 200;

/// The graphs in their order, and the problems that belong to none of them.
/// A graph's own problems stand with it; all spans are offsets into `value`.
pub fn read(value: &str, templates: &Templates<'_>) -> (Vec<GraphSpec>, Vec<Problem>) {
    let mut problems = Vec::new();
    if let Some(problem) = mistaken::rule_file(value) {
        let source = value.trim().to_owned();
        let graph = GraphSpec { problems: vec![problem], ..GraphSpec::of_nothing(source) };
        return (vec![graph], problems);
    }
    let entries = split(value, Separator::Comma).into_iter().map(|entry| entry.trimmed(value));
    let mut entries: Vec<Span> = entries.filter(|entry| !entry.of(value).is_empty()).collect();
    if entries.is_empty() {
        let told = "there is no query here; write one, or remove the annotation";
        problems.push(Problem::error(Span::whole(value), told));
    }
    if let Some(first_left_out) = entries.get(MAX_GRAPHS) {
        let rest = Span::new(first_left_out.start, value.len());
        problems.push(Problem::error(rest, format!("only the first {MAX_GRAPHS} graphs are read")));
        entries.truncate(MAX_GRAPHS);
    }
    (entries.into_iter().map(|entry| graph(value, entry, templates)).collect(), problems)
}

fn graph(value: &str, entry: Span, templates: &Templates<'_>) -> GraphSpec {
    let text = entry.of(value);
    let mut fields = split(text, Separator::Pipe).into_iter().map(|f| f.shifted(entry.start).trimmed(value));
    let source = fields.next().unwrap_or(Span::new(entry.start, entry.start));
    let mut graph = GraphSpec::of_query(source.of(value), Some(templates));
    graph.problems = graph.problems.into_iter().map(|p| p.shifted(source.start)).collect();
    graph.problems.extend(mistaken::alert_name(&graph, source));
    for (position, field) in fields.enumerate() {
        let text = field.of(value);
        let problem = match find(text, b'=') {
            Some(at) => option(&mut graph, text, at, field, templates),
            None if text.is_empty() => None,
            None if position == 0 => {
                let (dimensions, problem) = dimensions(text, |label, at| filled(label, at, templates));
                graph.dimensions = dimensions;
                problem.map(|problem| problem.shifted(field.start))
            }
            None => Some(Problem::warning(
                field,
                "this is neither an option (name=value) nor directly behind the query, where the dimensions stand; \
                 it is not read",
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
        Self { query, problems, ..Self::of_nothing(source) }
    }

    /// A graph without a query.
    fn of_nothing(source: String) -> Self {
        Self {
            source,
            query: None,
            dimensions: Vec::new(),
            graph_type: None,
            title: None,
            unit: None,
            stack: false,
            problems: Vec::new(),
        }
    }
}

/// A query in which two braces mean nothing, because no entity is there to fill them from.
fn unfilled(text: &str) -> (Option<PromQl>, Vec<Problem>) {
    let (query, mut problems) = PromQl::read(text);
    let braces = text.find("{{").filter(|_| query.is_some());
    problems.extend(braces.map(|start| {
        let told = "there is no entity to fill {{ }} from, so the query is sent as it is written";
        Problem::warning(Span::new(start, start + 2), told)
    }));
    (query, problems)
}

/// Reads `label` or `label;label`, each once; a label beyond `[a-zA-Z0-9_]` may be written in quotes.
pub fn read_dimensions(text: &str) -> (Vec<String>, Option<Problem>) {
    dimensions(text, |label, _| Ok(label.to_owned()))
}

fn dimensions(
    text: &str,
    fill: impl Fn(&str, Span) -> Result<String, Problem>,
) -> (Vec<String>, Option<Problem>) {
    let (mut labels, mut problem) = (Vec::new(), None);
    for part in split(text, Separator::Semicolon) {
        let part = part.trimmed(text);
        let label = part.of(text);
        if label.is_empty() {
            continue;
        }
        match word(label).map(|label| fill(&label, part)) {
            Some(Ok(label)) if !labels.contains(&label) => labels.push(label),
            Some(Ok(_)) => {}
            Some(Err(told)) => problem = Some(told),
            None => problem = Some(Problem::warning(part, "this quote is not closed")),
        }
    }
    (labels, problem)
}

/// Reads `name=value`; a problem with it leaves the graph as it is without.
fn option(
    graph: &mut GraphSpec,
    text: &str,
    equals: usize,
    field: Span,
    templates: &Templates<'_>,
) -> Option<Problem> {
    let name_place = Span::new(0, equals).trimmed(text);
    let place = Span::new(equals + 1, text.len()).trimmed(text);
    let (name, written) = (name_place.of(text), place.of(text));
    let warn = |told: String| Some(Problem::warning(place.shifted(field.start), told));
    if !is_quote(written) && written.contains('#') {
        return warn(
            "a # begins a comment that runs to the end of the line; put the value in quotes".to_owned(),
        );
    }
    let Some(written) = word(written) else {
        return warn("this quote is not closed, or something follows it".to_owned());
    };
    match name {
        "title" => match filled(&written, place.shifted(field.start), templates) {
            Ok(title) => graph.title = Some(title).filter(|title| !title.trim().is_empty()),
            Err(problem) => return Some(problem),
        },
        "type" => match written.trim().parse() {
            Ok(graph_type) => graph.graph_type = Some(graph_type),
            Err(end) => return warn(format!("type {} {end}", quoted(&written))),
        },
        "unit" => match Unit::parse(&written) {
            Some(unit) => graph.unit = Some(unit),
            None => return warn(format!("a unit is a word of at most {} characters", Unit::MAX_CHARS)),
        },
        "stack" => match written.as_str() {
            "true" => graph.stack = true,
            "false" => graph.stack = false,
            _ => return warn("stack is true or false".to_owned()),
        },
        _ => {
            let told = "there is no such option; the options are type, title, unit and stack";
            return Some(Problem::warning(name_place.shifted(field.start), told));
        }
    }
    None
}

/// A word after its templates were filled; a problem with one is a problem of the whole word.
fn filled(word: &str, place: Span, templates: &Templates<'_>) -> Result<String, Problem> {
    templates.text(word).map_err(|problem| Problem::warning(place, problem.message))
}

/// The text itself, or what it says when all of it is in quotes; None for quotes that do not fit.
fn word(text: &str) -> Option<String> {
    if !is_quote(text) {
        return Some(text.to_owned());
    }
    unquote(text).filter(|(_, length)| *length == text.len()).map(|(said, _)| said)
}

fn is_quote(text: &str) -> bool {
    text.starts_with(['"', '\'', '`'])
}

#[cfg(test)]
mod tests;
