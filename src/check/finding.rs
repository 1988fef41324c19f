//! One finding: a diagnostic, and where the place that it is about ends.

use serde::ser::{Serialize, SerializeStruct, Serializer};

use crate::catalog::Entity;
use crate::diagnostic::{Diagnostic, DiagnosticSubject, Location, Position, Severity};

/// Something wrong with a config or a catalog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub diagnostic: Diagnostic,
    /// After the last character.
    pub end: Option<Position>,
}

impl From<Diagnostic> for Finding {
    fn from(diagnostic: Diagnostic) -> Self {
        Self { diagnostic, end: None }
    }
}

impl Finding {
    pub fn of_config(key: &str, message: impl Into<String>) -> Self {
        let subject = DiagnosticSubject::Config(key.to_owned());
        Diagnostic { subject, ..Diagnostic::new(Severity::Error, message) }.into()
    }

    pub fn at(mut self, location: Option<Location>) -> Self {
        self.diagnostic.location = location;
        self
    }

    /// A finding about an entity, at the place where the entity begins.
    pub(super) fn of_entity(entity: &Entity, diagnostic: Diagnostic) -> Self {
        let location = entity.place.clone();
        Diagnostic { location, ..diagnostic.of_entity(&entity.reference) }.into()
    }

    /// A finding about an annotation's value, at its place in the file. Where the place of a part is not known, the
    /// place of the whole value counts.
    pub(super) fn of_value(entity: &Entity, annotation: &str, diagnostic: Diagnostic) -> Self {
        let span = diagnostic.span.unwrap_or_default();
        let mut finding = Self::of_entity(entity, diagnostic.of_annotation(annotation));
        let Some(written) = entity.annotations.get(annotation) else { return finding };
        let start = written.place_of(span.start);
        if let Some(place) = start.clone().or_else(|| written.place()) {
            finding.diagnostic.location = Some(place);
        }
        let position = |offset: usize| written.place_of(offset).and_then(|place| place.position);
        let last = span.of(&written.value).char_indices().next_back();
        let last = last.and_then(|(at, _)| position(span.start + at));
        if let (Some(last), Some(behind), Some(_)) = (last, position(span.end), start) {
            // Unless that is on another line already.
            let is_near = behind.line == last.line && behind.column > last.column;
            finding.end = Some(if is_near { behind } else { Position { column: last.column + 1, ..last } });
        }
        finding
    }

    /// A finding about an annotation's key.
    pub(super) fn of_key(entity: &Entity, diagnostic: Diagnostic) -> Self {
        let key_place = diagnostic.location.clone();
        let length = diagnostic.annotation().map_or(0, |key| key.chars().count());
        let mut finding = Self::of_entity(entity, diagnostic);
        if let Some(place) = key_place {
            let after = |at: Position| Position { column: at.column + length, ..at };
            finding.end = place.position.map(after);
            finding.diagnostic.location = Some(place);
        }
        finding
    }
}

/// Lines and columns count from 1, columns in characters.
impl Serialize for Finding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (diagnostic, start) = (&self.diagnostic, self.diagnostic.position());
        let file = diagnostic.location.as_ref().map(|location| location.file.display().to_string());
        let mut form = serializer.serialize_struct("Finding", 11)?;
        form.serialize_field("severity", &diagnostic.severity)?;
        form.serialize_field("message", &diagnostic.message)?;
        form.serialize_field("file", &file)?;
        form.serialize_field("line", &start.map(|at| at.line))?;
        form.serialize_field("column", &start.map(|at| at.column))?;
        form.serialize_field("endLine", &self.end.map(|at| at.line))?;
        form.serialize_field("endColumn", &self.end.map(|at| at.column))?;
        form.serialize_field("entity", &diagnostic.entity)?;
        form.serialize_field("annotation", &diagnostic.annotation())?;
        form.serialize_field("key", &diagnostic.config_key().filter(|key| !key.is_empty()))?;
        form.serialize_field("suggestion", &diagnostic.suggestion)?;
        form.end()
    }
}
