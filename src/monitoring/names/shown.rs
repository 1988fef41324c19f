//! Label values as readers see them: what is invisible is in quotes, and escaped as in PromQL.

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::characters::{is_invisible, is_variation_selector};

/// Behind a digit, with a selector between them, it makes an emoji of the digit.
const KEYCAP: char = '\u{20e3}';

/// A value as a name or as a part of one: unchanged where all of it is visible, and no other value looks the same.
pub(super) fn shown(value: &str) -> Cow<'_, str> {
    if hides(value) { quoted(value).into() } else { value.into() }
}

fn hides(value: &str) -> bool {
    let mut chars = value.chars().peekable();
    // A page shows blanks at the ends not at all, and several as one.
    let (mut last, mut is_hiding) = (' ', value.ends_with(' '));
    while let Some(c) = chars.next() {
        is_hiding |= match c {
            ' ' => last == ' ',
            _ if is_joiner(c) => !is_shaped(last) || !chars.peek().copied().is_some_and(is_shaped),
            _ if is_variation_selector(c) => !is_shaped(last) && chars.peek() != Some(&KEYCAP),
            _ => c.is_whitespace() || is_hidden(c),
        };
        last = c;
    }
    is_hiding
}

/// In quotes, with invisible characters as `\t` or `\u200b`. A space is a space there, and `\u0020` behind another.
pub(super) fn quoted(value: &str) -> String {
    let mut text = String::with_capacity(value.len() + 2);
    text.push('"');
    let mut last = '"';
    for c in value.chars() {
        let before = std::mem::replace(&mut last, c);
        match c {
            '"' | '\\' => text.extend(['\\', c]),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            ' ' if before != ' ' => text.push(c),
            _ if c.is_whitespace() || is_hidden(c) || is_joiner(c) || is_variation_selector(c) => {
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

/// Whether joiners and selectors of a variant belong to a character: emoji and the scripts that use them.
fn is_shaped(c: char) -> bool {
    !c.is_ascii() && !c.is_whitespace() && !is_hidden(c)
}

/// Control characters, and those that have neither a shape nor a width, change the direction of text, or look like a
/// blank without being one.
fn is_hidden(c: char) -> bool {
    let is_blank = matches!(c, '\u{115f}' | '\u{1160}' | '\u{2800}' | '\u{3164}' | '\u{ffa0}');
    c.is_control() || is_blank || (is_invisible(c) && !is_joiner(c))
}
