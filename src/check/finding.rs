//! One finding: a sentence, and all that says where it belongs.

use serde::Serialize;

use crate::catalog::{Entity, Place, SourceFault};
use crate::problem::{Problem, Severity};

/// Something wrong with a config or a catalog. Lines and columns count from 1, columns in characters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    pub severity: Severity,
    pub message: String,
    pub file: Option<String>,
    pub line: Option<usize>,
    pub column: Option<usize>,
    /// Behind the last character.
    pub end_line: Option<usize>,
    pub end_column: Option<usize>,
    /// `component:default/payments`
    pub entity: Option<String>,
    /// The annotation's key.
    pub annotation: Option<String>,
    /// The key of a config: `proxy.endpoints./prometheus/api.target`.
    pub key: Option<String>,
    /// What was probably meant.
    pub suggestion: Option<String>,
    /// The line may hold a secret and is shown nowhere.
    #[serde(skip)]
    pub confidential: bool,
}

impl Finding {
    fn new(severity: Severity, message: impl Into<String>) -> Self {
        Self {
            severity,
            message: message.into(),
            file: None,
            line: None,
            column: None,
            end_line: None,
            end_column: None,
            entity: None,
            annotation: None,
            key: None,
            suggestion: None,
            confidential: false,
        }
    }

    /// A finding about a config; its line is not shown, for it may hold a secret.
    pub fn of_config(key: &str, message: impl Into<String>) -> Self {
        let key = Some(key.to_owned()).filter(|key| !key.is_empty());
        Self { key, confidential: true, ..Self::new(Severity::Error, message) }
    }

    /// At a line and column of a file, as far as they are known.
    pub fn in_file(self, file: impl Into<String>, line: Option<usize>, column: Option<usize>) -> Self {
        Self { file: Some(file.into()), line, column, ..self }
    }

    pub(super) fn of_fault(fault: &SourceFault) -> Self {
        Self {
            entity: fault.entity.as_ref().map(ToString::to_string),
            annotation: fault.annotation.as_deref().map(str::to_owned),
            ..Self::new(Severity::Error, fault.message.clone())
        }
        .in_file(fault.file.display().to_string(), fault.line, fault.column)
    }

    /// A finding about an entity, told at the place where the entity begins.
    pub(super) fn of_entity(entity: &Entity, severity: Severity, message: impl Into<String>) -> Self {
        let finding = Self { entity: Some(entity.reference.to_string()), ..Self::new(severity, message) };
        finding.from(entity.place.as_ref())
    }

    /// A problem with an annotation's value, at its place in the file. A value of which no place is known
    /// is told where it begins.
    pub(super) fn of_problem(entity: &Entity, annotation: &str, problem: &Problem) -> Self {
        let mut finding = Self::of_entity(entity, problem.severity, problem.message.clone());
        finding.annotation = Some(annotation.to_owned());
        let Some(written) = entity.annotations.get(annotation) else { return finding };
        let span = problem.span;
        let start = written.place_of(span.start);
        let mut finding = finding.from(start.as_ref().or(written.place.as_ref()));
        // The place behind the last character, unless that is on another line already.
        let last = span.of(&written.value).char_indices().next_back();
        let last = last.and_then(|(at, _)| written.place_of(span.start + at));
        if let (Some(last), Some(behind), Some(_)) = (last, written.place_of(span.end), start) {
            let is_near = behind.line == last.line && behind.column > last.column;
            finding.end_line = Some(last.line);
            finding.end_column = Some(if is_near { behind.column } else { last.column + 1 });
        }
        finding
    }

    /// A finding about an annotation's key.
    pub(super) fn of_key(entity: &Entity, annotation: &str, message: impl Into<String>) -> Self {
        let mut finding = Self::of_entity(entity, Severity::Warning, message);
        finding.annotation = Some(annotation.to_owned());
        let written = entity.annotations.get(annotation);
        if let Some(place) = written.and_then(|w| w.key_place.as_ref()) {
            finding = finding.from(Some(place));
            finding.end_line = Some(place.line);
            finding.end_column = Some(place.column + annotation.chars().count());
        }
        finding
    }

    pub(super) fn suggesting(self, suggestion: Option<impl Into<String>>) -> Self {
        Self { suggestion: suggestion.map(Into::into), ..self }
    }

    fn from(self, place: Option<&Place>) -> Self {
        let Some(place) = place else { return self };
        self.in_file(place.file.display().to_string(), Some(place.line), Some(place.column))
    }
}
