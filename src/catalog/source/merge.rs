//! Several sources as one catalog: files come first, and what stands in both is told.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;

use crate::catalog::{BackstageState, Catalog, Entity, EntityRef, Snapshot, SourceFault};
use crate::metrics::CatalogMetrics;

/// Entities of both sources that are named one by one; where the files are also Backstage's own, it is all.
const MAX_CLASHES: usize = 20;

/// Where the faults of this source are said to be.
pub(super) const BACKSTAGE: &str = "Backstage";

/// What one source holds, its references distinct.
#[derive(Clone, Debug, Default)]
pub struct SourceContent {
    pub entities: Vec<Arc<Entity>>,
    pub faults: Vec<SourceFault>,
    pub files_read: usize,
    pub not_read: BTreeMap<String, usize>,
    pub read_at: Option<Timestamp>,
}

/// Fills one catalog from files and from Backstage; each source gives its part whole.
pub struct SourceMerger {
    catalog: Arc<Catalog>,
    metrics: CatalogMetrics,
    parts: Mutex<Parts>,
}

#[derive(Default)]
struct Parts {
    files: SourceContent,
    backstage: Option<SourceContent>,
    /// The first reading of Backstage has not ended yet.
    awaited: bool,
}

impl SourceMerger {
    /// For a catalog of files alone.
    pub fn alone(metrics: CatalogMetrics) -> Arc<Self> {
        Self::new(metrics, false)
    }

    /// For a catalog that counts as read only when Backstage has answered or failed once.
    pub fn with_backstage(metrics: CatalogMetrics) -> Arc<Self> {
        Self::new(metrics, true)
    }

    fn new(metrics: CatalogMetrics, awaited: bool) -> Arc<Self> {
        let parts = Mutex::new(Parts { awaited, ..Parts::default() });
        Arc::new(Self { catalog: Arc::new(Catalog::default()), metrics, parts })
    }

    pub fn catalog(&self) -> Arc<Catalog> {
        self.catalog.clone()
    }

    pub(super) fn files(&self, part: SourceContent) {
        self.change(|parts| parts.files = part);
    }

    pub(super) fn backstage(&self, part: SourceContent) {
        self.change(|parts| {
            parts.backstage = Some(part);
            parts.awaited = false;
        });
    }

    /// Backstage was read, or could not be, and what it holds is what it held.
    pub(super) fn backstage_as_before(&self) {
        let awaited = self.parts.lock().unwrap_or_else(PoisonError::into_inner).awaited;
        if awaited {
            self.change(|parts| parts.awaited = false);
        }
    }

    pub(super) fn set_backstage(&self, state: BackstageState) {
        self.catalog.set_backstage(state);
    }

    /// Swaps the snapshot; one source waits for the other, so that neither takes back what the other gave.
    fn change(&self, change: impl FnOnce(&mut Parts)) {
        let mut parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut parts);
        let next = parts.join();
        let before = self.catalog.snapshot();
        tell(&before.faults, &next.faults);
        let (entities, files, faults) = (next.entities.len(), next.files_read, next.faults.len());
        tracing::info!(entities, files, faults, "catalog read");
        self.metrics.set(entities, faults);
        self.catalog.swap(next);
    }
}

impl Parts {
    fn join(&self) -> Snapshot {
        let theirs = self.backstage.as_ref();
        let entities = self.files.entities.iter().chain(theirs.iter().flat_map(|part| &part.entities));
        let mut faults = self.files.faults.clone();
        if let Some(theirs) = theirs {
            faults.extend(theirs.faults.iter().cloned());
            faults.extend(clashes(&self.files, theirs));
        }
        Snapshot {
            faults,
            files_read: self.files.files_read,
            not_read: self.files.not_read.clone(),
            loaded_at: self.files.read_at.filter(|_| !self.awaited),
            ..Snapshot::new(entities.cloned())
        }
    }
}

/// Entities of Backstage that a file's own stand before.
fn clashes(files: &SourceContent, theirs: &SourceContent) -> Vec<SourceFault> {
    let taken: HashSet<&EntityRef> = files.entities.iter().map(|e| &e.reference).collect();
    let mut hidden: Vec<&EntityRef> =
        theirs.entities.iter().map(|e| &e.reference).filter(|r| taken.contains(r)).collect();
    hidden.sort();
    let told = hidden.iter().take(MAX_CLASHES).map(|reference| {
        let message = format!(
            "`{reference}` stands in a file and in Backstage: the file's is shown, this one is left out"
        );
        SourceFault::of_file(BACKSTAGE, message).of_entity(reference)
    });
    let mut told: Vec<SourceFault> = told.collect();
    if let Some(more) = hidden.len().checked_sub(MAX_CLASHES).filter(|more| *more > 0) {
        let message = format!("{more} more entities stand in a file and in Backstage: the files' are shown");
        told.push(SourceFault::of_file(BACKSTAGE, message));
    }
    told
}

/// Logs what is new, and what is over.
fn tell(before: &[SourceFault], after: &[SourceFault]) {
    let known: HashSet<&SourceFault> = before.iter().collect();
    for fault in after.iter().filter(|f| !known.contains(f)) {
        tracing::warn!(
            file = ?fault.file,
            line = fault.line,
            column = fault.column,
            kept_last_good = fault.kept_last_good,
            "catalog fault: {}",
            fault.message
        );
    }
    let still: HashSet<&SourceFault> = after.iter().collect();
    let over = before.iter().filter(|f| !still.contains(f)).count();
    if over > 0 {
        tracing::info!(faults = over, "catalog faults are over");
    }
}
