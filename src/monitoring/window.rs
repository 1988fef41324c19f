//! The instants of a range query: the grid, and how it differs from what the reader requested.

use std::time::Duration;

use jiff::Timestamp;

use super::LONGEST_TICK;
use crate::prometheus::{InstanceSettings, MAX_POINTS, Window, default_step};

/// Longer steps are of no use, and Prometheus refuses those beyond 292 years.
const LONGEST_STEP: Duration = Duration::from_secs(10 * 366 * 86_400);

/// The time that a page shows. `from < to`; `to` may be in the future.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    pub from: Timestamp,
    pub to: Timestamp,
    /// When the page was requested, rounded down to a tick. No query ends later.
    pub now: Timestamp,
    /// As requested; None: chosen for the range.
    pub step: Option<Duration>,
}

/// The grid for a period, and a sentence for each difference from the request. It ends at now at the latest. None: the
/// whole period lies in the future.
pub fn resolve(period: &Period, scrape_interval: Duration) -> Option<(Window, Vec<String>)> {
    // The page is up to a tick older than the time at which it was requested.
    let ahead = Duration::try_from(period.from.duration_since(period.now)).unwrap_or_default();
    if ahead > LONGEST_TICK {
        return None;
    }
    let start = period.from.min(period.now).as_millisecond();
    let end = period.to.min(period.now).as_millisecond().max(start);
    // The requested range, not the part of it that has passed, so that a day's step does not change at noon.
    let range = Duration::from_millis(
        u64::try_from(period.to.duration_since(period.from).as_millis()).unwrap_or_default(),
    );
    let mut notices = Vec::new();
    let step = match period.step {
        Some(requested) => raised(requested, range, scrape_interval, &mut notices),
        None => chosen(range, scrape_interval),
    };
    Window::aligned(start, end, step).map(|window| (window, notices))
}

impl Period {
    /// What a graph over the period requests from an instance: the first and the last instant, and the step. None: the
    /// whole period lies in the future.
    pub fn requested(&self, instance: &InstanceSettings) -> Option<Self> {
        let (window, _) = resolve(self, instance.scrape_interval)?;
        Some(Self {
            from: Timestamp::from_millisecond(window.start_ms()).ok()?,
            to: Timestamp::from_millisecond(window.end_ms()).ok()?,
            now: self.now,
            step: Some(Duration::from_millis(window.step_ms().unsigned_abs())),
        })
    }
}

/// Rounding both ends down can put one instant more on the grid than the range alone has.
fn most_points(range: Duration, step: Duration) -> u128 {
    range.as_millis().div_ceil(step.as_millis().max(1)) + 1
}

fn chosen(range: Duration, scrape_interval: Duration) -> Duration {
    let mut step = default_step(range, scrape_interval, MAX_POINTS);
    while most_points(range, step) > MAX_POINTS as u128 {
        step = default_step(range + step, scrape_interval, MAX_POINTS);
    }
    step
}

