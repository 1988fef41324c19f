//! The catalog: a snapshot of entities, swapped whole.

mod entity;
pub mod search;
pub mod source;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use arc_swap::ArcSwap;
use jiff::Timestamp;

pub use entity::{Annotation, Entity, EntityRef, Link, Place};

/// Where entities come from.
#[derive(Clone, Debug, Default)]
pub struct CatalogSettings {
    pub files: Vec<FileLocation>,
    /// Catalogs that are part of the program: a name for messages, and the YAML.
    pub embedded: Vec<(&'static str, &'static str)>,
    /// Locations of other types, by type, which are told and not read.
    pub not_read: BTreeMap<String, usize>,
}

/// A `catalog.locations` entry of type file: a path or glob, tried against each base in turn.
#[derive(Clone, Debug)]
pub struct FileLocation {
    pub target: String,
    pub bases: Vec<PathBuf>,
}

/// A fault of a source: the file, what is wrong, since when the last good state is shown.
#[derive(Clone, Debug)]
pub struct SourceFault {
    pub file: PathBuf,
    pub line: Option<usize>,
    pub column: Option<usize>,
    pub message: String,
    /// The file's entities are those of an earlier, good reading.
    pub kept_last_good: bool,
}

/// One state of the catalog.
#[derive(Debug, Default)]
pub struct Snapshot {
    /// Ordered by reference.
    pub entities: Vec<Arc<Entity>>,
    by_ref: std::collections::HashMap<EntityRef, Arc<Entity>>,
    pub faults: Vec<SourceFault>,
    pub files_read: usize,
    pub not_read: BTreeMap<String, usize>,
    pub loaded_at: Option<Timestamp>,
}

impl Snapshot {
    pub fn get(&self, reference: &EntityRef) -> Option<&Arc<Entity>> {
        self.by_ref.get(reference)
    }
}

/// The current snapshot; cheap to read, swapped whole.
#[derive(Debug, Default)]
pub struct Catalog {
    current: ArcSwap<Snapshot>,
}

impl Catalog {
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.current.load_full()
    }

    pub fn get(&self, reference: &EntityRef) -> Option<Arc<Entity>> {
        self.current.load().get(reference).cloned()
    }

    pub fn swap(&self, next: Snapshot) {
        self.current.store(Arc::new(next));
    }
}
