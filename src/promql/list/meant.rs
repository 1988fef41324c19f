//! What was probably meant by what is no matcher.

use crate::diagnostic::{Diagnostic, Span};
use crate::promql::matcher::{MatchOp, is_plain_name};
use crate::promql::quoted::quote;

/// Quotes of a word processor.
const TYPOGRAPHIC: [char; 8] = ['“', '”', '„', '‘', '’', '‚', '«', '»'];
/// Commas of other scripts.
const FOREIGN_COMMAS: [char; 3] = ['，', '、', '،'];

/// Why a value without quotes is not what it seems to be.
pub(super) fn misread(text: &str, place: Span, op: MatchOp) -> Option<Diagnostic> {
    let value = place.of(text);
    let told = |told: &str| Some(Diagnostic::error(place, told));
    if value.starts_with(TYPOGRAPHIC) || value.ends_with(TYPOGRAPHIC) {
        return told("these are no quotes of a program; write straight ones: \"");
    }
    if value.ends_with(['\'', '`', '´']) {
        return told("this quote has no other; a value with a quote in it is written in quotes");
    }
    if let Some(sign) = value.chars().find(|c| is_invisible(*c)) {
        let sign = u32::from(sign);
        return told(&format!(
            "this value has an invisible sign (U+{sign:04X}); remove it, or write the value in quotes"
        ));
    }
    if value.contains(FOREIGN_COMMAS) {
        return told("matchers are separated by a comma (,); a value with another one is written in quotes");
    }
    if !matches!(op, MatchOp::Regex | MatchOp::NotRegex) && is_wrapped(value) {
        return told(
            "a value with brackets around it, or with ; \\, or a comment behind it, is written in quotes",
        );
    }
    if value.starts_with(r#"\""#) || value.starts_with(r"\'") {
        return told("the quotes around a value stand without a backslash");
    }
    if value.matches('"').count() % 2 == 1 {
        return told(
            "this quote has no other; a value with a quote in it is written in quotes, the inner one as \\\"",
        );
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
            let told = "a comma must stand before this; a value with an operator in it, or of several lines, is written \
                        in quotes";
            return Some(Diagnostic::error(place, told));
        }
    }
    None
}

/// Signs without a width, which editors and chats leave behind, and those that turn the direction of a text.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{feff}')
}

/// Whether a text to compare with has signs around it that mean something in other languages.
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

/// Of what stands before an operator and is no name.
pub(super) fn not_a_name(text: &str, start: usize, place: Span) -> Diagnostic {
    let name = place.of(text);
    if name.is_empty() {
        let operator = Span::new(place.start, place.start + 1);
        let place = if operator.of(text).is_empty() { Span::new(start, text.len()) } else { operator };
        return Diagnostic::error(place, "a label's name is missing before the operator");
    }
    if let Some(label) = name.strip_suffix('~').map(str::trim_end).filter(|label| is_plain_name(label)) {
        let place = Span::new(place.end - 1, (place.end + 1).min(text.len()));
        return Diagnostic::error(place, format!("there is no operator ~=; write {label}=~"));
    }
    let told = format!("this is no plain label name; write it in quotes: {}", quote(name));
    Diagnostic::error(place, told)
}

/// Of an entry that has no operator, and what was probably meant.
pub(super) fn without_operator(text: &str, place: Span) -> Diagnostic {
    let entry = place.of(text);
    let plain = |label: &str| is_plain_name(label).then(|| label.to_owned());
    if let Some((label, value)) = entry.split_once(':') {
        let label = label.trim().trim_matches('"');
        if let Some(label) = plain(label) {
            let value = value.trim().trim_matches(['"', '\'']);
            return Diagnostic::error(
                place,
                format!("a label is compared by =; write {label}={}", quote(value)),
            );
        }
    }
    let words: Vec<&str> = entry.splitn(3, char::is_whitespace).collect();
    if let (Some(label), Some("in" | "notin")) = (words.first().and_then(|l| plain(l)), words.get(1).copied())
    {
        let op = if words.get(1) == Some(&"in") { "=~" } else { "!~" };
        return Diagnostic::error(place, format!("there is no operator in; write {label}{op}\"a|b\""));
    }
    Diagnostic::error(place, "an operator must follow the label's name: =, !=, =~ or !~")
}

/// Of signs that look like an operator.
pub(super) fn no_operator(signs: &str) -> String {
    let has = |sign: char| signs.contains(sign);
    let meant = match (has('!'), has('~')) {
        (true, true) => "!~",
        (true, false) => "!=",
        (false, true) => "=~",
        (false, false) => "=",
    };
    match signs.len() {
        0 | 1 => "a value that begins like an operator is written in quotes".to_owned(),
        _ if MatchOp::read(signs).is_some_and(|op| op.as_str() == signs) => {
            "a value that begins like an operator is written in quotes".to_owned()
        }
        _ => format!("there is no operator {signs}; did you mean {meant}?"),
    }
}
