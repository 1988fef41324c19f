//! Names of alerts that are no names: patterns, matchers, queries, lists in another form.

use std::collections::BTreeMap;

use super::pattern::{escaped, regex};
use super::placeholder::{is_everything, is_placeholder, left_over};
use super::shape::is_name;
use super::{bare, joined, list_of_matchers, list_of_names, matchers, pasted};
use crate::annotations::{ALERT, LABELS, RULE};
use crate::diagnostic::{Diagnostic, Span};
use crate::promql::{PromQl, quote};
use crate::yaml::shown;

/// Labels that alerts usually have.
const LABELS_OF_ALERTS: [&str; 14] = [
    "severity",
    "team",
    "service",
    "job",
    "namespace",
    "app",
    "application",
    "env",
    "environment",
    "instance",
    "cluster",
    "component",
    "owner",
    "priority",
];
/// The most problems of one kind that are told one by one.
const MAX_OF_KIND: usize = 10;

/// What a name is instead.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum NameMistake {
    LeftOver,
    Template,
    Everything,
    Placeholder,
    Matcher,
    Address,
    Pattern,
    List,
    Quoted,
    Recording,
}

/// The problems of names that are something else. `spans` are the places of the names.
pub(in super::super) fn of_names(value: &str, names: &[String], spans: &[Span]) -> Vec<Diagnostic> {
    if let Some(problem) = of_whole(value) {
        return vec![problem];
    }
    let mut problems = Vec::new();
    let (mut found, mut more) = (BTreeMap::new(), BTreeMap::new());
    let mut regexes = 0;
    // A name in double quotes is what its author means.
    for (name, span) in names.iter().zip(spans).filter(|(_, span)| !span.of(value).starts_with('"')) {
        regexes += usize::from(has_regex(name));
        let Some(mistake) = NameMistake::of(name, regexes <= MAX_OF_KIND) else { continue };
        let count: &mut usize = found.entry(mistake).or_default();
        *count += 1;
        if *count <= MAX_OF_KIND {
            problems.push(mistake.at(*span, mistake.message(name, names)));
        } else {
            more.entry(mistake).or_insert(*span);
        }
    }
    problems.extend(more.into_iter().map(|(mistake, first)| {
        let count = found.get(&mistake).map_or(0, |count| count - MAX_OF_KIND);
        let message =
            format!("from here on, names with the same problem as the {MAX_OF_KIND} before: {count}");
        mistake.at(first, message)
    }));
    problems
}

/// The problem of a value that is one selector, query or list.
fn of_whole(value: &str) -> Option<Diagnostic> {
    let text = value.trim();
    if text.is_empty() || text.starts_with('"') {
        return None;
    }
    let place = Span::whole(value).trimmed(value);
    let warning = |message: String| Some(Diagnostic::warning(place, message));
    let commas = |names: Vec<&str>| {
        warning(format!(
            "names are separated by commas; write the annotation {}",
            pasted(ALERT, &list_of_names(names))
        ))
    };
    if text.starts_with('{') && text.ends_with('}') {
        let all = matchers(text)?;
        return warning(format!("these are label matchers; write the annotation {}", of_matchers(&all)));
    }
    if let Some(list) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return commas(list.split(',').map(bare).collect());
    }
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    if lines.iter().all(|line| line.trim_start().starts_with("- "))
        || (lines.len() > 1 && !text.contains(','))
    {
        return commas(lines.into_iter().map(bare).collect());
    }
    let is_query =
        text.contains(['(', '{', '[']) && PromQl::read(text).0.is_some_and(|query| query.is_checked());
    is_query.then(|| {
        let message = format!("this is a query; for its graph, write the annotation {}", pasted(RULE, text));
        Diagnostic::warning(place, message)
    })
}

fn of_matchers(all: &[crate::promql::Matcher]) -> String {
    match all {
        [one] if one.name == "alertname" && one.op.as_str() == "=" => {
            pasted(ALERT, &list_of_names([one.value.as_str()]))
        }
        _ => pasted(LABELS, &list_of_matchers(all)),
    }
}

