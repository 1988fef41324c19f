//! Lists of matchers as people write them: plain (`severity=critical, team!=x`), and in braces as Prometheus and
//! Alertmanager write them. What would mean something else elsewhere is a problem, never a guess.

mod meant;

use meant::{misread, no_operator, not_a_name, without_operator};

use super::matcher::{MatchOp, Matcher, RegexLimit, is_compiled, is_plain_name};
use super::quoted::{Escape, Escaped, Unquoted, read_string};
use crate::diagnostic::{Diagnostic, Span};

/// The longest list of matchers that is read, in bytes.
pub(super) const MAX_LIST_BYTES: usize = 8192;
/// The most matchers in one list; each may hold a regex that costs time to compile.
pub(super) const MAX_MATCHERS: usize = 64;
/// What operators are made of.
const OF_OPERATORS: [char; 3] = ['=', '~', '!'];
const QUOTES: [char; 3] = ['"', '\'', '`'];

/// Reads matchers from a comma-separated list; empty entries are dropped. Names beyond `[a-zA-Z0-9_]` and values
/// with a comma are written in quotes. What cannot be read is a problem, and its neighbours are read.
pub(super) fn read_within(text: &str, limit: RegexLimit) -> (Vec<Matcher>, Vec<Diagnostic>) {
    if text.len() > MAX_LIST_BYTES {
        let told = format!("the list of matchers is longer than {MAX_LIST_BYTES} bytes and is not read");
        return (Vec::new(), vec![Diagnostic::error(Span::whole(text), told)]);
    }
    let mut list = List { text, at: 0, brace: None, problems: Vec::new(), limit, regexes: 0, regex_bytes: 0 };
    let mut matchers = Vec::new();
    list.open();
    while list.goes_on() {
        if matchers.len() + list.problems.len() >= MAX_MATCHERS {
            let told = format!("only the first {MAX_MATCHERS} matchers are read");
            list.problems.push(Diagnostic::error(Span::new(list.at, text.len()), told));
            return (matchers, list.problems);
        }
        match list.matcher() {
            Ok(matcher) => {
                list.contradiction(&matchers, &matcher);
                matchers.push(matcher.matcher);
            }
            Err(problem) => {
                list.problems.push(problem);
                list.skip_entry();
            }
        }
    }
    list.end();
    (matchers, list.problems)
}

/// A matcher and the place of its text.
struct Read {
    matcher: Matcher,
    place: Span,
}

/// A list that is read from left to right.
struct List<'a> {
    text: &'a str,
    at: usize,
    /// Where the brace stands that the list is in.
    brace: Option<usize>,
    problems: Vec<Diagnostic>,
    limit: RegexLimit,
    /// Those so far that are compiled, and their bytes.
    regexes: usize,
    regex_bytes: usize,
}

