//! Reads `prometheus.io/alert`.

use super::AlertNames;
use crate::problem::{Problem, Span};
use crate::promql::unquote;

const ALL: &str = "all";

/// The names of alerting rules, comma-separated, or `all` as the first. A name with a comma is
/// written in double quotes, which also make `"all"` a name like any other.
pub fn read(value: &str) -> (AlertNames, Vec<Problem>) {
    let mut names: Vec<String> = Vec::new();
    let mut problems = Vec::new();
    let mut at = 0;
    let mut is_first = true;
    while at <= value.len() {
        let entry = entry(value, at);
        at = entry.end + 1;
        let place = entry.trimmed(value);
        let name = match place.of(value) {
            "" => continue,
            ALL if is_first => {
                problems.extend(ignored(value, at));
                return (AlertNames::All, problems);
            }
            quoted if quoted.starts_with('"') => match unquote(quoted) {
                Some((name, length)) if length == quoted.len() => name,
                Some((_, length)) => {
                    let behind = Span::new(place.start + length, place.end).trimmed(value);
                    problems.push(Problem::error(behind, "a comma must follow the name in quotes"));
                    is_first = false;
                    continue;
                }
                None => {
                    problems.push(Problem::error(place, "this quote is not closed"));
                    is_first = false;
                    continue;
                }
            },
            plain => plain.to_owned(),
        };
        is_first = false;
        if !names.contains(&name) {
            names.push(name);
        }
    }
    if names.is_empty() && problems.is_empty() {
        let told = "there is no alert name here; write names, or all, or remove the annotation";
        problems.push(Problem::error(Span::whole(value), told));
    }
    (AlertNames::Named(names), problems)
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

/// A word on what follows `all`.
fn ignored(value: &str, start: usize) -> Option<Problem> {
    let rest = Span::new(start.min(value.len()), value.len()).trimmed(value);
    let told = "all means every alert, so what follows it is not read";
    (!rest.of(value).is_empty()).then(|| Problem::warning(rest, told))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: &str, names: Option<&[&str]>, problems: &[&str]) {
        let (read, told) = read(value);
        let wanted = names.map_or(AlertNames::All, |names| {
            AlertNames::Named(names.iter().map(|name| (*name).to_owned()).collect())
        });
        assert_eq!(read, wanted, "{value}: {told:?}");
        assert_eq!(told.iter().map(|p| p.span.of(value)).collect::<Vec<_>>(), problems, "{value}: {told:?}");
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
            let (read, problems) = read(&quoted.join(" , "));
            proptest::prop_assert_eq!(problems, []);
            proptest::prop_assert_eq!(read, AlertNames::Named(wanted));
        }
    }
}
