//! Instant queries. No older answer is ever shown in their place.

use std::time::Duration;

use super::question::Question;
use super::weight::Weigh;
use super::{Answer, SETTLED_LIFETIME, UNSTABLE, WARNED_LIFETIME, millis};
use crate::prometheus::{Instance, InstantAnswer, Origin};
use crate::promql::PromQl;
use crate::upstream::UpstreamError;

/// An instant query.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct InstantQuery {
    pub origin: Origin,
    pub query: PromQl,
    /// Epoch milliseconds.
    pub at_ms: i64,
}

impl Question for InstantQuery {
    type Source = Instance;
    type Value = InstantAnswer;
    type Family = ();

    async fn fetch(&self, source: &Instance) -> Result<InstantAnswer, UpstreamError> {
        source.client.query(&self.query, self.at_ms, self.origin).await
    }

    fn lifetime(&self, _: &Instance, answer: &Answer<InstantAnswer>) -> Duration {
        let is_settled = answer.as_of.as_millisecond().saturating_sub(self.at_ms) >= millis(UNSTABLE);
        if is_settled && answer.value.warnings.is_empty() { SETTLED_LIFETIME } else { WARNED_LIFETIME }
    }

    fn origin(&self) -> Origin {
        self.origin
    }

    fn family(&self) -> Option<()> {
        None
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
