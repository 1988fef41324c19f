//! Range queries and instant queries. The last good graph of the same query, step and length can be shown a little
//! later, and so can the value of an entity's query at an instant.

use std::time::Duration;

use jiff::Timestamp;

use super::question::Question;
use super::weight::Weigh;
use super::{Answer, SETTLED_LIFETIME, UNSTABLE, WARNED_LIFETIME, millis};
use crate::prometheus::{Instance, InstantAnswer, Matrix, Origin, Window};
use crate::promql::PromQl;
use crate::upstream::UpstreamError;

/// How far an older window may end before the requested one.
const STALE_LIMIT: Duration = Duration::from_secs(15 * 60);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RangeQuery {
    /// Known queries never wait for equal ad-hoc ones, nor share their failures; the other way round answers are
    /// shared.
    pub origin: Origin,
    pub query: PromQl,
    pub window: Window,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct InstantQuery {
    pub origin: Origin,
    pub query: PromQl,
    /// Epoch milliseconds.
    pub at_ms: i64,
}

impl Question for RangeQuery {
    type Source = Instance;
    type Value = Matrix;

    async fn fetch(&self, source: &Instance) -> Result<Matrix, UpstreamError> {
        source.query_range(&self.query, self.window, self.origin).await
    }

    fn lifetime(&self, _: &Instance, answer: &Answer<Matrix>) -> Duration {
        let lifetime = lifetime(&self.window, answer.as_of);
        if answer.value.warnings.is_empty() { lifetime } else { lifetime.min(WARNED_LIFETIME) }
    }

    fn origin(&self) -> Origin {
        self.origin
    }

    fn as_known(&self) -> Option<Self> {
        (self.origin == Origin::AdHoc).then(|| Self { origin: Origin::Known, ..self.clone() })
    }

    /// Queries that differ only in when, or by whom, they are made.
    fn family(&self) -> Option<Self> {
        Some(Self { origin: Origin::Known, query: self.query.clone(), window: self.window.from_epoch() })
    }

    /// Beside the common grid, no reader requests the same a step later.
    fn is_kept_for_family(&self) -> bool {
        self.window.is_aligned()
    }

    /// An older window shows the requested time, except what went by within the stale limit.
    fn accepts(&self, older: &Matrix) -> bool {
        let moved = self.window.end_ms().saturating_sub(older.window.end_ms());
        (0..=millis(STALE_LIMIT).saturating_add(self.window.step_ms())).contains(&moved)
    }

    fn prefers(&self, older: &Matrix, newer: &Matrix) -> bool {
        let is_whole = |matrix: &Matrix| matrix.warnings.is_empty();
        older.window.end_ms() > newer.window.end_ms() || (is_whole(older) && !is_whole(newer))
    }

    fn text(&self) -> &str {
        self.query.as_str()
    }
}

impl Weigh for RangeQuery {
    fn weight(&self) -> usize {
        self.query.weight()
    }
}

impl Question for InstantQuery {
    type Source = Instance;
    type Value = InstantAnswer;

    async fn fetch(&self, source: &Instance) -> Result<InstantAnswer, UpstreamError> {
        source.query(&self.query, self.at_ms, self.origin).await
    }

    fn lifetime(&self, _: &Instance, answer: &Answer<InstantAnswer>) -> Duration {
        let is_settled = answer.as_of.as_millisecond().saturating_sub(self.at_ms) >= millis(UNSTABLE);
        if is_settled && answer.value.warnings.is_empty() { SETTLED_LIFETIME } else { WARNED_LIFETIME }
    }

    fn origin(&self) -> Origin {
        self.origin
    }

    /// An entity's tile at another time. Nobody else gets an older value.
    fn family(&self) -> Option<Self> {
        (self.origin == Origin::Known).then(|| Self { at_ms: 0, ..self.clone() })
    }

    fn accepts(&self, older: &InstantAnswer) -> bool {
        (0..=millis(STALE_LIMIT)).contains(&self.at_ms.saturating_sub(older.at_ms))
    }

    fn prefers(&self, older: &InstantAnswer, newer: &InstantAnswer) -> bool {
        older.at_ms > newer.at_ms || (older.warnings.is_empty() && !newer.warnings.is_empty())
    }

    fn text(&self) -> &str {
        self.query.as_str()
    }
}

impl Weigh for InstantQuery {
    fn weight(&self) -> usize {
        self.query.weight()
    }
}

/// A live answer lives for about a step, after which a page requests the next window anyway; with wide steps its last
/// point is fetched anew each minute. An answer that ends long ago is not expected to change.
fn lifetime(window: &Window, as_of: Timestamp) -> Duration {
    let age = as_of.as_millisecond().saturating_sub(window.end_ms());
    if age >= millis(UNSTABLE) {
        return SETTLED_LIFETIME;
    }
    let step = Duration::from_millis(window.step_ms().unsigned_abs());
    step.clamp(Duration::from_secs(5), Duration::from_secs(60))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(end_s: i64, step_s: u64) -> Window {
        Window::aligned((end_s - 3_600) * 1_000, end_s * 1_000, Duration::from_secs(step_s)).unwrap()
    }

    #[test]
    fn settled_windows_live_longer_than_live_ones() {
        let now = Timestamp::from_second(1_700_006_400).unwrap();
        for (end, step, seconds) in [
            (1_700_006_400, 15, 15),
            (1_700_006_400, 1, 5),
            (1_700_006_400, 3_600, 60),
            (1_700_009_999, 15, 15),
            (1_700_005_900, 30, 30),
            (1_700_005_800, 15, 600),
            (1_600_000_000, 15, 600),
        ] {
            assert_eq!(lifetime(&window(end, step), now), Duration::from_secs(seconds), "{end} {step}");
        }
    }

    #[test]
    fn windows_of_equal_length_and_step_share_a_family() {
        let query = PromQl::read("up").0.unwrap();
        let family = |start_s: i64, until_s: i64, step_s: u64| {
            let window =
                Window::exact(start_s * 1_000, until_s * 1_000, Duration::from_secs(step_s)).unwrap();
            RangeQuery { origin: Origin::AdHoc, query: query.clone(), window }.family()
        };
        let first = family(6_000, 9_600, 60);
        for (start_s, until_s, step_s, is_same) in [
            (6_060, 9_660, 60, true),
            // Not aligned: at the start, and at the end.
            (6_007, 9_607, 60, true),
            (6_000, 9_607, 60, true),
            (6_000, 9_660, 60, false),
            (6_000, 9_600, 30, false),
        ] {
            assert_eq!(family(start_s, until_s, step_s) == first, is_same, "{start_s} {until_s} {step_s}");
        }
    }

    #[test]
    fn only_a_window_that_just_went_by_is_accepted() {
        let query = PromQl::read("up").0.unwrap();
        let question = RangeQuery { origin: Origin::Known, query, window: window(1_700_006_400, 60) };
        for (end, is_accepted) in [
            (1_700_006_400, true),
            (1_700_006_340, true),
            (1_700_005_440, true),
            (1_700_005_380, false),
            (1_700_006_460, false),
            (1_699_920_000, false),
        ] {
            let older = Matrix::of(window(end, 60), Vec::new());
            assert_eq!(question.accepts(&older), is_accepted, "{end}");
        }
    }
}
