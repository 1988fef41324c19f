//! The catalog: a snapshot of entities, swapped whole.

mod entity;
mod fault;
mod members;
mod relations;
pub mod search;
pub mod source;

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

use arc_swap::{ArcSwap, ArcSwapOption};
use jiff::Timestamp;

pub use entity::{Annotation, Entity, EntityLink, EntityRef, Place};
pub use fault::{About, EntityFault};
pub use members::{MOST_MEMBERS, Members};
pub use relations::Relation;

use members::MembershipIndex;
use search::Index;
pub use source::backstage::BackstageSettings;

/// Where entities come from.
#[derive(Clone, Debug, Default)]
pub struct CatalogSettings {
    pub files: Vec<FileLocation>,
    /// Catalogs that are part of the program, read before the files: a name for messages, and the YAML.
    pub embedded: Vec<(&'static str, &'static str)>,
    /// Locations of other types, by type, which are told and not read.
    pub not_read: BTreeMap<String, usize>,
    /// Backstage's own catalog, read beside the files, which come first.
    pub backstage: Option<BackstageSettings>,
}

/// A `catalog.locations` entry of type file: a path or glob, tried against each base in turn.
#[derive(Clone, Debug)]
pub struct FileLocation {
    pub target: String,
    pub bases: Vec<PathBuf>,
    /// Where the target is written.
    pub place: Option<Place>,
}

/// A fault of a source: the file, what is wrong, since when the last good state is shown.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SourceFault {
    pub file: PathBuf,
    pub line: Option<usize>,
    pub column: Option<usize>,
    pub message: String,
    /// The entity that it is about, where that is known.
    pub entity: Option<Box<EntityRef>>,
    /// The key of the annotation that it is about.
    pub annotation: Option<Box<str>>,
    /// The file's entities are those of an earlier, good reading.
    pub kept_last_good: bool,
}

impl SourceFault {
    /// A fault of the file as a whole.
    pub fn of_file(file: impl Into<PathBuf>, message: impl Into<String>) -> Self {
        Self {
            file: file.into(),
            line: None,
            column: None,
            message: message.into(),
            entity: None,
            annotation: None,
            kept_last_good: false,
        }
    }

    /// A fault at one place of a file.
    pub fn at(place: &Place, message: impl Into<String>) -> Self {
        Self {
            line: Some(place.line),
            column: Some(place.column),
            ..Self::of_file(place.file.as_path(), message)
        }
    }

    /// The same fault, told of an entity.
    pub fn of_entity(self, entity: &EntityRef) -> Self {
        Self { entity: Some(Box::new(entity.clone())), ..self }
    }
}

/// One state of the catalog.
#[derive(Debug, Default)]
pub struct Snapshot {
    /// Ordered by reference.
    pub entities: Vec<Arc<Entity>>,
    by_ref: HashMap<EntityRef, Arc<Entity>>,
    index: Index,
    memberships: MembershipIndex,
    pub faults: Vec<SourceFault>,
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
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BackstageState {
    /// Those of the last good reading, the ones included that a file's own stand before.
    pub entities: usize,
    /// When the catalog was last seen whole, changed or not.
    pub good_at: Option<Timestamp>,
    pub failing: Option<Failing>,
}

/// Why a source cannot be read, and since when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failing {
    pub since: Timestamp,
    pub message: String,
}

/// The current snapshot; cheap to read, swapped whole.
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
