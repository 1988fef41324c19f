//! Label matchers: `severity="critical"`, `team!=x`, `path=~"a|b"`.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use serde::Serialize;

use super::quoted::quote;
use super::regex::{Regex, compile};
use crate::diagnostic::Span;

/// The longest regex that is read as a list of texts, in bytes.
const MAX_PLAIN: usize = 1_000;

/// How a matcher compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum MatchOp {
    #[serde(rename = "=")]
    Equal,
    #[serde(rename = "!=")]
    NotEqual,
    #[serde(rename = "=~")]
    Regex,
    #[serde(rename = "!~")]
    NotRegex,
}

impl MatchOp {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Regex => "=~",
            Self::NotRegex => "!~",
        }
    }

    pub(super) fn is_regex(self) -> bool {
        matches!(self, Self::Regex | Self::NotRegex)
    }

    /// The operator that `text` begins with.
    pub(super) fn read(text: &str) -> Option<Self> {
        // The longer ones first: `=` begins `=~`.
        [Self::Regex, Self::NotRegex, Self::NotEqual, Self::Equal]
            .into_iter()
            .find(|op| text.starts_with(op.as_str()))
    }
}

/// A comparison of one label. A regex in it is known to compile, and is anchored as in Prometheus.
#[derive(Clone, Debug, Serialize)]
pub struct Matcher {
    pub name: String,
    pub op: MatchOp,
    pub value: String,
    #[serde(skip)]
    test: Test,
}

/// What a value is compared with.
#[derive(Clone, Debug)]
enum Test {
    /// The matcher's own value.
    Text,
    /// The texts of `a|b`, which need no regex.
    OneOf(Vec<Box<str>>),
    /// The text before the `.*` or `.+` of `a-.*`, which needs none either.
    Begins { with: Box<str>, has_more: bool },
    /// Shared by all matchers of the same regex.
    Regex(Arc<Regex>),
}

impl Test {
    /// None: `value` is a regex that has to be compiled.
    fn without_regex(op: MatchOp, value: &str) -> Option<Self> {
        if !op.is_regex() {
            return Some(Self::Text);
        }
        alternatives(value).map(Self::OneOf).or_else(|| Self::begins(value))
    }

    /// The test for `a-.*` or `a-.+`.
    fn begins(regex: &str) -> Option<Self> {
        let with = regex.strip_suffix(".*").or_else(|| regex.strip_suffix(".+"))?;
        let is_plain = regex.len() <= MAX_PLAIN && with.chars().all(is_plain);
        is_plain.then(|| Self::Begins { with: with.into(), has_more: regex.ends_with('+') })
    }
}

impl Matcher {
    /// A matcher, or why there can be none, as a sentence.
    pub fn new(name: &str, op: MatchOp, value: &str) -> Result<Self, String> {
        let test = match Test::without_regex(op, value) {
            Some(test) => test,
            None => Test::Regex(compile(value)?),
        };
        if name.is_empty() {
            return Err("no label name before the operator".to_owned());
        }
        Ok(Self { name: name.to_owned(), op, value: value.to_owned(), test })
    }

    /// Tests a label's value; an absent label counts as the empty text, as in Prometheus.
    pub fn matches(&self, value: Option<&str>) -> bool {
        let value = value.unwrap_or_default();
        let is_match = match &self.test {
            Test::Text => self.value == value,
            Test::OneOf(texts) => texts.iter().any(|text| **text == *value),
            Test::Begins { with, has_more } => {
                value.strip_prefix(&**with).is_some_and(|rest| !has_more || !rest.is_empty())
            }
            Test::Regex(regex) => regex.is_match(value),
        };
        is_match != self.is_negative()
    }

    /// What a test of the value costs, in tests of a small regex.
    pub fn cost(&self, value: Option<&str>) -> usize {
        match &self.test {
            Test::Regex(regex) => regex.cost(value.unwrap_or_default()),
            _ => 1,
        }
    }

    /// A text that is in every value that its regex matches; empty where none is known.
    pub fn contained(&self) -> &[u8] {
        match &self.test {
            Test::Regex(regex) => regex.contained(),
            _ => &[],
        }
    }

