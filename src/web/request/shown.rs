//! The entities that a page says something of.

use std::sync::Arc;

use crate::catalog::{Catalog, Entity, EntityRef, Snapshot};
use crate::store::Weigh;

/// The fields of `spec` that name another entity, and its kind where the name has none.
const REFERENCES: [(&str, &str); 4] =
    [("owner", "group"), ("system", "system"), ("domain", "domain"), ("parent", "group")];
/// What an entity takes in memory, about.
const ENTITY: usize = 2_048;

/// The entities of a page, as the catalog had them. Changes of others do not change the page.
pub struct ShownEntities(Vec<(EntityRef, Option<Arc<Entity>>)>);

impl ShownEntities {
    /// Of a page about this entity without its members, which names others.
    pub fn of(entity: Option<&Arc<Entity>>, others: &[EntityRef], snapshot: &Snapshot) -> Self {
        let references = entity.into_iter().flat_map(|entity| {
            let own = &entity.reference;
            // An entity of this name takes the address of the other's data.
            let data = EntityRef::new(own.kind(), own.namespace(), &format!("{}.json", own.name()));
            let linked = references(entity).filter_map(|(_, _, other)| other);
            std::iter::once(own.clone()).chain(data).chain(linked)
        });
        let shown = references.chain(others.iter().cloned()).map(|reference| {
            let entity = snapshot.get(&reference).cloned();
            (reference, entity)
        });
        Self(shown.collect())
    }

    /// Whether the catalog still has them as they were.
    pub fn are_in(&self, catalog: &Catalog) -> bool {
        let snapshot = catalog.snapshot();
        self.0.iter().all(|(reference, shown)| match (snapshot.get(reference), shown) {
            (Some(entity), Some(shown)) => Arc::ptr_eq(entity, shown) || entity == shown,
            (entity, shown) => entity.is_none() && shown.is_none(),
        })
    }
}

impl Weigh for ShownEntities {
    fn weight(&self) -> usize {
        self.0.len() * ENTITY
    }
}

/// The fields that name another entity: name, text, and the entity if the text can be read.
pub fn references(entity: &Entity) -> impl Iterator<Item = (&'static str, &str, Option<EntityRef>)> {
    REFERENCES.into_iter().filter_map(|(name, kind)| {
        let text = entity.spec.get(name)?.as_str()?;
        Some((name, text, EntityRef::parse_with(text, kind, entity.reference.namespace())))
    })
}
