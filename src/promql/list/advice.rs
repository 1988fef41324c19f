//! Messages for text that is not a matcher, with what its author probably wanted.

use crate::diagnostic::{Diagnostic, Span};
use crate::promql::matcher::{MatchOp, is_plain_name};
use crate::promql::quoted::quote;

/// Quotes that word processors write.
const TYPOGRAPHIC: [char; 8] = ['“', '”', '„', '‘', '’', '‚', '«', '»'];
/// Commas of other scripts.
const FOREIGN_COMMAS: [char; 3] = ['，', '、', '،'];

/// The error of a value without quotes that is probably several things.
pub(super) fn ambiguous_value(text: &str, place: Span, op: MatchOp) -> Option<Diagnostic> {
    let value = place.of(text);
    let error = |message: &str| Some(Diagnostic::error(place, message));
    if value.starts_with(TYPOGRAPHIC) || value.ends_with(TYPOGRAPHIC) {
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
    if !matches!(op, MatchOp::Regex | MatchOp::NotRegex) && is_wrapped(value) {
        return error("put this value in quotes: it has brackets around it, `;`, `\\,` or a comment");
    }
    if value.starts_with(r#"\""#) || value.starts_with(r"\'") {
        return error("write the quotes around a value without backslashes");
    }
    if value.matches('"').count() % 2 == 1 {
        return error("unmatched quote; put a value with a quote in quotes and write the inner one as \\\"");
    }
    // `severity=page team=x`, and the same on two lines.
    let separates = |c: char| c.is_whitespace() || matches!(c, ';' | '&' | '|');
    for (at, c) in value.char_indices().filter(|(_, c)| separates(*c)) {
        let behind = value.get(at + c.len_utf8()..).unwrap_or_default();
        let word = behind.trim_start();
        let name =
            word.len() - word.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_').len();
        let is_matcher =
            name > 0 && MatchOp::read(word.get(name..).unwrap_or_default().trim_start()).is_some();
        if is_matcher || c == '\n' {
            let place = Span::new(place.start + at + c.len_utf8(), place.end).trimmed(text);
            let message =
                "expected a comma before this; put a value with an operator or several lines in quotes";
            return Some(Diagnostic::error(place, message));
        }
    }
    None
}

/// Characters without a width, which editors and chats leave behind, and those that change the direction of text.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{feff}')
}

/// Whether a value has characters around it that mean something in other languages.
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
    let message = format!("put this label name in quotes: {}", quote(name));
    Diagnostic::error(place, message)
}

/// The error of an entry without an operator.
pub(super) fn without_operator(text: &str, place: Span) -> Diagnostic {
    let entry = place.of(text);
    let plain = |label: &str| is_plain_name(label).then(|| label.to_owned());
    if let Some((label, value)) = entry.split_once(':') {
        let label = label.trim().trim_matches('"');
        if let Some(label) = plain(label) {
            let value = value.trim().trim_matches(['"', '\'']);
            return Diagnostic::error(place, format!("expected an operator; write {label}={}", quote(value)));
        }
    }
    let words: Vec<&str> = entry.splitn(3, char::is_whitespace).collect();
    if let (Some(label), Some("in" | "notin")) = (words.first().and_then(|l| plain(l)), words.get(1).copied())
    {
        let op = if words.get(1) == Some(&"in") { "=~" } else { "!~" };
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
    match signs.len() {
        0 | 1 => "put a value that begins with an operator in quotes".to_owned(),
        _ if MatchOp::read(signs).is_some_and(|op| op.as_str() == signs) => {
            "put a value that begins with an operator in quotes".to_owned()
        }
        _ => format!("unknown operator {signs}; did you mean {likely}?"),
    }
}
