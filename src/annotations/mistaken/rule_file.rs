//! Rule files of Prometheus in an annotation, as YAML or JSON, whole or in part.

use super::{MAX_PASTED, list_of_names, pasted};
use crate::annotations::{ALERT, RULE};
use crate::diagnostic::{Diagnostic, Span};

/// Keys that only a rule file begins with.
const FIRST_KEYS: [&str; 4] = ["groups", "alert", "record", "expr"];
/// What ends a value where several keys stand on one line.
const ENDS: [&str; 9] =
    [" expr:", " for:", " labels:", " annotations:", " keep_firing_for:", " - ", " #", ", \"", "}"];

/// The problem of an annotation that is a rule file, or a part of one.
pub(in super::super) fn rule_file(value: &str) -> Option<Diagnostic> {
    let first = value.lines().find(|line| !is_blank(line) && line.trim() != "---")?;
    let begins =
        FIRST_KEYS.iter().any(|key| has_key_at(first.trim_start_matches(['-', ' ', '\t', '{', '[']), key));
    let has_rules = (has_key(value, "alert") || has_key(value, "record")) && has_key(value, "expr");
    let names_group = has_key_at(first.trim_start_matches(['-', ' ']), "name")
        && (has_key(value, "alert") || has_key(value, "record"));
    if !begins && !has_rules && !names_group {
        return None;
    }
    let start = value.find(first).unwrap_or_default();
    let place = Span::new(start, start + first.len()).trimmed(value);
    let (alerts, records) = (values(value, "alert"), values(value, "record"));
    let advised = match (alerts.is_empty(), records.is_empty()) {
        (false, _) => format!(
            "for the alerts of its rules, write the annotation {}",
            pasted(ALERT, &list_of_names(alerts.iter().map(String::as_str)))
        ),
        (true, false) => {
            format!("for the series of its rules, write the annotation {}", pasted(RULE, &records.join(",")))
        }
        (true, true) => format!("write queries in {RULE}, and names of alerts in {ALERT}"),
    };
    Some(Diagnostic::error(place, format!("this is a rule file for Prometheus; {advised}")))
}

fn is_blank(line: &str) -> bool {
    line.trim().is_empty() || line.trim_start().starts_with('#')
}

/// Whether a text begins with a key of YAML or JSON.
fn has_key_at(text: &str, key: &str) -> bool {
    behind_key(text, key).is_some()
}

/// The text behind a key that `text` begins with, and behind its colon.
fn behind_key<'t>(text: &'t str, key: &str) -> Option<&'t str> {
    let quote = ["\"", "'"].into_iter().find(|quote| text.starts_with(quote)).unwrap_or_default();
    let rest = text.strip_prefix(quote)?.strip_prefix(key)?.strip_prefix(quote)?;
    let rest = rest.trim_start_matches(' ').strip_prefix(':')?;
    let is_key = rest.is_empty() || rest.starts_with(char::is_whitespace) || !quote.is_empty();
    is_key.then_some(rest)
}

fn has_key(value: &str, key: &str) -> bool {
    places(value, key).next().is_some()
}

/// What stands behind each place of a key.
fn places<'v>(value: &'v str, key: &str) -> impl Iterator<Item = &'v str> {
    value.match_indices(key).filter_map(move |(at, _)| {
        let before = value.get(..at)?;
        let quoted = before.strip_suffix(['"', '\'']).unwrap_or(before);
        let is_border =
            quoted.is_empty() || quoted.ends_with(|c: char| c.is_whitespace() || "-{[,".contains(c));
        behind_key(value.get(quoted.len()..)?, key).filter(|_| is_border)
    })
}

/// The values of a key, each once; those behind the longest value that is pasted are left out.
fn values(value: &str, key: &str) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    let mut length = 0;
    for rest in places(value, key) {
        if length > MAX_PASTED {
            break;
        }
        let found = scalar(rest);
        if !found.is_empty() && !all.contains(&found) {
            length += found.len();
            all.push(found);
        }
    }
    all
}

/// The scalar that a text begins with.
fn scalar(text: &str) -> String {
    let text = text.trim_start_matches([' ', '\t']);
    for quote in ['"', '\''] {
        let inside = text.strip_prefix(quote).unwrap_or_default();
        let (inside, behind) = inside.split_at(inside.find([quote, '\n']).unwrap_or(inside.len()));
        if behind.starts_with(quote) {
            return inside.to_owned();
        }
    }
    let is_end = |rest: &str| rest.starts_with('\n') || ENDS.iter().any(|end| rest.starts_with(end));
    let end = text.char_indices().find(|(at, _)| text.get(*at..).is_some_and(is_end));
    let end = end.map_or(text.len(), |(at, _)| at);
    text.get(..end).unwrap_or_default().trim_end_matches([',', ' ']).trim().to_owned()
}
