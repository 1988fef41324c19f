//! The series of range queries, shared by all time ranges: one set for each query and step. A fetch requests only what
//! the set lacks of a window, one fetch of a set at a time.

mod bytes;
mod entry;
mod set;
mod stretch;
mod tier;

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::bounded::BoundedMap;
use super::cached::FAILURE_LIFETIME;
use super::generation::Generation;
use super::question::{Scope, Source};
use super::range_query::RangeQuery;
use super::weight::Weigh;
use super::{Answer, live_lifetime, millis};
use crate::clock;
use crate::metrics::StoreMetrics;
use crate::prometheus::{Instance, InstanceName, Matrix, Origin, Outage, Window};
use crate::promql::PromQl;
use crate::upstream::{ErrorKind, UpstreamError, Who};
use entry::SeriesEntry;

pub use bytes::UnreadSeries;

/// A reader who sees that much less at the end than requested gets the rest as soon as it is there.
const MOST_MISSED: Duration = Duration::from_secs(30);
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
    metrics: StoreMetrics,
    generation: Generation,
}

/// Sets that share a number of bytes.
struct SharedBytes {
    entries: BoundedMap<SeriesKey, Arc<SeriesEntry>>,
    /// A larger set is not kept. Its entry is, so that one fetch of it runs at a time.
    most_bytes: usize,
}

/// Everything that samples depend on, but the instants.
#[derive(Clone, PartialEq, Eq, Hash)]
struct SeriesKey {
    source: InstanceName,
    scope: Scope,
    origin: Origin,
    query: PromQl,
    step_ms: i64,
}

/// What a set has of a window.
#[derive(Clone)]
struct Overlap {
    matrix: Arc<Matrix>,
    failure: Option<Arc<UpstreamError>>,
    /// Not all is there and current.
    may_change: bool,
}

/// An instance, and the sets of its series.
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
            known: SharedBytes::new(max_bytes),
            ad_hoc: SharedBytes::new(max_ad_hoc_bytes),
            changing: Mutex::default(),
            metrics: metrics.clone(),
            generation: generation.clone(),
        })
    }

    /// How many sets there are, and their bytes.
    pub fn fill(&self) -> (u64, u64) {
        let [known, ad_hoc] = [&self.known, &self.ad_hoc].map(|share| share.entries.fill());
        (known.0 + ad_hoc.0, known.1 + ad_hoc.1)
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

    /// Ends a fetch of a set, however it ended: counts its weight anew.
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

/// A fetch that has its turn. Dropping it ends the fetch, also when its reader left.
struct SetFetch<'f> {
    sets: &'f SeriesSets,
    key: &'f SeriesKey,
    entry: &'f Arc<SeriesEntry>,
    _turn: tokio::sync::MutexGuard<'f, ()>,
}

impl Drop for SetFetch<'_> {
    fn drop(&mut self) {
        self.sets.keep(self.key, self.entry);
    }
}

impl SharedBytes {
    fn new(max_bytes: u64) -> Self {
        let most_bytes = usize::try_from(max_bytes / LEAST_SETS).unwrap_or(usize::MAX);
        Self { entries: BoundedMap::new(max_bytes), most_bytes }
    }
}

impl SeriesSource {
    /// The samples of a window. Requests only those that the set lacks.
    pub async fn fetch(&self, query: &RangeQuery) -> Result<Matrix, UpstreamError> {
        if !is_shared(query, clock::now()) {
            return self.request(query, query.window).await;
        }
        let key = self.key(query, query.origin);
        if query.origin == Origin::AdHoc
            && let Some(matrix) = self.known(query)
        {
            return Ok(matrix);
        }
        let begun = clock::stopwatch();
        let entry = self.sets.entry(&key, clock::now());
        let turn = self.turn(&entry, &query.window, begun).await?;
        // A part may have come before another failed, or before the reader left.
        let _fetch = SetFetch { sets: &self.sets, key: &key, entry: &entry, _turn: turn };
        let result = self.renew(&entry, query).await;
        entry.kept().note(&query.window, result.as_ref().err(), clock::stopwatch());
        result
    }

