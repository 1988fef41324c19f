//! Work on other threads than those that serve: heavy computations, of which few run at a time, and tasks that end with
//! their owner.

use std::panic::resume_unwind;
use std::sync::LazyLock;
use std::thread::available_parallelism;

use tokio::sync::Semaphore;
use tokio::task::{AbortHandle, spawn_blocking};

/// Half of the processors, at least one.
static TURNS: LazyLock<Semaphore> =
    LazyLock::new(|| Semaphore::new((available_parallelism().map_or(1, usize::from) / 2).max(1)));

/// A task that ends when this is dropped.
#[must_use]
pub struct Task(AbortHandle);

impl Task {
    pub fn spawn(work: impl Future<Output = ()> + Send + 'static) -> Self {
        Self(tokio::spawn(work).abort_handle())
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Runs a heavy computation, such as tests of many regexes, on a thread for blocking work; at most half of the
/// processors do so at once. Waits for its turn, then for the work. A panic in the work panics in the caller.
pub async fn compute<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let turn = TURNS.acquire().await;
    let done = spawn_blocking(move || {
        let result = work();
        // The work holds its turn to the end, even if the caller no longer waits.
        drop(turn);
        result
    });
    match done.await {
        Ok(result) => result,
        Err(failure) if failure.is_panic() => resume_unwind(failure.into_panic()),
        // The runtime ends, and the caller with it.
        Err(_) => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::future::join_all;

    use super::*;

    #[tokio::test]
    async fn heavy_work_leaves_this_thread_free_and_a_processor_to_others() {
        static BUSY: AtomicUsize = AtomicUsize::new(0);
        static MOST: AtomicUsize = AtomicUsize::new(0);
        let own = std::thread::current().id();
        let work = || {
            MOST.fetch_max(BUSY.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            std::thread::sleep(std::time::Duration::from_millis(5));
            BUSY.fetch_sub(1, Ordering::SeqCst);
            std::thread::current().id()
        };
        let ids = join_all((0..10).map(|_| compute(work))).await;
        assert!(ids.iter().all(|id| *id != own));
        let processors = available_parallelism().map_or(1, usize::from);
        assert!(MOST.load(Ordering::SeqCst) <= (processors / 2).max(1));
    }
}
