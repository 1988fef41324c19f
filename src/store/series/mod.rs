//! The series of range queries, shared by all time ranges: one set for each query and step. A fetch requests only what
//! the set lacks of a window, one fetch of a set at a time.

mod ahead;
mod bytes;
mod entry;
mod fetching;
mod key;
mod large;
mod set;
mod stretch;
mod tier;

use std::cmp::Reverse;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use super::bounded::BoundedMap;
use super::cached::FAILURE_LIFETIME;
use super::generation::Generation;
use super::question::{Scope, Source};
use super::range_query::RangeQuery;
use super::{Answer, live_lifetime, millis};
use crate::clock;
use crate::metrics::StoreMetrics;
use crate::prometheus::{Instance, InstanceName, Matrix, Origin, Outage, Window};
use crate::upstream::{UpstreamError, Who};
pub use bytes::TierKey;
use entry::SeriesEntry;
pub use entry::Slices;
use key::SeriesKey;
pub use large::LargeSet;
pub use tier::SeriesTier;
use tier::TierDoor;

pub use ahead::NextFetch;

/// A reader who sees that much less at the end than requested gets the rest as soon as it is there.
pub const MOST_MISSED: Duration = Duration::from_secs(30);
/// The same for a reader whose samples may have changed since they were fetched, this long after they are usually fetched
/// again. Pages do not refresh to the second.
const MOST_LATE: Duration = Duration::from_secs(5);

/// A share of bytes has room for that many sets.
const LEAST_SETS: u64 = 4;

/// The sets of all queries.
pub struct SeriesSets {
    known: SharedBytes,
    /// Apart, so that readers' own queries do not push out those of pages.
    ad_hoc: SharedBytes,
    /// Held while an entry is put in the place of another, or of none.
    changing: Mutex<()>,
    pub tier: TierDoor,
    metrics: StoreMetrics,
    generation: Generation,
}

/// Sets that share a number of bytes.
struct SharedBytes {
    entries: BoundedMap<SeriesKey, Arc<SeriesEntry>>,
    /// Of a larger set the newest samples are kept.
    most_bytes: usize,
}

/// What a set has of a window.
#[derive(Clone)]
struct Overlap {
    matrix: Arc<Matrix>,
    failure: Option<Arc<UpstreamError>>,
    /// Not all is there and current.
    may_change: bool,
    /// The window up to the instance's own time. It has no samples of what comes after.
    passed: Window,
}

/// An instance, and the sets of its series.
#[derive(Clone)]
pub struct SeriesSource {
    pub instance: Arc<Instance>,
    pub scope: Scope,
    pub sets: Arc<SeriesSets>,
}

impl Source for SeriesSource {
    fn name(&self) -> &InstanceName {
        Source::name(&*self.instance)
    }

    fn who(&self) -> Who {
        Source::who(&*self.instance)
    }

    fn failing(&self, origin: Origin) -> Option<Outage> {
        Source::failing(&*self.instance, origin)
    }

    fn blocked(&self, origin: Origin) -> Option<Arc<UpstreamError>> {
        Source::blocked(&*self.instance, origin)
    }
}

impl SeriesSets {
    /// Keeps sets of known queries up to `max_bytes`, and those of readers' own up to `max_ad_hoc_bytes`.
    pub fn new(
        max_bytes: u64,
        max_ad_hoc_bytes: u64,
        metrics: &StoreMetrics,
        generation: &Generation,
    ) -> Arc<Self> {
        Arc::new(Self {
            known: SharedBytes::new(max_bytes, metrics),
            ad_hoc: SharedBytes::new(max_ad_hoc_bytes, metrics),
            changing: Mutex::default(),
            tier: TierDoor::new(),
            metrics: metrics.clone(),
            generation: generation.clone(),
        })
    }

    /// How many sets there are, and their bytes.
    pub fn fill(&self) -> (u64, u64) {
        let [known, ad_hoc] = [&self.known, &self.ad_hoc].map(|share| share.entries.fill());
        (known.0 + ad_hoc.0, known.1 + ad_hoc.1)
    }

    /// The sets with the most bytes, the largest first.
    pub fn largest(&self, most: usize) -> Vec<LargeSet> {
        let mut sets: Vec<_> =
            [&self.known, &self.ad_hoc].iter().flat_map(|share| share.entries.largest(most)).collect();
        sets.sort_by_key(|(_, _, bytes)| Reverse(*bytes));
        sets.truncate(most);
        sets.into_iter().map(|(key, entry, bytes)| LargeSet::of(&key, &entry, bytes)).collect()
    }

    fn share(&self, origin: Origin) -> &SharedBytes {
        match origin {
            Origin::Known => &self.known,
            Origin::AdHoc => &self.ad_hoc,
        }
    }

    fn get(&self, key: &SeriesKey) -> Option<Arc<SeriesEntry>> {
        self.share(key.origin).entries.get(key)
    }

    fn entry(&self, key: &SeriesKey, now: Timestamp) -> Arc<SeriesEntry> {
        let _one = self.changing();
        self.get(key).unwrap_or_else(|| {
            let entry = Arc::new(SeriesEntry::new(now));
            self.insert(key, &entry);
            entry
        })
    }

    /// Ends a fetch of a set, however it ended: drops what it may not keep, and counts its weight anew.
    fn keep(&self, key: &SeriesKey, entry: &Arc<SeriesEntry>) {
        let mut kept = entry.kept();
        kept.end();
        kept.limit_to(self.share(key.origin).most_bytes);
        drop(kept);
        self.weigh(key, entry);
    }

