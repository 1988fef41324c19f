//! What the status page says of the sets that take the most memory.

use std::time::Duration;

use jiff::Timestamp;

use super::super::question::Scope;
use super::entry::SeriesEntry;
use super::key::SeriesKey;
use crate::prometheus::{InstanceName, Origin};
use crate::promql::PromQl;

/// A set that takes much memory.
#[derive(Clone, Debug)]
pub struct LargeSet {
    pub instance: InstanceName,
    /// None: a reader wrote it, and others need not know it.
    pub query: Option<PromQl>,
    pub scope: Scope,
    pub step: Duration,
    /// The first and the last instant of each stretch without a gap.
    pub extents: Vec<(Timestamp, Timestamp)>,
    pub bytes: u32,
    /// When its newest samples were fetched. None: it has none.
    pub as_of: Option<Timestamp>,
}

impl LargeSet {
    pub(super) fn of(key: &SeriesKey, entry: &SeriesEntry, bytes: u32) -> Self {
        let SeriesKey { source, scope, origin, query, step_ms, .. } = key;
        let kept = entry.kept();
        let at = |ms| Timestamp::from_millisecond(ms).unwrap_or_default();
        Self {
            instance: source.clone(),
            query: Some(query.clone()).filter(|_| *origin == Origin::Known),
            scope: *scope,
            step: Duration::from_millis(step_ms.unsigned_abs()),
            extents: kept.set.extents().map(|(start_ms, end_ms)| (at(start_ms), at(end_ms))).collect(),
            bytes,
            as_of: kept.set.as_of(),
        }
    }
}
