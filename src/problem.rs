//! A broken part as a value: what is wrong, and where in the text it stands.

use serde::Serialize;

/// Byte offsets into one text, `start <= end`, both on character borders.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Span {
    pub start: usize,
    pub end: usize,
}

impl Span {
    pub const fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }

    /// The same place, in a text that begins `by` bytes earlier.
    pub const fn shifted(self, by: usize) -> Self {
        Self { start: self.start + by, end: self.end + by }
    }

    /// The place of a whole text.
    pub const fn whole(text: &str) -> Self {
        Self { start: 0, end: text.len() }
    }

    /// What stands here in `text`; empty when the span is of another text.
    pub fn of(self, text: &str) -> &str {
        text.get(self.start..self.end).unwrap_or_default()
    }

    /// The same place without the white space around it.
    pub fn trimmed(self, text: &str) -> Self {
        let inside = self.of(text);
        let start = self.start + (inside.len() - inside.trim_start().len());
        Self { start, end: start + inside.trim().len() }
    }
}

/// Whether the part that carries the problem is lost, or works with a remark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Error,
    Warning,
}

/// Something wrong with a text, as a sentence for its author.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    pub message: String,
    #[serde(flatten)]
    pub span: Span,
    pub severity: Severity,
}

impl Problem {
    pub fn error(span: Span, message: impl Into<String>) -> Self {
        Self { message: message.into(), span, severity: Severity::Error }
    }

    pub fn warning(span: Span, message: impl Into<String>) -> Self {
        Self { message: message.into(), span, severity: Severity::Warning }
    }

    /// Whether the part that carries it is lost.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// The same problem, told of a text that begins `by` bytes earlier.
    pub fn shifted(self, by: usize) -> Self {
        Self { span: self.span.shifted(by), ..self }
    }
}

/// The known word that a misspelt one is close to, for "did you mean"; the case of letters does not count.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = word.to_lowercase();
    let distance = |known: &str| strsim::damerau_levenshtein(&lower, &known.to_lowercase());
    let (distance, near) =
        known.into_iter().map(|k| (distance(k), k)).min_by_key(|(distance, _)| *distance)?;
    (distance <= 1 + word.len() / 3).then_some(near)
}

/// A problem and the annotation whose value it is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Located {
    pub annotation: String,
    #[serde(flatten)]
    pub problem: Problem,
    /// Where the catalog has the fault that keeps the annotation from being read; `problem` then has no place of
    /// its own. None: the problem is one of the annotation's text.
    #[serde(skip)]
    pub fault_at: Option<String>,
}
