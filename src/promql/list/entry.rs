//! One entry of a list: a label's name, an operator and a value.

use super::advice::{ambiguous_value, not_a_name, unknown_operator, without_operator};
use super::{List, RegexLimit};
use crate::diagnostic::{Diagnostic, Span};
use crate::promql::matcher::{MatchOp, Matcher, is_compiled, is_plain_name};
use crate::promql::quoted::{Escape, Unquoted, read_string};

const OPERATOR_CHARS: [char; 3] = ['=', '~', '!'];
const QUOTES: [char; 3] = ['"', '\'', '`'];

impl List<'_> {
    pub(super) fn matcher(&mut self) -> Result<Matcher, Diagnostic> {
        let start = self.at;
        let name = self.name()?;
        self.skip(char::is_whitespace);
        let op = self.operator(start)?;
        self.skip(char::is_whitespace);
        let (value, place) = match self.quoted(Some(op))? {
            Some(quoted) => quoted,
            None => self.plain_value(op)?,
        };
        self.check_end()?;
        // An empty value has no place of its own.
        let place = if place.start == place.end { Span::new(start, self.at) } else { place };
        let matcher = self.count(op, &value).and_then(|()| Matcher::new(&name, op, &value));
        matcher.map_err(|message| Diagnostic::error(place, message))
    }

    /// Refuses a regex beyond the limit.
    fn count(&mut self, op: MatchOp, value: &str) -> Result<(), String> {
        if !is_compiled(op, value) {
            return Ok(());
        }
        self.regexes += 1;
        self.regex_bytes += value.len();
        let RegexLimit { most, most_bytes } = self.limit;
        let message = || format!("at most {most} regexes of together {most_bytes} bytes are allowed here");
        (self.regexes <= most && self.regex_bytes <= most_bytes).then_some(()).ok_or_else(message)
    }

    fn name(&mut self) -> Result<String, Diagnostic> {
        let start = self.at;
        if let Some((name, place)) = self.quoted(None)? {
            let is_empty = || Diagnostic::error(place, "no label name before the operator");
            return Some(name).filter(|name| !name.is_empty()).ok_or_else(is_empty);
        }
        let place = self.take_until(&['=', '!']);
        let name = place.of(self.text);
        if is_plain_name(name) {
            return Ok(name.to_owned());
        }
        if self.rest().starts_with(['=', '!']) {
            return Err(not_a_name(self.text, start, place));
        }
        Err(without_operator(self.text, place))
    }

    /// The operator. `==` is not read as `=` and a value that begins with `=`.
    fn operator(&mut self, entry: usize) -> Result<MatchOp, Diagnostic> {
        let start = self.at;
        let rest = self.rest();
        let Some(op) = MatchOp::read(rest) else {
            let entry = Span::new(entry, start + entry_end(rest)).trimmed(self.text);
            return Err(without_operator(self.text, entry));
        };
        let run = rest.len() - rest.trim_start_matches(OPERATOR_CHARS).len();
        let behind = rest.get(op.as_str().len()..).unwrap_or_default();
        if behind.trim_start().starts_with(OPERATOR_CHARS) {
            let place = Span::new(start, start + run.max(op.as_str().len()));
            return Err(Diagnostic::error(place, unknown_operator(place.of(self.text))));
        }
        self.at += op.as_str().len();
        Ok(op)
    }

    /// A value without quotes, which runs to the next comma, or to the brace that ends the list.
    fn plain_value(&mut self, op: MatchOp) -> Result<(String, Span), Diagnostic> {
        let place = self.take_until(&[]);
        match ambiguous_value(self.text, place, op) {
            Some(problem) => Err(problem),
            None => Ok((place.of(self.text).to_owned(), place)),
        }
    }

    /// Checks what follows a value: a comma, the end, or the brace that ends the list.
    fn check_end(&mut self) -> Result<(), Diagnostic> {
        let behind = self.take_until(&[]);
        if !behind.of(self.text).is_empty() {
            return Err(Diagnostic::error(behind, "expected a comma after the quoted value"));
        }
        if self.brace.is_none() && self.rest().starts_with('}') {
            let place = Span::new(self.at, self.at + 1);
            return Err(Diagnostic::error(place, "unmatched }; put a value with a brace in quotes"));
        }
        Ok(())
    }

    fn unescaped(&mut self, word: Unquoted, place: Span, op: Option<MatchOp>) -> Result<String, Diagnostic> {
        let is_regex = op.is_some_and(MatchOp::is_regex);
        let is_doubtful = |escape: &&Escape| !is_regex || escape.is_doubtful_in_regex();
        if let Some(escape) = word.doubtful.iter().find(is_doubtful) {
            let (c, span) = (escape.letter, escape.span.shifted(place.start));
            if c == 'b' && is_regex {
                let message = "this is a backspace in quotes; use \\\\b for a word boundary";
                return Err(Diagnostic::error(span, message));
            }
            let message = if escape.is_control() {
                format!(
                    "this is one control character, as in Prometheus; use \\\\{c} for a backslash and {c}"
                )
            } else {
                format!(
                    "Prometheus has no escape \\{c} in quotes; it counts as a backslash and {c}, as in Alertmanager; \
                     use \\\\{c}"
                )
            };
            self.problems.push(Diagnostic::warning(span, message));
        }
        String::from_utf8(word.value).map_err(|_| Diagnostic::error(place, "the escapes are not valid UTF-8"))
    }

    /// Takes the text before the first of `stops`, or the rest of the entry.
    fn take_until(&mut self, stops: &[char]) -> Span {
        let start = self.at;
        let end = entry_end(self.rest());
        let entry = self.rest().get(..end).unwrap_or_default();
        self.at += entry.find(stops).unwrap_or(end);
        Span::new(start, self.at).trimmed(self.text)
    }

    /// Goes to the comma or brace behind an entry that cannot be read, past words in quotes.
    pub(super) fn skip_entry(&mut self) {
        loop {
            self.take_until(&QUOTES);
            let rest = self.rest();
            if let Some(quoted) = read_string(rest) {
                self.at += quoted.length;
            } else if rest.starts_with(QUOTES) || (self.brace.is_none() && rest.starts_with('}')) {
                self.at += 1;
            } else {
                return;
            }
        }
    }

    /// Takes a quoted word, if one begins here: its value and its place. Without an operator it is a name.
    fn quoted(&mut self, op: Option<MatchOp>) -> Result<Option<(String, Span)>, Diagnostic> {
        if !self.rest().starts_with(QUOTES) {
            return Ok(None);
        }
        let start = self.at;
        let Some(word) = read_string(self.rest()) else {
            let entry = self.take_until(&[]);
            return Err(Diagnostic::error(entry, "unclosed quote"));
        };
        self.at += word.length;
        let place = Span::new(start, self.at);
        if !place.of(self.text).starts_with('`') && place.of(self.text).contains('\n') {
            return Err(Diagnostic::error(place, "line break in quotes; is a quote missing?"));
        }
        Ok(Some((self.unescaped(word, place, op)?, place)))
    }
}

/// Where an entry ends: before its comma, or the brace that closes what it does not open.
fn entry_end(text: &str) -> usize {
    let (mut depth, mut is_escaped) = (0usize, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            ',' => return at,
            '{' => depth += 1,
            '}' if depth == 0 => return at,
            '}' => depth -= 1,
            _ => {}
        }
    }
    text.len()
}
