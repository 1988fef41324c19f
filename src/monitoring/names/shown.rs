//! Label values as readers see them: what is invisible is in quotes, and escaped as in PromQL.

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::characters::is_invisible;

/// A value as a name or as a part of one: unchanged where all of it is visible.
pub(super) fn shown(value: &str) -> Cow<'_, str> {
    let ends = [value.chars().next(), value.chars().next_back()];
    let is_edged = ends.into_iter().flatten().any(|c| c.is_whitespace() || is_joiner(c) || is_hidden(c));
    let is_hiding = value.chars().any(is_hidden);
    if is_edged && !ends_in_variant(value) || is_hiding { quoted(value).into() } else { value.into() }
}

/// In quotes, with invisible characters as `\t` or `\u200b`. A space is a space there.
pub(super) fn quoted(value: &str) -> String {
    let mut text = String::with_capacity(value.len() + 2);
    text.push('"');
    for c in value.chars() {
        match c {
            '"' | '\\' => text.extend(['\\', c]),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            ' ' => text.push(c),
            _ if c.is_whitespace() || is_hidden(c) || is_joiner(c) => {
                let code = u32::from(c);
                let _ =
                    if code > 0xffff { write!(text, "\\U{code:08x}") } else { write!(text, "\\u{code:04x}") };
            }
            _ => text.push(c),
        }
    }
    text.push('"');
    text
}

/// Shapes the characters around it, in Persian words and in emoji.
fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}')
}

/// An emoji, or a letter in one of its forms, may end so.
fn ends_in_variant(value: &str) -> bool {
    value.ends_with(|c| matches!(c, '\u{fe00}'..='\u{fe0f}')) && value.chars().any(char::is_alphanumeric)
}

/// Control characters, and those that have neither a shape nor a width, change the direction of text, or look like a
/// blank without being one.
fn is_hidden(c: char) -> bool {
    let is_blank = matches!(c, '\u{115f}' | '\u{1160}' | '\u{2800}' | '\u{3164}' | '\u{ffa0}');
    c.is_control() || is_blank || (is_invisible(c) && !is_joiner(c))
}