    /// Where its value is in a list that was read: behind its name and its operator, which may have the same letters.
    /// None where it is empty or written with escapes.
    pub fn place_of_value(&self, list: &str) -> Option<Span> {
        const QUOTES: [char; 3] = ['"', '\'', '`'];
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
        list.match_indices(self.op.as_str()).find_map(|(at, op)| {
            let (before, behind) = (list.get(..at)?.trim_end(), list.get(at + op.len()..)?.trim_start());
            let entry = before.strip_suffix(QUOTES).unwrap_or(before).strip_suffix(self.name.as_str())?;
            let value = behind.strip_prefix(QUOTES).unwrap_or(behind);
            let end = value.strip_prefix(self.value.as_str())?.trim_start();
            let is_whole = end.is_empty() || end.starts_with([',', '}']) || end.starts_with(QUOTES);
            let start = list.len() - value.len();
            (is_whole && !entry.ends_with(is_part) && !self.value.is_empty())
                .then(|| Span::new(start, start + self.value.len()))
        })
    }

    /// Whether it holds when its text or regex does not match.
    pub fn is_negative(&self) -> bool {
        matches!(self.op, MatchOp::NotEqual | MatchOp::NotRegex)
    }

    /// Whether it has a regex that is not a list of texts, nor the beginning of one.
    pub fn is_regex(&self) -> bool {
        matches!(self.test, Test::Regex(_))
    }

    /// The only values that match, each once, where they can be listed; none of them is empty.
    pub fn only(&self) -> Option<Vec<&str>> {
        self.chosen().filter(|texts| texts.iter().all(|text| !text.is_empty()))
    }

    /// The same, where the empty text, which is no label, may be among them.
    pub(super) fn chosen(&self) -> Option<Vec<&str>> {
        match (&self.test, self.op) {
            (Test::Text, MatchOp::Equal) => Some(vec![self.value.as_str()]),
            (Test::OneOf(texts), MatchOp::Regex) => Some(texts.iter().map(AsRef::as_ref).collect()),
            _ => None,
        }
    }

    /// A text that every value which matches begins with; None where none is known.
    pub fn beginning(&self) -> Option<&str> {
        let text = match (&self.test, self.op) {
            (Test::Begins { with, .. }, MatchOp::Regex) => with,
            (Test::Regex(regex), MatchOp::Regex) => regex.beginning(),
            _ => return None,
        };
        (!text.is_empty()).then_some(text)
    }
}

/// Whether a matcher's value has to be compiled.
pub(super) fn is_compiled(op: MatchOp, value: &str) -> bool {
    Test::without_regex(op, value).is_none()
}

/// The texts of `a|b|c`, each once; None where anything in it may mean more than itself.
pub(super) fn alternatives(regex: &str) -> Option<Vec<Box<str>>> {
    let mut texts: Vec<Box<str>> = Vec::new();
    let are_plain = regex.len() <= MAX_PLAIN && regex.chars().all(|c| is_plain(c) || c == '|');
    for text in are_plain.then(|| regex.split('|'))? {
        if !texts.iter().any(|known| **known == *text) {
            texts.push(text.into());
        }
    }
    Some(texts)
}

/// Whether a character of a regex means itself.
fn is_plain(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | '/' | ':' | ' ')
}

impl PartialEq for Matcher {
    fn eq(&self, other: &Self) -> bool {
        (&self.name, self.op, &self.value) == (&other.name, other.op, &other.value)
    }
}

impl Eq for Matcher {}

impl Hash for Matcher {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        (&self.name, self.op, &self.value).hash(hasher);
    }
}

/// As [`Matcher::read_list`] reads it back.
impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if is_plain_name(&self.name) {
            f.write_str(&self.name)?;
        } else {
            f.write_str(&quote(&self.name))?;
        }
        write!(f, "{}{}", self.op.as_str(), quote(&self.value))
    }
}

/// Whether a label's name is written without quotes.
pub(super) fn is_plain_name(name: &str) -> bool {
    name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        && name.starts_with(|c: char| !c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_of_a_value_is_behind_the_name_and_the_operator() {
        for (list, name, op, value, start) in [
            ("job=job", "job", MatchOp::Equal, "job", Some(4)),
            ("a_job=x, job = 'x'", "job", MatchOp::Equal, "x", Some(16)),
            ("job=till-2,job=till", "job", MatchOp::Equal, "till", Some(15)),
            ("{job!=\"=\", x=~`job`}", "x", MatchOp::Regex, "job", Some(15)),
            ("{job!=job,job=job}", "job", MatchOp::Equal, "job", Some(14)),
            ("\"my job\"=\"my job\"", "my job", MatchOp::Equal, "my job", Some(10)),
            ("job=\"\"", "job", MatchOp::Equal, "", None),
            (r#"job="\u006a""#, "job", MatchOp::Equal, "j", None),
        ] {
            let place = Matcher::new(name, op, value).unwrap().place_of_value(list);
            assert_eq!(place, start.map(|start| Span::new(start, start + value.len())), "{list}");
        }
    }
}
