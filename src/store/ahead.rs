//! Refresh-ahead: the next samples of time ranges that pages showed lately are fetched before a reader asks for them, once
//! an interval, while the instance has room.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use super::question::{CacheKey, Question, Source};
use super::range_query::RangeQuery;
use super::series::{NextFetch, SeriesSource, is_shared};
use super::{Answer, Store, live_lifetime, millis};
use crate::clock;
use crate::prometheus::{Matrix, Origin, Window};

/// The most time ranges that are remembered.
const MOST_VIEWED: usize = 1_024;
/// Nothing is fetched ahead when nobody looked for so many intervals.
const VIEWED_WITHIN: u32 = 2;
/// Fetches are spread over one in so many of an interval. Over all of it, most readers would come before them.
const SPREAD: u32 = 4;
/// Between two looks at what is due.
const PERIOD: Duration = Duration::from_millis(250);
/// Before samples that are there are looked at again.
const SETTLED_PAUSE: Duration = Duration::from_secs(1);
/// The clock of a page goes in ticks, so its newest instant may be one tick older.
const LONGEST_TICK: Duration = Duration::from_secs(15);

/// Time ranges up to now that pages showed lately, by the family of their queries.
#[derive(Default)]
pub struct ViewedRanges {
    views: Mutex<HashMap<CacheKey<RangeQuery>, RangeView>>,
    /// Another moment for each query, and for each portal.
    moments: RandomState,
}

struct RangeView {
    source: Arc<SeriesSource>,
    /// When a page showed it last.
    at: Timestamp,
    /// Nothing is fetched ahead before.
    next: Timestamp,
}

impl ViewedRanges {
    /// A page shows an answer.
    pub fn note(
        &self,
        source: &Arc<SeriesSource>,
        query: &RangeQuery,
        answer: &Answer<Matrix>,
        now: Timestamp,
    ) {
        if answer.is_stale() || !is_followed(query, now) {
            return;
        }
        let Some(family) = query.family() else { return };
        let key = CacheKey { source: source.name().clone(), scope: source.scope, question: family };
        let mut views = self.lock();
        if let Some(view) = views.get_mut(&key) {
            (view.source, view.at) = (source.clone(), now);
            return;
        }
        if views.len() >= MOST_VIEWED {
            views.retain(|key, view| view.is_recent(key, now));
        }
        if views.len() < MOST_VIEWED {
            let next = self.moment(&key, &query.window, answer.as_of);
            views.insert(key, RangeView { source: source.clone(), at: now, next });
        }
    }

    /// What is due, of what somebody viewed lately.
    fn due(&self, now: Timestamp) -> Vec<(CacheKey<RangeQuery>, Arc<SeriesSource>)> {
        let mut views = self.lock();
        views.retain(|key, view| view.is_recent(key, now));
        let due = views.iter().filter(|(key, view)| view.is_due(key, now));
        due.map(|(key, view)| (key.clone(), view.source.clone())).collect()
    }

    fn put_off(&self, key: &CacheKey<RangeQuery>, next: Timestamp) {
        if let Some(view) = self.lock().get_mut(key) {
            view.next = next;
        }
    }

