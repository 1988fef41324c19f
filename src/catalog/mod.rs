//! The catalog: a snapshot of entities, replaced as a whole.

mod entity;
mod members;
mod reference;
mod relations;
pub mod search;
pub mod source;

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

use arc_swap::{ArcSwap, ArcSwapOption};
use jiff::Timestamp;

use crate::diagnostic::{Diagnostic, Location};
use crate::upstream::Outage;

pub use entity::{About, Annotation, Entity, EntityFault, EntityLink};
pub use members::{MOST_MEMBERS, Members};
pub use reference::EntityRef;
pub use relations::Relation;

use members::MembershipIndex;
use search::Index;
pub use source::backstage::BackstageSettings;

/// Where entities come from.
#[derive(Clone, Debug, Default)]
pub struct CatalogSettings {
    pub files: Vec<FileLocation>,
    /// Catalogs that are part of the program: a name for messages, and the YAML. They are read before the files.
    pub embedded: Vec<(&'static str, &'static str)>,
    /// Locations of other types, by type. They are reported and not read.
    pub not_read: BTreeMap<String, usize>,
    /// Backstage's own catalog, read in addition to the files, which come first.
    pub backstage: Option<BackstageSettings>,
}

/// A `catalog.locations` entry of type file: a path or glob, tried against each base in turn.
#[derive(Clone, Debug)]
pub struct FileLocation {
    pub target: String,
    pub bases: Vec<PathBuf>,
    /// Where the target is written.
    pub place: Option<Location>,
}

/// One state of the catalog.
#[derive(Debug, Default)]
pub struct Snapshot {
    /// Ordered by reference.
    pub entities: Vec<Arc<Entity>>,
    by_ref: HashMap<EntityRef, Arc<Entity>>,
    index: Index,
    memberships: MembershipIndex,
    pub faults: Vec<Diagnostic>,
    pub files_read: usize,
    pub not_read: BTreeMap<String, usize>,
    pub loaded_at: Option<Timestamp>,
}

impl Snapshot {
    /// Of entities with distinct references; of equal ones the first is kept.
    pub fn new(entities: impl IntoIterator<Item = Arc<Entity>>) -> Self {
        let mut by_ref = HashMap::new();
        for entity in entities {
            by_ref.entry(entity.reference.clone()).or_insert(entity);
        }
        let mut entities: Vec<Arc<Entity>> = by_ref.values().cloned().collect();
        entities.sort_by(|a, b| a.reference.cmp(&b.reference));
        let (index, memberships) = (Index::of(&entities), MembershipIndex::of(&entities));
        Self { entities, by_ref, index, memberships, ..Self::default() }
    }

    pub fn get(&self, reference: &EntityRef) -> Option<&Arc<Entity>> {
        self.by_ref.get(reference)
    }
}

/// How the catalog of Backstage was last read.
#[derive(Clone, Debug, Default)]
pub struct BackstageState {
    /// The entities of the last good reading, including those that an entity of a file hides.
    pub entities: usize,
    /// When the catalog was last read completely, changed or not.
    pub good_at: Option<Timestamp>,
    pub failing: Option<Outage>,
}

/// The current snapshot; cheap to read, replaced as a whole.
#[derive(Debug, Default)]
pub struct Catalog {
    current: ArcSwap<Snapshot>,
    backstage: ArcSwapOption<BackstageState>,
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

    /// None when Backstage is no source, or has not answered or failed yet.
    pub fn backstage(&self) -> Option<Arc<BackstageState>> {
        self.backstage.load_full()
    }

    fn set_backstage(&self, state: BackstageState) {
        self.backstage.store(Some(Arc::new(state)));
    }
}
