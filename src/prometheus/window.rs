//! The grid of instants that a range query asks for.

use std::time::Duration;

/// Prometheus refuses more points than this per series.
pub const MAX_POINTS: usize = 11_000;
/// The steps that are chosen from, in seconds.
pub const STEP_LADDER: [u32; 13] = [15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400];

/// `start`, `start + step`, ..., `end`, in epoch milliseconds; `start <= end`, `step > 0`,
/// `end - start` a multiple of the step, and at most [`MAX_POINTS`] points.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Window {
    start_ms: i64,
    end_ms: i64,
    step_ms: i64,
}

impl Window {
    /// Both ends rounded down to multiples of the step. None when it would break what a window promises.
    pub fn aligned(start_ms: i64, end_ms: i64, step: Duration) -> Option<Self> {
        let step_ms = i64::try_from(step.as_millis()).ok().filter(|s| *s > 0)?;
        if start_ms > end_ms {
            return None;
        }
        let floor = |t: i64| t.checked_sub(t.rem_euclid(step_ms));
        let window = Self { start_ms: floor(start_ms)?, end_ms: floor(end_ms)?, step_ms };
        let steps = window.end_ms.checked_sub(window.start_ms)? / step_ms;
        usize::try_from(steps).ok().filter(|n| *n < MAX_POINTS).map(|_| window)
    }

    pub fn start_ms(&self) -> i64 {
        self.start_ms
    }
    pub fn end_ms(&self) -> i64 {
        self.end_ms
    }
    pub fn step_ms(&self) -> i64 {
        self.step_ms
    }

    /// How many instants the grid has; never 0.
    #[expect(clippy::len_without_is_empty, reason = "a window is never empty")]
    pub fn len(&self) -> usize {
        usize::try_from((self.end_ms - self.start_ms) / self.step_ms).unwrap_or(0) + 1
    }

    /// The `i`-th instant, in epoch milliseconds.
    pub fn at(&self, i: usize) -> i64 {
        self.start_ms + i64::try_from(i).unwrap_or(i64::MAX / self.step_ms) * self.step_ms
    }

    /// The place of an instant on the grid; None when it lies beside or outside it.
    pub fn index_of(&self, at_ms: i64) -> Option<usize> {
        let offset = at_ms.checked_sub(self.start_ms).filter(|o| *o >= 0 && at_ms <= self.end_ms)?;
        (offset % self.step_ms == 0).then(|| usize::try_from(offset / self.step_ms).ok()).flatten()
    }
}

/// The smallest step of the ladder that is at least the scrape interval and keeps `range`
/// within `budget` points; beyond the ladder, the smallest multiple of its last rung.
pub fn default_step(range: Duration, scrape_interval: Duration, budget: usize) -> Duration {
    let fits = |step: u64| range.as_secs() / step < budget as u64;
    STEP_LADDER
        .iter()
        .map(|s| u64::from(*s))
        .find(|s| Duration::from_secs(*s) >= scrape_interval && fits(*s))
        .map_or_else(
            || {
                let last = 86_400;
                let least = (range.as_secs() / (budget.max(1) as u64)).max(scrape_interval.as_secs());
                Duration::from_secs((least / last + 1) * last)
            },
            Duration::from_secs,
        )
}
