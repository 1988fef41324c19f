//! What a page is made of: a recorder notes each answer that a store gives for it, with a check whether the store would
//! still give it. While all checks hold, the page would be rendered alike.

use std::ptr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use super::cached::{Cached, FetchResult};
use super::question::{CacheKey, Question, Source};
use super::{Answer, Generation, Scope, Store, Weigh};
use crate::clock;

/// What a check takes beside its question, about.
const CHECK: usize = 96;

/// Whether an answer would still be given at that time, without a request being due for it.
pub type AnswerCheck = Box<dyn Fn(Timestamp) -> bool + Send + Sync>;

/// Notes the answers for one page. Cheap to clone; clones note together.
#[derive(Clone, Default)]
pub struct Recorder(Arc<Mutex<Recording>>);

#[derive(Default)]
struct Recording {
    checks: Vec<AnswerCheck>,
    /// The bytes of what the checks hold.
    bytes: usize,
    /// Questions without an answer that may be kept.
    open: usize,
    until: Option<Timestamp>,
}

/// A question whose answer is awaited. If it is dropped, what was made without the answer is not kept.
#[must_use]
pub struct OpenQuestion(Recorder);

/// Everything that a page was made of.
pub struct MadeOf {
    checks: Vec<AnswerCheck>,
    bytes: usize,
    until: Timestamp,
}

impl Recorder {
    /// A question begins.
    pub fn open(&self) -> OpenQuestion {
        self.lock().open += 1;
        OpenQuestion(self.clone())
    }

    /// What is made is not kept: it depends on something that nobody checks.
    pub fn refuse(&self) {
        self.lock().open += 1;
    }

    /// What is made reads differently from that time on.
    pub fn until(&self, at: Timestamp) {
        let mut recording = self.lock();
        recording.until = Some(recording.until.map_or(at, |until| until.min(at)));
    }

    /// None: a question has no answer that may be kept, or nothing says how long it holds.
    pub fn finish(&self) -> Option<MadeOf> {
        let mut recording = self.lock();
        let until = recording.until.filter(|_| recording.open == 0)?;
        Some(MadeOf { checks: std::mem::take(&mut recording.checks), bytes: recording.bytes, until })
    }

    fn lock(&self) -> MutexGuard<'_, Recording> {
        // No code panics while holding the lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl OpenQuestion {
    /// The answer was given, and may be kept while the check holds, which takes so many bytes.
    pub fn given(self, check: AnswerCheck, bytes: usize) {
        let mut recording = self.0.lock();
        recording.bytes += size_of::<AnswerCheck>() + bytes;
        recording.checks.push(check);
        recording.open = recording.open.saturating_sub(1);
    }
}

impl MadeOf {
    /// Until when it may hold.
    pub fn until(&self) -> Timestamp {
        self.until
    }

    /// Whether it would be made alike at that time.
    pub fn holds(&self, now: Timestamp) -> bool {
        now < self.until && self.checks.iter().all(|check| check(now))
    }
}

/// Not what the answers take: nothing here holds them.
impl Weigh for MadeOf {
    fn weight(&self) -> usize {
        self.bytes
    }
}

impl Store {
    /// The same store, which notes each answer that it gives.
    pub fn recorded_by(&self, recorder: Recorder) -> Self {
        Self { recorder: Some(recorder), ..self.clone() }
    }

    /// The same store, which notes nothing.
    pub fn unrecorded(&self) -> Self {
        Self { recorder: None, ..self.clone() }
    }

    pub fn recorder(&self) -> Option<&Recorder> {
        self.recorder.as_ref()
    }

    /// Counts the changes of its answers.
    pub fn generation(&self) -> &Generation {
        &self.generation
    }

    /// The answer to a question, noted.
    pub(super) async fn answer<Q: Question>(
        &self,
        cached: &Arc<Cached<Q>>,
        source: &Arc<Q::Source>,
        scope: Scope,
        question: Q,
    ) -> FetchResult<Q::Value> {
        let given = cached.get(source, scope, question.clone());
        self.noted(cached, source, scope, question, given).await
    }

    /// The same, but nobody waits who can be shown something else meanwhile.
    pub(super) async fn answer_at_once<Q: Question>(
        &self,
        cached: &Arc<Cached<Q>>,
        source: &Arc<Q::Source>,
        scope: Scope,
        question: Q,
    ) -> FetchResult<Q::Value> {
        let given = cached.get_at_once(source, scope, question.clone());
        self.noted(cached, source, scope, question, given).await
    }

    /// Notes an answer that is good and complete.
    async fn noted<Q: Question>(
        &self,
        cached: &Arc<Cached<Q>>,
        source: &Arc<Q::Source>,
        scope: Scope,
        question: Q,
        given: impl Future<Output = FetchResult<Q::Value>>,
    ) -> FetchResult<Q::Value> {
        let Some(recorder) = &self.recorder else { return given.await };
        let open = recorder.open();
        let answer = given.await;
        if let Some(answer) = answer.as_ref().ok().filter(|answer| is_whole(answer)) {
            recorder.until(answer.until);
            let bytes = CHECK + size_of::<Q>() + question.weight();
            let key = CacheKey { source: source.name().clone(), scope, question };
            open.given(check(cached, source, key, answer), bytes);
        }
        answer
    }
}

fn is_whole<T>(answer: &Answer<T>) -> bool {
    !answer.is_stale() && !answer.rest_follows && !answer.is_ahead(clock::now())
}

/// Whether this answer would still be given, without a new request.
fn check<Q: Question>(
    cached: &Arc<Cached<Q>>,
    source: &Arc<Q::Source>,
    key: CacheKey<Q>,
    given: &Answer<Q::Value>,
) -> AnswerCheck {
    let (cached, source) = (cached.clone(), source.clone());
    // The page does not hold the answer in memory. Its address is not reused while this exists.
    let (value, as_of) = (Arc::downgrade(&given.value), given.as_of);
    Box::new(move |_| {
        cached.given(&source, &key).is_some_and(|answer| {
            let is_same = ptr::addr_eq(Arc::as_ptr(&answer.value), value.as_ptr()) && answer.as_of == as_of;
            is_same && is_whole(&answer)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_answered_completely_is_kept() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let recorder = Recorder::default();
        recorder.open().given(Box::new(|now| now.as_second() != 5), 1_000);
        assert!(recorder.finish().is_none(), "nothing says how long");
        recorder.until(at(20));
        recorder.until(at(10));
        recorder.until(at(30));
        recorder.open().given(Box::new(|now| now.as_second() != 5), 1_000);
        let made_of = recorder.finish().unwrap();
        assert_eq!(made_of.weight(), 2 * (size_of::<AnswerCheck>() + 1_000));
        for (second, holds) in [(4, true), (5, false), (6, true), (9, true), (10, false)] {
            assert_eq!(made_of.holds(at(second)), holds, "{second}");
        }
        drop(recorder.open());
        assert!(recorder.finish().is_none(), "a question has no answer");
        let refused = Recorder::default();
        refused.until(at(10));
        refused.refuse();
        assert!(refused.finish().is_none());
    }
}
