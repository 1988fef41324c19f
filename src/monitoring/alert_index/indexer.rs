//! Keeps the index in step with the catalog: made anew in the background, swapped whole.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::AlertIndex;
use crate::catalog::{Catalog, Entity};
use crate::monitoring::deadlines;

/// Between two looks at the catalog.
const PERIOD: Duration = Duration::from_secs(1);

/// The current index. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct AlertIndexer {
    catalog: Arc<Catalog>,
    /// None before the first index of a catalog that was read whole.
    current: Arc<ArcSwapOption<AlertIndex>>,
    /// Held while the next one is made.
    making: Arc<Mutex<()>>,
}

impl AlertIndexer {
    pub fn new(catalog: Arc<Catalog>) -> Self {
        Self { catalog, current: Arc::default(), making: Arc::default() }
    }

    /// The newest index, at once: the one before if the catalog just changed. Only the first one is waited for; None: it
    /// is not there yet.
    pub async fn index(&self) -> Option<Arc<AlertIndex>> {
        match self.current.load_full() {
            Some(index) => Some(index),
            None => self.newest(deadlines::INDEX).await,
        }
    }

    /// The index of the current catalog; the one before if it takes too long.
    pub(in crate::monitoring) async fn newest(&self, patience: Duration) -> Option<Arc<AlertIndex>> {
        let fresh = self.clone();
        // In a task of its own, so that it goes on when it takes too long for this caller.
        let made = tokio::spawn(async move { fresh.refresh().await });
        // Then the current one is what there is.
        timeout(patience, made).await.ok();
        self.current.load_full()
    }

    /// Whether the catalog has changed since the index was made.
    pub(in crate::monitoring) fn is_behind(&self, index: &AlertIndex) -> bool {
        !index.is_of(&self.catalog.snapshot())
    }

    /// Whether the current catalog has this entity as it is.
    pub fn has(&self, entity: &Entity) -> bool {
        self.catalog.get(&entity.reference).is_some_and(|current| current.is_alike(entity))
    }

    /// Follows the catalog for as long as it is polled, so that no old snapshot stays in memory.
    pub async fn follow(self) {
        loop {
            self.refresh().await;
            tokio::time::sleep(PERIOD).await;
        }
    }

    async fn refresh(&self) {
        let _making = self.making.lock().await;
        let snapshot = self.catalog.snapshot();
        let is_known = self.current.load().as_ref().is_some_and(|index| index.is_of(&snapshot));
        if is_known || snapshot.loaded_at.is_none() {
            return;
        }
        if let Ok(next) = tokio::task::spawn_blocking(move || AlertIndex::of(snapshot)).await {
            self.current.store(Some(Arc::new(next)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{EntityRef, Snapshot};
    use crate::clock;

    fn read(name: &str) -> Snapshot {
        let reference = EntityRef::new("component", "default", name).unwrap();
        let mut snapshot =
            Snapshot::new([Arc::new(Entity::new(reference, "Component", "v1", name.to_owned()))]);
        snapshot.loaded_at = Some(clock::now());
        snapshot
    }

    #[tokio::test]
    async fn there_is_no_index_before_the_catalog_is_read() {
        let catalog = Arc::new(Catalog::default());
        let indexer = AlertIndexer::new(catalog.clone());
        assert!(indexer.index().await.is_none(), "the catalog was not read");
        catalog.swap(read("a"));
        let making = indexer.making.lock().await;
        let soon = Duration::from_millis(20);
        assert!(indexer.newest(soon).await.is_none(), "the first takes its time");
        drop(making);
        let first = indexer.index().await.unwrap();
        assert!(!indexer.is_behind(&first) && first.is_empty());
        catalog.swap(read("b"));
        let making = indexer.making.lock().await;
        let older = indexer.index().await.unwrap();
        assert!(Arc::ptr_eq(&older, &first), "nobody waits for the next");
        let older = indexer.newest(soon).await.unwrap();
        assert!(Arc::ptr_eq(&older, &first) && indexer.is_behind(&older), "the next takes its time");
        drop(making);
        assert!(!indexer.is_behind(&indexer.newest(deadlines::INDEX).await.unwrap()));
    }
}
