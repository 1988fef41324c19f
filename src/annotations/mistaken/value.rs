//! Values of label matchers that can be read and hardly are the values of labels: patterns and placeholders.

use super::pattern::{between_slashes, has_sign, is_glob, of_glob};
use super::placeholder::is_unfilled;
use super::{list_of_matchers, pasted};
use crate::annotations::LABELS;
use crate::diagnostic::{Diagnostic, Span};
use crate::promql::{MatchOp, Matcher};

/// Parts of the names of labels whose values may stand between slashes.
const PATHS: [&str; 10] =
    ["path", "uri", "url", "route", "handler", "endpoint", "mount", "dir", "file", "resource"];

/// What a value is instead.
enum ValueMistake {
    /// `warn*` or `warn.*`; the regex that was meant.
    Pattern(String),
    /// `/warn.*/` or `warn*` as a regex; the one that was meant.
    Regex(String),
    Placeholder,
}

/// Whether hardly any alert has the value of a matcher.
pub(in super::super) fn is_mistaken_value(matcher: &Matcher) -> bool {
    ValueMistake::of(matcher).is_some()
}

/// The problems of matchers with such values, each with all matchers as they were meant. Without `is_whole`, others
/// could not be read.
pub(in super::super) fn of_values(value: &str, all: &[Matcher], is_whole: bool) -> Vec<Diagnostic> {
    let intended = |matcher: &Matcher| match ValueMistake::of(matcher) {
        Some(mistake) => mistake.intended(matcher),
        None => Some(matcher.clone()),
    };
    // What is not known cannot be pasted.
    let whole = all.iter().map(intended).collect::<Option<Vec<_>>>().filter(|_| is_whole);
    let whole = whole.map(|all| pasted(LABELS, &list_of_matchers(&all)));
    let found = all.iter().filter_map(|matcher| {
        let mistake = ValueMistake::of(matcher)?;
        let (mut message, intended) = (mistake.problem(matcher), mistake.intended(matcher));
        message += &match (&intended, &whole) {
            (Some(_), Some(whole)) => format!("; write the annotation {whole}"),
            (Some(intended), None) => format!("; write {intended}"),
            (None, _) => String::new(),
        };
        let place = matcher.place_of_value(value);
        let problem = Diagnostic::warning(place.unwrap_or(Span::whole(value)), message);
        Some(problem.suggesting(intended.map(|intended| intended.to_string())))
    });
    found.collect()
}

impl ValueMistake {
    fn of(matcher: &Matcher) -> Option<Self> {
        let value = matcher.value.as_str();
        if is_unfilled(value) {
            return Some(Self::Placeholder);
        }
        match matcher.op {
            MatchOp::Equal | MatchOp::NotEqual => pattern(value).map(Self::Pattern),
            MatchOp::Regex | MatchOp::NotRegex => regex(&matcher.name, value).map(Self::Regex),
        }
    }

    /// The matcher that was meant; None where it is not known.
    fn intended(&self, matcher: &Matcher) -> Option<Matcher> {
        let (Self::Pattern(regex) | Self::Regex(regex)) = self else { return None };
        let op = if matcher.is_negative() { MatchOp::NotRegex } else { MatchOp::Regex };
        Matcher::new(&matcher.name, op, regex).ok()
    }

    fn problem(&self, matcher: &Matcher) -> String {
        let op = matcher.op.as_str();
        match self {
            Self::Pattern(_) => format!("looks like a pattern, but {op} compares letter for letter"),
            Self::Regex(_) if matcher.value.starts_with('/') => {
                format!("{op} takes a regex without slashes around it")
            }
            Self::Regex(_) => {
                format!(
                    "looks like a glob, but {op} takes a regex, in which * repeats the character before it"
                )
            }
            Self::Placeholder => {
                "this stands for a value that was not filled in; write the value, or remove the matcher"
                    .to_owned()
            }
        }
    }
}

/// The regex of a value that is compared letter for letter.
fn pattern(value: &str) -> Option<String> {
    // Of a route, such as `/static/*`, or of media, such as `*/*`.
    let is_path = value.starts_with('/') || value.starts_with("*/");
    if value == "*" {
        return Some(".+".to_owned());
    }
    if value.contains(".*") || value.contains(".+") {
        return Some(between_slashes(value).map_or(value, |(inside, _)| inside).to_owned());
    }
    let has_group = value.contains('(');
    if value.contains('|') && !has_group {
        let part = |part: &str| if is_glob(part) { of_glob(part) } else { part.to_owned() };
        return Some(value.split('|').map(part).collect::<Vec<_>>().join("|"));
    }
    (value.contains('|') || (!is_path && is_glob(value) && !value.contains(' ')))
        .then(|| if has_group { value.to_owned() } else { of_glob(value) })
}

/// The regex that was meant by one with slashes around it, or by a glob.
fn regex(name: &str, value: &str) -> Option<String> {
    let has_path = PATHS.iter().any(|part| name.to_ascii_lowercase().contains(part));
    if let Some((inside, flag)) = between_slashes(value).filter(|_| !has_path) {
        let flag = if flag == "i" { "(?i)" } else { "" };
        let inside = inside.strip_prefix('^').unwrap_or(inside);
        return Some(format!("{flag}{}", inside.strip_suffix('$').unwrap_or(inside)));
    }
    // `a*` is any number of the letter a.
    let is_word = |c: char| c.is_ascii_alphanumeric() || "_-*|".contains(c);
    let is_glob = value.contains('*') && !has_sign(value) && value.chars().all(is_word);
    is_glob.then(|| of_glob(value).replace("\\|", "|"))
}