    /// Counts the weight of a set anew, and the time for which it is kept. If it left the memory since and another began,
    /// that one stays.
    fn weigh(&self, key: &SeriesKey, entry: &Arc<SeriesEntry>) {
        let _one = self.changing();
        if self.get(key).is_none_or(|other| Arc::ptr_eq(&other, entry)) {
            self.insert(key, entry);
        }
    }

    fn insert(&self, key: &SeriesKey, entry: &Arc<SeriesEntry>) {
        self.share(key.origin).entries.insert(key.clone(), entry.clone(), entry.refetch_after);
    }

    fn changing(&self) -> MutexGuard<'_, ()> {
        // No code panics while holding the lock.
        self.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SharedBytes {
    fn new(max_bytes: u64, metrics: &StoreMetrics) -> Self {
        let most_bytes = usize::try_from(max_bytes / LEAST_SETS).unwrap_or(usize::MAX);
        Self { entries: BoundedMap::new(max_bytes, &metrics.evictions), most_bytes }
    }
}

impl SeriesSource {
    /// What can be shown of a window at once. None: there is nothing, or too little to show, the window is not shared, the
    /// newest answer was doubtful, or a window of this length was too long for the instance.
    pub fn meanwhile(&self, query: &RangeQuery, slices: Slices) -> Option<Answer<Matrix>> {
        let now = clock::now();
        if !is_shared(query, now) {
            return None;
        }
        let found = self.overlap(query, Origin::Known, slices, now);
        let found = match query.origin {
            Origin::Known => found,
            // The page's own is best if it is all there.
            Origin::AdHoc => found
                .as_ref()
                .filter(|found| !found.may_change)
                .cloned()
                .or_else(|| self.overlap(query, Origin::AdHoc, slices, now))
                .or(found),
        };
        let Overlap { matrix, failure, may_change, passed } = found?;
        let as_of = matrix.as_of?;
        let rest_follows = rest_follows(&passed, &matrix.window, as_of, may_change.then_some(now));
        let is_empty = matrix.series.is_empty() && matrix.histograms.is_empty();
        let answer = Answer {
            failure,
            rest_follows,
            until: old_at(&query.window, as_of, now),
            ..Answer::of(matrix, as_of)
        };
        (!is_empty || !rest_follows).then_some(answer)
    }

    /// What a set has of a window.
    fn overlap(&self, query: &RangeQuery, origin: Origin, slices: Slices, now: Timestamp) -> Option<Overlap> {
        let key = self.key(query, origin);
        let entry = self.sets.get(&key)?;
        let may_change = !entry.missing(&query.window, now).is_empty();
        // While the instance fails, its older failures still hold.
        let lately = clock::stopwatch().checked_sub(FAILURE_LIFETIME);
        let since = lately.filter(|_| self.failing(origin).is_none());
        let mut kept = entry.kept();
        let is_drawn = kept.drawn(&query.window).is_some();
        let (matrix, failure) = kept.meanwhile(&query.window, since, slices)?;
        let passed = query.window.between(i64::MIN, kept.instance_ms(now)).unwrap_or(query.window);
        drop(kept);
        if !is_drawn {
            self.sets.weigh(&key, &entry);
        }
        // Nothing that the reader sees failed if nothing is missing.
        let failure = failure.filter(|_| may_change).map(Arc::new);
        Some(Overlap { matrix, failure, may_change, passed })
    }

    /// What the set of the known query has, if it is all there and current.
    fn known(&self, query: &RangeQuery) -> Option<Matrix> {
        self.sets.get(&self.key(query, Origin::Known))?.current(&query.window, clock::now())
    }

    fn key(&self, query: &RangeQuery, origin: Origin) -> SeriesKey {
        SeriesKey {
            source: self.instance.name().clone(),
            server: self.instance.fingerprint,
            scope: self.scope,
            origin,
            query: query.query.clone(),
            step_ms: query.window.step_ms(),
        }
    }
}

/// Whether neighbouring time ranges share samples: the instants are multiples of the step, the value at one does not
/// depend on the others, and all have passed. An instance invents samples for the next minutes.
pub fn is_shared(query: &RangeQuery, now: Timestamp) -> bool {
    let has_passed = query.window.end_ms() <= now.as_millisecond();
    has_passed && query.window.is_aligned() && query.query.is_per_instant()
}

fn most_old(window: &Window) -> Duration {
    live_lifetime(window) + MOST_LATE
}

/// When a part that is shown at `now` counts as old. One that no longer changes never does, and is looked at again.
fn old_at(window: &Window, as_of: Timestamp, now: Timestamp) -> Timestamp {
    let ends = [as_of.checked_add(most_old(window)), now.checked_add(MOST_LATE)];
    ends.into_iter().flatten().max().unwrap_or(now)
}

/// Whether a reader of a window who sees a part of it gets the rest as soon as it is there. `may_change`: the time, if the
/// part is not current.
fn rest_follows(window: &Window, part: &Window, as_of: Timestamp, may_change: Option<Timestamp>) -> bool {
    let is_old = may_change.is_some_and(|now| now.duration_since(as_of).unsigned_abs() > most_old(window));
    let is_late = window.end_ms() - part.end_ms() > millis(MOST_MISSED);
    part.start_ms() > window.start_ms() || is_late || is_old
}

#[cfg(test)]
mod tests;
