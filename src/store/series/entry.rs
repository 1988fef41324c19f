//! The series set of one query at one step, with what is known of its fetches.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::super::cached::jittered;
use super::super::weight::Weigh;
use super::super::{age_at, live_lifetime, millis};
use super::set::{RefetchRules, SeriesSet};
use super::stretch::Fetched;
use crate::prometheus::{Matrix, Window};
use crate::upstream::{ErrorKind, UpstreamError};

/// How old samples may be before they are fetched again although they count as settled, give or take a sixth.
pub const REFETCH_AFTER: Duration = Duration::from_secs(3_600);
/// The same after an attempt that failed.
const HEAL_AGAIN_AFTER: Duration = Duration::from_secs(300);
/// Series that come and go fill a set with empty columns. Before a stretch of it has more bytes than one answer may have, it
/// begins anew with an answer to the whole window.
pub const MOST_BYTES: usize = 64 << 20;
/// A `Date` is a whole second, rounded down.
pub const DATE_MS: i64 = 999;
/// How long a set remembers how far back readers looked.
const EARLIEST_FOR: Duration = Duration::from_secs(1_800);
/// Of so many windows a slice is held until the set changes: of the time ranges that readers look at. A slice that is no part
/// of the set has less than half of its samples.
const MOST_DRAWN: usize = 3;

/// A set, and its fetch.
pub struct SeriesEntry {
    /// Held by the fetch.
    pub fetching: tokio::sync::Mutex<()>,
    /// Wakes those who wait for the fetch: samples came.
    pub merged: tokio::sync::Notify,
    kept: Mutex<KeptSeries>,
    /// How old samples become before they are fetched again, and how long a set without readers stays in memory. Jittered, so
    /// that not all sets are fetched anew at the same time.
    pub refetch_after: Duration,
}

pub struct KeptSeries {
    pub set: SeriesSet,
    /// The windows that were shown since the set last changed, and their samples: one slice for all who look until it
    /// changes again. The newest is the last.
    drawn: Vec<(Window, Arc<Matrix>)>,
    earliest: EarliestStart,
    /// The newest answer could not be merged, so that the next window is requested as a whole.
    is_doubtful: bool,
    /// Of the newest request, if it failed.
    failure: Option<SeriesFailure>,
    /// The fewest instants of a window whose newest request failed because of the window.
    too_long: Option<usize>,
    /// No old samples are fetched again before.
    heal_after: Option<Instant>,
    /// The instants of the longest answer, and its bytes.
    wire: (usize, usize),
    /// The time of the instance in its newest answer. For later instants it invents samples, which are shown and not kept.
    passed_ms: i64,
    /// When that came, by the portal's clock.
    passed_at: Timestamp,
    /// What the running fetch requested last.
    requested: Option<Window>,
}

/// Whether a slice of a set may be cut.
#[derive(Clone, Copy)]
pub enum Slices {
    /// If there is none yet.
    Cut,
    /// Only one that was shown already counts.
    Known,
}

/// A failed request of a window.
struct SeriesFailure {
    /// By the monotonic clock: the other may be set back.
    at: Instant,
    /// The part that failed.
    part: Window,
    /// The instants of the whole window.
    points: usize,
    error: UpstreamError,
}

/// The earliest instant that readers requested lately.
struct EarliestStart {
    since: Timestamp,
    now_ms: i64,
    before_ms: i64,
}

impl SeriesEntry {
    pub fn new(now: Timestamp) -> Self {
        let earliest = EarliestStart { since: now, now_ms: i64::MAX, before_ms: i64::MAX };
        let kept = KeptSeries {
            set: SeriesSet::new(),
            drawn: Vec::new(),
            earliest,
            is_doubtful: false,
            failure: None,
            too_long: None,
            heal_after: None,
            wire: (1, 0),
            passed_ms: i64::MIN,
            passed_at: now,
            requested: None,
        };
        let refetch_after = jittered(REFETCH_AFTER);
        let (fetching, merged) = Default::default();
        Self { fetching, merged, kept: Mutex::new(kept), refetch_after }
    }

    pub fn kept(&self) -> MutexGuard<'_, KeptSeries> {
        // No code panics while holding the lock.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The parts of a window that have to be fetched.
    pub fn missing(&self, window: &Window, now: Timestamp) -> Vec<Window> {
        let kept = self.kept();
        if kept.is_doubtful {
            return vec![*window];
        }
        let rules = RefetchRules { unstable: live_lifetime(window), any: Duration::MAX };
        kept.set.missing(window, rules, now)
    }