fn raised(
    requested: Duration,
    range: Duration,
    scrape_interval: Duration,
    notices: &mut Vec<String>,
) -> Duration {
    let mut step = requested.min(LONGEST_STEP).max(scrape_interval);
    if step < requested {
        let (requested, step) = (requested.as_secs_f64(), step.as_secs_f64());
        notices.push(format!("The step of {requested} s was lowered to {step} s, the longest step."));
    }
    let mut reason = "the interval at which this instance scrapes".to_owned();
    if most_points(range, step) > MAX_POINTS as u128 {
        // Two less than allowed: one for the first instant, one for the rounding of the ends.
        let seconds = range.as_millis().div_ceil((MAX_POINTS as u128 - 2) * 1000);
        step = Duration::from_secs(u64::try_from(seconds).unwrap_or(u64::MAX)).max(step);
        reason = format!("so that a series keeps within {MAX_POINTS} points");
    }
    if step > requested {
        let (requested, step) = (requested.as_secs_f64(), step.as_secs_f64());
        notices.push(format!("The step of {requested} s was raised to {step} s, {reason}."));
    }
    step
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_700_000_007;

    fn period(from: i64, to: i64, step: Option<f64>) -> Period {
        let at = |s| Timestamp::from_second(s).unwrap();
        Period { from: at(from), to: at(to), now: at(NOW), step: step.map(Duration::from_secs_f64) }
    }

    /// Expected: start, end and step in seconds, and how many notices.
    fn check(from: i64, to: i64, step: Option<f64>, scrape: u64, expected: Option<(i64, i64, f64, usize)>) {
        let found = resolve(&period(from, to, step), Duration::from_secs(scrape))
            .map(|(w, n)| (w.start_ms() / 1000, w.end_ms() / 1000, w.step_ms() as f64 / 1000.0, n.len()));
        assert_eq!(found, expected, "from {from} to {to} step {step:?} scrape {scrape}");
    }

    #[test]
    fn grids() {
        let hour = 3600;
        check(NOW - hour, NOW, None, 15, Some((1_699_996_395, 1_699_999_995, 15.0, 0)));
        check(NOW - hour, NOW, None, 60, Some((1_699_996_380, 1_699_999_980, 60.0, 0)));
        check(NOW - hour, NOW, Some(14.0), 15, Some((1_699_996_395, 1_699_999_995, 15.0, 1)));
        check(NOW - hour, NOW, Some(60.0), 15, Some((1_699_996_380, 1_699_999_980, 60.0, 0)));
        check(NOW - hour, NOW, Some(0.5), 0, Some((1_699_996_407, NOW, 0.5, 0)));
        // Ends beyond now: the grid ends, the step does not depend on how much has passed.
        check(NOW - hour, NOW + 86_400, None, 15, Some((1_699_996_395, 1_699_999_995, 15.0, 0)));
        // Two days are 11,521 points of 15 s.
        check(NOW - 172_800, NOW, None, 15, Some((1_699_827_180, 1_699_999_980, 30.0, 0)));
        check(NOW, NOW + hour, None, 15, Some((1_699_999_995, 1_699_999_995, 15.0, 0)));
        check(NOW + 15, NOW + hour, None, 15, Some((1_699_999_995, 1_699_999_995, 15.0, 0)));
        check(NOW + 16, NOW + hour, None, 15, None);
        // A week of 14 s would be 43,201 points.
        check(NOW - 604_800, NOW, Some(15.0), 15, Some((1_699_395_170, 1_700_000_005, 55.0, 1)));
    }

    #[test]
    fn every_range_stays_within_its_budget() {
        let ranges = [1, 59, 3600, 21_600, 21_599, 86_399, 86_400, 100_000, 2_592_000, 31_536_000];
        let steps = [None, Some(0.001), Some(1.0), Some(7.5), Some(3600.0), Some(1e18)];
        for range in ranges.into_iter().chain([6_000_000_000]) {
            for step in steps {
                for scrape in [0.001, 15.0, 47.5, 100_000.0] {
                    let scrape = Duration::from_secs_f64(scrape);
                    let (window, _) = resolve(&period(NOW - range, NOW, step), scrape).unwrap();
                    assert!(window.len() <= MAX_POINTS, "{range} {step:?}: {}", window.len());
                    assert!(Duration::from_millis(window.step_ms() as u64) >= scrape);
                    assert!(window.end_ms() <= NOW * 1000);
                }
            }
        }
    }

    #[test]
    fn notices_are_sentences() {
        let notices = |step, scrape| {
            resolve(&period(NOW - 604_800, NOW, Some(step)), Duration::from_secs(scrape)).unwrap().1
        };
        assert_eq!(
            notices(1.0, 15),
            ["The step of 1 s was raised to 55 s, so that a series keeps within 11000 points."]
        );
        assert_eq!(
            notices(7.5, 60),
            ["The step of 7.5 s was raised to 60 s, the interval at which this instance scrapes."]
        );
        assert_eq!(notices(60.0, 60), [""; 0]);
        assert_eq!(
            notices(1e9, 60),
            ["The step of 1000000000 s was lowered to 316224000 s, the longest step."]
        );
        assert_eq!(notices(316_224_000.0, 60), [""; 0]);
    }
}
