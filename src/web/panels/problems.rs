//! The problems of an entity's annotations, each with a caret under its place.

use askama::Template;

use super::counted;
use crate::annotations::{ALERT, LABELS, SERVICE_NAME};
use crate::catalog::Entity;
use crate::diagnostic::{Diagnostic, Severity};

/// How many characters of the annotation stand on each side of the place.
const AROUND: usize = 60;

#[derive(Template)]
#[template(path = "panels/problems.html")]
pub struct ProblemsPanel {
    /// What has the problems: `annotations`.
    pub whose: &'static str,
    /// Those that may hide alerts, or are all that the page has to show. The others are a line that opens.
    pub open: Vec<Shown>,
    pub folded: Vec<Shown>,
}

impl askama::filters::HtmlSafe for ProblemsPanel {}

/// One problem and the line of the annotation that it is in, cut around its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    pub annotation: String,
    pub message: String,
    pub severity: &'static str,
    /// `payments.yaml, line 12, column 30`: where the place stands in its file.
    pub place: Option<String>,
    pub before: String,
    pub marked: String,
    pub after: String,
    /// Whether there is a text with a place in it.
    pub has_text: bool,
    /// Blanks up to the place, and carets under it, counted in characters.
    pub blanks: String,
    pub carets: String,
}

impl ProblemsPanel {
    /// None when there are none.
    pub fn of(entity: &Entity, problems: &[Diagnostic]) -> Option<Self> {
        let shown = |problem: &Diagnostic| {
            let annotation = problem.annotation().and_then(|key| entity.annotations.get(key));
            let value = annotation.map_or("", |annotation| annotation.value.as_str());
            let place = match problem.span {
                Some(span) => annotation.and_then(|annotation| annotation.place_of(span.start)),
                None => problem.location.clone(),
            };
            let catalog = || problem.span.is_none().then(|| "the catalog".to_owned());
            let place = place.map(|place| place.in_words()).or_else(catalog);
            Shown { place, ..Shown::of(problem, value) }
        };
        let (open, folded): (Vec<_>, Vec<_>) = problems.iter().partition(|problem| hides_alerts(problem));
        let all = |some: Vec<&Diagnostic>| some.into_iter().map(shown).collect();
        let whose = "annotations";
        (!problems.is_empty()).then(|| Self { whose, open: all(open), folded: all(folded) })
    }

    /// Those of a query that the address has. None when there are none.
    pub fn of_query(query: &str, problems: &[Diagnostic]) -> Option<Self> {
        let shown =
            |problem: &Diagnostic| Shown { annotation: "query".to_owned(), ..Shown::of(problem, query) };
        let all = || problems.iter().map(shown).collect();
        (!problems.is_empty()).then(|| Self { whose: "query", open: all(), folded: Vec::new() })
    }

    /// Those that are not a line come first.
    pub fn all(&self) -> impl Iterator<Item = &Shown> {
        self.open.iter().chain(&self.folded)
    }

    fn heading(&self) -> String {
        format!("{} in the {}", counted(self.open.len(), "problem", "problems"), self.whose)
    }

    fn folded_heading(&self) -> String {
        let n = self.folded.len();
        let count = match self.open.len() {
            0 => counted(n, "problem", "problems"),
            _ => counted(n, "more problem", "more problems"),
        };
        format!("{count} in the {}", self.whose)
    }

    /// The worst of the line.
    fn folded_severity(&self) -> &'static str {
        if self.folded.iter().any(|problem| problem.severity == "error") { "error" } else { "warning" }
    }
}

/// Whether alerts may be missing because of it: an annotation that selects them is lost, has a misspelt key, or none could
/// be read.
fn hides_alerts(problem: &Diagnostic) -> bool {
    let selects = |key: &str| [ALERT, LABELS, SERVICE_NAME].contains(&key);
    let is_lost = problem.severity == Severity::Error && problem.annotation().is_none_or(selects);
    let is_misspelt = problem.span.is_none() && problem.suggestion.as_deref().is_some_and(selects);
    is_lost || is_misspelt
}

impl Shown {
    fn of(problem: &Diagnostic, value: &str) -> Self {
        let span = problem.span.unwrap_or_default();
        let (start, end) = (floor(value, span.start), floor(value, span.end));
        let (head, rest) = value.split_at_checked(start).unwrap_or((value, ""));
        let (inside, tail) = rest.split_at_checked(end.saturating_sub(start)).unwrap_or((rest, ""));
        // Only the line in which the place begins.
        let head = head.rsplit('\n').next().unwrap_or_default();
        let (marked, tail) = match inside.split_once('\n') {
            Some((first, _)) => (first, ""),
            None => (inside, tail.split('\n').next().unwrap_or_default()),
        };
        let skipped = head.chars().count().saturating_sub(AROUND);
        let mut before: String = head.chars().skip(skipped).map(visible).collect();
        if skipped > 0 {
            before.insert(0, '…');
        }
        let marked = cut(marked);
        Self {
            annotation: problem.annotation().unwrap_or_default().to_owned(),
            message: message(problem),
            severity: match problem.severity {
                Severity::Error => "error",
                Severity::Warning | Severity::Info => "warning",
            },
            place: None,
            has_text: !value.is_empty() && problem.span.is_some(),
            blanks: " ".repeat(before.chars().count()),
            carets: "^".repeat(marked.chars().count().max(1)),
            before,
            marked,
            after: cut(tail),
        }
    }
}

/// With the key that the author probably wanted. Where a value has a mistake, the message says what to write.
fn message(problem: &Diagnostic) -> String {
    match problem.suggestion.as_ref().filter(|_| problem.span.is_none()) {
        Some(suggestion) => format!("{}; did you mean `{suggestion}`?", problem.message),
        None => problem.message.clone(),
    }
}

fn cut(text: &str) -> String {
    super::cut(text, AROUND).chars().map(visible).collect()
}

/// A tab or another control character would move what stands under it.
fn visible(c: char) -> char {
    if c.is_control() { ' ' } else { c }
}

/// The nearest border of characters at or before a byte.
fn floor(text: &str, byte: usize) -> usize {
    (0..=byte.min(text.len())).rev().find(|i| text.is_char_boundary(*i)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Span;

    fn check(value: &str, span: (usize, usize), lines: [&str; 2]) {
        let problem = Diagnostic::error(Span::new(span.0, span.1), "wrong");
        let shown = Shown::of(&problem, value);
        assert_eq!(format!("{}{}{}", shown.before, shown.marked, shown.after), lines[0]);
        assert_eq!(format!("{}{}", shown.blanks, shown.carets), lines[1]);
    }

    #[test]
    fn the_caret_stands_under_characters_not_bytes() {
        check("rate(x", (4, 5), ["rate(x", "    ^"]);
        check("zażółć(x", (10, 11), ["zażółć(x", "      ^"]);
        check("up", (2, 2), ["up", "  ^"]);
        check("", (0, 9), ["", "^"]);
        check("one\ntwo(\nthree", (7, 8), ["two(", "   ^"]);
        check("a\tb{", (3, 4), ["a b{", "   ^"]);
        check("東京(", (1, 6), ["東京(", "^^"]);
    }

    #[test]
    fn a_long_annotation_is_cut_around_the_place() {
        let value = format!("{}(", "x".repeat(500));
        let shown = format!("…{}(", "x".repeat(60));
        check(&value, (500, 501), [&shown, &format!("{}^", " ".repeat(61))]);
    }
}
