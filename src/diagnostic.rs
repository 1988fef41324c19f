//! What is wrong with a text, a file or a parameter, and where. Each layer adds what it knows.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use serde::{Serialize, Serializer, ser::SerializeStruct};

/// Byte offsets into one text, `start <= end`, both on character borders.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Span {
    pub start: usize,
    pub end: usize,
}

impl Span {
    pub const fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }

    /// The same place in a text that begins `by` bytes earlier.
    pub const fn shifted(self, by: usize) -> Self {
        Self { start: self.start + by, end: self.end + by }
    }

    pub const fn whole(text: &str) -> Self {
        Self { start: 0, end: text.len() }
    }

    /// This part of `text`; empty when the span belongs to another text.
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

/// A line and a column of a file, both from 1. Columns count characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    pub line: usize,
    pub column: usize,
}

/// A file, or a place in it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Location {
    pub file: Arc<Path>,
    /// None: the file as a whole.
    pub position: Option<Position>,
}

impl Location {
    pub fn new(file: &Arc<Path>, position: Position) -> Self {
        Self { file: file.clone(), position: Some(position) }
    }

    pub fn of_file(file: impl AsRef<Path>) -> Self {
        Self { file: file.as_ref().into(), position: None }
    }

    /// For readers of a page: `payments.yaml, line 9, column 10`, without the file's directories.
    pub fn in_words(&self) -> String {
        let file = self.file.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
        match self.position {
            Some(Position { line, column }) => format!("{file}, line {line}, column {column}"),
            None => file.into_owned(),
        }
    }
}

/// `catalog/payments.yaml:9:10`
impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        match self.position {
            Some(Position { line, column }) => write!(f, ":{line}:{column}"),
            None => Ok(()),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The part that has the problem is lost.
    Error,
    /// The part that has the problem is used, or an earlier version of it.
    Warning,
    /// Nothing is known to be wrong with the part, which is used; it could not be checked.
    Info,
}

/// Whose text has the problem.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum DiagnosticSubject {
    /// A text or a file that the context names.
    #[default]
    Unnamed,
    /// A key of the config, such as `proxy.endpoints./prometheus/api.target`; empty for the config as a whole.
    Config(String),
    /// The annotation with this key.
    Annotation(String),
}

/// Something wrong, as a sentence for the reader who can fix it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Diagnostic {
    pub severity: Severity,
    pub message: String,
    pub subject: DiagnosticSubject,
    /// In the subject's text; None when the text itself could not be read.
    pub span: Option<Span>,
    pub location: Option<Location>,
    /// `component:default/payments`
    pub entity: Option<String>,
    /// What the author probably meant.
    pub suggestion: Option<String>,
}

impl Diagnostic {
    pub fn new(severity: Severity, message: impl Into<String>) -> Self {
        Self {
            severity,
            message: message.into(),
            subject: DiagnosticSubject::default(),
            span: None,
            location: None,
            entity: None,
            suggestion: None,
        }
    }

    pub fn error(span: Span, message: impl Into<String>) -> Self {
        Self { span: Some(span), ..Self::new(Severity::Error, message) }
    }

    pub fn warning(span: Span, message: impl Into<String>) -> Self {
        Self { span: Some(span), ..Self::new(Severity::Warning, message) }
    }

    pub fn info(span: Span, message: impl Into<String>) -> Self {
        Self { span: Some(span), ..Self::new(Severity::Info, message) }
    }

    /// An error at a place in a file.
    pub fn at(location: Location, message: impl Into<String>) -> Self {
        Self { location: Some(location), ..Self::new(Severity::Error, message) }
    }

    /// An error of a file as a whole.
    pub fn of_file(file: impl AsRef<Path>, message: impl Into<String>) -> Self {
        Self::at(Location::of_file(file), message)
    }

    pub fn of_annotation(self, key: &str) -> Self {
        Self { subject: DiagnosticSubject::Annotation(key.to_owned()), ..self }
    }

    pub fn of_entity(self, entity: &impl fmt::Display) -> Self {
        Self { entity: Some(entity.to_string()), ..self }
    }

    pub fn suggesting(self, suggestion: Option<impl Into<String>>) -> Self {
        Self { suggestion: suggestion.map(Into::into), ..self }
    }

    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// The same problem in a text that begins `by` bytes earlier.
    pub fn shifted(self, by: usize) -> Self {
        Self { span: self.span.map(|span| span.shifted(by)), ..self }
    }

    /// The part of `text` that has the problem.
    pub fn part_of<'t>(&self, text: &'t str) -> &'t str {
        self.span.map_or("", |span| span.of(text))
    }

    pub fn position(&self) -> Option<Position> {
        self.location.as_ref().and_then(|location| location.position)
    }

    /// The config's key; empty for the config as a whole.
    pub fn config_key(&self) -> Option<&str> {
        match &self.subject {
            DiagnosticSubject::Config(key) => Some(key),
            _ => None,
        }
    }

    pub fn annotation(&self) -> Option<&str> {
        match &self.subject {
            DiagnosticSubject::Annotation(key) => Some(key),
            _ => None,
        }
    }
}

/// `config.yaml:9:10: app.baseUrl: "x" is not a URL`
impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(location) = &self.location {
            write!(f, "{location}: ")?;
        }
        if let DiagnosticSubject::Config(key) = &self.subject
            && !key.is_empty()
        {
            write!(f, "{key}: ")?;
        }
        f.write_str(&self.message)
    }
}

/// As the JSON of an entity has it: the annotation, the message, the place in the annotation's text, and what was
/// probably meant. It knows only errors and warnings.
impl Serialize for Diagnostic {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let span = self.span.unwrap_or_default();
        let length = 5 + usize::from(self.suggestion.is_some());
        let mut form = serializer.serialize_struct("Diagnostic", length)?;
        form.serialize_field("annotation", self.annotation().unwrap_or_default())?;
        form.serialize_field("message", &self.message)?;
        form.serialize_field("start", &span.start)?;
        form.serialize_field("end", &span.end)?;
        let severity = if self.is_error() { Severity::Error } else { Severity::Warning };
        form.serialize_field("severity", &severity)?;
        if let Some(suggestion) = &self.suggestion {
            form.serialize_field("suggestion", suggestion)?;
        }
        form.end()
    }
}

/// Comparing takes as long as the product of both lengths, in bytes.
const MOST_COMPARED: usize = 256;

/// The known word that a misspelt one is close to, for "did you mean"; the case of letters does not count.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if word.len() > MOST_COMPARED {
        return None;
    }
    let lower = word.to_lowercase();
    let length = lower.chars().count();
    // A word of which every letter differs is another word.
    let most = (1 + word.len() / 3).min(length.saturating_sub(1));
    let near = known.into_iter().filter_map(|known| {
        if known.len() > MOST_COMPARED {
            return None;
        }
        let other = known.to_lowercase();
        // The distance is at least that of the lengths, which is quicker to find.
        if other.chars().count().abs_diff(length) > most {
            return None;
        }
        let distance = strsim::damerau_levenshtein(&lower, &other);
        (distance <= most).then_some((distance, known))
    });
    near.min_by_key(|(distance, _)| *distance).map(|(_, known)| known)
}
