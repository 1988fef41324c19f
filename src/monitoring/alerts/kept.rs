//! Large alert tables, kept while the answers behind them are current: thousands of rows are chosen and ordered once
//! for all readers.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::AlertTable;
use crate::annotations::AlertSpec;
use crate::monitoring::silences::Silences;
use crate::prometheus::Rules;
use crate::store::Answer;
use crate::upstream::is_same_failure;

/// The most tables that are kept.
const MOST_TABLES: usize = 8;
/// A table holds its answer in memory, so it is dropped this long after its making.
pub const TABLE_LIFETIME: Duration = Duration::from_secs(60);

/// Everything that a table is made of.
#[derive(Clone)]
pub struct TableSource {
    pub spec: AlertSpec,
    pub show_inactive: bool,
    pub rules: Answer<Rules>,
    pub silences: Silences,
}

struct KeptTable {
    source: TableSource,
    /// The time for which it is known what is suppressed.
    from: Timestamp,
    until: Option<Timestamp>,
    table: Arc<AlertTable>,
}

/// Cheap to clone; clones share everything.
#[derive(Clone, Default)]
pub struct KeptTables(Arc<Mutex<Vec<KeptTable>>>);

impl KeptTables {
    pub fn get(&self, source: &TableSource, now: Timestamp) -> Option<Arc<AlertTable>> {
        let is_current = |kept: &&KeptTable| {
            now >= kept.from && kept.until.is_none_or(|until| now < until) && kept.source.is_same(source)
        };
        self.lock().iter().find(is_current).map(|kept| kept.table.clone())
    }

    /// Keeps a table as it is at `now`, in the place of those of older answers of its instance.
    pub fn keep(&self, source: TableSource, now: Timestamp, table: &Arc<AlertTable>) {
        let until = source.silences.changes_after(now);
        let mut all = self.lock();
        all.retain(|kept| {
            kept.table.instance != table.instance
                || Arc::ptr_eq(&kept.source.rules.value, &source.rules.value)
        });
        all.retain(|kept| !kept.source.is_same(&source));
        let beyond = (all.len() + 1).saturating_sub(MOST_TABLES);
        all.drain(..beyond);
        all.push(KeptTable { source, from: now, until, table: table.clone() });
    }

    /// Drops what was made too long ago.
    pub fn drop_old(&self, now: Timestamp) {
        let lifetime = SignedDuration::try_from(TABLE_LIFETIME).unwrap_or_default();
        self.lock().retain(|kept| now.duration_since(kept.from) < lifetime);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<KeptTable>> {
        // No code panics while holding the lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl TableSource {
    /// How many rows there may be, or alerts to compare them with.
    pub fn size(&self) -> usize {
        let rows: usize = self.rules.value.rules.iter().map(|rule| rule.alerts.len()).sum();
        rows.max(self.silences.answer().map_or(0, |answer| answer.value.len()))
    }

    /// Whether both are the same answers, read in the same way.
    fn is_same(&self, other: &Self) -> bool {
        self.show_inactive == other.show_inactive
            && Arc::ptr_eq(&self.rules.value, &other.rules.value)
            && self.rules.as_of == other.rules.as_of
            && is_same_failure(self.rules.failure.as_ref(), other.rules.failure.as_ref())
            && self.silences.is_same(&other.silences)
            && self.spec == other.spec
    }
}
