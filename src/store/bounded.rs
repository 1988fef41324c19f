//! A map of bounded size whose entries expire. It hides the types of keys and values from the cache library, so that one
//! copy of the library's code serves every kind of question: a copy for each was a quarter of the program.

use std::any::Any;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::{Duration, Instant};

use moka::Expiry;
use moka::policy::EvictionPolicy;
use moka::sync::Cache;

use super::weight::{ENTRY, Weigh, capped};

/// Values by key. The least recently used leave first.
pub struct BoundedMap<K, V> {
    entries: Cache<Arc<dyn AnyKey>, Stored>,
    types: PhantomData<fn(K) -> V>,
}

/// A value, the bytes of its entry, and how long it is kept.
#[derive(Clone)]
struct Stored {
    value: Arc<dyn Any + Send + Sync>,
    weight: u32,
    lifetime: Duration,
}

impl<K, V> BoundedMap<K, V>
where
    K: Weigh + Hash + Eq + Send + Sync + 'static,
    V: Weigh + Clone + Send + Sync + 'static,
{
    /// Entries weigh up to `max_bytes` together, keys included.
    pub fn new(max_bytes: u64) -> Self {
        let entries = Cache::builder()
            // The default policy rejects new entries while old ones are popular, and every step of the clock brings
            // new questions.
            .eviction_policy(EvictionPolicy::lru())
            .weigher(|_: &Arc<dyn AnyKey>, stored: &Stored| stored.weight)
            .max_capacity(max_bytes)
            .expire_after(OwnLifetime)
            .build();
        Self { entries, types: PhantomData }
    }

    pub fn get(&self, key: &K) -> Option<V> {
        self.entries.get(key as &dyn AnyKey)?.value.downcast_ref::<V>().cloned()
    }

    pub fn insert(&self, key: K, value: V, lifetime: Duration) {
        let weight = capped(key.weight() + value.weight() + ENTRY);
        self.entries.insert(Arc::new(key), Stored { value: Arc::new(value), weight, lifetime });
    }

    /// How many entries there are, and their bytes.
    pub fn fill(&self) -> (u64, u64) {
        self.entries.run_pending_tasks();
        (self.entries.entry_count(), self.entries.weighted_size())
    }
}

/// A key of any type. Keys of different types are never equal.
trait AnyKey: Send + Sync {
    fn as_any(&self) -> &dyn Any;

    fn is_equal(&self, other: &dyn AnyKey) -> bool;

    fn hash_into(&self, state: &mut dyn Hasher);
}

impl<K: Hash + Eq + Send + Sync + 'static> AnyKey for K {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn is_equal(&self, other: &dyn AnyKey) -> bool {
        other.as_any().downcast_ref() == Some(self)
    }

    fn hash_into(&self, mut state: &mut dyn Hasher) {
        self.hash(&mut state);
    }
}

impl Hash for dyn AnyKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.hash_into(state);
    }
}

impl PartialEq for dyn AnyKey {
    fn eq(&self, other: &Self) -> bool {
        self.is_equal(other)
    }
}

impl Eq for dyn AnyKey {}

struct OwnLifetime;

impl Expiry<Arc<dyn AnyKey>, Stored> for OwnLifetime {
    fn expire_after_create(&self, _: &Arc<dyn AnyKey>, stored: &Stored, _: Instant) -> Option<Duration> {
        Some(stored.lifetime)
    }

    fn expire_after_update(
        &self,
        _: &Arc<dyn AnyKey>,
        stored: &Stored,
        _: Instant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        Some(stored.lifetime)
    }
}
