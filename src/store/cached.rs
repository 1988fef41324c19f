//! Cached answers to one kind of question: single flight, remembered failures, and the last good answer of each family.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use super::bounded::BoundedMap;
use super::generation::Generation;
use super::question::{CacheKey, Question, Scope, Source};
use super::{Answer, age_at};
use crate::clock;
use crate::metrics::StoreMetrics;
use crate::prometheus::Origin;
use crate::upstream::{ErrorKind, InstanceName, UpstreamError};

/// An older answer says too little about now.
const STALE_LIMIT: Duration = Duration::from_secs(15 * 60);
/// How long a reader waits for the next attempt after a failure, before it gets the last good answer. Shorter than the
/// time that pages wait for their panels. There is no such limit for a server that is slow but answers.
const PATIENCE: Duration = Duration::from_secs(1);
/// The same while the instance fails.
const PROBE_PATIENCE: Duration = Duration::from_millis(250);
/// How long a failure is remembered: 6.25 to 8.75 s. Without the jitter all panels would retry at once.
pub(super) const FAILURE_LIFETIME: Duration = Duration::from_millis(7_500);
/// So many fetches of known queries go on behind. Beyond, readers wait: their connections are limited.
const MOST_BEHIND: usize = 1_024;
/// The same of ad-hoc queries of one instance. Beyond, their fetches end with their readers.
const MOST_AD_HOC_BEHIND: usize = 8;
/// Failures get one in so many of the bytes.
const FAILURES_SHARE: u64 = 16;

pub type FetchResult<T> = Result<Answer<T>, Arc<UpstreamError>>;
/// Sends the result of a fetch to all who wait.
pub type ResultSender<T> = watch::Sender<Option<FetchResult<T>>>;

/// Answers, failures and running fetches.
pub struct Cached<Q: Question> {
    answers: BoundedMap<CacheKey<Q>, Answer<Q::Value>>,
    failures: BoundedMap<CacheKey<Q>, Arc<UpstreamError>>,
    /// By family; with the family's newest failure, if it came later.
    last_good: BoundedMap<CacheKey<Q>, Answer<Q::Value>>,
    in_flight: Mutex<HashMap<CacheKey<Q>, ResultSender<Q::Value>>>,
    /// Fetches that nobody has to wait for.
    behind: Arc<Semaphore>,
    /// By instance, so that one that hangs takes none from the others.
    ad_hoc_behind: Mutex<HashMap<InstanceName, Arc<Semaphore>>>,
    pub(super) metrics: StoreMetrics,
    generation: Generation,
    pub(super) runtime: Option<Handle>,
}

impl<Q: Question> Cached<Q> {
    /// Keeps answers and failures up to `max_bytes`, and last good answers up to `max_last_bytes`, keys included; the
    /// least recently used leave first. Fetches run on the runtime of the caller, where no page is rendered.
    pub fn new(
        max_bytes: u64,
        max_last_bytes: u64,
        metrics: &StoreMetrics,
        generation: &Generation,
    ) -> Arc<Self> {
        let failures = max_bytes / FAILURES_SHARE;
        Arc::new(Self {
            answers: BoundedMap::new(max_bytes - failures, &metrics.evictions),
            failures: BoundedMap::new(failures, &metrics.evictions),
            last_good: BoundedMap::new(max_last_bytes, &metrics.evictions),
            in_flight: Mutex::default(),
            behind: Arc::new(Semaphore::new(MOST_BEHIND)),
            ad_hoc_behind: Mutex::default(),
            metrics: metrics.clone(),
            generation: generation.clone(),
            runtime: Handle::try_current().ok(),
        })
    }

    /// The answer: from memory, from a running fetch, or from a new one. If the fetch fails, or takes long after a
    /// failure, the family's last good answer with `failure` set.
    pub async fn get(
        self: &Arc<Self>,
        source: &Arc<Q::Source>,
        scope: Scope,
        question: Q,
    ) -> FetchResult<Q::Value> {
        let key = CacheKey { source: source.name().clone(), scope, question };
        match self.current(source, &key) {
            Some(answer) => Ok(self.hit(source, answer)),
            None => self.awaited(source, &key).await,
        }
    }

    /// The same, but nobody waits who can be shown something else meanwhile: then the fetch runs behind.
    pub async fn get_at_once(
        self: &Arc<Self>,
        source: &Arc<Q::Source>,
        scope: Scope,
        question: Q,
    ) -> FetchResult<Q::Value> {
        let key = CacheKey { source: source.name().clone(), scope, question };
        if let Some(answer) = self.current(source, &key) {
            return Ok(self.hit(source, answer));
        }
        let Some(meanwhile) = self.meanwhile(source, &key) else { return self.awaited(source, &key).await };
        let permit = match key.question.origin() {
            Origin::Known => self.behind.clone().try_acquire_owned().ok(),
            Origin::AdHoc => self.ad_hoc_permit(&key.source),
        };
        let Some(permit) = permit else { return self.awaited(source, &key).await };
        let (failure, rest_follows) = match self.join_or_start(source, &key, Some(permit)) {
            ControlFlow::Break(Ok(answer)) => return Ok(aged(&**source, answer)),
            ControlFlow::Break(Err(failure)) => (Some(failure), false),
            ControlFlow::Continue(_) => (meanwhile.failure.clone(), true),
        };
        if failure.is_none() {
            self.metrics.lookup("meanwhile");
            return Ok(aged(&**source, meanwhile));
        }
        // Nothing else says that a part of what was requested is missing.
        let Some(whole) = self.newest(&key, meanwhile) else { return self.awaited(source, &key).await };
        self.metrics.lookup("stale");
        Ok(Answer { failure, rest_follows, ..whole })
    }

