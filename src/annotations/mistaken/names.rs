//! Names of alerts that are no names: patterns, matchers, queries, lists in another form.

use std::collections::BTreeMap;

use super::items::{is_content, item};
use super::pattern::{escaped, is_glob, regex};
use super::placeholder::{is_everything, is_placeholder, is_variable, left_over};
use super::shape::{is_file, is_name};
use super::{MAX_PASTED, at_commas, bare, items, joined, list_of_names, matchers, of_matchers, pasted};
use crate::annotations::{ALERT, LABELS, RULE};
use crate::characters::is_invisible;
use crate::diagnostic::{Diagnostic, Span};
use crate::promql::split::split;
use crate::promql::{PromQl, quote};
use crate::yaml::shown;

/// Commas of other scripts.
const FOREIGN_COMMAS: [char; 3] = ['，', '、', '；'];
/// The most problems of one kind that are told one by one.
const MAX_OF_KIND: usize = 10;

/// What a name is instead.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum NameMistake {
    LeftOver,
    Template,
    Everything,
    Placeholder,
    Invisible,
    Comment,
    Matcher,
    Address,
    File,
    Pattern,
    List,
    Quoted,
    Query,
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
    let all = matchers(text).filter(|all| all.len() > 1 || text.starts_with('{') || text.contains('\n'));
    if let Some(all) = all {
        return warning(format!("these are label matchers; write the annotation {}", of_matchers(&all)));
    }
    if let Some(names) = items(text, at_commas) {
        let advised = pasted(ALERT, &list_of_names(names));
        return warning(format!("names are separated by commas; write the annotation {advised}"));
    }
    if let Some(regexes) = with_braces(text) {
        return warning(of_regexes(regexes.into_iter()));
    }
    let is_query = text.contains(['(', '{', '['])
        && bare(text) == text
        && PromQl::read(text).0.is_some_and(|query| query.is_checked());
    is_query.then(|| {
        let message = format!("this is a query; for its graph, write the annotation {}", pasted(RULE, text));
        Diagnostic::warning(place, message)
    })
}

/// The regexes of a list with `Pay{ments,roll}Down`, whose comma separates no names.
fn with_braces(text: &str) -> Option<Vec<String>> {
    let parts = || split(text, ',').into_iter().map(|part| part.trimmed(text).of(text));
    let is_braced = |part: &str| part.contains('{') && part.contains(',');
    let has_any = text.contains('{') && parts().any(|part| is_braced(part) && is_glob(part));
    has_any.then(|| parts().map(|part| regex(part).unwrap_or_else(|| escaped(part))).collect())
}

/// What to write for all names that match.
fn of_regexes(regexes: impl Iterator<Item = String>) -> String {
    let matcher = format!("alertname=~{}", quote(&joined(regexes, "|")));
    format!(
        "names are compared letter for letter; for all that match, write the annotation {} instead of this one",
        pasted(LABELS, &matcher)
    )
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
        } else if is_placeholder(name) || is_variable(name) {
            Self::Placeholder
        } else if name.contains(is_hidden) && visible(name) != name {
            Self::Invisible
        } else if name.starts_with("# ") {
            Self::Comment
        } else if is_matcher(name, reads_regexes) {
            Self::Matcher
        } else if name.starts_with("http://") || name.starts_with("https://") {
            Self::Address
        } else if is_file(name) {
            Self::File
        } else if regex(name).is_some() {
            Self::Pattern
        } else if parts(name).is_some() {
            Self::List
        } else if item(name) != name {
            Self::Quoted
        } else if is_comparison(name) {
            Self::Query
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
            Self::File => return "this is the name of a file; write names of alerts, or `all`".to_owned(),
            Self::Pattern => {
                return of_regexes(all().map(|name| regex(name).unwrap_or_else(|| escaped(name))));
            }
            Self::Everything => ("this is no name; for all alerts,", pasted(ALERT, "all")),
            Self::Matcher => {
                let advised = matchers(name).map_or_else(|| LABELS.to_owned(), |all| of_matchers(&all));
                ("this is a label matcher;", advised)
            }
            Self::Invisible => {
                let sign = u32::from(name.chars().find(|c| is_hidden(*c)).unwrap_or_default());
                return format!(
                    "invisible character (U+{sign:04X}); write the annotation {}",
                    names_of(all())
                );
            }
            Self::Comment => ("this annotation has no comments;", names_of(all())),
            Self::List => ("names are separated by commas;", names_of(all())),
            Self::Quoted => ("names stand alone or in double quotes;", names_of(all())),
            Self::Query => ("this is a query; for its graph,", pasted(RULE, name)),
            Self::Recording => {
                ("this looks like the name of a recording rule; for a graph,", pasted(RULE, name))
            }
        };
        format!("{problem} write the annotation {advised}")
    }
}

