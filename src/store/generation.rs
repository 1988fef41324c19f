//! Whether anything that a store may answer has changed.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counts the changes of everything that a store may answer. While it stands still, every check holds until its time.
#[derive(Clone, Debug, Default)]
pub struct Generation(Arc<Changes>);

#[derive(Debug, Default)]
struct Changes {
    made: AtomicU64,
    open: AtomicU64,
}

/// A change that is being made. It is counted when this is dropped.
#[must_use]
pub struct OpenChange(Generation);

impl Generation {
    /// Call it before the change.
    pub fn change(&self) -> OpenChange {
        self.0.open.fetch_add(1, Ordering::SeqCst);
        OpenChange(self.clone())
    }

    /// None while a change is being made.
    pub fn number(&self) -> Option<u64> {
        let number = self.0.made.load(Ordering::SeqCst);
        (self.0.open.load(Ordering::SeqCst) == 0).then_some(number)
    }
}

impl Drop for OpenChange {
    fn drop(&mut self) {
        let Generation(changes) = &self.0;
        changes.made.fetch_add(1, Ordering::SeqCst);
        changes.open.fetch_sub(1, Ordering::SeqCst);
    }
}
