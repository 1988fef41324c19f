//! A bounded way to an instance: so many questions at once, so many waiting, no more.

use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};

/// How many may wait for a slot.
const QUEUE: usize = 32;

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
