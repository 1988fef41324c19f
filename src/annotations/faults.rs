//! Faults of the catalog, as problems of the annotations that they keep from being read.

use super::{ASKING, KNOWN, MAX_ANNOTATION_BYTES};
use crate::catalog::{About, Entity, EntityFault};
use crate::diagnostic::{Diagnostic, Severity};

/// A fault of the catalog as a problem. One with another tool's annotation is a warning.
pub(super) fn problem(fault: &EntityFault) -> Diagnostic {
    let is_warning = match &fault.about {
        About::Annotation(key) => !KNOWN.contains(&&**key),
        About::Annotations => false,
        About::Second { is_alike } => *is_alike,
    };
    let severity = if is_warning { Severity::Warning } else { Severity::Error };
    let problem = Diagnostic::new(severity, fault.message.as_str()).of_annotation(fault.key());
    Diagnostic { location: fault.place.clone(), ..problem }
}

/// Whether something could not be read that may choose alerts, or whose alerts are shown.
pub(super) fn is_unread(entity: &Entity) -> bool {
    let is_too_long = |key| entity.annotation(key).is_some_and(|value| value.len() > MAX_ANNOTATION_BYTES);
    ASKING.iter().any(|key| entity.has_lost(key) || is_too_long(key)) || entity.has_rival()
}
