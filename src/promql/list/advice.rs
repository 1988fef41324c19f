//! Messages for text that is not a matcher, with what its author probably wanted.

use crate::characters::{TYPOGRAPHIC_QUOTES, is_invisible};
use crate::diagnostic::{Diagnostic, Span};
use crate::promql::matcher::{MatchOp, is_plain_name};
use crate::promql::quoted::quote;

/// Commas of other scripts.
const FOREIGN_COMMAS: [char; 3] = ['，', '、', '،'];

/// The error of a value without quotes that probably means something else.
pub(super) fn ambiguous_value(text: &str, place: Span, op: MatchOp) -> Option<Diagnostic> {
    let value = place.of(text);
    let error = |message: &str| Some(Diagnostic::error(place, message));
    if value.starts_with(TYPOGRAPHIC_QUOTES) || value.ends_with(TYPOGRAPHIC_QUOTES) {
        return error("typographic quotes; use straight ones: \"");
    }
    if value.ends_with(['\'', '`', '´']) {
        return error("unmatched quote; put a value with a quote in double quotes");
    }
    if let Some(sign) = value.chars().find(|c| is_invisible(*c)) {
        let sign = u32::from(sign);
        return error(&format!("invisible character (U+{sign:04X}); remove it or put the value in quotes"));
    }
    if value.contains(FOREIGN_COMMAS) {
        return error("expected an ASCII comma (,); put a value with another comma in quotes");
    }
    if !op.is_regex() && is_wrapped(value) {
        return error("put this value in quotes: it has brackets around it, `;`, `\\,` or a comment");
    }
    if value.starts_with(r#"\""#) || value.starts_with(r"\'") {
        return error("write the quotes around a value without backslashes");
    }
    if value.matches('"').count() % 2 == 1 {
        return error("unmatched quote; put a value with a quote in quotes and write the inner one as \\\"");
    }
    missing_comma(text, place)
}

/// The error of a value with another matcher or line in it: `page team=x`.
fn missing_comma(text: &str, place: Span) -> Option<Diagnostic> {
    let value = place.of(text);
    let separates = |c: char| c.is_whitespace() || matches!(c, ';' | '&' | '|');
    value.char_indices().filter(|(_, c)| separates(*c)).find_map(|(at, c)| {
        let behind = Span::new(place.start + at + c.len_utf8(), place.end);
        let word = behind.of(text).trim_start();
        let operator = word.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_');
        let is_matcher = operator.len() < word.len() && MatchOp::read(operator.trim_start()).is_some();
        let message = "expected a comma before this; put a value with an operator or several lines in quotes";
        (is_matcher || c == '\n').then(|| Diagnostic::error(behind.trimmed(text), message))
    })
}

/// Whether a value has characters around it that have a meaning in other languages.
fn is_wrapped(value: &str) -> bool {
    let brackets = [("[", "]"), ("(", ")"), ("{", "}"), ("${", "}")];
    let opens = |close: &str, open: &str| value.ends_with(close) && !value.contains(open);
    brackets
        .iter()
        .any(|(open, close)| (value.starts_with(open) && value.ends_with(close)) || opens(close, open))
        || value.ends_with(';')
        || value.contains("\\,")
        || value.contains(" #")
}

/// The error of a text before an operator that is not a name.
pub(super) fn not_a_name(text: &str, start: usize, place: Span) -> Diagnostic {
    let name = place.of(text);
    if name.is_empty() {
        let operator = Span::new(place.start, place.start + 1);
        let place = if operator.of(text).is_empty() { Span::new(start, text.len()) } else { operator };
        return Diagnostic::error(place, "no label name before the operator");
    }
    if let Some(label) = name.strip_suffix('~').map(str::trim_end).filter(|label| is_plain_name(label)) {
        let place = Span::new(place.end - 1, (place.end + 1).min(text.len()));
        return Diagnostic::error(place, format!("unknown operator ~=; use {label}=~"));
    }
    if let Some(sign) = name.chars().find(|c| is_invisible(*c)) {
        return Diagnostic::error(
            place,
            format!("invisible character (U+{:04X}); remove it", u32::from(sign)),
        );
    }
    let message = format!("put this label name in quotes: {}", quote(name));
    Diagnostic::error(place, message)
}

/// The error of an entry without an operator.
pub(super) fn without_operator(text: &str, place: Span) -> Diagnostic {
    let entry = place.of(text);
    if let Some((label, value)) = entry.split_once(':') {
        let label = label.trim().trim_matches('"');
        if is_plain_name(label) {
            let value = value.trim().lines().next().unwrap_or_default();
            let value = quote(value.trim().trim_matches(['"', '\'']));
            return Diagnostic::error(place, format!("expected an operator; write {label}={value}"));
        }
    }
    let mut words = entry.split(char::is_whitespace);
    if let (Some(label), Some(word @ ("in" | "notin"))) = (words.next(), words.next())
        && is_plain_name(label)
    {
        let op = if word == "in" { "=~" } else { "!~" };
        return Diagnostic::error(place, format!("unknown operator `in`; use {label}{op}\"a|b\""));
    }
    Diagnostic::error(place, "expected an operator after the label name: =, !=, =~ or !~")
}

/// The message about characters that look like an operator.
pub(super) fn unknown_operator(signs: &str) -> String {
    let has = |sign: char| signs.contains(sign);
    let likely = match (has('!'), has('~')) {
        (true, true) => "!~",
        (true, false) => "!=",
        (false, true) => "=~",
        (false, false) => "=",
    };
    let is_operator = MatchOp::read(signs).is_some_and(|op| op.as_str() == signs);
    if signs.len() <= 1 || is_operator {
        return "put a value that begins with an operator in quotes".to_owned();
    }
    format!("unknown operator {signs}; did you mean {likely}?")
}
