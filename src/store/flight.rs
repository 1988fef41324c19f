//! Single flight: one fetch for all who ask the same at once, in a task of its own.

use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use moka::Expiry;
use moka::future::Cache;
use moka::policy::EvictionPolicy;
use tokio::runtime::Handle;
use tracing::Instrument;

use crate::metrics::StoreMetrics;
use crate::prometheus::{ErrorKind, InstanceName, PrometheusError};

/// For how long a failure answers in place of the instance, give or take a sixth:
/// without the jitter all panels would try again at the same moment.
const FAILURE_LIVES: Duration = Duration::from_secs(3);
const FAILURES: u64 = 1_000;

/// A value and for how long it answers.
#[derive(Clone)]
pub struct Kept<V> {
    pub value: V,
    pub lives: Duration,
}

/// Answers by question, and the failures of the last seconds. Cheap to clone; clones share all of it.
#[derive(Clone)]
pub struct Flight<K, V> {
    answers: Cache<K, Kept<V>>,
    failures: Cache<K, Kept<Arc<PrometheusError>>>,
    metrics: StoreMetrics,
    runtime: Option<Handle>,
}

impl<K, V> Flight<K, V>
where
    K: Clone + Hash + Eq + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// Keeps answers up to `max_bytes`, as `weigh` counts them; the least recently asked leaves first.
    /// Fetches run on the runtime that this is called on, where no page is rendered.
    pub fn new(max_bytes: u64, metrics: StoreMetrics, weigh: fn(&V) -> usize) -> Self {
        let answers = Cache::builder()
            // The default policy turns newcomers away while old entries are popular, and every step of
            // the clock brings new questions.
            .eviction_policy(EvictionPolicy::lru())
            .weigher(move |_: &K, kept: &Kept<V>| u32::try_from(weigh(&kept.value)).unwrap_or(u32::MAX))
            .max_capacity(max_bytes)
            .expire_after(OwnLife)
            .build();
        let failures = Cache::builder().max_capacity(FAILURES).expire_after(OwnLife).build();
        Self { answers, failures, metrics, runtime: Handle::try_current().ok() }
    }

    /// How many answers are kept, and their bytes; what expired may still be counted for a moment.
    pub fn fill(&self) -> (u64, u64) {
        (self.answers.entry_count(), self.answers.weighted_size())
    }

    /// The answer if it is kept.
    pub async fn kept(&self, key: &K) -> Option<V> {
        let kept = self.answers.get(key).await?;
        self.metrics.lookup("hit");
        Some(kept.value)
    }

    /// The kept answer, else that of `fetch`, which only the first of those who ask at once starts.
    /// It runs to its end even if all of them leave.
    pub async fn get<F>(&self, instance: &InstanceName, key: K, fetch: F) -> Result<V, Arc<PrometheusError>>
    where
        F: Future<Output = Result<Kept<V>, PrometheusError>> + Send + 'static,
    {
        if let Some(kept) = self.kept(&key).await {
            return Ok(kept);
        }
        if let Some(kept) = self.failures.get(&key).await {
            self.metrics.lookup("failure");
            return Err(kept.value);
        }
        let started = Arc::new(AtomicBool::new(false));
        let task = self.clone().fly(key, fetch, started.clone());
        let runtime = self.runtime.clone().unwrap_or_else(Handle::current);
        // What it logs carries the id of the request that started it.
        let landed = runtime.spawn(task.in_current_span()).await;
        self.metrics.lookup(if started.load(Ordering::Relaxed) { "miss" } else { "shared" });
        landed.unwrap_or_else(|e| {
            Err(Arc::new(PrometheusError {
                kind: ErrorKind::Upstream,
                cause: None,
                instance: instance.clone(),
                detail: format!("the fetch was broken off: {e}"),
                said: None,
                status: None,
            }))
        })
    }

    async fn fly<F>(self, key: K, fetch: F, started: Arc<AtomicBool>) -> Result<V, Arc<PrometheusError>>
    where
        F: Future<Output = Result<Kept<V>, PrometheusError>> + Send + 'static,
    {
        let failures = self.failures.clone();
        let failing_key = key.clone();
        let init = async move {
            // The flight that this one just missed may have failed.
            if let Some(kept) = failures.get(&failing_key).await {
                return Err(kept.value);
            }
            started.store(true, Ordering::Relaxed);
            match fetch.await {
                Ok(kept) => Ok(kept),
                Err(error) => {
                    let error = Arc::new(error);
                    let kept = Kept { value: error.clone(), lives: jittered(FAILURE_LIVES) };
                    failures.insert(failing_key, kept).await;
                    Err(error)
                }
            }
        };
        let landed = self.answers.try_get_with(key, init).await;
        landed.map(|kept| kept.value).map_err(|shared: Arc<Arc<PrometheusError>>| (*shared).clone())
    }
}

/// Between five and seven sixths of a duration.
fn jittered(duration: Duration) -> Duration {
    let random = u32::try_from(RandomState::new().hash_one(0) % 1_000).unwrap_or(0);
    duration * 5 / 6 + duration / 3 * random / 1_000
}

/// Each entry lives as long as it says.
struct OwnLife;

impl<K, V> Expiry<K, Kept<V>> for OwnLife {
    fn expire_after_create(&self, _: &K, kept: &Kept<V>, _: Instant) -> Option<Duration> {
        Some(kept.lives)
    }

    fn expire_after_update(
        &self,
        _: &K,
        kept: &Kept<V>,
        _: Instant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        Some(kept.lives)
    }
}