    /// When the next samples are fetched after those of a window that came at that time. Windows of one query have the same
    /// moment: one fetch serves them all.
    fn moment(&self, key: &CacheKey<RangeQuery>, window: &Window, as_of: Timestamp) -> Timestamp {
        let interval = live_lifetime(window);
        let next_instant = window.end_ms().saturating_add(window.step_ms());
        let next_ms = next_instant.min(as_of.as_millisecond().saturating_add(millis(interval)));
        let hash = self.moments.hash_one((&key.source, &key.question.query, window.step_ms()));
        let share = u32::try_from(hash % 1_000).unwrap_or(0);
        let later = interval / SPREAD * share / 1_000;
        Timestamp::from_millisecond(next_ms.saturating_add(millis(later))).unwrap_or(Timestamp::MAX)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<CacheKey<RangeQuery>, RangeView>> {
        // No code panics while holding the lock.
        self.views.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RangeView {
    fn is_recent(&self, key: &CacheKey<RangeQuery>, now: Timestamp) -> bool {
        now.duration_since(self.at).unsigned_abs() < live_lifetime(&key.question.window) * VIEWED_WITHIN
    }

    /// A moment that is far ahead was chosen before the clock was set back.
    fn is_due(&self, key: &CacheKey<RangeQuery>, now: Timestamp) -> bool {
        let left = self.next.duration_since(now);
        !left.is_positive() || left.unsigned_abs() > live_lifetime(&key.question.window) * VIEWED_WITHIN
    }
}

impl Store {
    /// Fetches ahead for as long as it is polled.
    pub async fn keep_ahead(self) {
        loop {
            self.fetch_ahead(clock::now());
            tokio::time::sleep(PERIOD).await;
        }
    }

    fn fetch_ahead(&self, now: Timestamp) {
        for (viewed, source) in self.viewed.due(now) {
            let Some(window) = newest(&viewed.question.window, now) else { continue };
            let question = RangeQuery { window, ..viewed.question.clone() };
            if let Some(as_of) = self.next_samples(&source, &viewed.with(question), now) {
                let moment = self.viewed.moment(&viewed, &window, as_of);
                // A settled answer is current for longer than an interval.
                self.viewed.put_off(&viewed, moment.max(now + SETTLED_PAUSE));
            }
        }
    }

    /// Fetches the samples of a window, unless they are there. The result is the time after which the next ones are
    /// due. None: the fetch could not begin yet.
    fn next_samples(
        &self,
        source: &Arc<SeriesSource>,
        key: &CacheKey<RangeQuery>,
        now: Timestamp,
    ) -> Option<Timestamp> {
        if let Some(answer) = self.range.current(source, key) {
            return Some(answer.as_of);
        }
        let next = source.next_fetch(&key.question, now);
        if source.failing(Origin::Known).is_some() || next == NextFetch::Never {
            return Some(now);
        }
        let lane = source.instance.lane_ahead().filter(|_| next == NextFetch::Now)?;
        self.range.start_ahead(source, key, lane);
        Some(now)
    }
}

/// Whether the next samples of a window can be foreseen. With a step that is shorter than the interval, readers request
/// other instants than the one that was fetched ahead.
fn is_followed(query: &RangeQuery, now: Timestamp) -> bool {
    let (window, interval) = (&query.window, live_lifetime(&query.window));
    let behind_ms = now.as_millisecond().saturating_sub(window.end_ms());
    query.origin == Origin::Known
        && window.step_ms() >= millis(interval)
        && behind_ms < window.step_ms().saturating_add(millis(LONGEST_TICK))
        && is_shared(query, now)
}

/// As many instants, up to the newest that has passed.
fn newest(window: &Window, now: Timestamp) -> Option<Window> {
    let (now_ms, step_ms) = (now.as_millisecond(), window.step_ms());
    let length_ms = window.end_ms().saturating_sub(window.start_ms());
    let end_ms = now_ms.saturating_sub(now_ms.rem_euclid(step_ms));
    Window::aligned(end_ms.saturating_sub(length_ms), end_ms, Duration::from_millis(step_ms.unsigned_abs()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::promql::PromQl;
    use crate::store::Scope;
    use crate::upstream::InstanceName;

    const NOW: i64 = 1_700_000_040;

    fn query(text: &str, end: i64, step: u64) -> RangeQuery {
        let window = Window::aligned((end - 3_600) * 1_000, end * 1_000, Duration::from_secs(step)).unwrap();
        RangeQuery { origin: Origin::Known, query: PromQl::read(text).0.unwrap(), window }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn only_what_pages_request_again_an_interval_later_is_followed() {
        for (text, end, step, is_expected) in [
            ("up", NOW, 15, true),
            ("up", NOW - 15, 15, true),
            ("up", NOW - 30, 15, false),
            ("up", NOW - 3_600, 15, false),
            ("up", NOW + 15, 15, false),
            ("up", NOW, 5, true),
            ("up", NOW, 3_600, true),
            // A second later, readers request another instant.
            ("up", NOW, 2, false),
            ("up @ end()", NOW, 15, false),
            ("topk(1, up)", NOW, 15, false),
        ] {
            assert_eq!(is_followed(&query(text, end, step), at(NOW)), is_expected, "{text} {end} {step}");
        }
        let ad_hoc = RangeQuery { origin: Origin::AdHoc, ..query("up", NOW, 15) };
        assert!(!is_followed(&ad_hoc, at(NOW)));
    }

    #[test]
    fn moments_are_spread_and_one_query_has_one() {
        let viewed = ViewedRanges::default();
        // After the next instant, or an interval after samples that came later.
        for (step, as_of, first) in [(20, NOW + 3, NOW + 20), (3_600, NOW + 3, NOW + 63)] {
            let later = |query: RangeQuery| {
                let source = InstanceName::new("default");
                let key = CacheKey { source, scope: Scope::Whole, question: query.family().unwrap() };
                let moment = viewed.moment(&key, &query.window, at(as_of));
                moment.as_millisecond() - first * 1_000
            };
            let interval = step.min(60) * 1_000;
            let mut tenths = [0; 10];
            for i in 0..300 {
                let later = later(query(&format!("up + {i}"), NOW, step as u64));
                tenths[usize::try_from(later * 10 / (interval / i64::from(SPREAD))).unwrap()] += 1;
            }
            assert!(tenths.iter().all(|count| (5..100).contains(count)), "{tenths:?}");
            let one = query("up", NOW, step as u64);
            let half = one.window.between(one.window.start_ms() + 1_800_000, i64::MAX).unwrap();
            assert_eq!(later(one.clone()), later(RangeQuery { window: half, ..one }));
        }
    }

    #[test]
    fn the_newest_window_has_as_many_instants() {
        for (step, second, end) in
            [(15, NOW, NOW), (15, NOW + 14, NOW), (15, NOW + 16, NOW + 15), (3_600, NOW, 1_699_999_200)]
        {
            let window = query("up", NOW, step).window;
            let newest = newest(&window.from_epoch(), at(second)).unwrap();
            assert_eq!((newest.len(), newest.end_ms()), (window.len(), end * 1_000), "{step} {second}");
        }
    }
}