    fn ad_hoc_permit(&self, source: &InstanceName) -> Option<OwnedSemaphorePermit> {
        // No code panics while holding the lock.
        let mut instances = self.ad_hoc_behind.lock().unwrap_or_else(PoisonError::into_inner);
        instances.retain(|_, permits| permits.available_permits() < MOST_AD_HOC_BEHIND);
        let permits = instances.entry(source.clone());
        let permits = permits.or_insert_with(|| Arc::new(Semaphore::new(MOST_AD_HOC_BEHIND)));
        permits.clone().try_acquire_owned().ok()
    }

    /// The newer of what is there and the last good answer, if it shows what is requested.
    fn newest(&self, key: &CacheKey<Q>, meanwhile: Answer<Q::Value>) -> Option<Answer<Q::Value>> {
        let meanwhile = Some(meanwhile).filter(|meanwhile| key.question.accepts(&meanwhile.value));
        match (self.older(key), meanwhile) {
            (Some(older), Some(meanwhile)) if key.question.prefers(&older.value, &meanwhile.value) => {
                Some(older)
            }
            (older, meanwhile) => meanwhile.or(older),
        }
    }

    /// The answer that is given now without a wait and without a new request. One that was not given yet is not made.
    pub(super) fn given(&self, source: &Q::Source, key: &CacheKey<Q>) -> Option<Answer<Q::Value>> {
        let current = self.current(source, key);
        let answer = current.or_else(|| {
            let is_fetched = self.in_flight().contains_key(key);
            let drawn = || key.question.drawn_meanwhile(source);
            is_fetched.then(|| drawn().or_else(|| self.good_meanwhile(source, key))).flatten()
        })?;
        Some(aged(source, answer))
    }

    /// An answer that lives.
    pub(super) fn current(&self, source: &Q::Source, key: &CacheKey<Q>) -> Option<Answer<Q::Value>> {
        let known = key.question.as_known().map(|known| key.with(known));
        let kept = known.and_then(|known| self.answers.get(&known)).or_else(|| self.answers.get(key));
        // A large one may have room among the last good ones alone.
        kept.or_else(|| {
            let is_own = key.question.is_only_of_family();
            self.good(key, |answer| is_own.then(|| key.question.lifetime(source, answer)))
        })
    }

    /// What is shown while the answer is fetched.
    fn meanwhile(&self, source: &Q::Source, key: &CacheKey<Q>) -> Option<Answer<Q::Value>> {
        key.question.meanwhile(source).or_else(|| self.good_meanwhile(source, key))
    }

    /// A last good answer that may be shown in the place of the next one.
    fn good_meanwhile(&self, source: &Q::Source, key: &CacheKey<Q>) -> Option<Answer<Q::Value>> {
        let answer = self.good(key, |answer| key.question.shown_meanwhile(source, answer))?;
        Some(Answer { rest_follows: key.question.is_far_ahead(&answer.value), ..answer })
    }

    /// The last good answer, if it is not older than it may be.
    fn good(
        &self,
        key: &CacheKey<Q>,
        lifetime: impl FnOnce(&Answer<Q::Value>) -> Option<Duration>,
    ) -> Option<Answer<Q::Value>> {
        let answer = self.older(key).filter(|answer| answer.failure.is_none())?;
        let until = after(answer.as_of, lifetime(&answer)?);
        let now = clock::now();
        (!answer.is_ahead(now) && now < until).then_some(Answer { until, ..answer })
    }

    fn hit(&self, source: &Q::Source, answer: Answer<Q::Value>) -> Answer<Q::Value> {
        self.metrics.lookup("hit");
        aged(source, answer)
    }

    /// The answer of a running fetch, or of a new one.
    async fn awaited(self: &Arc<Self>, source: &Arc<Q::Source>, key: &CacheKey<Q>) -> FetchResult<Q::Value> {
        let before = self.older(key).and_then(|answer| answer.failure);
        let origin = key.question.origin();
        let patience = match (origin, source.failing(origin), before) {
            // An ad-hoc fetch ends with its reader, so an impatient reader would never get an answer.
            (Origin::AdHoc, ..) => None,
            (_, Some(failing), _) => Some((PROBE_PATIENCE, failing.failure)),
            (_, None, before) => before.map(|failure| (PATIENCE, failure)),
        };
        let answer = self.fetched(source, key);
        let answer = match patience {
            None => answer.await,
            Some((time, failure)) => tokio::time::timeout(time, answer).await.unwrap_or(Err(failure)),
        };
        match answer {
            Ok(answer) => Ok(aged(&**source, answer)),
            Err(failure) => self.stale(key, failure),
        }
    }