impl<'a> List<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn skip_blank(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    /// Passes the brace that the list may begin with, and tells a metric's name before it.
    fn open(&mut self) {
        self.skip_blank();
        let start = self.at;
        let word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
        let name = self.rest().len() - self.rest().trim_start_matches(word).len();
        let before = self.rest().get(name..).unwrap_or_default();
        let blank = before.len() - before.trim_start().len();
        if !before.trim_start().starts_with('{') {
            return;
        }
        if name > 0 {
            let told = "what stands before the braces is not read; write the name of a rule as \
                        alertname=\"...\" inside them, or in the annotation prometheus.io/alert";
            self.problems.push(Diagnostic::error(Span::new(start, start + name), told));
        }
        self.brace = Some(start + name + blank);
        self.at = start + name + blank + 1;
    }

    /// Whether another matcher follows; passes blanks and commas before it.
    fn goes_on(&mut self) -> bool {
        let separator = |c: char| c == ',' || c.is_whitespace();
        self.at += self.rest().len() - self.rest().trim_start_matches(separator).len();
        match self.rest().chars().next() {
            None => false,
            Some('}') => self.brace.is_none(),
            Some(_) => true,
        }
    }

    /// Tells a brace that is not closed, and what follows one that is.
    fn end(&mut self) {
        let Some(brace) = self.brace else { return };
        if self.rest().is_empty() {
            self.problems.push(Diagnostic::error(Span::new(brace, brace + 1), "this brace is not closed"));
            return;
        }
        self.at += 1;
        let behind = self.rest().trim_matches(|c: char| c == ',' || c.is_whitespace());
        if !behind.is_empty() {
            let told = "nothing is read behind the braces; all matchers stand in one pair";
            let place = Span::new(self.at, self.text.len()).trimmed(self.text);
            self.problems.push(Diagnostic::error(place, told));
        }
    }

    /// Takes what stands before the first of `stops`, or before the end of the entry.
    fn take_until(&mut self, stops: &[char]) -> Span {
        let start = self.at;
        let end = entry_end(self.rest());
        let entry = self.rest().get(..end).unwrap_or_default();
        self.at += entry.find(stops).unwrap_or(end);
        Span::new(start, self.at).trimmed(self.text)
    }

    /// Goes to the comma or brace behind an entry that cannot be read, past words in quotes.
    fn skip_entry(&mut self) {
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

    /// Takes a quoted word, if one begins here.
    fn take_quoted(&mut self) -> Option<Result<(Unquoted, Span), Diagnostic>> {
        if !self.rest().starts_with(QUOTES) {
            return None;
        }
        let start = self.at;
        let Some(word) = read_string(self.rest()) else {
            let entry = self.take_until(&[]);
            return Some(Err(Diagnostic::error(entry, "this quote is not closed")));
        };
        self.at += word.length;
        let place = Span::new(start, self.at);
        if !place.of(self.text).starts_with('`') && place.of(self.text).contains('\n') {
            return Some(Err(Diagnostic::error(
                place,
                "a line breaks within these quotes: is one of them missing?",
            )));
        }
        Some(Ok((word, place)))
    }

    fn matcher(&mut self) -> Result<Read, Diagnostic> {
        let start = self.at;
        let name = self.name()?;
        self.skip_blank();
        let op = self.operator(start)?;
        self.skip_blank();
        let (value, place) = match self.take_quoted() {
            Some(quoted) => {
                let (word, place) = quoted?;
                let value = self.said(word, place, Some(op))?;
                self.behind()?;
                (value, place)
            }
            None => self.plain_value(op)?,
        };
        // An empty value has no place of its own.
        let place = if place.start == place.end { Span::new(start, self.at) } else { place };
        let matcher = self.count(op, &value).and_then(|()| Matcher::new(&name, op, &value));
        let matcher = matcher.map_err(|told| Diagnostic::error(place, told))?;
        Ok(Read { matcher, place: Span::new(start, self.at).trimmed(self.text) })
    }

    /// Refuses a regex that is one too many.
    fn count(&mut self, op: MatchOp, value: &str) -> Result<(), String> {
        if !is_compiled(op, value) {
            return Ok(());
        }
        self.regexes += 1;
        self.regex_bytes += value.len();
        let RegexLimit { most, most_bytes } = self.limit;
        let told = || format!("at most {most} regexes of together {most_bytes} bytes can be compiled here");
        (self.regexes <= most && self.regex_bytes <= most_bytes).then_some(()).ok_or_else(told)
    }

    fn name(&mut self) -> Result<String, Diagnostic> {
        let start = self.at;
        if let Some(quoted) = self.take_quoted() {
            let (word, place) = quoted?;
            let name = self.said(word, place, None)?;
            return match name.is_empty() {
                true => Err(Diagnostic::error(place, "a label's name is missing before the operator")),
                false => Ok(name),
            };
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

    /// The operator, which stands alone: `==` is no operator with a value that begins with `=`.
    fn operator(&mut self, entry: usize) -> Result<MatchOp, Diagnostic> {
        let start = self.at;
        let rest = self.rest();
        let Some(op) = MatchOp::read(rest) else {
            let entry = Span::new(entry, start + entry_end(rest)).trimmed(self.text);
            return Err(without_operator(self.text, entry));
        };
        let run = rest.len() - rest.trim_start_matches(OF_OPERATORS).len();
        let behind = rest.get(op.as_str().len()..).unwrap_or_default();
        if behind.trim_start().starts_with(OF_OPERATORS) {
            let place = Span::new(start, start + run.max(op.as_str().len()));
            return Err(Diagnostic::error(place, no_operator(place.of(self.text))));
        }
        self.at += op.as_str().len();
        Ok(op)
    }

    /// A value without quotes, which runs to the next comma, or to the brace that ends the list.
    fn plain_value(&mut self, op: MatchOp) -> Result<(String, Span), Diagnostic> {
        let place = self.take_until(&[]);
        if let Some(problem) = misread(self.text, place, op) {
            return Err(problem);
        }
        self.behind()?;
        Ok((place.of(self.text).to_owned(), place))
    }

    /// What follows a value: a comma, the end, or the brace that ends the list.
    fn behind(&mut self) -> Result<(), Diagnostic> {
        let behind = self.take_until(&[]);
        if !behind.of(self.text).is_empty() {
            return Err(Diagnostic::error(behind, "a comma must follow the value in quotes"));
        }
        if self.brace.is_none() && self.rest().starts_with('}') {
            let place = Span::new(self.at, self.at + 1);
            return Err(Diagnostic::error(
                place,
                "no { opens what this closes; a value with a brace is written in quotes",
            ));
        }
        Ok(())
    }

    /// What a quoted word says. None: it is a name.
    fn said(&mut self, word: Unquoted, place: Span, op: Option<MatchOp>) -> Result<String, Diagnostic> {
        let is_regex = matches!(op, Some(MatchOp::Regex | MatchOp::NotRegex));
        if let Some(Escaped { span, escape }) = word.remarks.into_iter().find(|r| r.is_doubtful(is_regex)) {
            let span = span.shifted(place.start);
            match escape {
                Escape::Unknown(c) => self.problems.push(Diagnostic::warning(
                    span,
                    format!(
                        "Prometheus knows no escape \\{c} in quotes; it is read as a backslash and {c}, as \
                         Alertmanager reads it: write \\\\{c}"
                    ),
                )),
                Escape::Control('b') if is_regex => {
                    let told = "this is a backspace in quotes; write \\\\b for the border of a word";
                    return Err(Diagnostic::error(span, told));
                }
                Escape::Control(c) => self.problems.push(Diagnostic::warning(
                    span,
                    format!("this is read as one control character, as in Prometheus: write \\\\{c} for a backslash and {c}"),
                )),
            }
        }
        String::from_utf8(word.said).map_err(|_| Diagnostic::error(place, "the escapes make no UTF-8"))
    }

    /// Refuses a matcher that no alert can meet beside the earlier ones: together they would choose nothing, for ever.
    fn contradiction(&mut self, before: &[Matcher], read: &Read) {
        let name = &read.matcher.name;
        let all: Vec<&Matcher> =
            before.iter().chain([&read.matcher]).filter(|matcher| matcher.name == *name).collect();
        let hold = |value: &str| all.iter().all(|matcher| matcher.matches(Some(value)));
        let chosen = all.iter().filter_map(|matcher| matcher.chosen());
        if chosen.into_iter().all(|values| values.into_iter().any(hold)) {
            return;
        }
        let told = match all.iter().map(|matcher| matcher.only()).collect::<Option<Vec<_>>>() {
            Some(values) if values.len() == 2 && values.concat().into_iter().all(is_plain_value) => {
                format!(
                    "no alert has two values of {name}: for either write {name}=~\"{}\"",
                    values.concat().join("|")
                )
            }
            _ => format!("no alert has a value of {name} that meets all of its matchers"),
        };
        self.problems.push(Diagnostic::error(read.place, format!("all matchers must hold, and {told}")));
    }
}

fn is_plain_value(value: &str) -> bool {
    value.chars().all(|c| c.is_alphanumeric() || c == '-')
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

#[cfg(test)]
mod tests;
