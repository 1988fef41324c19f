//! The grid of instants of a range query.

use std::time::Duration;

/// Prometheus refuses more points than this per series.
pub const MAX_POINTS: usize = 11_000;
/// The steps that are chosen from, in seconds.
pub const STEP_LADDER: [u32; 17] =
    [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400];

/// `start`, `start + step`, ..., `end`, in epoch milliseconds; `start <= end`, `step > 0`,
/// `end - start` a multiple of the step, and at most [`MAX_POINTS`] points.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Window {
    start_ms: i64,
    end_ms: i64,
    step_ms: i64,
    /// Less than a step after the end.
    until_ms: i64,
}

impl Window {
    /// Both ends rounded down to multiples of the step. None when it would break what a window promises.
    pub fn aligned(start_ms: i64, end_ms: i64, step: Duration) -> Option<Self> {
        let step_ms = i64::try_from(step.as_millis()).ok().filter(|s| *s > 0)?;
        if start_ms > end_ms {
            return None;
        }
        let floor = |t: i64| t.checked_sub(t.rem_euclid(step_ms));
        Self::exact(floor(start_ms)?, floor(end_ms)?, step)
    }

    /// From the very start on, as long as `until` is not passed. None when it would break what a window promises.
    pub fn exact(start_ms: i64, until_ms: i64, step: Duration) -> Option<Self> {
        let step_ms = i64::try_from(step.as_millis()).ok().filter(|s| *s > 0)?;
        let length = until_ms.checked_sub(start_ms).filter(|length| *length >= 0)?;
        let end_ms = until_ms - length % step_ms;
        let points = usize::try_from(length / step_ms).ok()?.checked_add(1)?;
        (points <= MAX_POINTS).then_some(Self { start_ms, end_ms, step_ms, until_ms })
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
    /// The requested end, which PromQL's `end()` returns: the last instant or less than a step after it.
    pub fn until_ms(&self) -> i64 {
        self.until_ms
    }

    /// As many instants with the same step, from the epoch on.
    pub fn from_epoch(&self) -> Self {
        let length = self.end_ms - self.start_ms;
        Self { start_ms: 0, end_ms: length, until_ms: length, ..*self }
    }

    /// The instants from one to another, both included. None: the window has none of them.
    pub fn between(&self, start_ms: i64, end_ms: i64) -> Option<Self> {
        let up = start_ms.saturating_sub(self.start_ms).max(0).checked_add(self.step_ms - 1)? / self.step_ms;
        let start_ms = self.start_ms.checked_add(up.checked_mul(self.step_ms)?)?;
        let last = end_ms.min(self.end_ms);
        let length = last.checked_sub(start_ms).filter(|length| *length >= 0)?;
        let end_ms = last - length % self.step_ms;
        Some(Self { start_ms, end_ms, until_ms: end_ms, ..*self })
    }

    /// Whether every instant is a multiple of the step, so that neighbours in time share instants.
    pub fn is_aligned(&self) -> bool {
        self.start_ms.rem_euclid(self.step_ms) == 0 && self.until_ms == self.end_ms
    }

    /// How many instants the grid has; never 0.
    #[expect(clippy::len_without_is_empty, reason = "a window is never empty")]
    pub fn len(&self) -> usize {
        usize::try_from((self.end_ms - self.start_ms) / self.step_ms).unwrap_or(0) + 1
    }

    /// The `i`-th instant, in epoch milliseconds.
    pub fn at(&self, i: usize) -> i64 {
        let offset = i64::try_from(i).unwrap_or(i64::MAX).saturating_mul(self.step_ms);
        self.start_ms.saturating_add(offset)
    }

    /// The place of an instant on the grid; None when it lies beside or outside it.
    pub fn index_of(&self, at_ms: i64) -> Option<usize> {
        let offset = at_ms.checked_sub(self.start_ms).filter(|o| *o >= 0 && at_ms <= self.end_ms)?;
        (offset % self.step_ms == 0).then(|| usize::try_from(offset / self.step_ms).ok()).flatten()
    }
}

/// The smallest step of the ladder that is at least the scrape interval and keeps `range`
/// within `budget` points; beyond the ladder, the smallest multiple of its last rung.
/// Points are counted as Prometheus counts its 11,000, by the steps between them: a day at 60 s is 1,440.
pub fn default_step(range: Duration, scrape_interval: Duration, budget: usize) -> Duration {
    let budget = u64::try_from(budget).unwrap_or(u64::MAX).max(1);
    let fits = |step: &u64| range.as_secs().div_ceil(*step) <= budget;
    let rungs = STEP_LADDER.iter().map(|s| u64::from(*s));
    let step = rungs.clone().filter(|s| Duration::from_secs(*s) >= scrape_interval).find(fits);
    Duration::from_secs(step.unwrap_or_else(|| {
        let last = rungs.clone().next_back().unwrap_or(1);
        let part = u64::from(scrape_interval.subsec_nanos() > 0);
        let scrapes = scrape_interval.as_secs().saturating_add(part);
        let rungs = range.as_secs().div_ceil(budget).max(scrapes).div_ceil(last).max(1);
        rungs.saturating_mul(last)
    }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const fn secs(s: u64) -> Duration {
        Duration::from_secs(s)
    }

    #[test]
    fn steps_follow_the_ladder() {
        const DAY: u64 = 86_400;
        for (range, scrape, budget, step) in [
            (3_600, 15, 1_440, 15),
            (21_600, 15, 1_440, 15),
            (21_601, 15, 1_440, 30),
            (DAY, 15, 1_440, 60),
            (3_600, 60, 1_440, 60),
            (3_600, 61, 1_440, 120),
            (0, 1, 1_440, 1),
            (3_600, 1, 11_000, 1),
            (3_600, 2, 11_000, 2),
            (3_600, 3, 11_000, 5),
            (3_600, 10, 11_000, 10),
            (3_600, 12, 11_000, 15),
            (10_800, 1, 11_000, 1),
            (21_600, 1, 11_000, 2),
            (86_400, 1, 11_000, 10),
            (172_800, 5, 11_000, 30),
            (1_440 * DAY, 15, 1_440, DAY),
            (1_440 * DAY + 1, 15, 1_440, 2 * DAY),
            (3_600, 2 * DAY, 1_440, 2 * DAY),
            (3_600, 2 * DAY + 1, 1_440, 3 * DAY),
            (10, 15, 0, 15),
            (10, 5, 0, 10),
        ] {
            assert_eq!(default_step(secs(range), secs(scrape), budget), secs(step), "{range} {scrape}");
        }
        assert!(default_step(Duration::MAX, Duration::MAX, 0) > secs(DAY));
    }

    #[test]
    fn windows_that_break_their_promise_are_none() {
        assert!(Window::aligned(1, 0, secs(15)).is_none());
        assert!(Window::aligned(0, 1, Duration::ZERO).is_none());
        assert!(Window::aligned(0, 1, Duration::from_nanos(1)).is_none());
        assert!(Window::aligned(0, 1, Duration::MAX).is_none());
        assert!(Window::aligned(i64::MIN, i64::MAX, secs(15)).is_none());
        assert!(Window::aligned(i64::MIN, i64::MIN, secs(15)).is_none());
        assert!(Window::aligned(0, 11_000_000, secs(1)).is_none());
        assert_eq!(Window::aligned(0, 10_999_999, secs(1)).unwrap().len(), MAX_POINTS);
    }

    #[test]
    fn times_before_1970_are_rounded_down_too() {
        let window = Window::aligned(-16_000, -1, secs(15)).unwrap();
        assert_eq!((window.start_ms(), window.end_ms(), window.len()), (-30_000, -15_000, 2));
    }

    #[test]
    fn an_exact_window_is_as_requested() {
        let window = Window::exact(1_234, 43_233, secs(14)).unwrap();
        assert_eq!(
            (window.len(), window.at(1), window.end_ms(), window.until_ms()),
            (3, 15_234, 29_234, 43_233)
        );
        assert_eq!(Window::exact(1_234, 43_234, secs(14)).unwrap().len(), 4);
        assert_eq!(Window::exact(-1_500, -1_500, secs(1)).unwrap().len(), 1);
        assert!(!window.is_aligned() && !Window::exact(0, 1, secs(1)).unwrap().is_aligned());
        assert!(Window::exact(-30_000, 30_000, secs(15)).unwrap().is_aligned());
        assert!(Window::exact(1, 0, secs(1)).is_none());
        assert!(Window::exact(i64::MIN, i64::MAX, secs(1)).is_none());
        assert!(Window::exact(1, 11_000_001, secs(1)).is_none());
        assert_eq!(Window::exact(1, 11_000_000, secs(1)).unwrap().len(), MAX_POINTS);
    }

    #[test]
    fn a_part_has_the_instants_between_two() {
        let window = Window::aligned(60_000, 120_000, secs(15)).unwrap();
        for (start, end, part) in [
            (60_000, 120_000, Some((60_000, 120_000))),
            (i64::MIN, i64::MAX, Some((60_000, 120_000))),
            (60_001, 119_999, Some((75_000, 105_000))),
            (90_000, 90_000, Some((90_000, 90_000))),
            (91_000, 104_000, None),
            (121_000, 130_000, None),
            (0, 59_999, None),
        ] {
            let found = window.between(start, end).map(|part| (part.start_ms(), part.end_ms()));
            assert_eq!(found, part, "{start} {end}");
        }
    }

    proptest! {
        #[test]
        fn the_grid_holds_together(start in any::<i64>(), len in 0_i64..1_i64 << 40, step_ms in 1_u64..1 << 40) {
            let end = start.saturating_add(len);
            let Some(w) = Window::aligned(start, end, Duration::from_millis(step_ms)) else { return Ok(()) };
            prop_assert!(w.start_ms() <= start && w.end_ms() <= end && w.start_ms() <= w.end_ms());
            prop_assert!(w.len() <= MAX_POINTS && w.at(w.len() - 1) == w.end_ms());
            for i in [0, w.len() / 2, w.len() - 1] {
                prop_assert_eq!(w.index_of(w.at(i)), Some(i));
                prop_assert_eq!(w.at(i).rem_euclid(w.step_ms()), 0);
                if w.step_ms() > 1 {
                    prop_assert_eq!(w.index_of(w.at(i) + 1), None);
                }
            }
            let _ = (w.at(usize::MAX), w.index_of(i64::MAX), w.index_of(i64::MIN));
        }

        #[test]
        fn a_default_step_keeps_the_budget(
            range in 0_u64..40_000_000_000, scrape in 0_u64..200_000, budget in 1_usize..11_000, at in any::<i32>(),
        ) {
            let step = default_step(secs(range), secs(scrape), budget);
            prop_assert!(step >= secs(scrape));
            let start = i64::from(at) * 1_000;
            let window = Window::aligned(start, start + range as i64 * 1_000, step).unwrap();
            prop_assert!(window.len() <= budget + 1);
        }
    }
}
