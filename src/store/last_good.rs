//! The last good answers, for when the newest attempt fails.

use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use moka::future::Cache;
use moka::policy::EvictionPolicy;

use super::Answer;
use crate::prometheus::PrometheusError;

/// Beyond this age an answer says too little about now.
pub const STALE_LIMIT: Duration = Duration::from_secs(15 * 60);

const FAILURES: u64 = 1_000;

/// One answer of each family of questions: those that differ only in when they were asked. And how the
/// family's newest attempt failed, if it did.
#[derive(Clone)]
pub struct LastGood<F, T> {
    answers: Cache<F, Answer<T>>,
    failures: Cache<F, Arc<PrometheusError>>,
}

impl<F, T> LastGood<F, T>
where
    F: Hash + Eq + Send + Sync + 'static,
    T: Send + Sync + 'static,
{
    pub fn new(max_bytes: u64, weigh: fn(&T) -> usize) -> Self {
        let answers = Cache::builder()
            .eviction_policy(EvictionPolicy::lru())
            .weigher(move |_: &F, a: &Answer<T>| u32::try_from(weigh(&a.value)).unwrap_or(u32::MAX))
            .max_capacity(max_bytes)
            .time_to_live(STALE_LIMIT)
            .build();
        let failures = Cache::builder().max_capacity(FAILURES).time_to_live(STALE_LIMIT).build();
        Self { answers, failures }
    }

    /// How many answers are kept, and their bytes; what expired may still be counted for a moment.
    pub fn fill(&self) -> (u64, u64) {
        (self.answers.entry_count(), self.answers.weighted_size())
    }

    /// The family's answer.
    pub async fn get(&self, family: &F) -> Option<Answer<T>> {
        self.answers.get(family).await
    }

    /// Keeps an answer, unless the one that is there is to be preferred.
    pub async fn keep(&self, family: F, answer: Answer<T>, prefers: impl FnOnce(&T) -> bool) {
        self.failures.invalidate(&family).await;
        let kept = self.answers.get(&family).await;
        if kept.is_none_or(|old| !prefers(&old.value)) {
            self.answers.insert(family, answer).await;
        }
    }

    /// Keeps in mind that the newest attempt failed.
    pub async fn fail(&self, family: F, failure: Arc<PrometheusError>) {
        self.failures.insert(family, failure).await;
    }

    /// How the newest attempt failed, if there is an answer that serves in its place.
    pub async fn trouble(&self, family: &F, serves: impl FnOnce(&T) -> bool) -> Option<Arc<PrometheusError>> {
        let old = self.answers.get(family).await.filter(|old| serves(&old.value));
        old.and(self.failures.get(family).await)
    }

    /// The family's answer if it serves, marked with the failure; else the failure itself.
    pub async fn instead_of(
        &self,
        failure: Arc<PrometheusError>,
        family: &F,
        serves: impl FnOnce(&T) -> bool,
    ) -> Result<Answer<T>, Arc<PrometheusError>> {
        match self.answers.get(family).await {
            Some(old) if serves(&old.value) => Ok(Answer { failure: Some(failure), ..old }),
            _ => Err(failure),
        }
    }
}
