//! Keeps the index in step with the catalog: made anew in the background, swapped whole.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::AlertIndex;
use crate::catalog::Catalog;
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

    /// The index of the current catalog; the one before if the catalog just changed and is large. None: there is
    /// no index yet.
    pub async fn index(&self) -> Option<Arc<AlertIndex>> {
        self.index_within(deadlines::FIRST_INDEX).await
    }

    async fn index_within(&self, patience: Duration) -> Option<Arc<AlertIndex>> {
        let current = self.current.load_full();
        if current.as_ref().is_some_and(|index| index.is_of(&self.catalog.snapshot())) {
            return current;
        }
        let fresh = self.clone();
        // In a task of its own, so that it goes on when it takes too long for this caller.
        let made = tokio::spawn(async move { fresh.refresh().await });
        let _ = timeout(if current.is_some() { deadlines::NEXT_INDEX } else { patience }, made).await;
        self.current.load_full()
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
    use crate::catalog::Snapshot;
    use crate::clock;

    fn read() -> Snapshot {
        let mut snapshot = Snapshot::default();
        snapshot.loaded_at = Some(clock::now());
        snapshot
    }

    #[tokio::test]
    async fn there_is_no_index_before_the_catalog_is_read() {
        let catalog = Arc::new(Catalog::default());
        let indexer = AlertIndexer::new(catalog.clone());
        assert!(indexer.index().await.is_none(), "the catalog was not read");
        catalog.swap(read());
        let making = indexer.making.lock().await;
        let begun = clock::stopwatch();
        assert!(indexer.index_within(Duration::from_millis(20)).await.is_none(), "the first takes its time");
        assert!(begun.elapsed() < deadlines::FIRST_INDEX);
        drop(making);
        let first = indexer.index().await.unwrap();
        assert!(first.is_of(&catalog.snapshot()) && first.is_empty());
        catalog.swap(read());
        let making = indexer.making.lock().await;
        let older = indexer.index().await.unwrap();
        assert!(Arc::ptr_eq(&older, &first), "the next takes its time");
        drop(making);
        assert!(indexer.index().await.unwrap().is_of(&catalog.snapshot()));
    }
}
