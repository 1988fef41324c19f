//! Whether the samples that no reader asked for yet may be fetched.

use jiff::Timestamp;

use super::{RangeQuery, SeriesSource};

/// The clock of an instance is known to a second.
const CLOCK_MS: i64 = 1_000;

/// When a fetch of a window may begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NextFetch {
    Now,
    /// Another fetch of the set runs, or the window has not passed by the instance's clock.
    Soon,
    /// It would be more than a tail.
    Never,
}

impl SeriesSource {
    pub fn next_fetch(&self, query: &RangeQuery, now: Timestamp) -> NextFetch {
        let Some(entry) = self.sets.get(&self.key(query, query.origin)) else { return NextFetch::Never };
        let missing = entry.missing(&query.window, now);
        let is_tail = missing.first().is_none_or(|part| part.start_ms() > query.window.start_ms());
        let has_passed = entry.kept().instance_ms(now) >= query.window.end_ms().saturating_add(CLOCK_MS);
        match (is_tail, has_passed && entry.fetching.try_lock().is_ok()) {
            (false, _) => NextFetch::Never,
            (true, true) => NextFetch::Now,
            (true, false) => NextFetch::Soon,
        }
    }
}
