//! A bounded way to an instance: so many questions at once, so many waiting, no more.

use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};

use super::request::Request;

/// How many may wait for a slot.
const QUEUE: usize = 32;
/// Rules take no query slot in Prometheus, so they never wait behind graphs.
const RULES_SLOTS: usize = 2;
/// Nor do metadata and names of metrics.
const ASIDE_SLOTS: usize = 2;
/// One in so many of an instance's slots is open to questions that anybody can write.
const AD_HOC_SHARE: usize = 4;

/// Who wrote a query. It decides which lane the query takes, never what the answer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// Somebody who was trusted with it: the author of an annotation, or of the instance's own rules.
    Known,
    /// Whoever opened the address.
    AdHoc,
}

/// Slots, and the places in the queue before them.
pub struct Lane {
    slots: Semaphore,
    queue: Semaphore,
}

impl Lane {
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

/// The ways to one host: queries, and what is no query beside them.
pub struct Lanes {
    queries: Lane,
    /// The narrow lane before `queries`.
    ad_hoc: Lane,
    rules: Lane,
    asides: Lane,
}

impl Lanes {
    pub fn new(max_concurrent: usize) -> Self {
        Self {
            queries: Lane::new(max_concurrent),
            ad_hoc: Lane::new(max_concurrent / AD_HOC_SHARE),
            rules: Lane::new(RULES_SLOTS),
            asides: Lane::new(ASIDE_SLOTS),
        }
    }

    /// Those on a request's way. One that anybody can write first needs a slot of the narrow lane, so that at most
    /// a few of the others' slots, and places in their queue, are ever taken by such.
    pub fn of(&self, request: &Request<'_>) -> impl Iterator<Item = &Lane> {
        let (narrow, lane) = match (request, request.origin()) {
            (Request::Rules(_), _) => (None, &self.rules),
            (request, _) if request.is_aside() => (None, &self.asides),
            (_, Origin::AdHoc) => (Some(&self.ad_hoc), &self.queries),
            (_, Origin::Known) => (None, &self.queries),
        };
        narrow.into_iter().chain([lane])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_queue_is_bounded_and_moves_on() {
        let lane = std::sync::Arc::new(Lane::new(1));
        let held = lane.enter(Duration::ZERO).await.unwrap();
        assert!(lane.enter(Duration::from_millis(5)).await.is_none());
        let waiting: Vec<_> = (0..QUEUE)
            .map(|_| {
                let lane = lane.clone();
                tokio::spawn(async move { lane.enter(Duration::from_secs(5)).await.is_some() })
            })
            .collect();
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert!(lane.enter(Duration::from_secs(5)).await.is_none(), "the queue is full");
        drop(held);
        for one in waiting {
            assert!(one.await.unwrap());
        }
    }
}
