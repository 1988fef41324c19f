//! Keeps the index of owners in step with the catalog: made anew in the background, swapped whole.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::AlertIndex;
use crate::catalog::Catalog;
use crate::monitoring::DEADLINES;

/// Between two looks at the catalog.
const PERIOD: Duration = Duration::from_secs(1);

/// The current index. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct AlertIndexer {
    catalog: Arc<Catalog>,
    /// None before a catalog was read whole and turned around.
    current: Arc<ArcSwapOption<AlertIndex>>,
    /// Held by who makes the next one.
    making: Arc<Mutex<()>>,
}

impl AlertIndexer {
    pub fn new(catalog: Arc<Catalog>) -> Self {
        Self { catalog, current: Arc::default(), making: Arc::default() }
    }

    /// The index of the catalog as it is; of one that changed a moment ago, and is large, the one before. None:
    /// there is none before it, so nobody knows yet who owns what.
    pub async fn owners(&self) -> Option<Arc<AlertIndex>> {
        self.owners_within(DEADLINES.first_index).await
    }

    async fn owners_within(&self, patience: Duration) -> Option<Arc<AlertIndex>> {
        let current = self.current.load_full();
        if current.as_ref().is_some_and(|owners| owners.is_of(&self.catalog.snapshot())) {
            return current;
        }
        let fresh = self.clone();
        // In a task of its own, so that it goes on when it takes too long for this question.
        let made = tokio::spawn(async move { fresh.refresh().await });
        let _ = timeout(if current.is_some() { DEADLINES.next_index } else { patience }, made).await;
        self.current.load_full()
    }

    /// Follows the catalog for as long as it is polled, so that no old state of it is held on to.
    pub async fn follow(self) {
        loop {
            self.refresh().await;
            tokio::time::sleep(PERIOD).await;
        }
    }

    async fn refresh(&self) {
        let _making = self.making.lock().await;
        let snapshot = self.catalog.snapshot();
        let is_known = self.current.load().as_ref().is_some_and(|owners| owners.is_of(&snapshot));
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
    async fn nobody_is_told_of_owners_before_the_catalog_is_known() {
        let catalog = Arc::new(Catalog::default());
        let keeper = AlertIndexer::new(catalog.clone());
        assert!(keeper.owners().await.is_none(), "the catalog was not read");
        catalog.swap(read());
        let making = keeper.making.lock().await;
        let begun = clock::stopwatch();
        assert!(keeper.owners_within(Duration::from_millis(20)).await.is_none(), "the first takes its time");
        assert!(begun.elapsed() < DEADLINES.first_index);
        drop(making);
        let first = keeper.owners().await.unwrap();
        assert!(first.is_of(&catalog.snapshot()) && first.is_empty());
        catalog.swap(read());
        let making = keeper.making.lock().await;
        let older = keeper.owners().await.unwrap();
        assert!(Arc::ptr_eq(&older, &first), "the next takes its time");
        drop(making);
        assert!(keeper.owners().await.unwrap().is_of(&catalog.snapshot()));
    }
}
