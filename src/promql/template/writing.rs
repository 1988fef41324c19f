//! Writes a value where it stands, so that it says there what it says itself and nothing more.

use super::places::{Meaning, Place};

/// The longest value that is put into a query, in bytes.
const MAX_VALUE_BYTES: usize = 4096;
/// How much of a value is told, in characters.
const TOLD_CHARS: usize = 40;

/// What Go's regexes give a meaning outside of `[...]`.
const REGEX_MARKS: [char; 14] = ['\\', '.', '+', '*', '?', '(', ')', '|', '[', ']', '{', '}', '^', '$'];

impl Place {
    /// The value as it is written here, or why it cannot stand here, as a sentence.
    pub(super) fn write(self, value: &str) -> Result<String, String> {
        if value.len() > MAX_VALUE_BYTES {
            return Err(format!("the value is longer than {MAX_VALUE_BYTES} bytes"));
        }
        match self {
            Self::Name { first } => name(value, first),
            Self::Text { quote, meaning: Meaning::Words } => text(value, value, quote),
            Self::Text { quote, meaning: Meaning::Replacement } => {
                text(&value.replace('$', "$$"), value, quote)
            }
            Self::Text { quote, meaning: Meaning::Regex { repeated } } => {
                let regex = regex(value);
                let regex = if repeated { format!("(?:{regex})") } else { regex };
                text(&regex, value, quote)
            }
        }
    }

    /// A harmless text for any place, unlike those for the other slots.
    pub(super) fn model(number: usize) -> String {
        format!("slot_{number}")
    }
}

fn name(value: &str, first: bool) -> Result<String, String> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | ':');
    let fits = !value.is_empty()
        && value.chars().all(is_part)
        && !(first && value.starts_with(|c: char| c.is_ascii_digit()));
    if fits {
        return Ok(value.to_owned());
    }
    Err(format!(
        "the value {} cannot be used here: outside strings it can only be part of a metric or label name \
         (letters, digits and _)",
        message(value)
    ))
}

fn regex(value: &str) -> String {
    let mut written = String::with_capacity(value.len());
    for c in value.chars() {
        if REGEX_MARKS.contains(&c) {
            written.push('\\');
        }
        written.push(c);
    }
    written
}

/// `said` as the inside of a string; `value` is what it was before, for the sentence.
fn text(said: &str, value: &str, quote: char) -> Result<String, String> {
    // Prometheus takes U+FFFD for broken UTF-8.
    let is_refused = |c: char| (c.is_control() && !matches!(c, '\n' | '\t')) || c == '\u{fffd}';
    if value.chars().any(is_refused) {
        return Err(format!("the value {} contains a character that a query cannot have", message(value)));
    }
    if quote == '`' {
        let fits = !said.contains('`');
        return fits.then(|| said.to_owned()).ok_or_else(|| {
            format!(
                "the value {} contains a backtick, which would end this string; use double quotes",
                message(value)
            )
        });
    }
    let mut written = String::with_capacity(said.len());
    for c in said.chars() {
        match c {
            '\n' => written.push_str("\\n"),
            '\t' => written.push_str("\\t"),
            '\\' => written.push_str("\\\\"),
            c if c == quote => written.extend(['\\', c]),
            c => written.push(c),
        }
    }
    Ok(written)
}

/// A value as a sentence repeats it: in quotes, cut when long.
fn message(value: &str) -> String {
    let mut chars = value.chars();
    let head: String = chars.by_ref().take(TOLD_CHARS).flat_map(char::escape_debug).collect();
    format!("\"{head}{}\"", if chars.next().is_some() { "..." } else { "" })
}
