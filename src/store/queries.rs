//! Range queries and instant queries. The last good graph of the same query, step and length can be shown a little
//! later, and so can the value of an entity's query at an instant.

use std::time::Duration;

use jiff::Timestamp;

use super::question::{Question, RECENT};
use super::range_query::RangeQuery;
use super::series::{MOST_MISSED, SeriesSource, Slices};
use super::weight::Weigh;
use super::{Answer, SETTLED_LIFETIME, WARNED_LIFETIME, age_at, live_lifetime, millis};
use crate::clock;
use crate::prometheus::{Instance, InstantAnswer, Matrix, Origin, Window};
use crate::promql::PromQl;
use crate::upstream::UpstreamError;

/// How far an older window may end before the requested one, and how old its samples may be if they may have changed.
const STALE_LIMIT: Duration = Duration::from_secs(15 * 60);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct InstantQuery {
    pub origin: Origin,
    pub query: PromQl,
    /// Epoch milliseconds.
    pub at_ms: i64,
}

impl Question for RangeQuery {
    type Source = SeriesSource;
    type Value = Matrix;

    async fn fetch(&self, source: &SeriesSource) -> Result<Matrix, UpstreamError> {
        source.fetch(self).await
    }

    fn lifetime(&self, source: &SeriesSource, answer: &Answer<Matrix>) -> Duration {
        let tail = source.instance.settings.unstable_tail;
        let lifetime = lifetime(&self.window, answer.as_of, answer.value.may_change, tail, clock::now());
        if answer.value.warnings.is_empty() { lifetime } else { lifetime.min(WARNED_LIFETIME) }
    }

    fn meanwhile(&self, source: &SeriesSource) -> Option<Answer<Matrix>> {
        source.meanwhile(self, Slices::Cut)
    }

    fn drawn_meanwhile(&self, source: &SeriesSource) -> Option<Answer<Matrix>> {
        source.meanwhile(self, Slices::Known)
    }

    fn as_of(value: &Matrix) -> Option<Timestamp> {
        value.as_of
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

    /// An older window shows the requested time from its start on, except what went by within the stale limit.
    fn accepts(&self, older: &Matrix) -> bool {
        let moved = self.window.end_ms().saturating_sub(older.window.end_ms());
        let most_moved = millis(STALE_LIMIT).saturating_add(self.window.step_ms());
        let is_settled = moved == 0 && !older.may_change;
        let is_young = older.as_of.is_none_or(|as_of| age_at(as_of, clock::now()) <= STALE_LIMIT);
        older.window.start_ms() <= self.window.start_ms()
            && (0..=most_moved).contains(&moved)
            && (is_young || is_settled)
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

    fn lifetime(&self, source: &Instance, answer: &Answer<InstantAnswer>) -> Duration {
        let tail = millis(source.settings.unstable_tail);
        let is_settled = answer.as_of.as_millisecond().saturating_sub(self.at_ms) >= tail;
        if is_settled && answer.value.warnings.is_empty() { SETTLED_LIFETIME } else { WARNED_LIFETIME }
    }

    fn origin(&self) -> Origin {
        self.origin
    }

    /// An entity's tile at another time. Nobody else gets an older value.
    fn family(&self) -> Option<Self> {
        (self.origin == Origin::Known).then(|| Self { at_ms: 0, ..self.clone() })
    }

    /// The value at an instant a little before that of now. That of another time is another value.
    fn shown_meanwhile(&self, source: &Instance, older: &Answer<InstantAnswer>) -> Option<Duration> {
        let recent = source.settings.scrape_interval.max(WARNED_LIFETIME) * RECENT;
        let is_live = self.at_ms.saturating_add(millis(recent)) > clock::now().as_millisecond();
        let is_near = self.at_ms.saturating_sub(older.value.at_ms) < millis(recent);
        (is_live && is_near && older.value.warnings.is_empty()).then_some(recent)
    }

    fn is_far_ahead(&self, older: &InstantAnswer) -> bool {
        self.at_ms.saturating_sub(older.at_ms) > millis(MOST_MISSED)
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

/// What is left of the life of an answer. One that ends long ago is not expected to change, unless it lacks samples that
/// just were there.
fn lifetime(window: &Window, as_of: Timestamp, may_change: bool, tail: Duration, now: Timestamp) -> Duration {
    if as_of.as_millisecond().saturating_sub(window.end_ms()) >= millis(tail) {
        return if may_change { WARNED_LIFETIME } else { SETTLED_LIFETIME };
    }
    live_lifetime(window).saturating_sub(age_at(as_of, now))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prometheus::UNSTABLE_TAIL;

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
            let left = |later, may_change| {
                let later = now + Duration::from_secs(later);
                lifetime(&window(end, step), now, may_change, UNSTABLE_TAIL, later).as_secs()
            };
            let is_settled = seconds == 600;
            assert_eq!(left(0, false), seconds, "{end} {step}");
            assert_eq!(left(4, false), if is_settled { 600 } else { seconds - 4 }, "{end} {step}");
            assert_eq!(left(0, true), if is_settled { 5 } else { seconds }, "{end} {step}: in doubt");
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
        let part = question.window.between(question.window.start_ms() + 60_000, i64::MAX).unwrap();
        assert!(!question.accepts(&Matrix::of(part, Vec::new())), "its start is missing");
    }

    #[test]
    fn samples_that_came_long_ago_are_accepted_only_if_they_are_whole_and_settled() {
        let query = PromQl::read("up").0.unwrap();
        let question = RangeQuery { origin: Origin::Known, query, window: window(1_700_006_400, 3_600) };
        for (end, age, may_change, is_accepted) in [
            (1_700_006_400, 890, true, true),
            (1_700_002_800, 890, true, true),
            (1_700_002_800, 910, true, false),
            (1_700_002_800, 910, false, false),
            (1_700_006_400, 910, true, false),
            (1_700_006_400, 86_400, false, true),
        ] {
            let as_of = Some(clock::now() - Duration::from_secs(age));
            // As wide as both windows.
            let window = Window::aligned(1_699_000_000_000, end * 1_000, Duration::from_secs(3_600)).unwrap();
            let older = Matrix { as_of, may_change, ..Matrix::of(window, Vec::new()) };
            assert_eq!(question.accepts(&older), is_accepted, "{end}, {age} s old");
        }
    }
}
