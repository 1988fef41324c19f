//! Which set a range query belongs to.

use super::super::question::Scope;
use super::super::weight::Weigh;
use crate::prometheus::{InstanceName, Origin};
use crate::promql::PromQl;
use crate::upstream::Fingerprint;

/// Everything that samples depend on, but the instants.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct SeriesKey {
    pub source: InstanceName,
    /// Of the instance behind the name.
    pub server: Fingerprint,
    pub scope: Scope,
    pub origin: Origin,
    pub query: PromQl,
    pub step_ms: i64,
}

impl Weigh for SeriesKey {
    fn weight(&self) -> usize {
        self.query.weight()
    }
}
