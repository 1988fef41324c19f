//! Limits on concurrent requests, and on requests that wait.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};

use super::request::{Origin, Request};

/// The most requests that wait for a slot.
const QUEUE: usize = 32;
/// Rules take no query slot in Prometheus, so they never wait behind graphs.
const RULES_SLOTS: usize = 2;
/// Nor do metadata and names of metrics.
const METADATA_SLOTS: usize = 2;
/// The most concurrent requests of each kind to all targets of a routing rule: a page may list any number of hosts.
const RULE_SLOTS: usize = 256;
/// Ad-hoc queries get one in so many of an instance's slots.
const AD_HOC_SHARE: usize = 4;
/// Queries that no reader asked for yet get as few.
const AHEAD_SHARE: usize = 4;

/// Slots, and a bounded queue for them.
pub struct Limiter {
    slots: Semaphore,
    queue: Semaphore,
}

impl Limiter {
    /// At least one slot.
    pub fn new(slots: usize) -> Self {
        Self { slots: Semaphore::new(slots.clamp(1, Semaphore::MAX_PERMITS)), queue: Semaphore::new(QUEUE) }
    }

    /// A slot, held until dropped. None: the queue is full, or no slot came free in time.
    pub async fn enter(&self, patience: Duration) -> Option<SemaphorePermit<'_>> {
        if let Ok(slot) = self.slots.try_acquire() {
            return Some(slot);
        }
        let _place = self.queue.try_acquire().ok()?;
        tokio::time::timeout(patience, self.slots.acquire()).await.ok()?.ok()
    }
}

/// The limits of one host, or of all targets of a routing rule. Rules and metadata have slots of their own beside the
/// queries, so that alerts never wait behind graphs.
pub struct RequestLimits {
    queries: Limiter,
    /// Passed before `queries`.
    ad_hoc: Limiter,
    /// Beside `queries`, of which one must stay free.
    ahead: Arc<Semaphore>,
    lanes: usize,
    rules: Limiter,
    metadata: Limiter,
}

impl RequestLimits {
    /// For `max_concurrent` queries at a time.
    pub fn of_host(max_concurrent: usize) -> Self {
        Self::new(max_concurrent, RULES_SLOTS, METADATA_SLOTS)
    }

    /// For all targets of a routing rule.
    pub fn of_rule() -> Self {
        Self::new(RULE_SLOTS, RULE_SLOTS, RULE_SLOTS)
    }

    fn new(queries: usize, rules: usize, metadata: usize) -> Self {
        let lanes = (queries / AHEAD_SHARE).clamp(1, Semaphore::MAX_PERMITS);
        Self {
            queries: Limiter::new(queries),
            ad_hoc: Limiter::new(queries / AD_HOC_SHARE),
            ahead: Arc::new(Semaphore::new(lanes)),
            lanes,
            rules: Limiter::new(rules),
            metadata: Limiter::new(metadata),
        }
    }

    /// A place for a query that no reader asked for yet, held until it ends. None: readers need the slots.
    pub fn lane_ahead(&self) -> Option<OwnedSemaphorePermit> {
        let lane = self.ahead.clone().try_acquire_owned().ok();
        // A fetch whose lane was given takes its slot only later.
        let given = self.lanes.saturating_sub(self.ahead.available_permits());
        lane.filter(|_| self.queries.slots.available_permits() > given)
    }

    /// Whether a reader still finds a slot beside one more query.
    pub fn has_room(&self) -> bool {
        self.queries.slots.available_permits() > 1
    }

    /// The limiters that a request passes, in order. An ad-hoc query first needs an ad-hoc slot, so that such queries
    /// take only a few slots, and places in the queue, from the others.
    pub fn of(&self, request: &Request<'_>) -> impl Iterator<Item = &Limiter> {
        let (first, last) = match (request, request.origin()) {
            (Request::Rules(_), _) => (None, &self.rules),
            (request, _) if request.is_metadata() => (None, &self.metadata),
            (_, Origin::AdHoc) => (Some(&self.ad_hoc), &self.queries),
            (_, Origin::Known) => (None, &self.queries),
        };
        first.into_iter().chain([last])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn readers_keep_slots_from_what_is_fetched_ahead() {
        let limits = RequestLimits::of_host(8);
        let lanes: Vec<_> = (0..2).map(|_| limits.lane_ahead().unwrap()).collect();
        assert!(limits.lane_ahead().is_none(), "a quarter");
        drop(lanes);
        let mut readers = Vec::new();
        for _ in 0..7 {
            assert!(limits.lane_ahead().is_some());
            readers.push(limits.queries.enter(Duration::ZERO).await.unwrap());
        }
        readers.pop();
        let lane = limits.lane_ahead();
        assert!(
            lane.is_some() && limits.lane_ahead().is_none(),
            "its fetch takes one of the two slots that are left"
        );
        drop(lane);
        readers.push(limits.queries.enter(Duration::ZERO).await.unwrap());
        assert!(limits.lane_ahead().is_none(), "the last slot is a reader's");
        assert!(RequestLimits::of_host(1).lane_ahead().is_none());
    }

    #[tokio::test]
    async fn the_queue_is_bounded_and_moves_on() {
        let limiter = std::sync::Arc::new(Limiter::new(1));
        let slot = limiter.enter(Duration::ZERO).await.unwrap();
        assert!(limiter.enter(Duration::from_millis(5)).await.is_none());
        let waiting: Vec<_> = (0..QUEUE)
            .map(|_| {
                let limiter = limiter.clone();
                tokio::spawn(async move { limiter.enter(Duration::from_secs(5)).await.is_some() })
            })
            .collect();
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert!(limiter.enter(Duration::from_secs(5)).await.is_none(), "the queue is full");
        drop(slot);
        for one in waiting {
            assert!(one.await.unwrap());
        }
    }
}
