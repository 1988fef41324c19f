//! Reads `prometheus.io/alert`.

use std::collections::HashSet;

use super::mistaken;
use crate::diagnostic::{Diagnostic, Span};
use crate::promql::unquote;

const ALL: &str = "all";

/// Which alerting rules are selected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AlertNames {
    All,
    /// Without an alert annotation: every rule; the matchers select.
    Unnamed,
    /// In the annotation's order, each once.
    Named(Vec<String>),
}

/// The names of alerting rules, comma-separated, or `all` as the first. A name with a comma is
/// written in double quotes, which also make `"all"` a name like any other. `spans` gets the place of each name.
pub fn read(value: &str, spans: &mut Vec<Span>) -> (AlertNames, Vec<Diagnostic>) {
    if let Some(problem) = mistaken::rule_file(value) {
        return (AlertNames::Named(Vec::new()), vec![problem]);
    }
    let (mut names, mut seen) = (Vec::new(), HashSet::new());
    let mut problems = Vec::new();
    let mut at = 0;
    let mut is_first = true;
    while at <= value.len() {
        let entry = entry(value, at);
        at = entry.end + 1;
        let span = entry.trimmed(value);
        match span.of(value) {
            "" => continue,
            ALL if is_first => {
                problems.extend(ignored(value, at));
                return (AlertNames::All, problems);
            }
            text => match name(text, span) {
                Ok(name) if !seen.insert(name.clone()) => {}
                Ok(name) => {
                    names.push(name);
                    spans.push(span);
                }
                Err(problem) => problems.push(problem),
            },
        }
        is_first = false;
    }
    if names.is_empty() && problems.is_empty() {
        let message = "no alert name; write names or `all`, or remove the annotation";
        problems.push(Diagnostic::error(Span::whole(value), message));
    }
    problems.extend(mistaken::of_names(value, &names, spans));
    (AlertNames::Named(names), problems)
}

/// A name without its quotes.
fn name(text: &str, span: Span) -> Result<String, Diagnostic> {
    if !text.starts_with('"') {
        return Ok(text.to_owned());
    }
    match unquote(text) {
        Some((name, length)) if length == text.len() => Ok(name),
        Some((_, length)) => {
            let blank = text.get(length..).map_or(0, |rest| rest.len() - rest.trim_start().len());
            let rest = Span::new(span.start + length + blank, span.end);
            Err(Diagnostic::error(rest, "expected a comma after the quoted name"))
        }
        None => Err(Diagnostic::error(span, "unclosed quote")),
    }
}

/// The entry that begins at `start`, up to its comma.
fn entry(value: &str, start: usize) -> Span {
    let rest = value.get(start..).unwrap_or_default();
    let blank = rest.len() - rest.trim_start().len();
    let quoted = rest.get(blank..).filter(|entry| entry.starts_with('"')).and_then(unquote);
    let searched = quoted.map_or(0, |(_, length)| blank + length);
    let comma = rest.get(searched..).and_then(|text| text.find(','));
    Span::new(start, comma.map_or(value.len(), |at| start + searched + at))
}

/// A warning about what follows `all`.
fn ignored(value: &str, start: usize) -> Option<Diagnostic> {
    let rest = Span::new(start.min(value.len()), value.len()).trimmed(value);
    let message = "ignored, because `all` already means every alert";
    (!rest.of(value).is_empty()).then(|| Diagnostic::warning(rest, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: &str, names: Option<&[&str]>, problems: &[&str]) {
        let (read, message) = read(value, &mut Vec::new());
        let wanted = names.map_or(AlertNames::All, |names| {
            AlertNames::Named(names.iter().map(|name| (*name).to_owned()).collect())
        });
        assert_eq!(read, wanted, "{value}: {message:?}");
        assert_eq!(
            message.iter().map(|p| p.part_of(value)).collect::<Vec<_>>(),
            problems,
            "{value}: {message:?}"
        );
    }

    #[test]
    fn each_name_has_its_place() {
        let value = "AB, A,\"C, D\" , it's \"so\"";
        let mut spans = Vec::new();
        read(value, &mut spans);
        let places: Vec<&str> = spans.iter().map(|span| span.of(value)).collect();
        assert_eq!(places, ["AB", "A", "\"C, D\"", "it's \"so\""]);
    }

    #[test]
    fn reads_names() {
        check("Excessive Memory Usage", Some(&["Excessive Memory Usage"]), &[]);
        check(" a , b,,a,", Some(&["a", "b"]), &[]);
        check("all", None, &[]);
        check(" , all ", None, &[]);
        check("all,zzz", None, &["zzz"]);
        check("a,all", Some(&["a", "all"]), &[]);
        check("All,\"all\"", Some(&["All", "all"]), &[]);
        check("\"all\"", Some(&["all"]), &[]);
        check("\"Excessive Memory, Usage\",Other", Some(&["Excessive Memory, Usage", "Other"]), &[]);
        check(r#""a \"b\" \\ c" , The "x" one"#, Some(&[r#"a "b" \ c"#, "The \"x\" one"]), &[]);
    }

    #[test]
    fn tells_what_it_cannot_read_and_lets_the_rest_live() {
        check(" , ", Some(&[]), &[" , "]);
        check("\"a,b", Some(&["b"]), &["\"a"]);
        check("\"a\" x,b", Some(&["b"]), &["x"]);
        check("\"a\\\",all", Some(&["all"]), &["\"a\\\""]);
    }
    proptest::proptest! {
        #[test]
        fn names_that_were_joined_are_split_again(names in proptest::collection::vec("\\PC{0,12}[a-z,\"\\\\|é]", 1..6)) {
            let quoted: Vec<String> = names.iter().map(|name| crate::promql::quote(name)).collect();
            let mut wanted: Vec<String> = Vec::new();
            for name in names {
                if !wanted.contains(&name) {
                    wanted.push(name);
                }
            }
            let (read, problems) = read(&quoted.join(" , "), &mut Vec::new());
            proptest::prop_assert_eq!(problems, []);
            proptest::prop_assert_eq!(read, AlertNames::Named(wanted));
        }
    }
}
