//! The last good answers, for when the newest attempt fails.

use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use moka::policy::EvictionPolicy;
use moka::sync::Cache;

use super::Answer;
use super::weight::{ENTRY, Weigh, capped};
use crate::upstream::UpstreamError;

/// Beyond this age an answer says too little about now.
pub const STALE_LIMIT: Duration = Duration::from_secs(15 * 60);

/// Failures get one in so many of the bytes.
const FAILURES_SHARE: u64 = 16;

/// One answer of each family of questions: those that differ only in when they were asked. And how the
/// family's newest attempt failed, if it did.
#[derive(Clone)]
pub struct LastGood<F, T> {
    answers: Cache<F, Answer<T>>,
    failures: Cache<F, Arc<UpstreamError>>,
}

impl<F, T> LastGood<F, T>
where
    F: Weigh + Hash + Eq + Send + Sync + 'static,
    T: Weigh + Send + Sync + 'static,
{
    /// Keeps answers and failures up to `max_bytes`, questions included.
    pub fn new(max_bytes: u64) -> Self {
        let failures = max_bytes / FAILURES_SHARE;
        Self { answers: cache(max_bytes - failures), failures: cache(failures) }
    }

    /// How many answers are kept, and the bytes of all that is.
    pub fn fill(&self) -> (u64, u64) {
        self.answers.run_pending_tasks();
        self.failures.run_pending_tasks();
        let bytes = self.answers.weighted_size() + self.failures.weighted_size();
        (self.answers.entry_count(), bytes)
    }

    /// The family's answer.
    pub fn get(&self, family: &F) -> Option<Answer<T>> {
        self.answers.get(family)
    }

    /// Keeps an answer, unless the one that is there is to be preferred.
    pub fn keep(&self, family: F, answer: Answer<T>, prefers: impl FnOnce(&T) -> bool) {
        self.failures.invalidate(&family);
        let kept = self.answers.get(&family);
        if kept.is_none_or(|old| !prefers(&old.value)) {
            self.answers.insert(family, answer);
        }
    }

    /// Keeps in mind that the newest attempt failed.
    pub fn fail(&self, family: F, failure: Arc<UpstreamError>) {
        self.failures.insert(family, failure);
    }

    /// How the newest attempt failed, if there is an answer that serves in its place.
    pub fn trouble(&self, family: &F, serves: impl FnOnce(&T) -> bool) -> Option<Arc<UpstreamError>> {
        let failure = self.failures.get(family)?;
        self.answers.get(family).filter(|old| serves(&old.value)).map(|_| failure)
    }

    /// The family's answer if it serves, marked with the failure; else the failure itself.
    pub fn instead_of(
        &self,
        failure: Arc<UpstreamError>,
        family: &F,
        serves: impl FnOnce(&T) -> bool,
    ) -> Result<Answer<T>, Arc<UpstreamError>> {
        match self.answers.get(family) {
            Some(old) if serves(&old.value) => Ok(Answer { failure: Some(failure), ..old }),
            _ => Err(failure),
        }
    }
}

fn cache<F, V>(max_bytes: u64) -> Cache<F, V>
where
    F: Weigh + Hash + Eq + Send + Sync + 'static,
    V: Weigh + Clone + Send + Sync + 'static,
{
    Cache::builder()
        .eviction_policy(EvictionPolicy::lru())
        .weigher(|family: &F, kept: &V| capped(family.weight() + kept.weight() + ENTRY))
        .max_capacity(max_bytes)
        .time_to_live(STALE_LIMIT)
        .build()
}