/// The annotation with all names as they were meant.
fn names_of<'n>(names: impl Iterator<Item = &'n str>) -> String {
    let intended = |name: &'n str| {
        let parts = parts(name).unwrap_or_else(|| vec![name]);
        parts.into_iter().map(|part| visible(item(part))).filter(|part| !part.starts_with("# "))
    };
    let mut all = Vec::new();
    let mut length = 0;
    for name in names.flat_map(intended).take_while(|name| {
        length += name.len();
        length <= 2 * MAX_PASTED
    }) {
        all.push(name);
    }
    pasted(ALERT, &list_of_names(all.iter().map(String::as_str)))
}

/// A character that nobody sees. Between letters of other scripts, some join or part them.
fn is_hidden(c: char) -> bool {
    c == '\u{a0}' || is_invisible(c)
}

/// The name as people see it.
fn visible(name: &str) -> String {
    let joins = |c: char| {
        matches!(c, '\u{200c}' | '\u{200d}') && name.chars().any(|c| c.is_alphabetic() && !c.is_ascii())
    };
    let shown = name.chars().filter(|c| joins(*c) || !is_invisible(*c));
    shown.map(|c| if c == '\u{a0}' { ' ' } else { c }).collect::<String>().trim().to_owned()
}

/// `http_errors > 5`
fn is_comparison(name: &str) -> bool {
    let metric = name.split(['=', '!', '<', '>']).next().unwrap_or_default();
    let rest = name.get(metric.len()..).unwrap_or_default();
    let value = rest.trim_start_matches(['=', '!', '<', '>']).trim();
    let is_metric = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == ':';
    let metric = metric.trim_end();
    metric.starts_with(|c: char| c.is_ascii_lowercase())
        && metric.chars().all(is_metric)
        && ["==", "!=", ">", "<"].iter().any(|operator| rest.starts_with(operator))
        && value.parse::<f64>().is_ok()
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

/// The names of `A|B` or `A;B`, which may be one name where blanks stand before the sign, and those on lines.
fn parts(name: &str) -> Option<Vec<&str>> {
    if name.contains('\n') {
        return Some(name.lines().map(str::trim).filter(|line| is_content(line)).collect());
    }
    let signs = ['|', ';'].into_iter().chain(FOREIGN_COMMAS);
    let sign = signs.into_iter().find(|sign| name.contains(*sign))?;
    let parts: Vec<&str> = name.split(sign).collect();
    let is_name = |part: &&str| {
        let inner = part.trim();
        // A foreign comma belongs to names of its own script.
        (inner.len() > 1 || !sign.is_ascii())
            && !inner.is_empty()
            && (sign.is_ascii() || inner.is_ascii())
            && !part.ends_with(' ')
            && inner.chars().all(|c| c.is_alphanumeric() || "_- ".contains(c))
    };
    parts.iter().all(is_name).then(|| parts.into_iter().map(str::trim).collect())
}

/// `namespace:memory:sum`
fn is_recording(name: &str) -> bool {
    name.contains(':')
        && !name.starts_with(':')
        && !name.ends_with(':')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == ':')
}
