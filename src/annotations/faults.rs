//! Faults of the catalog, as problems of the annotations that they keep from being read.

use super::{ASKING, KNOWN, MAX_ANNOTATION_BYTES};
use crate::catalog::{About, Entity, EntityFault};
use crate::problem::{Located, Problem, Span};

/// A fault of the catalog as a problem. One with an annotation of somebody else's is a remark.
pub(super) fn located(fault: &EntityFault) -> Located {
    let is_remark = match &fault.about {
        About::Annotation(key) => !KNOWN.contains(&&**key),
        About::Annotations => false,
        About::Second { is_alike } => *is_alike,
    };
    let nowhere = Span::new(0, 0);
    let problem = match is_remark {
        true => Problem::warning(nowhere, fault.message.as_str()),
        false => Problem::error(nowhere, fault.message.as_str()),
    };
    let at = fault.place.as_ref().map_or_else(|| "the catalog".to_owned(), ToString::to_string);
    Located { annotation: fault.key().to_owned(), problem, fault_at: Some(at) }
}

/// Whether something could not be read that may choose alerts, or whose alerts are shown.
pub(super) fn is_unread(entity: &Entity) -> bool {
    let is_too_long = |key| entity.annotation(key).is_some_and(|value| value.len() > MAX_ANNOTATION_BYTES);
    ASKING.iter().any(|key| entity.has_lost(key) || is_too_long(key)) || entity.has_rival()
}
