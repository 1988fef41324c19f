//! Single flight: one fetch for all who ask the same at once, in a task of its own.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use moka::Expiry;
use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tracing::Instrument;

use super::weight::{ENTRY, Weigh, capped};
use crate::metrics::StoreMetrics;
use crate::prometheus::{InstanceName, Origin};
use crate::upstream::{ErrorKind, UpstreamError, Who};

/// For how long a failure answers in place of the instance, give or take a sixth:
/// without the jitter all panels would try again at the same moment.
const FAILURE_LIVES: Duration = Duration::from_secs(3);
/// Failures get one in so many of a flight's bytes.
const FAILURES_SHARE: u64 = 16;

/// A value and for how long it answers.
#[derive(Clone)]
pub struct Kept<V> {
    pub value: V,
    pub lives: Duration,
}

/// A question of the store.
pub trait Asked: Weigh + Clone + Hash + Eq + Send + Sync + 'static {
    fn instance(&self) -> &InstanceName;

    /// A fetch of known origin goes on when all who waited for it have left; others end then.
    fn origin(&self) -> Origin;
}

type Landed<V> = Result<V, Arc<UpstreamError>>;
/// Where a fetch tells how it ended. Its receivers are those who wait.
type Tower<V> = watch::Sender<Option<Landed<V>>>;

/// Answers by question, and the failures of the last seconds. Cheap to clone; clones share all of it.
#[derive(Clone)]
pub struct Flight<K, V> {
    answers: Cache<K, Kept<V>>,
    failures: Cache<K, Kept<Arc<UpstreamError>>>,
    flying: Arc<Mutex<HashMap<K, Tower<V>>>>,
    metrics: StoreMetrics,
    runtime: Option<Handle>,
}

/// What a question finds.
enum Found<V> {
    Landed(Landed<V>),
    Flying(watch::Receiver<Option<Landed<V>>>),
}

impl<K: Asked, V: Weigh + Clone + Send + Sync + 'static> Flight<K, V> {
    /// Keeps answers and failures up to `max_bytes`, questions included; the least recently asked leaves first.
    /// Fetches run on the runtime that this is called on, where no page is rendered.
    pub fn new(max_bytes: u64, metrics: StoreMetrics) -> Self {
        let failures = max_bytes / FAILURES_SHARE;
        Self {
            answers: cache(max_bytes - failures),
            failures: cache(failures),
            flying: Arc::default(),
            metrics,
            runtime: Handle::try_current().ok(),
        }
    }

    /// How many answers are kept, and the bytes of all that is.
    pub fn fill(&self) -> (u64, u64) {
        self.answers.run_pending_tasks();
        self.failures.run_pending_tasks();
        let bytes = self.answers.weighted_size() + self.failures.weighted_size();
        (self.answers.entry_count(), bytes)
    }

    /// The answer if it is kept.
    pub fn kept(&self, key: &K) -> Option<V> {
        let kept = self.answers.get(key)?;
        self.metrics.lookup("hit");
        Some(kept.value)
    }

    /// The kept answer, else that of the fetch that `start` makes, which only the first of those who ask at once
    /// calls. Those who wait hold no more than a place to wait.
    pub async fn get<F>(&self, key: &K, start: impl FnOnce() -> Landed<F>) -> Landed<V>
    where
        F: Future<Output = Result<Kept<V>, UpstreamError>> + Send + 'static,
    {
        let mut landing = match self.find(key, start) {
            Found::Landed(landed) => return landed,
            Found::Flying(landing) => landing,
        };
        let landed = landing.wait_for(Option::is_some).await;
        landed.ok().and_then(|landed| (*landed).clone()).unwrap_or_else(|| Err(Arc::new(broken_off(key))))
    }

    fn find<F>(&self, key: &K, start: impl FnOnce() -> Landed<F>) -> Found<V>
    where
        F: Future<Output = Result<Kept<V>, UpstreamError>> + Send + 'static,
    {
        if let Some(landed) = self.remembered(key) {
            return Found::Landed(landed);
        }
        let mut flying = self.flying();
        if let Some(tower) = flying.get(key) {
            self.metrics.lookup("shared");
            return Found::Flying(tower.subscribe());
        }
        // The flight that this one just missed may have landed.
        if let Some(landed) = self.remembered(key) {
            return Found::Landed(landed);
        }
        let fetch = match start() {
            Ok(fetch) => fetch,
            Err(failure) => {
                self.metrics.lookup("failure");
                return Found::Landed(Err(failure));
            }
        };
        self.metrics.lookup("miss");
        let (tower, landing) = watch::channel(None);
        flying.insert(key.clone(), tower.clone());
        let airborne = Airborne { flight: self.clone(), key: key.clone(), tower };
        let runtime = self.runtime.clone().unwrap_or_else(Handle::current);
        // What it logs carries the id of the request that started it.
        runtime.spawn(airborne.fly(fetch).in_current_span());
        Found::Flying(landing)
    }

    fn remembered(&self, key: &K) -> Option<Landed<V>> {
        if let Some(value) = self.kept(key) {
            return Some(Ok(value));
        }
        let kept = self.failures.get(key)?;
        self.metrics.lookup("failure");
        Some(Err(kept.value))
    }

    fn flying(&self) -> MutexGuard<'_, HashMap<K, Tower<V>>> {
        // Nothing panics while it is held.
        self.flying.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A fetch under way. However it ends, nobody joins it any more once this is dropped.
