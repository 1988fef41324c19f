//! Finds the `{{ }}` of a query, and what each place takes a value for.

use super::Slot;
use crate::diagnostic::{Diagnostic, Span};
use crate::promql::words::{Kind, words_and_templates};

/// Where a value stands, and so how it must be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Outside strings: the beginning of a metric's or label's name, or a later part of it.
    Name { first: bool },
    /// Inside a string between these quotes.
    Text { quote: char, meaning: Meaning },
}

/// What a string is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    Words,
    /// A regex. `repeated`: a `*` or its like stands behind the value and means all of it.
    Regex {
        repeated: bool,
    },
    /// The replacement of `label_replace`, where `$1` is a group.
    Replacement,
}

/// The function whose third argument is a replacement and whose fifth is a regex.
const LABEL_REPLACE: &str = "label_replace";

/// The slots in their order, or the first fault.
pub(super) fn find(text: &str) -> Result<Vec<Slot>, Diagnostic> {
    if !text.contains("{{") && !text.contains("{%") {
        return Ok(Vec::new());
    }
    let start = Span::new(0, 0);
    let mut finder = Finder { text, slots: Vec::new(), open: Vec::new(), last: (Kind::Blank, start) };
    for (kind, span) in words_and_templates(text) {
        finder.step(kind, span)?;
    }
    Ok(finder.slots)
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
        if !inside.of(self.text).contains("{{") && !inside.of(self.text).contains("{%") {
            return Ok(());
        }
        let quote = span.of(self.text).chars().next().unwrap_or('"');
        // What the string's author wrote up to here, with an x for each value.
        let mut before = String::new();
        let mut at = inside.start;
        while at < inside.end {
            let rest = Span::new(at, inside.end).of(self.text);
            let mut chars = rest.chars();
            let Some(next) = chars.next() else { break };
            before.push(next);
            let mut length = next.len_utf8();
            if next == '\\' && quote != '`' {
                length += chars.next().map_or(0, |escaped| {
                    before.push(escaped);
                    escaped.len_utf8()
                });
            } else if rest.starts_with("{{")
                && let Some(end) = rest.find("}}")
            {
                before.pop();
                length = end + 2;
                let slot = Span::new(at, at + length);
                let behind = Span::new(slot.end, inside.end).of(self.text);
                let meaning = self.meaning(&before, quote, behind);
                let meaning = meaning.map_err(|message| Diagnostic::error(slot, message))?;
                self.slots.push(Slot { span: slot, place: Place::Text { quote, meaning } });
                before.push('x');
            } else if let Some(problem) = mark(rest, at) {
                return Err(problem);
            }
            at += length;
        }
        Ok(())
    }

    /// What the string that the last word leads to is, `before` and `behind` the value.
    fn meaning(&self, before: &str, quote: char, behind: &str) -> Result<Meaning, String> {
        let bracket = self.open.last();
        let in_braces = bracket.is_some_and(|bracket| bracket.byte == b'{');
        let argument = bracket.filter(|bracket| bracket.of_label_replace).map(|bracket| bracket.commas);
        let is_regex = in_braces && matches!(self.last.1.of(self.text), "=~" | "!~");
        if is_regex || argument == Some(4) {
            let refused = match plain(before, quote) {
                Some(regex) => refusal(&regex),
                None => Some("behind such an escape"),
            };
            return match refused {
                Some(place) => {
                    Err(format!("a template is not possible {place} of a regex; write the value out"))
                }
                None => Ok(Meaning::Regex {
                    repeated: behind.starts_with(['*', '+', '?', '{']) && !behind.starts_with("{{"),
                }),
            };
        }
        if argument == Some(2) {
            let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '{');
            if before.trim_end_matches(word).ends_with('$') {
                return Err("a template cannot follow a $ in a replacement; write the value out".to_owned());
            }
            return Ok(Meaning::Replacement);
        }
        Ok(Meaning::Words)
    }
}

/// A mark that no template begins with.
fn mark(rest: &str, at: usize) -> Option<Diagnostic> {
    let place = Span::new(at, at + 2);
    if rest.starts_with("{{") {
        return Some(Diagnostic::error(place, "unclosed {{"));
    }
    let is_statement = rest.starts_with("{%") && rest.contains("%}");
    is_statement.then(|| Diagnostic::error(place, "statements ({% ... %}) are not supported; use {{ ... }}"))
}

/// What a string says; None behind an escape that names a character by its number.
fn plain(written: &str, quote: char) -> Option<String> {
    let mut said = String::with_capacity(written.len());
    let mut chars = written.chars();
    while let Some(c) = chars.next() {
        said.push(match c {
            '\\' if quote != '`' => match chars.next()? {
                escaped @ ('\\' | '"' | '\'') => escaped,
                'a' | 'b' | 'f' | 'n' | 'r' | 't' | 'v' => ' ',
                _ => return None,
            },
            _ => c,
        });
    }
    Some(said)
}

/// Where in a regex one stands behind `before`, if no value can stand there.
fn refusal(before: &str) -> Option<&'static str> {
    let mut chars = before.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                None => return Some("behind a backslash"),
                Some('Q') => return Some("behind \\Q"),
                Some('x' | 'p' | 'P') => match chars.next() {
                    Some('{') if !chars.any(|c| c == '}') => return Some("inside braces"),
                    None => return Some("inside an escape"),
                    Some(_) if chars.peek().is_none() => return Some("behind an escape"),
                    Some(_) => {}
                },
                Some('0'..='7') => {
                    let more =
                        (0..2).take_while(|_| chars.next_if(|c| ('0'..='7').contains(c)).is_some()).count();
                    if more < 2 && chars.peek().is_none() {
                        return Some("behind an escape");
                    }
                }
                Some(_) => {}
            },
            '[' => {
                chars.next_if_eq(&'^');
                chars.next_if_eq(&']');
                loop {
                    match chars.next() {
                        None => return Some("inside [...]"),
                        Some('\\') => drop(chars.next()),
                        Some(']') => break,
                        // `[:alpha:]`, whose bracket closes only itself.
                        Some('[') if chars.peek() == Some(&':') => drop(chars.find(|c| *c == ']')),
                        Some(_) => {}
                    }
                }
            }
            '{' if !chars.clone().any(|c| c == '}') => return Some("inside braces"),
            '(' if chars.peek() == Some(&'?') && !chars.clone().any(|c| matches!(c, ')' | ':' | '>')) => {
                return Some("inside the head of a group");
            }
            _ => {}
        }
    }
    None
}
