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
        read_within(text, limit)
    }
}

fn read_within(text: &str, limit: RegexLimit) -> (Vec<Matcher>, Vec<Diagnostic>) {
    if text.len() > MAX_LIST_BYTES {
        let message = format!("the list of matchers is longer than {MAX_LIST_BYTES} bytes and was not read");
        return (Vec::new(), vec![Diagnostic::error(Span::whole(text), message)]);
    }
    let mut list = List { text, at: 0, brace: None, problems: Vec::new(), limit, regexes: 0, regex_bytes: 0 };
    let mut matchers = Vec::new();
    list.open();
    while list.goes_on() {
        if matchers.len() + list.problems.len() >= MAX_MATCHERS {
            let message = format!("only the first {MAX_MATCHERS} matchers are read");
            list.problems.push(Diagnostic::error(Span::new(list.at, text.len()), message));
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
struct ParsedMatcher {
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
            let message = "unexpected text before the braces; write the name of a rule as alertname=\"...\" inside \
                           them, or in the annotation prometheus.io/alert";
            self.problems.push(Diagnostic::error(Span::new(start, start + name), message));
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

    /// Refuses a matcher that no alert can meet beside the earlier ones: together they would choose nothing, for ever.
    fn contradiction(&mut self, before: &[Matcher], parsed: &ParsedMatcher) {
        let name = &parsed.matcher.name;
        let all: Vec<&Matcher> =
            before.iter().chain([&parsed.matcher]).filter(|matcher| matcher.name == *name).collect();
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
        self.problems.push(Diagnostic::error(parsed.place, format!("all matchers must hold, and {message}")));
    }
}

fn is_plain_value(value: &str) -> bool {
    value.chars().all(|c| c.is_alphanumeric() || c == '-')
}

#[cfg(test)]
mod tests;
