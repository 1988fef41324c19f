//! The faults of one reading, as many as people can read.

use std::path::Path;

use crate::diagnostic::Diagnostic;

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

    /// Counts faults that nobody listed.
    pub(super) fn omit(&mut self, faults: usize) {
        self.omitted += faults;
    }

    /// The faults; the last one says how many more `file` has.
    pub(super) fn listed(mut self, file: impl AsRef<Path>) -> Vec<Diagnostic> {
        if self.omitted > 0 {
            let message = format!("{} more faults are not listed", self.omitted);
            self.faults.push(Diagnostic::of_file(file.as_ref(), message));
        }
        self.faults
    }
}