impl NameMistake {
    /// Without `reads_regexes`, a matcher with one is known by its form: compiling takes time.
    fn of(name: &str, reads_regexes: bool) -> Option<Self> {
        Some(if left_over(name).is_some() {
            Self::LeftOver
        } else if name.contains("{{") {
            Self::Template
        } else if is_everything(name) && !name.eq_ignore_ascii_case("all") {
            Self::Everything
        } else if is_placeholder(name) {
            Self::Placeholder
        } else if with_colon(name).is_some() || is_matcher(name, reads_regexes) {
            Self::Matcher
        } else if name.starts_with("http://") || name.starts_with("https://") {
            Self::Address
        } else if regex(name).is_some() {
            Self::Pattern
        } else if parts(name).is_some() {
            Self::List
        } else if bare(name) != name {
            Self::Quoted
        } else if is_recording(name) {
            Self::Recording
        } else {
            return None;
        })
    }

    fn at(self, place: Span, message: String) -> Diagnostic {
        match self {
            Self::LeftOver | Self::Template => Diagnostic::error(place, message),
            _ => Diagnostic::warning(place, message),
        }
    }

    /// What is wrong with one of the names, and the annotation that was meant.
    fn message(self, name: &str, names: &[String]) -> String {
        let all = || names.iter().map(String::as_str);
        let (problem, advised) = match self {
            Self::LeftOver => {
                let expression = shown(left_over(name).unwrap_or_default());
                return format!(
                    "left over from another program: `{expression}` was not filled in; write the name"
                );
            }
            Self::Template => return "templates are supported in prometheus.io/rule only".to_owned(),
            Self::Placeholder => {
                return "this stands for a name that was not filled in; write names or `all`, or remove the annotation"
                    .to_owned();
            }
            Self::Address => return "this is an address; write names of alerts, or `all`".to_owned(),
            Self::Pattern => {
                let regexes = all().map(|name| regex(name).unwrap_or_else(|| escaped(name)));
                let matcher = format!("alertname=~{}", quote(&joined(regexes, "|")));
                return format!(
                    "names are compared letter for letter; for all that match, write the annotation {} instead of \
                     this one",
                    pasted(LABELS, &matcher)
                );
            }
            Self::Everything => ("this is no name; for all alerts,", pasted(ALERT, "all")),
            Self::Matcher => {
                let known = with_colon(name).map(|matcher| pasted(LABELS, &matcher));
                let read = || matchers(name).map(|all| of_matchers(&all));
                ("this is a label matcher;", known.or_else(read).unwrap_or_else(|| LABELS.to_owned()))
            }
            Self::List => {
                let names = all().flat_map(|name| parts(name).unwrap_or_else(|| vec![name]));
                ("names are separated by commas;", pasted(ALERT, &list_of_names(names)))
            }
            Self::Quoted => {
                let names = list_of_names(all().map(bare));
                ("names stand alone or in double quotes;", pasted(ALERT, &names))
            }
            Self::Recording => {
                ("this looks like the name of a recording rule; for a graph,", pasted(RULE, name))
            }
        };
        format!("{problem} write the annotation {advised}")
    }
}

fn has_regex(name: &str) -> bool {
    name.contains("=~") || name.contains("!~")
}

fn is_matcher(name: &str, reads_regexes: bool) -> bool {
    if reads_regexes || !has_regex(name) {
        return matchers(name).is_some();
    }
    name.split_once(['=', '!']).is_some_and(|(label, _)| is_name(label.trim()))
}

/// The names of `A|B` or `A;B`, which may be one name where blanks stand before the sign.
fn parts(name: &str) -> Option<Vec<&str>> {
    let sign = ['|', ';'].into_iter().find(|sign| name.contains(*sign))?;
    let parts: Vec<&str> = name.split(sign).collect();
    let is_name = |part: &&str| {
        let inner = part.trim();
        inner.len() > 1
            && !part.ends_with(' ')
            && inner.chars().all(|c| c.is_alphanumeric() || "_- ".contains(c))
    };
    parts.iter().all(is_name).then(|| parts.into_iter().map(str::trim).collect())
}

/// `severity: critical` as a matcher. A name may have a colon too, so only behind labels that alerts usually have.
fn with_colon(name: &str) -> Option<String> {
    let (label, value) = name.split_once(':')?;
    let is_known = LABELS_OF_ALERTS.contains(&label.trim());
    let value = value.trim().trim_matches(['"', '\'']);
    (is_known && !value.is_empty() && !value.contains(':')).then(|| format!("{}={value}", label.trim()))
}

/// `namespace:memory:sum`
fn is_recording(name: &str) -> bool {
    name.contains(':')
        && !name.starts_with(':')
        && !name.ends_with(':')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == ':')
}
