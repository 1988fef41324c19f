//! Where the parts of an annotation stand in its value: graphs, their queries and dimensions, alert names.

use crate::problem::Span;
use crate::promql::split::{Separator, find, split};
use crate::promql::unquote;

/// One entry of `prometheus.io/rule`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct GraphPlace {
    pub(super) query: Span,
    /// The list of dimensions; where there is none, the query.
    pub(super) dimensions: Span,
}

/// The graphs in their order.
pub(super) fn graphs(value: &str) -> Vec<GraphPlace> {
    let entries = split(value, Separator::Comma).into_iter().map(|entry| entry.trimmed(value));
    entries.filter(|entry| !entry.of(value).is_empty()).map(|entry| graph(value, entry)).collect()
}

fn graph(value: &str, entry: Span) -> GraphPlace {
    let fields = split(entry.of(value), Separator::Pipe);
    let mut fields = fields.into_iter().map(|field| field.shifted(entry.start).trimmed(value));
    let query = fields.next().unwrap_or(entry);
    let dimensions = fields.next().filter(|field| find(field.of(value), b'=').is_none());
    GraphPlace { query, dimensions: dimensions.unwrap_or(query) }
}

/// Where one of a list's dimensions stands; the whole list where it cannot be told.
pub(super) fn dimension(value: &str, list: Span, wanted: &str) -> Span {
    let parts = split(list.of(value), Separator::Semicolon);
    let mut parts = parts.into_iter().map(|part| part.shifted(list.start).trimmed(value));
    parts.find(|part| said(part.of(value)) == wanted).unwrap_or(list)
}

/// Where an alert's name stands in `prometheus.io/alert`; the whole value where it cannot be told.
pub(super) fn alert(value: &str, wanted: &str) -> Span {
    let mut at = 0;
    while at <= value.len() {
        let rest = value.get(at..).unwrap_or_default();
        let blank = rest.len() - rest.trim_start().len();
        let quoted = unquote(rest.trim_start()).filter(|_| rest.trim_start().starts_with('"'));
        let from = quoted.map_or(0, |(_, length)| blank + length);
        let comma = rest.get(from..).and_then(|behind| behind.find(',')).map(|comma| at + from + comma);
        let entry = Span::new(at, comma.unwrap_or(value.len())).trimmed(value);
        if said(entry.of(value)) == wanted {
            return entry;
        }
        let Some(comma) = comma else { break };
        at = comma + 1;
    }
    Span::whole(value)
}

/// What a word says, with or without quotes.
fn said(word: &str) -> String {
    let quoted = unquote(word).filter(|(_, length)| *length == word.len());
    quoted.map_or_else(|| word.to_owned(), |(said, _)| said)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_found_where_they_stand() {
        let value = " sum by (a,b) (x{c=\"|,\"}) | a; \"b c\" |type=area, , y|title=\"t\",z ";
        let found = graphs(value);
        let queries: Vec<&str> = found.iter().map(|g| g.query.of(value)).collect();
        assert_eq!(queries, ["sum by (a,b) (x{c=\"|,\"})", "y", "z"]);
        let dimensions: Vec<&str> = found.iter().map(|g| g.dimensions.of(value)).collect();
        assert_eq!(dimensions, ["a; \"b c\"", "y", "z"]);
        assert_eq!(dimension(value, found[0].dimensions, "b c").of(value), "\"b c\"");
        assert_eq!(dimension(value, found[0].dimensions, "none").of(value), "a; \"b c\"");
    }

    #[test]
    fn names_are_found_where_they_stand() {
        let value = "AB, A,\"C, D\" , it's \"so\"";
        for (name, at) in [("AB", 0), ("A", 4), ("C, D", 6), ("it's \"so\"", 15)] {
            assert_eq!(alert(value, name).start, at, "{name}");
        }
        assert_eq!(alert(value, "none"), Span::whole(value));
        assert_eq!(alert("", "none"), Span::whole(""));
    }
}
