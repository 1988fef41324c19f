//! Writes a value into its slot, so that it means itself there and nothing more.

use super::places::Place;

/// The longest value that is put into a query, in bytes.
const MAX_VALUE_BYTES: usize = 4096;
/// How much of a value a message repeats, in characters.
const MAX_SHOWN_CHARS: usize = 40;

/// The characters that have a meaning in Go's regexes, outside of `[...]`.
const REGEX_MARKS: [char; 14] = ['\\', '.', '+', '*', '?', '(', ')', '|', '[', ']', '{', '}', '^', '$'];

impl Place {
    /// The value as it is written here, or why it is not possible here, as a sentence.
    pub(super) fn write(self, value: &str) -> Result<String, String> {
        if value.len() > MAX_VALUE_BYTES {
            return Err(format!("the value is longer than {MAX_VALUE_BYTES} bytes"));
        }
        match self {
            Self::Name { first } => name(value, first),
            Self::Text { quote } => string(value, value, quote),
            Self::Replacement { quote } => string(&value.replace('$', "$$"), value, quote),
            Self::Regex { quote, repeated: false } => string(&regex(value), value, quote),
            Self::Regex { quote, repeated: true } => string(&format!("(?:{})", regex(value)), value, quote),
        }
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
        shown(value)
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

/// The inside of a string with this text. The error names `value`, which the text was made from.
fn string(text: &str, value: &str, quote: char) -> Result<String, String> {
    // Prometheus takes U+FFFD for broken UTF-8.
    let is_refused = |c: char| (c.is_control() && !matches!(c, '\n' | '\t')) || c == '\u{fffd}';
    if value.chars().any(is_refused) {
        return Err(format!("the value {} contains a character that a query cannot have", shown(value)));
    }
    if quote == '`' {
        let fits = !text.contains('`');
        return fits.then(|| text.to_owned()).ok_or_else(|| {
            format!(
                "the value {} contains a backtick, which would end this string; use double quotes",
                shown(value)
            )
        });
    }
    let mut written = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => written.push_str("\\n"),
            '\t' => written.push_str("\\t"),
            '\\' => written.push_str("\\\\"),
            _ if c == quote => written.extend(['\\', c]),
            _ => written.push(c),
        }
    }
    Ok(written)
}

/// A value as a message repeats it: in quotes, cut when long.
fn shown(value: &str) -> String {
    let mut chars = value.chars();
    let head: String = chars.by_ref().take(MAX_SHOWN_CHARS).flat_map(char::escape_debug).collect();
    format!("\"{head}{}\"", if chars.next().is_some() { "..." } else { "" })
}