    /// What can be shown of a window at once. None: there is nothing, the newest answer was doubtful, or a window of this
    /// length was too long for the instance.
    pub fn meanwhile(&self, query: &RangeQuery) -> Option<Answer<Matrix>> {
        let now = clock::now();
        if !is_shared(query, now) {
            return None;
        }
        let found = self.overlap(query, Origin::Known, now);
        let found = match query.origin {
            Origin::Known => found,
            // The page's own is best if it is all there.
            Origin::AdHoc => found
                .as_ref()
                .filter(|found| !found.may_change)
                .cloned()
                .or_else(|| self.overlap(query, Origin::AdHoc, now))
                .or(found),
        };
        let Overlap { matrix, failure, may_change } = found?;
        let as_of = matrix.as_of?;
        let rest_follows = rest_follows(&query.window, &matrix.window, as_of, may_change.then_some(now));
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
    fn overlap(&self, query: &RangeQuery, origin: Origin, now: Timestamp) -> Option<Overlap> {
        let key = self.key(query, origin);
        let entry = self.sets.get(&key)?;
        let may_change = !entry.missing(&query.window, now).is_empty();
        // While the instance fails, its older failures still hold.
        let lately = clock::stopwatch().checked_sub(FAILURE_LIFETIME);
        let since = lately.filter(|_| self.failing(origin).is_none());
        let mut kept = entry.kept();
        let is_drawn = kept.drawn(&query.window).is_some();
        let (matrix, failure) = kept.meanwhile(&query.window, since)?;
        drop(kept);
        if !is_drawn {
            self.sets.weigh(&key, &entry);
        }
        // Nothing that the reader sees failed if nothing is missing.
        let failure = failure.filter(|_| may_change).map(Arc::new);
        Some(Overlap { matrix, failure, may_change })
    }

    /// The turn to fetch. Whoever waited for a fetch that failed has its failure, but not if that may be due to its window.
    async fn turn<'e>(
        &self,
        entry: &'e SeriesEntry,
        window: &Window,
        begun: Instant,
    ) -> Result<tokio::sync::MutexGuard<'e, ()>, UpstreamError> {
        let turn = tokio::time::timeout(self.instance.settings.timeout, entry.fetching.lock()).await;
        let turn = turn.map_err(|_| {
            let late = UpstreamError::new(
                self.who(),
                ErrorKind::Timeout,
                "a request for the same series takes long",
            );
            UpstreamError { was_sent: false, ..late }
        })?;
        match entry.kept().failure(window, Some(begun)) {
            Some(failure) => Err(UpstreamError { was_sent: false, ..failure.clone() }),
            None => Ok(turn),
        }
    }

    /// The samples of a window from the set, after what it lacks was requested.
    async fn renew(&self, entry: &SeriesEntry, query: &RangeQuery) -> Result<Matrix, UpstreamError> {
        let (window, begun) = (query.window, clock::now());
        let parts = entry.missing(&window, begun);
        self.sets.metrics.fetch(match parts.as_slice() {
            [] => "none",
            [part] if *part == window => "full",
            _ => "tail",
        });
        // The newest first: most readers need only those, and they stay if an older part fails.
        for part in parts.iter().rev() {
            // The whole window may have been requested in the place of a part.
            if entry.missing(part, clock::now()).is_empty() {
                continue;
            }
            if let ControlFlow::Break(answer) = self.fill(entry, query, *part).await? {
                return Ok(answer);
            }
        }
        if let Some(answer) = self.heal(entry, query).await {
            return Ok(answer);
        }
        let lost =
            || UpstreamError::new(self.who(), ErrorKind::Incomplete, "samples of the time range are missing");
        entry.kept().shown(&window, begun).ok_or_else(lost)
    }

    /// Requests a part of a window and merges it. Break: an answer to the whole window that could not be merged. A reader
    /// sees its remarks on the whole window, and its size is limited as that of any answer.
    async fn fill(
        &self,
        entry: &SeriesEntry,
        query: &RangeQuery,
        part: Window,
    ) -> Result<ControlFlow<Matrix>, UpstreamError> {
        let tail = self.instance.settings.unstable_tail;
        let mut part = part;
        loop {
            let begun = clock::now();
            let answer = self.request(query, part).await?;
            let _change = self.sets.generation.change();
            let merged = entry.kept().merge(answer, tail, begun, clock::now());
            match merged {
                Ok(()) => return Ok(ControlFlow::Continue(())),
                Err(answer) if part == query.window => return Ok(ControlFlow::Break(*answer)),
                Err(_) => part = query.window,
            }
        }
    }

    /// Fetches again what is an hour old. A failure changes nothing for the reader, and the next attempt is later. Some:
    /// an answer to the whole window that could not be merged.
    async fn heal(&self, entry: &SeriesEntry, query: &RangeQuery) -> Option<Matrix> {
        for part in entry.outdated(&query.window, clock::now(), clock::stopwatch()) {
            match self.fill(entry, query, part).await {
                Ok(ControlFlow::Continue(())) => {}
                Ok(ControlFlow::Break(answer)) => return Some(answer),
                Err(error) => {
                    tracing::info!(fault = %error, "older samples could not be fetched again");
                    entry.kept().put_off(clock::stopwatch());
                    return None;
                }
            }
        }
        None
    }

    /// What the set of the known query has, if it is all there and current.
    fn known(&self, query: &RangeQuery) -> Option<Matrix> {
        let entry = self.sets.get(&self.key(query, Origin::Known))?;
        let is_current = entry.missing(&query.window, clock::now()).is_empty();
        let matrix = entry.kept().set.slice(&query.window);
        matrix.filter(|matrix| is_current && matrix.window == query.window)
    }

    async fn request(&self, query: &RangeQuery, window: Window) -> Result<Matrix, UpstreamError> {
        self.instance.query_range(&query.query, window, query.origin).await
    }

    fn key(&self, query: &RangeQuery, origin: Origin) -> SeriesKey {
        SeriesKey {
            source: self.instance.name().clone(),
            scope: self.scope,
            origin,
            query: query.query.clone(),
            step_ms: query.window.step_ms(),
        }
    }
}

impl Weigh for SeriesKey {
    fn weight(&self) -> usize {
        self.query.weight()
    }
}

/// Whether neighbouring time ranges share samples: the instants are multiples of the step, the value at one does not
/// depend on the others, and all have passed. An instance invents samples for the next minutes.
fn is_shared(query: &RangeQuery, now: Timestamp) -> bool {
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
