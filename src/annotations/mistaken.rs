//! Values that were meant for another annotation or another program: told as what they are, with the annotation that
//! was meant, ready to paste.

mod entry;
mod items;
mod labels;
mod names;
mod pattern;
mod placeholder;
mod rule_file;
mod shape;
mod sign;
mod value;
mod variable;

use super::{ALERT, LABELS, RULE};
use crate::promql::split::in_one_line;
use crate::promql::{MatchOp, Matcher, quote};

use items::{at_commas, items};

pub(super) use entry::{RuleEntry, of_dimension, of_entry};
pub(super) use labels::of_labels;
pub(super) use names::of_names;
pub(super) use placeholder::is_left_over;
pub(super) use rule_file::rule_file;
pub(super) use value::{is_mistaken_value, of_values};

/// What stands around a name in other languages.
const QUOTES: [(char, char); 8] =
    [('\'', '\''), ('`', '`'), ('“', '”'), ('„', '“'), ('‘', '’'), ('«', '»'), ('"', '"'), ('(', ')')];

/// Labels that alerts usually have.
const LABELS_OF_ALERTS: [&str; 14] = [
    "severity",
    "team",
    "service",
    "job",
    "namespace",
    "app",
    "application",
    "env",
    "environment",
    "instance",
    "cluster",
    "component",
    "owner",
    "priority",
];
/// The most matchers of a list in another form that are read.
const MAX_MATCHERS: usize = 16;

/// The longest annotation that a message repeats, in bytes.
const MAX_PASTED: usize = 1_000;

/// An annotation as YAML on one line. Only its key where the value is too long, or has a line break that must stay.
pub fn pasted(key: &str, value: &str) -> String {
    if value.len() > MAX_PASTED {
        return key.to_owned();
    }
    // Only queries have comments.
    let line = if key == RULE { in_one_line(value) } else { value.trim().replace('\n', " ") };
    if line.contains('\n') {
        return key.to_owned();
    }
    if is_plain_scalar(&line) {
        return format!("{key}: {line}");
    }
    format!("{key}: '{}'", line.replace('\'', "''"))
}

/// Whether YAML reads the text as a string without quotes around it.
fn is_plain_scalar(text: &str) -> bool {
    let is_other =
        ["true", "false", "yes", "no", "on", "off", "null"].iter().any(|w| text.eq_ignore_ascii_case(w));
    text.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && !is_other
        && !text.contains(": ")
        && !text.contains(" #")
        && !text.ends_with(':')
        && text.parse::<f64>().is_err()
}

/// The parts with a sign between them; those behind the longest value that is pasted are left out.
fn joined(parts: impl IntoIterator<Item = String>, sign: &str) -> String {
    let mut all = String::new();
    for (position, part) in parts.into_iter().enumerate() {
        if all.len() > MAX_PASTED {
            break;
        }
        if position > 0 {
            all.push_str(sign);
        }
        all.push_str(&part);
    }
    all
}

/// Names of alerts as their annotation has them.
fn list_of_names<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    let written =
        |name: &str| if name.contains(',') || name.starts_with('"') { quote(name) } else { name.to_owned() };
    joined(names.into_iter().map(written), ",")
}

/// The text without the quotes or parentheses that other languages write around it.
fn bare(text: &str) -> &str {
    let text = text.trim();
    let inside = |(open, close): &(char, char)| {
        let inside = text.strip_prefix(*open)?.strip_suffix(*close)?;
        (!inside.contains([*open, *close])).then_some(inside)
    };
    QUOTES.iter().find_map(inside).unwrap_or(text).trim()
}

/// The matchers of a text such as `namespace=shop,container=till` or `severity: page`, if it is nothing else.
fn matchers(text: &str) -> Option<Vec<Matcher>> {
    let is_known = |label: &str| LABELS_OF_ALERTS.contains(&label);
    read_matchers(text).or_else(|| matchers_of_items(text, is_known))
}

fn read_matchers(text: &str) -> Option<Vec<Matcher>> {
    let (all, problems) = text.contains(['=', '!']).then(|| Matcher::read_list(text))?;
    (!all.is_empty() && problems.is_empty()).then_some(all)
}

/// The matchers of a list in another form, with `:` for `=`. A name of an alert may have a colon too, and a label is
/// one only where `is_label` says so.
fn matchers_of_items(text: &str, is_label: impl Fn(&str) -> bool) -> Option<Vec<Matcher>> {
    let parts = items(text, at_commas).unwrap_or_else(|| at_commas(text));
    let parts = parts.into_iter().map(bare).filter(|part| !part.is_empty()).take(MAX_MATCHERS + 1);
    let matcher = |part: &str| with_colon(part, &is_label).or_else(|| read_matchers(part)?.pop());
    let all = parts.map(matcher).collect::<Option<Vec<_>>>()?;
    (!all.is_empty() && all.len() <= MAX_MATCHERS).then_some(all)
}

/// `severity: critical` as a matcher.
fn with_colon(text: &str, is_label: impl Fn(&str) -> bool) -> Option<Matcher> {
    let (label, value) = text.split_once(':')?;
    let (label, value) = (label.trim().trim_matches(['"', '\'']), value.trim().trim_matches(['"', '\'']));
    let is_other = value.is_empty() || value.contains([':', '\n']) || text.contains(['=', '{']);
    (is_label(label) && !is_other).then(|| Matcher::new(label, MatchOp::Equal, value).ok())?
}

/// The annotation that matchers are for.
fn of_matchers(all: &[Matcher]) -> String {
    match all {
        [one] if one.name == "alertname" && one.op.as_str() == "=" => {
            pasted(ALERT, &list_of_names([one.value.as_str()]))
        }
        _ => pasted(LABELS, &list_of_matchers(all)),
    }
}

/// The matchers as the annotation of labels has them.
fn list_of_matchers(all: &[Matcher]) -> String {
    let is_word =
        |value: &str| !value.is_empty() && value.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    let written = |matcher: &Matcher| match matcher.op {
        MatchOp::Equal | MatchOp::NotEqual if is_word(&matcher.value) => {
            format!("{}{}{}", matcher.name, matcher.op.as_str(), matcher.value)
        }
        _ => matcher.to_string(),
    };
    all.iter().map(written).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests;
