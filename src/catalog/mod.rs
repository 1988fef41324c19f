//! The catalog: a snapshot of entities, replaced as a whole.

mod entity;
mod fields;
mod members;
mod reference;
mod relations;
pub mod search;
mod shared_text;
pub mod source;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::ptr;
use std::sync::{Arc, Weak};

use arc_swap::{ArcSwap, ArcSwapOption};
use jiff::Timestamp;

use crate::diagnostic::{Diagnostic, Location};
use crate::upstream::Outage;

pub use entity::{About, Annotation, Entity, EntityFault, EntityLink};
pub use fields::{FieldMap, FieldValue};
pub use members::{MOST_MEMBERS, Members};
pub use reference::EntityRef;
pub use relations::Relation;
pub use shared_text::SharedText;

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
    pub entities: Arc<[Arc<Entity>]>,
    lists: Arc<EntityLists>,
    /// Higher than that of the one before.
    number: u64,
    pub faults: Vec<Diagnostic>,
    pub files_read: usize,
    pub not_read: BTreeMap<String, usize>,
    pub loaded_at: Option<Timestamp>,
}

/// What is known of all entities together.
#[derive(Debug, Default)]
struct EntityLists {
    by_name: Vec<u32>,
    index: Index,
    memberships: MembershipIndex,
}

impl Snapshot {
    /// Of entities with distinct references; of equal ones the first is kept.
    pub fn new(entities: impl IntoIterator<Item = Arc<Entity>>) -> Self {
        Self::default().next(entities)
    }

    /// The one after this. The same entities have the same lists.
    pub fn next(&self, entities: impl IntoIterator<Item = Arc<Entity>>) -> Self {
        let number = self.number + 1;
        let mut entities: Vec<Arc<Entity>> = entities.into_iter().collect();
        // This keeps the order of equal ones.
        entities.sort_by(|a, b| a.reference.cmp(&b.reference));
        entities.dedup_by(|next, kept| next.reference == kept.reference);
        let is_same = |(one, other): (&Arc<Entity>, &Arc<Entity>)| Arc::ptr_eq(one, other);
        if entities.len() == self.entities.len() && entities.iter().zip(&*self.entities).all(is_same) {
            let (entities, lists) = (self.entities.clone(), self.lists.clone());
            return Self { entities, lists, number, ..Self::default() };
        }
        let (index, memberships) = (Index::of(&entities), MembershipIndex::of(&entities));
        let lists = Arc::new(EntityLists { by_name: by_name(&entities), index, memberships });
        Self { entities: entities.into(), lists, number, ..Self::default() }
    }

    /// Whether the other one came later, with other entities.
    pub fn is_before(&self, other: &Self) -> bool {
        self.number < other.number && !self.has_entities_of(other)
    }

    /// Whether both have the very same entities, so that all that is made of one is right for the other.
    pub fn has_entities_of(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.entities, &other.entities)
    }

    /// Places in `entities`, in the order of the names that people read, whatever the case.
    pub fn by_name(&self) -> &[u32] {
        &self.lists.by_name
    }

    pub fn get(&self, reference: &EntityRef) -> Option<&Arc<Entity>> {
        self.entities.get(row_of(&self.entities, reference)? as usize)
    }
}

fn by_name(entities: &[Arc<Entity>]) -> Vec<u32> {
    let named = (0u32..).zip(entities);
    let mut named: Vec<(String, u32)> =
        named.map(|(row, entity)| (entity.display_name().to_lowercase(), row)).collect();
    named.sort_unstable();
    named.into_iter().map(|(_, row)| row).collect()
}

/// The place of an entity among all, ordered by reference.
fn row_of(entities: &[Arc<Entity>], wanted: &EntityRef) -> Option<u32> {
    let row = entities.binary_search_by(|entity| entity.reference.cmp(wanted)).ok()?;
    u32::try_from(row).ok()
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

    /// Whether this snapshot has not been replaced.
    pub fn is_current(&self, snapshot: &Weak<Snapshot>) -> bool {
        ptr::eq(Arc::as_ptr(&self.current.load()), snapshot.as_ptr())
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