    /// The samples of a window, if all are there and current.
    pub fn current(&self, window: &Window, now: Timestamp) -> Option<Matrix> {
        self.missing(window, now).is_empty().then_some(())?;
        let mut kept = self.kept();
        kept.earliest.note(window.start_ms(), now);
        kept.slice(window).filter(|matrix| matrix.window == *window)
    }

    /// The parts of a window that are there but old, unless they failed lately.
    pub fn outdated(&self, window: &Window, now: Timestamp, at: Instant) -> Vec<Window> {
        let kept = self.kept();
        if kept.heal_after.is_some_and(|after| at < after) {
            return Vec::new();
        }
        let rules = RefetchRules { unstable: Duration::MAX, any: self.refetch_after };
        kept.set.missing(window, rules, now)
    }
}

impl Weigh for SeriesEntry {
    fn weight(&self) -> usize {
        let kept = self.kept();
        kept.set.weight() + kept.drawn_weight() + size_of::<Self>()
    }
}

impl KeptSeries {
    /// A fetch ended, or its reader left: drops what lies in the future of the instance.
    pub fn end(&mut self) {
        self.set.keep_until(self.passed_ms);
        self.drawn.clear();
        self.requested = None;
    }

    /// A part is being requested.
    pub const fn request(&mut self, part: Window) {
        self.requested = Some(part);
    }

    /// The instance's own time, in epoch milliseconds.
    pub fn instance_ms(&self, now: Timestamp) -> i64 {
        self.passed_ms.saturating_add(millis(age_at(self.passed_at, now)))
    }

    /// Notes how the request of a window ended. A longer window fails too where this one was too long.
    pub fn note(&mut self, window: &Window, failure: Option<&UpstreamError>, at: Instant) {
        let part = self.requested.unwrap_or(*window);
        self.failure =
            failure.map(|error| SeriesFailure { at, part, points: window.len(), error: error.clone() });
        match failure {
            Some(failure) if is_of_window(failure.kind) => {
                self.too_long = Some(self.too_long.map_or(window.len(), |least| least.min(window.len())));
            }
            Some(_) => {}
            None => self.too_long = self.too_long.filter(|least| *least > window.len()),
        }
    }

    /// Why the newest request failed, if one of this window fails as well: it has some of the same instants. With `since`,
    /// only if it ended after that.
    pub fn failure(&self, window: &Window, since: Option<Instant>) -> Option<&UpstreamError> {
        let is_since = |failure: &&SeriesFailure| since.is_none_or(|since| failure.at >= since);
        let SeriesFailure { part, points, error, .. } = self.failure.as_ref().filter(is_since)?;
        window.between(part.start_ms(), part.end_ms())?;
        // Less may be there in time.
        let is_slow = matches!(error.kind, ErrorKind::Timeout | ErrorKind::Incomplete);
        let is_of_longer = is_slow && window.len() < *points;
        (!is_of_window(error.kind) && !is_of_longer).then_some(error)
    }

    /// What there is of a window, with the failure since then. None: nothing, the newest answer was doubtful, or a window of
    /// this length was too long; or it was not shown yet, and no slice may be cut.
    pub fn meanwhile(
        &mut self,
        window: &Window,
        since: Option<Instant>,
        slices: Slices,
    ) -> Option<(Arc<Matrix>, Option<UpstreamError>)> {
        let is_too_long = self.too_long.is_some_and(|least| window.len() >= least);
        (!self.is_doubtful && !is_too_long).then_some(())?;
        let matrix = match slices {
            Slices::Cut => self.drawn(window).or_else(|| self.draw(window))?,
            Slices::Known => self.drawn(window)?,
        };
        Some((matrix, self.failure(window, since).cloned()))
    }

    /// What was shown of a window since the set last changed.
    pub fn drawn(&self, window: &Window) -> Option<Arc<Matrix>> {
        self.drawn.iter().find(|(drawn, _)| drawn == window).map(|(_, matrix)| matrix.clone())
    }

    fn draw(&mut self, window: &Window) -> Option<Arc<Matrix>> {
        let matrix = Arc::new(self.slice(window)?);
        self.drawn.push((*window, matrix.clone()));
        if self.drawn.len() > MOST_DRAWN {
            self.drawn.remove(0);
        }
        Some(matrix)
    }

