//! Finds the `{{ }}` of a query, and how a value must be written in each.

use std::iter::Peekable;
use std::str::Chars;

use super::Slot;
use crate::diagnostic::{Diagnostic, Span};
use crate::promql::scan::{Kind, Scan};

/// The place of a value, which decides how the value is written. `quote` is that of the string around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Outside strings: the beginning of a metric's or label's name, or a later part of it.
    Name {
        first: bool,
    },
    Text {
        quote: char,
    },
    /// A regex. `repeated`: a `*` or its like follows the value and applies to all of it.
    Regex {
        quote: char,
        repeated: bool,
    },
    /// The replacement of `label_replace`, where `$1` is a group.
    Replacement {
        quote: char,
    },
}

/// The function whose third argument is a replacement and whose fifth is a regex.
const LABEL_REPLACE: &str = "label_replace";

/// The slots in their order, or the first fault.
pub(super) fn find(text: &str) -> Result<Vec<Slot>, Diagnostic> {
    if !has_mark(text) {
        return Ok(Vec::new());
    }
    let start = Span::new(0, 0);
    let mut finder = Finder { text, slots: Vec::new(), open: Vec::new(), last: (Kind::Blank, start) };
    for (kind, span) in Scan::with_templates(text).words() {
        finder.step(kind, span)?;
    }
    Ok(finder.slots)
}

fn has_mark(text: &str) -> bool {
    text.contains("{{") || text.contains("{%")
}

struct Bracket {
    byte: u8,
    of_label_replace: bool,
    commas: usize,
}

struct Finder<'a> {
    text: &'a str,
    slots: Vec<Slot>,
    open: Vec<Bracket>,
    /// The last word that is not blank.
    last: (Kind, Span),
}

impl Finder<'_> {
    fn step(&mut self, kind: Kind, span: Span) -> Result<(), Diagnostic> {
        match kind {
            Kind::Blank => return Ok(()),
            Kind::Quoted => self.string(span)?,
            Kind::Template => self.name(span)?,
            Kind::Open(byte) => {
                let rest = self.text.get(span.start..).unwrap_or_default();
                if let Some(problem) = mark(rest, span.start) {
                    return Err(problem);
                }
                let of_label_replace = byte == b'(' && self.last.1.of(self.text) == LABEL_REPLACE;
                self.open.push(Bracket { byte, of_label_replace, commas: 0 });
            }
            Kind::Close(_) => {
                self.open.pop();
            }
            Kind::Other if span.of(self.text) == "," => {
                if let Some(bracket) = self.open.last_mut() {
                    bracket.commas += 1;
                }
            }
            _ => {}
        }
        self.last = (kind, span);
        Ok(())
    }

    fn name(&mut self, span: Span) -> Result<(), Diagnostic> {
        let (kind, before) = self.last;
        let joined = matches!(kind, Kind::Word | Kind::Template) && before.end == span.start;
        let begins_no_name = |word: &str| word.starts_with(|c: char| c.is_ascii_digit() || c == '.');
        if joined && kind == Kind::Word && begins_no_name(before.of(self.text)) {
            let message = "outside strings, a template can only be part of a metric or label name";
            return Err(Diagnostic::error(span, message));
        }
        self.slots.push(Slot { span, place: Place::Name { first: !joined } });
        Ok(())
    }

    fn string(&mut self, span: Span) -> Result<(), Diagnostic> {
        let inside = Span::new(span.start + 1, span.end.saturating_sub(1));
        if !has_mark(inside.of(self.text)) {
            return Ok(());
        }
        let quote = span.of(self.text).chars().next().unwrap_or('"');
        // The string's own text up to here, with an x for each value.
        let mut before = String::new();
        let mut at = inside.start;
        loop {
            let rest = Span::new(at, inside.end).of(self.text);
            if rest.is_empty() {
                return Ok(());
            }
            if rest.starts_with("{{")
                && let Some(end) = rest.find("}}")
            {
                let slot = Span::new(at, at + end + 2);
                let behind = Span::new(slot.end, inside.end).of(self.text);
                let place = self.place(&before, quote, behind);
                let place = place.map_err(|message| Diagnostic::error(slot, message))?;
                self.slots.push(Slot { span: slot, place });
                before.push('x');
                at = slot.end;
                continue;
            }
            if let Some(problem) = mark(rest, at) {
                return Err(problem);
            }
            let is_escape = rest.starts_with('\\') && quote != '`';
            let written = before.len();
            before.extend(rest.chars().take(1 + usize::from(is_escape)));
            at += before.len() - written;
        }
    }

    /// The place of a value in the string behind the last word. `before` and `behind` are the parts of the string
    /// around the value.
    fn place(&self, before: &str, quote: char, behind: &str) -> Result<Place, String> {
        let bracket = self.open.last();
        let in_braces = bracket.is_some_and(|bracket| bracket.byte == b'{');
        let argument = bracket.filter(|bracket| bracket.of_label_replace).map(|bracket| bracket.commas);
        let is_regex = in_braces && matches!(self.last.1.of(self.text), "=~" | "!~");
        if is_regex || argument == Some(4) {
            let refused = match plain(before, quote) {
                Some(regex) => refusal(&regex),
                None => Some("behind such an escape"),
            };
            if let Some(place) = refused {
                return Err(format!("a template is not possible {place} of a regex; write the value out"));
            }
            let repeated = behind.starts_with(['*', '+', '?', '{']) && !behind.starts_with("{{");
            return Ok(Place::Regex { quote, repeated });
        }
        if argument != Some(2) {
            return Ok(Place::Text { quote });
        }
        let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '{');
        if before.trim_end_matches(word).ends_with('$') {
            return Err("a template cannot follow a $ in a replacement; write the value out".to_owned());
        }
        Ok(Place::Replacement { quote })
    }
}

