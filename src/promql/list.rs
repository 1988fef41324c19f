//! Lists of matchers as people write them: plain (`severity=critical, team!=x`), and in braces as Prometheus and
//! Alertmanager write them. A text that means something else in Prometheus or Alertmanager is a problem.

mod advice;
mod entry;

use super::matcher::Matcher;
use crate::diagnostic::{Diagnostic, Span};

/// The longest list of matchers that is read, in bytes.
const MAX_LIST_BYTES: usize = 8192;
/// The most matchers in one list; each may hold a regex that costs time to compile.
const MAX_MATCHERS: usize = 64;

/// How many regexes of a list are compiled, which costs time. Plain texts do not count.
#[derive(Clone, Copy, Debug)]
pub struct RegexLimit {
    pub most: usize,
    /// In all of them together.
    pub most_bytes: usize,
}

impl RegexLimit {
    pub const NONE: Self = Self { most: 0, most_bytes: 0 };
    pub const LIST: Self = Self { most: MAX_MATCHERS, most_bytes: MAX_LIST_BYTES };
}

impl Matcher {
    /// Reads matchers from a comma-separated list, plain or in braces; empty entries are dropped. Names beyond
    /// `[a-zA-Z0-9_]` and values with a comma are written in quotes. What cannot be read is an error, and the other
    /// matchers are read; as all matchers must hold, callers must look at the errors.
    pub fn read_list(text: &str) -> (Vec<Self>, Vec<Diagnostic>) {
        Self::read_list_within(text, RegexLimit::LIST)
    }

    /// The same for a list that anybody may write: regexes beyond the limit are problems, and are not compiled.
    pub fn read_list_within(text: &str, limit: RegexLimit) -> (Vec<Self>, Vec<Diagnostic>) {
        if text.len() > MAX_LIST_BYTES {
            let message =
                format!("the list of matchers is longer than {MAX_LIST_BYTES} bytes and was not read");
            return (Vec::new(), vec![Diagnostic::error(Span::whole(text), message)]);
        }
        let mut list =
            List { text, at: 0, brace: None, problems: Vec::new(), limit, regexes: 0, regex_bytes: 0 };
        (list.matchers(), list.problems)
    }
}

/// A list that is read from left to right.
struct List<'a> {
    text: &'a str,
    at: usize,
    /// The place of the brace around the list.
    brace: Option<usize>,
    problems: Vec<Diagnostic>,
    limit: RegexLimit,
    /// The regexes so far that are compiled, and their bytes.
    regexes: usize,
    regex_bytes: usize,
}

impl<'a> List<'a> {
    fn matchers(&mut self) -> Vec<Matcher> {
        let mut matchers = Vec::new();
        self.open();
        while self.goes_on() {
            if matchers.len() + self.problems.len() >= MAX_MATCHERS {
                let message = format!("only the first {MAX_MATCHERS} matchers are read");
                self.problems.push(Diagnostic::error(Span::new(self.at, self.text.len()), message));
                return matchers;
            }
            let start = self.at;
            match self.matcher() {
                Ok(matcher) => {
                    matchers.push(matcher);
                    self.contradiction(&matchers, Span::new(start, self.at).trimmed(self.text));
                }
                Err(problem) => {
                    self.problems.push(problem);
                    self.skip_entry();
                }
            }
        }
        self.end();
        matchers
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn skip(&mut self, is_skipped: impl Fn(char) -> bool) {
        self.at += self.rest().len() - self.rest().trim_start_matches(is_skipped).len();
    }

    /// Passes the brace that the list may begin with, and reports a metric's name before it.
    fn open(&mut self) {
        self.skip(char::is_whitespace);
        let start = self.at;
        self.skip(|c| c.is_ascii_alphanumeric() || c == '_' || c == ':');
        let name = Span::new(start, self.at);
        self.skip(char::is_whitespace);
        if !self.rest().starts_with('{') {
            self.at = start;
            return;
        }
        if !name.of(self.text).is_empty() {
            let message = "unexpected text before the braces; write the name of a rule as alertname=\"...\" inside \
                           them, or in the annotation prometheus.io/alert";
            self.problems.push(Diagnostic::error(name, message));
        }
        self.brace = Some(self.at);
        self.at += 1;
    }

    /// Whether another matcher follows; passes blanks and commas before it.
    fn goes_on(&mut self) -> bool {
        self.skip(|c| c == ',' || c.is_whitespace());
        match self.rest().chars().next() {
            None => false,
            Some('}') => self.brace.is_none(),
            Some(_) => true,
        }
    }

    /// Reports a brace that is not closed, and what follows one that is.
    fn end(&mut self) {
        let Some(brace) = self.brace else { return };
        if self.rest().is_empty() {
            self.problems.push(Diagnostic::error(Span::new(brace, brace + 1), "unclosed {"));
            return;
        }
        self.at += 1;
        let behind = self.rest().trim_matches(|c: char| c == ',' || c.is_whitespace());
        if !behind.is_empty() {
            let message = "unexpected text after the braces; put all matchers in one pair";
            let place = Span::new(self.at, self.text.len()).trimmed(self.text);
            self.problems.push(Diagnostic::error(place, message));
        }
    }

    /// Refuses the last matcher, at `place`, when no alert satisfies it and the earlier ones: together they would
    /// never choose anything.
    fn contradiction(&mut self, matchers: &[Matcher], place: Span) {
        let Some(Matcher { name, .. }) = matchers.last() else { return };
        let all: Vec<&Matcher> = matchers.iter().filter(|matcher| matcher.name == *name).collect();
        let hold = |value: &str| all.iter().all(|matcher| matcher.matches(Some(value)));
        let chosen = all.iter().filter_map(|matcher| matcher.chosen());
        if chosen.into_iter().all(|values| values.into_iter().any(hold)) {
            return;
        }
        let message = match all.iter().map(|matcher| matcher.only()).collect::<Option<Vec<_>>>() {
            Some(values) if values.len() == 2 && values.concat().into_iter().all(is_plain_value) => {
                format!(
                    "an alert has one value of {name}; for either use {name}=~\"{}\"",
                    values.concat().join("|")
                )
            }
            _ => format!("no value of {name} satisfies all of its matchers"),
        };
        self.problems.push(Diagnostic::error(place, format!("all matchers must hold, and {message}")));
    }
}

fn is_plain_value(value: &str) -> bool {
    value.chars().all(|c| c.is_alphanumeric() || c == '-')
}

#[cfg(test)]
mod tests;
