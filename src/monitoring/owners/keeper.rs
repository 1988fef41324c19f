//! Keeps the index of owners in step with the catalog: made anew in the background, swapped whole.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::sync::Mutex;

use super::Owners;
use crate::catalog::Catalog;

/// How long a question waits for the index of a catalog that has just changed, before it takes the older one.
const PATIENCE: Duration = Duration::from_millis(200);
/// Between two looks at the catalog.
const PERIOD: Duration = Duration::from_secs(1);

/// The current index. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct OwnersKeeper {
    catalog: Arc<Catalog>,
    current: Arc<ArcSwap<Owners>>,
    /// Held by who makes the next one.
    making: Arc<Mutex<()>>,
}

impl OwnersKeeper {
    pub fn new(catalog: Arc<Catalog>) -> Self {
        Self { catalog, current: Arc::default(), making: Arc::default() }
    }

    /// The index of the catalog as it is; of one that changed a moment ago, and is large, the one before.
    pub async fn owners(&self) -> Arc<Owners> {
        let fresh = self.clone();
        // In a task of its own, so that it goes on when it takes too long for this question.
        let made = tokio::spawn(async move { fresh.refresh().await });
        // At the very beginning there is none before it.
        if self.current.load().is_empty() {
            let _ = made.await;
        } else {
            let _ = tokio::time::timeout(PATIENCE, made).await;
        }
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
        let snapshot = self.catalog.snapshot();
        if self.current.load().is_of(&snapshot) {
            return;
        }
        let _making = self.making.lock().await;
        let snapshot = self.catalog.snapshot();
        if self.current.load().is_of(&snapshot) {
            return;
        }
        if let Ok(next) = tokio::task::spawn_blocking(move || Owners::of(snapshot)).await {
            self.current.store(Arc::new(next));
        }
    }
}