    /// The last good answer, whatever happened since. Sends no request.
    pub fn last(&self, source: &Q::Source, scope: Scope, question: Q) -> Option<Answer<Q::Value>> {
        self.older(&CacheKey { source: source.name().clone(), scope, question })
    }

    /// The last good answer in the place of one that takes too long.
    pub fn instead(&self, source: &Q::Source, scope: Scope, question: Q) -> Option<Answer<Q::Value>> {
        let late = UpstreamError::new(source.who(), ErrorKind::Timeout, "no answer yet");
        self.stale(&CacheKey { source: source.name().clone(), scope, question }, Arc::new(late)).ok()
    }

    /// How many answers are kept, and the bytes of everything.
    pub fn fill(&self) -> (u64, u64) {
        let (answers, answer_bytes) = self.answers.fill();
        let (_, failure_bytes) = self.failures.fill();
        let (last_good, last_good_bytes) = self.last_good.fill();
        (answers + last_good, answer_bytes + failure_bytes + last_good_bytes)
    }

    /// The answer or the failure of the last seconds.
    pub(super) fn remembered(&self, key: &CacheKey<Q>) -> Option<FetchResult<Q::Value>> {
        if let Some(answer) = self.answers.get(key) {
            self.metrics.lookup("hit");
            return Some(Ok(answer));
        }
        let failure = self.failures.get(key)?;
        self.metrics.lookup("failure");
        Some(Err(failure))
    }

    /// Whether there is an answer or a failure of the last seconds. Counts as no lookup.
    pub(super) fn is_remembered(&self, key: &CacheKey<Q>) -> bool {
        self.answers.get(key).is_some() || self.failures.get(key).is_some()
    }

    /// The family's last good answer, if it shows what is requested.
    fn older(&self, key: &CacheKey<Q>) -> Option<Answer<Q::Value>> {
        let older = self.last_good.get(&key.with(key.question.family()?))?;
        Some(older).filter(|older| key.question.accepts(&older.value))
    }

    fn stale(&self, key: &CacheKey<Q>, failure: Arc<UpstreamError>) -> FetchResult<Q::Value> {
        let Some(older) = self.older(key) else { return Err(failure) };
        self.metrics.lookup("stale");
        Ok(Answer { failure: Some(failure), ..older })
    }

    pub(super) fn in_flight(&self) -> MutexGuard<'_, HashMap<CacheKey<Q>, ResultSender<Q::Value>>> {
        // No code panics while holding the lock.
        self.in_flight.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The answer, which is given for that time.
    pub(super) fn keep(
        &self,
        key: &CacheKey<Q>,
        answer: Answer<Q::Value>,
        lifetime: Duration,
    ) -> Answer<Q::Value> {
        let _change = self.generation.change();
        let answer = Answer { until: after(clock::now(), lifetime), ..answer };
        self.keep_for_family(key, |older| match older {
            _ if !key.question.is_kept_for_family() => None,
            Some(older) if key.question.prefers(&older.value, &answer.value) => {
                Some(Answer { failure: None, ..older })
            }
            _ => Some(answer.clone()),
        });
        self.answers.insert(key.clone(), answer.clone(), lifetime);
        answer
    }

    pub(super) fn fail(&self, key: &CacheKey<Q>, error: &Arc<UpstreamError>) {
        let _change = self.generation.change();
        self.keep_for_family(key, |older| Some(Answer { failure: Some(error.clone()), ..older? }));
        // The breaker remembers the failures of requests that were not sent.
        if error.was_sent {
            self.failures.insert(key.clone(), error.clone(), jittered(FAILURE_LIFETIME));
        }
    }

    fn keep_for_family(
        &self,
        key: &CacheKey<Q>,
        next: impl FnOnce(Option<Answer<Q::Value>>) -> Option<Answer<Q::Value>>,
    ) {
        let Some(family) = key.question.family() else { return };
        let family = key.with(family);
        // One change at a time, so that a failure does not bring back an answer that was just replaced.
        let _lock = self.in_flight();
        if let Some(answer) = next(self.last_good.get(&family)) {
            let lifetime = STALE_LIMIT.saturating_sub(age_at(answer.as_of, clock::now()));
            self.last_good.insert(family, answer, lifetime);
        }
    }
}

/// While an instance fails, all its answers are old, however young.
fn aged<T>(source: &impl Source, answer: Answer<T>) -> Answer<T> {
    let failing = source.failing(Origin::Known);
    Answer { failure: answer.failure.or(failing.map(|failing| failing.failure)), ..answer }
}

fn after(time: Timestamp, duration: Duration) -> Timestamp {
    time.checked_add(duration).unwrap_or(Timestamp::MAX)
}

/// Between five and seven sixths of a duration.
pub(super) fn jittered(duration: Duration) -> Duration {
    let random = u32::try_from(RandomState::new().hash_one(0) % 1_000).unwrap_or(0);
    duration * 5 / 6 + duration / 3 * random / 1_000
}

#[cfg(test)]
mod tests;
