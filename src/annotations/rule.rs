//! Reads `prometheus.io/rule`.

use super::{GraphSpec, GraphType, Templates, Unit};
use crate::problem::{Problem, Span};
use crate::promql::split::{Separator, find, split};
use crate::promql::{PromQl, unquote};

/// The most graphs that one annotation may ask for.
pub const MAX_GRAPHS: usize = 200;

/// The graphs in their order, and the problems that belong to none of them.
/// A graph's own problems stand with it; all spans are offsets into `value`.
pub fn read(value: &str, templates: &Templates<'_>) -> (Vec<GraphSpec>, Vec<Problem>) {
    let mut problems = Vec::new();
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
    let (query, problems) = templates.query(source.of(value));
    let mut graph = GraphSpec {
        source: query.as_ref().map_or(source.of(value), PromQl::as_str).to_owned(),
        query,
        dimensions: Vec::new(),
        graph_type: None,
        title: None,
        unit: None,
        stack: false,
        problems: problems.into_iter().map(|p| p.shifted(source.start)).collect(),
    };
    for (position, field) in fields.enumerate() {
        let text = field.of(value);
        let problem = match find(text, b'=') {
            Some(at) => option(&mut graph, text, at, field, templates),
            None if text.is_empty() => None,
            None if position == 0 => dimensions(&mut graph, text, field, templates),
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

/// `label` or `label;label`; a label beyond `[a-zA-Z0-9_]` may be written in quotes.
fn dimensions(graph: &mut GraphSpec, text: &str, field: Span, templates: &Templates<'_>) -> Option<Problem> {
    let mut problem = None;
    for part in split(text, Separator::Semicolon) {
        let part = part.trimmed(text);
        let label = part.of(text);
        if label.is_empty() {
            continue;
        }
        let place = part.shifted(field.start);
        match word(label).map(|label| filled(&label, place, templates)) {
            Some(Ok(label)) if !graph.dimensions.contains(&label) => graph.dimensions.push(label),
            Some(Ok(_)) => {}
            Some(Err(told)) => problem = Some(told),
            None => problem = Some(Problem::warning(place, "this quote is not closed")),
        }
    }
    problem
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
        "type" => match GraphType::parse(&written) {
            Some(graph_type) => graph.graph_type = Some(graph_type),
            None => return warn("the type of a graph is line or area".to_owned()),
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