    /// Beside the columns of the set. Only the samples that nobody else holds are counted.
    fn drawn_weight(&self) -> usize {
        self.drawn.iter().map(|(_, matrix)| matrix.weight_beside_shared()).sum()
    }

    /// Keeps the newest samples of a set with more bytes.
    pub fn limit_to(&mut self, most_bytes: usize) {
        if self.set.weight() > most_bytes {
            self.set.trim(most_bytes);
            self.drawn.clear();
        }
    }

    /// Takes an answer that came at `as_of` to a request of `begun`, for a reader of a window. Err: it is doubtful, or the set
    /// would be too large with it. Then the set stays as it is, but an answer to all of the window takes its place.
    pub fn merge(
        &mut self,
        answer: Matrix,
        window: &Window,
        tail: Duration,
        begun: Timestamp,
        as_of: Timestamp,
    ) -> Result<(), Box<Matrix>> {
        self.drawn.clear();
        self.is_doubtful = !is_mergeable(&answer);
        if self.is_doubtful {
            return Err(Box::new(answer));
        }
        if self.set.bytes_with(&answer) > MOST_BYTES {
            if answer.window != *window || answer.weight() > MOST_BYTES {
                return Err(Box::new(answer));
            }
            self.set = SeriesSet::new();
        }
        if answer.window.len() >= self.wire.0 {
            self.wire = (answer.window.len().max(1), answer.wire_bytes);
        }
        let fetched = Fetched { begun, as_of, oldest: as_of, date: answer.date, settled_ms: i64::MIN };
        let at_ms = fetched.at_ms();
        let settled_ms = at_ms.saturating_sub(millis(tail));
        (self.passed_ms, self.passed_at) = (at_ms.saturating_add(DATE_MS), as_of);
        self.set.merge(answer, Fetched { settled_ms, ..fetched }, tail, REFETCH_AFTER / 2);
        Ok(())
    }

    /// With what was taken from another portal's set, the newest of it fetched so.
    pub fn adopt(&mut self, set: SeriesSet, newest: Fetched) {
        self.set = set;
        self.drawn.clear();
        let passed_ms = newest.at_ms().saturating_add(DATE_MS);
        if passed_ms > self.passed_ms {
            (self.passed_ms, self.passed_at) = (passed_ms, newest.as_of);
        }
    }

    /// The newest samples of a window that are there without a gap.
    pub fn slice(&self, window: &Window) -> Option<Matrix> {
        let matrix = self.set.slice(window)?;
        let (instants, bytes) = self.wire;
        let wire_bytes = bytes.saturating_mul(matrix.window.len()) / instants.max(1);
        Some(Matrix { wire_bytes, ..matrix })
    }

    /// The samples of a window. None: some are missing.
    pub fn shown(&mut self, window: &Window, now: Timestamp) -> Option<Matrix> {
        let from_ms = self.earliest.note(window.start_ms(), now);
        self.set.keep_from(from_ms, window);
        self.slice(window).filter(|matrix| matrix.window == *window)
    }

    /// Old samples are fetched again only after a while.
    pub fn put_off(&mut self, at: Instant) {
        self.heal_after = at.checked_add(jittered(HEAL_AGAIN_AFTER));
    }
}

impl EarliestStart {
    /// Notes a start. Returns the earliest that was noted lately.
    fn note(&mut self, start_ms: i64, now: Timestamp) -> i64 {
        if now.duration_since(self.since).unsigned_abs() > EARLIEST_FOR {
            (self.before_ms, self.now_ms, self.since) = (self.now_ms, i64::MAX, now);
        }
        self.now_ms = self.now_ms.min(start_ms);
        self.now_ms.min(self.before_ms)
    }
}

/// Whether an answer is complete, and has samples at the requested instants only.
fn is_mergeable(answer: &Matrix) -> bool {
    answer.warnings.is_empty()
        && !answer.infos.iter().any(|info| is_partial(info))
        && answer.instant.is_none()
        && answer.off_grid == 0
}

/// Whether an info says that samples are missing.
pub fn is_partial(info: &str) -> bool {
    info.to_ascii_lowercase().contains("partial")
}

/// Whether a request for a shorter window may succeed where this one failed.
fn is_of_window(kind: ErrorKind) -> bool {
    kind.is_of_query() || kind == ErrorKind::TooLarge
}

#[cfg(test)]
mod tests;