/// The error of `{{` or `{%` that begins no template.
fn mark(rest: &str, at: usize) -> Option<Diagnostic> {
    let place = Span::new(at, at + 2);
    if rest.starts_with("{{") {
        return Some(Diagnostic::error(place, "unclosed {{"));
    }
    let is_statement = rest.starts_with("{%") && rest.contains("%}");
    is_statement.then(|| Diagnostic::error(place, "statements ({% ... %}) are not supported; use {{ ... }}"))
}

/// The text of a string; None behind an escape that names a character by its number.
fn plain(written: &str, quote: char) -> Option<String> {
    let mut text = String::with_capacity(written.len());
    let mut chars = written.chars();
    while let Some(c) = chars.next() {
        text.push(match c {
            '\\' if quote != '`' => match chars.next()? {
                escaped @ ('\\' | '"' | '\'') => escaped,
                'a' | 'b' | 'f' | 'n' | 'r' | 't' | 'v' => ' ',
                _ => return None,
            },
            _ => c,
        });
    }
    Some(text)
}

/// A name for the place behind `before` in a regex, if no value is possible there.
fn refusal(before: &str) -> Option<&'static str> {
    let mut chars = before.chars().peekable();
    while let Some(c) = chars.next() {
        let refused = match c {
            '\\' => in_escape(&mut chars),
            '[' => in_class(&mut chars),
            '{' if !chars.clone().any(|c| c == '}') => Some("inside braces"),
            '(' if chars.peek() == Some(&'?') && !chars.clone().any(|c| matches!(c, ')' | ':' | '>')) => {
                Some("inside the head of a group")
            }
            _ => None,
        };
        if refused.is_some() {
            return refused;
        }
    }
    None
}

/// Passes an escape. The refusal if the text ends in it.
fn in_escape(chars: &mut Peekable<Chars<'_>>) -> Option<&'static str> {
    match chars.next() {
        None => Some("behind a backslash"),
        Some('Q') => Some("behind \\Q"),
        Some('x' | 'p' | 'P') => match chars.next() {
            Some('{') if !chars.any(|c| c == '}') => Some("inside braces"),
            None => Some("inside an escape"),
            Some(_) => chars.peek().is_none().then_some("behind an escape"),
        },
        Some('0'..='7') => {
            let more = (0..2).take_while(|_| chars.next_if(|c| ('0'..='7').contains(c)).is_some()).count();
            (more < 2 && chars.peek().is_none()).then_some("behind an escape")
        }
        Some(_) => None,
    }
}

/// Passes a class. The refusal if the text ends in it.
fn in_class(chars: &mut Peekable<Chars<'_>>) -> Option<&'static str> {
    chars.next_if_eq(&'^');
    chars.next_if_eq(&']');
    loop {
        match chars.next() {
            None => return Some("inside [...]"),
            Some('\\') => drop(chars.next()),
            Some(']') => return None,
            // `[:alpha:]`, whose bracket closes only itself.
            Some('[') if chars.peek() == Some(&':') => drop(chars.find(|c| *c == ']')),
            Some(_) => {}
        }
    }
}
