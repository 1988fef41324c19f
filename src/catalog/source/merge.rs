//! Several sources as one catalog: of several entities of one reference it shows one, and reports the others.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use super::faults::{BACKSTAGE, FaultList};
use crate::catalog::{About, Catalog, Entity, EntityFault, EntityRef, Snapshot};
use crate::diagnostic::{Diagnostic, Location};
use crate::metrics::CatalogMetrics;

/// The most entities that are listed as defined in both sources. If Backstage reads the same files, every entity is.
const MAX_CLASHES: usize = 20;
/// An entity with this many faults gets no further fault about a second entity of its name.
const MAX_DUPLICATES: usize = 20;

/// The content of one source. No two entities have the same reference.
#[derive(Clone, Debug, Default)]
pub struct SourceContent {
    pub entities: Vec<Arc<Entity>>,
    pub faults: Vec<Diagnostic>,
    pub files_read: usize,
    pub not_read: BTreeMap<String, usize>,
    pub read_at: Option<Timestamp>,
}

/// Fills one catalog from files and from Backstage. Each source sets its whole content.
pub struct SourceMerger {
    catalog: Arc<Catalog>,
    metrics: CatalogMetrics,
    sources: Mutex<MergedSources>,
}

#[derive(Default)]
struct MergedSources {
    files: SourceContent,
    backstage: SourceContent,
    /// The first reading of Backstage has not ended yet.
    is_awaited: bool,
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

    fn new(metrics: CatalogMetrics, is_awaited: bool) -> Arc<Self> {
        let sources = Mutex::new(MergedSources { is_awaited, ..MergedSources::default() });
        Arc::new(Self { catalog: Arc::default(), metrics, sources })
    }

    pub fn catalog(&self) -> Arc<Catalog> {
        self.catalog.clone()
    }

    pub(super) fn set_files(&self, content: SourceContent) {
        let mut sources = self.sources();
        sources.files = content;
        self.publish(&sources);
    }

    pub(super) fn set_backstage(&self, content: SourceContent) {
        let mut sources = self.sources();
        (sources.backstage, sources.is_awaited) = (content, false);
        self.publish(&sources);
    }

    /// Keeps Backstage's content, because it has not changed or cannot be read.
    pub(super) fn keep_backstage(&self) {
        let mut sources = self.sources();
        if std::mem::take(&mut sources.is_awaited) {
            self.publish(&sources);
        }
    }

    /// One source waits for the other, so that neither undoes the other's change.
    fn sources(&self) -> MutexGuard<'_, MergedSources> {
        self.sources.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn publish(&self, sources: &MergedSources) {
        let before = self.catalog.snapshot();
        let next = sources.snapshot(&before);
        log_changes(&before.faults, &next.faults);
        let (entities, files, faults) = (next.entities.len(), next.files_read, next.faults.len());
        tracing::info!(entities, files, faults, "catalog read");
        self.metrics.set(entities, faults);
        self.catalog.swap(next);
    }
}

impl MergedSources {
    /// Files come first.
    fn snapshot(&self, before: &Snapshot) -> Snapshot {
        let Self { files, backstage, is_awaited } = self;
        let faults = files.faults.iter().chain(&backstage.faults).cloned();
        Snapshot {
            faults: faults.chain(clashes(files, backstage)).collect(),
            files_read: files.files_read,
            not_read: files.not_read.clone(),
            loaded_at: files.read_at.filter(|_| !is_awaited),
            ..before.next(files.entities.iter().chain(&backstage.entities).cloned())
        }
    }
}

/// One entity for each reference: the first one, else that of an earlier reading. Each further one is a fault.
pub(super) fn distinct(
    entities: &[Arc<Entity>],
    kept: Vec<Arc<Entity>>,
    faults: &mut FaultList,
) -> Vec<Arc<Entity>> {
    let mut first: HashMap<EntityRef, Arc<Entity>> = HashMap::with_capacity(entities.len());
    for entity in entities {
        match first.get_mut(&entity.reference) {
            Some(first) => {
                faults.push(duplicate(first, entity));
                if first.faults.len() < MAX_DUPLICATES {
                    let fault = duplicate_of(first, entity);
                    Arc::make_mut(first).faults.push(fault);
                }
            }
            None => {
                first.insert(entity.reference.clone(), entity.clone());
            }
        }
    }
    for entity in kept {
        first.entry(entity.reference.clone()).or_insert(entity);
    }
    first.into_values().collect()
}

/// The fault that the page of the first of two entities shows about the second.
fn duplicate_of(first: &Entity, other: &Entity) -> EntityFault {
    let is_alike = first.has_same_annotations(other) && other.faults.is_empty();
    let differs = if is_alike { "with the same annotations" } else { "with other annotations" };
    let at = other.place.as_ref().map(|place| format!(",{}", in_file(place))).unwrap_or_default();
    let message =
        format!("`{}` is defined a second time{at}, {differs}; that one is ignored", other.reference);
    EntityFault { about: About::Second { is_alike }, message, place: other.place.clone() }
}

/// The fault of an entity whose reference is taken.
fn duplicate(first: &Entity, other: &Entity) -> Diagnostic {
    let at = first.place.as_ref().map(in_file).unwrap_or_default();
    let message = format!("`{}` is already defined{at}; this one is ignored", other.reference);
    let place = other.place.clone().unwrap_or_else(|| Location::of_file(""));
    Diagnostic::at(place, message).of_entity(&other.reference)
}

fn in_file(place: &Location) -> String {
    let line = place.position.map(|at| format!(", line {}", at.line)).unwrap_or_default();
    format!(" in {}{line}", place.file.display())
}

/// Entities of Backstage that a file defines too.
fn clashes(files: &SourceContent, backstage: &SourceContent) -> Vec<Diagnostic> {
    if backstage.entities.is_empty() {
        return Vec::new();
    }
    let in_files: HashSet<&EntityRef> = files.entities.iter().map(|e| &e.reference).collect();
    let mut hidden: Vec<&EntityRef> =
        backstage.entities.iter().map(|e| &e.reference).filter(|r| in_files.contains(r)).collect();
    hidden.sort();
    let named = hidden.iter().take(MAX_CLASHES).map(|reference| {
        let message = format!(
            "`{reference}` is defined in a file and in Backstage: the file's is shown, this one is ignored"
        );
        Diagnostic::of_file(BACKSTAGE, message).of_entity(reference)
    });
    let more = hidden.len().checked_sub(MAX_CLASHES).filter(|more| *more > 0).map(|more| {
        let message =
            format!("{more} more entities are defined in a file and in Backstage: the files' are shown");
        Diagnostic::of_file(BACKSTAGE, message)
    });
    named.chain(more).collect()
}

/// Logs the new faults, and how many are gone.
fn log_changes(before: &[Diagnostic], after: &[Diagnostic]) {
    let old: HashSet<&Diagnostic> = before.iter().collect();
    for fault in after.iter().filter(|fault| !old.contains(fault)) {
        let position = fault.position();
        tracing::warn!(
            file = fault.location.as_ref().map(|location| display(location.file.display())),
            line = position.map(|at| at.line),
            column = position.map(|at| at.column),
            kept_last_good = !fault.is_error(),
            "catalog fault: {}",
            fault.message
        );
    }
    let new: HashSet<&Diagnostic> = after.iter().collect();
    let gone = before.iter().filter(|fault| !new.contains(fault)).count();
    if gone > 0 {
        tracing::info!(faults = gone, "catalog faults are gone");
    }
}
