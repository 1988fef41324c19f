//! Reads `prometheus.io/labels`.

use super::mistaken;
use crate::diagnostic::{Diagnostic, Span};
use crate::promql::Matcher;

/// The matchers of an alert's labels.
#[derive(Clone, Debug, PartialEq)]
pub enum Matchers {
    /// All of them must hold. Without any, every alert of the names is selected.
    All(Vec<Matcher>),
    /// One of them could not be read. As all must hold, no alert is selected.
    Unreadable,
}

impl Matchers {
    /// The matchers of a list, and the problems with the list.
    pub fn of(matchers: Vec<Matcher>, problems: &[Diagnostic]) -> Self {
        if problems.iter().any(Diagnostic::is_error) { Self::Unreadable } else { Self::All(matchers) }
    }

    /// None: they could not be read, and no alert is selected.
    pub fn known(&self) -> Option<&[Matcher]> {
        match self {
            Self::All(matchers) => Some(matchers),
            Self::Unreadable => None,
        }
    }

    /// Whether an alert is selected; `value` finds the value of its label by the name.
    pub fn hold<'l>(&self, value: impl Fn(&str) -> Option<&'l str>) -> bool {
        self.known().is_some_and(|all| all.iter().all(|matcher| matcher.matches(value(&matcher.name))))
    }
}

/// The matchers, all of which must hold. An annotation without any is an error.
pub fn read(value: &str) -> (Matchers, Vec<Diagnostic>) {
    if let Some(problem) = mistaken::rule_file(value).or_else(|| mistaken::of_labels(value)) {
        return (Matchers::Unreadable, vec![problem]);
    }
    let (matchers, mut problems) = Matcher::read_list(value);
    if matchers.is_empty() && problems.is_empty() {
        let message = "no matcher; write one such as severity=critical, or remove the annotation";
        problems.push(Diagnostic::error(Span::whole(value), message));
    }
    let is_whole = !problems.iter().any(Diagnostic::is_error);
    problems.extend(mistaken::of_values(value, &matchers, is_whole));
    if let Some(at) = value.find("{{").filter(|_| matchers.iter().any(|matcher| matcher.value.contains("{{")))
    {
        let message = "templates are supported in prometheus.io/rule only";
        problems.push(Diagnostic::error(Span::new(at, at + 2), message));
    }
    (Matchers::of(matchers, &problems), problems)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_are_read_or_none_is() {
        for (value, wanted, problems) in [
            ("severity=critical, team!=x", Some(2), 0),
            ("a=b,foo", None, 1),
            ("foo,a=b", None, 1),
            ("foo", None, 1),
            ("a=~(,b!", None, 2),
            ("a=b,c={{ metadata.name }}", None, 1),
            ("a=\"{{ metadata.name }}\"", None, 1),
            (r#"a=~"x\.y""#, Some(1), 1),
            (r#"{a="b", c=~"d"}"#, Some(2), 0),
            (" , ", None, 1),
            ("", None, 1),
            (&"a=b,".repeat(65), None, 1),
            (&"a=b,".repeat(3_000), None, 1),
        ] {
            let (matchers, message) = read(value);
            assert_eq!(matchers.known().map(<[_]>::len), wanted, "{value:.80}");
            assert_eq!(message.len(), problems, "{value:.80}: {message:?}");
        }
    }
}