struct Airborne<K: Asked, V: Weigh + Clone + Send + Sync + 'static> {
    flight: Flight<K, V>,
    key: K,
    tower: Tower<V>,
}

impl<K: Asked, V: Weigh + Clone + Send + Sync + 'static> Airborne<K, V> {
    async fn fly(self, fetch: impl Future<Output = Result<Kept<V>, UpstreamError>>) {
        let mut fetch = pin!(fetch);
        let ends = self.key.origin() == Origin::AdHoc;
        let landed = loop {
            tokio::select! {
                landed = &mut fetch => break landed,
                () = self.tower.closed(), if ends => {
                    if self.is_left() {
                        return;
                    }
                }
            }
        };
        let landed = landed.map_err(Arc::new);
        let Flight { answers, failures, .. } = &self.flight;
        match &landed {
            Ok(kept) => answers.insert(self.key.clone(), kept.clone()),
            // Of an instance that was not asked, its breaker remembers how it fails.
            Err(error) if !error.was_sent => {}
            Err(error) => {
                let kept = Kept { value: error.clone(), lives: jittered(FAILURE_LIVES) };
                failures.insert(self.key.clone(), kept);
            }
        }
        let tower = self.tower.clone();
        drop(self);
        tower.send_replace(Some(landed.map(|kept| kept.value)));
    }

    /// Whether nobody waits; then nobody joins any more.
    fn is_left(&self) -> bool {
        let mut flying = self.flight.flying();
        let is_left = self.tower.receiver_count() == 0;
        if is_left {
            flying.remove(&self.key);
        }
        is_left
    }
}

impl<K: Asked, V: Weigh + Clone + Send + Sync + 'static> Drop for Airborne<K, V> {
    fn drop(&mut self) {
        let mut flying = self.flight.flying();
        // After it was left, an equal question may have begun anew.
        if flying.get(&self.key).is_some_and(|tower| tower.same_channel(&self.tower)) {
            flying.remove(&self.key);
        }
    }
}

fn broken_off(question: &impl Asked) -> UpstreamError {
    let who = Who::Prometheus(question.instance().clone());
    UpstreamError::new(who, ErrorKind::Upstream, "the fetch was broken off")
}

fn cache<K: Asked, V: Weigh + Clone + Send + Sync + 'static>(max_bytes: u64) -> Cache<K, Kept<V>> {
    Cache::builder()
        // The default policy turns newcomers away while old entries are popular, and every step of
        // the clock brings new questions.
        .eviction_policy(EvictionPolicy::lru())
        .weigher(|key: &K, kept: &Kept<V>| capped(key.weight() + kept.value.weight() + ENTRY))
        .max_capacity(max_bytes)
        .expire_after(OwnLife)
        .build()
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

#[cfg(test)]
mod tests;
