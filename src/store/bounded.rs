//! A map of bounded size whose entries expire. It hides the types of keys and values from the cache library, so that
//! one copy of the library's code serves every kind of question. Otherwise the program has one copy for each kind of
//! question.

use std::any::Any;
use std::cmp::Reverse;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::{Duration, Instant};

use moka::Expiry;
use moka::notification::RemovalCause;
use moka::policy::EvictionPolicy;
use moka::sync::Cache;

use super::weight::{Weigh, capped, entry};
use crate::metrics::Counter;

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
    /// Entries weigh up to `max_bytes` together, keys included. `evictions` counts those that leave for others.
    pub fn new(max_bytes: u64, evictions: &Counter) -> Self {
        let evictions = evictions.clone();
        let entries = Cache::builder()
            // The default policy rejects new entries while old ones are popular, and every step of the clock brings
            // new questions.
            .eviction_policy(EvictionPolicy::lru())
            .weigher(|_: &Arc<dyn AnyKey>, stored: &Stored| stored.weight)
            .max_capacity(max_bytes)
            .eviction_listener(move |_, _, cause| {
                if cause == RemovalCause::Size {
                    evictions.inc();
                }
            })
            .expire_after(OwnLifetime)
            .build();
        Self { entries, types: PhantomData }
    }

    pub fn get(&self, key: &K) -> Option<V> {
        self.entries.get(key as &dyn AnyKey)?.value.downcast_ref::<V>().cloned()
    }

    pub fn insert(&self, key: K, value: V, lifetime: Duration) {
        let weight = capped(key.weight() + value.weight() + entry::<K, V>());
        self.entries.insert(Arc::new(key), Stored { value: Arc::new(value), weight, lifetime });
    }

    /// The entries with the most bytes, and these, the largest first. Counts as no use of them.
    pub fn largest(&self, most: usize) -> Vec<(K, V, u32)>
    where
        K: Clone,
    {
        let mut all: Vec<_> = self.entries.iter().collect();
        all.sort_unstable_by_key(|(_, stored)| Reverse(stored.weight));
        let known = all.into_iter().take(most).filter_map(|(key, stored)| {
            let key = (**key).as_any().downcast_ref::<K>()?.clone();
            Some((key, stored.value.downcast_ref::<V>()?.clone(), stored.weight))
        });
        known.collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    /// All have the same hash.
    #[derive(Clone, Copy, PartialEq, Eq)]
    struct Alike(u32);

    impl Hash for Alike {
        fn hash<H: Hasher>(&self, state: &mut H) {
            0.hash(state);
        }
    }

    impl Weigh for Alike {
        fn weight(&self) -> usize {
            0
        }
    }

    /// Weighs as much as it says.
    #[derive(Clone, Copy, Debug, PartialEq)]
    struct Weighed(usize);

    impl Weigh for Weighed {
        fn weight(&self) -> usize {
            self.0
        }
    }

    const HOUR: Duration = Duration::from_secs(3600);

    #[test]
    fn keys_of_one_hash_stay_apart() {
        let map = BoundedMap::new(1 << 20, &Counter::default());
        (0..50).for_each(|i| map.insert(Alike(i), Weighed(i as usize), HOUR));
        for i in 0..50 {
            assert_eq!(map.get(&Alike(i)), Some(Weighed(i as usize)));
        }
        assert_eq!(map.get(&Alike(50)), None);
    }

    #[test]
    fn a_replaced_entry_takes_the_new_weight_and_lifetime() {
        let map = BoundedMap::new(1 << 20, &Counter::default());
        map.insert(Alike(0), Weighed(0), HOUR);
        let (_, light) = map.fill();
        map.insert(Alike(0), Weighed(1000), HOUR);
        assert_eq!((map.get(&Alike(0)), map.fill()), (Some(Weighed(1000)), (1, light + 1000)));
        map.insert(Alike(0), Weighed(1), Duration::from_millis(1));
        std::thread::sleep(Duration::from_millis(20));
        assert_eq!(map.get(&Alike(0)), None);
        map.insert(Alike(0), Weighed(1), Duration::from_millis(1));
        map.insert(Alike(0), Weighed(2), HOUR);
        std::thread::sleep(Duration::from_millis(20));
        assert_eq!(map.get(&Alike(0)), Some(Weighed(2)));
    }
}
