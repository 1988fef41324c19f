//! The faults of one reading, as many as people can read.

use std::path::Path;

use crate::catalog::{About, EntityFault, EntityRef};
use crate::diagnostic::{Diagnostic, Location};

/// The place of the faults of entities that no file wrote.
pub(super) const BACKSTAGE: &str = "Backstage";

/// Further faults are only counted.
const MAX_FAULTS: usize = 1000;

/// The first faults of a reading, and the number of the others.
#[derive(Debug, Default)]
pub(super) struct FaultList {
    faults: Vec<Diagnostic>,
    omitted: usize,
}

impl FaultList {
    pub(super) fn push(&mut self, fault: Diagnostic) {
        if self.faults.len() < MAX_FAULTS {
            self.faults.push(fault);
        } else {
            self.omitted += 1;
        }
    }

    pub(super) fn extend(&mut self, faults: impl IntoIterator<Item = Diagnostic>) {
        faults.into_iter().for_each(|fault| self.push(fault));
    }

    /// Counts faults that are not listed.
    pub(super) fn omit(&mut self, faults: usize) {
        self.omitted += faults;
    }

    /// The faults; the last one has the number of those of `file` that are not listed.
    pub(super) fn listed(mut self, file: impl AsRef<Path>) -> Vec<Diagnostic> {
        if self.omitted > 0 {
            let message = format!("{} more faults are not listed", self.omitted);
            self.faults.push(Diagnostic::of_file(file.as_ref(), message));
        }
        self.faults
    }
}

/// A fault of one entity, as a fault of the catalog.
pub(super) fn of_entity(fault: &EntityFault, entity: &EntityRef) -> Diagnostic {
    let place = fault.place.clone().unwrap_or_else(|| Location::of_file(BACKSTAGE));
    let diagnostic = Diagnostic::at(place, fault.message.as_str()).of_entity(entity);
    match &fault.about {
        About::Annotation(key) => diagnostic.of_annotation(key),
        About::Annotations | About::Second { .. } => diagnostic,
    }
}
