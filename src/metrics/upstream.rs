//! Requests to instances, and lookups in the store.

use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::registry::Registry;

use super::{Counters, Durations, Gauges, durations, registered};

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct UpstreamLabels {
    instance: String,
    endpoint: &'static str,
    outcome: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct FailingLabels {
    instance: String,
    questions: &'static str,
}

#[derive(Clone)]
pub struct UpstreamMetrics {
    requests: Counters<UpstreamLabels>,
    failing: Gauges<FailingLabels>,
    durations: Durations<UpstreamLabels>,
}

impl UpstreamMetrics {
    pub(super) fn new(registry: &mut Registry) -> Self {
        Self {
            requests: registered(
                registry,
                "upstream_requests",
                "Questions to an instance, by how they ended",
            ),
            failing: registered(
                registry,
                "upstream_failing",
                "1 while an instance fails and is asked one question at a time; of a rule's targets how many do",
            ),
            durations: durations(
                registry,
                "upstream_request_duration",
                "How long a question to an instance took, waiting for a slot included",
            ),
        }
    }

    /// An instance begins to fail (1), or answers again (-1). `questions`: `known` or `ad_hoc`.
    pub fn failing(&self, instance: &str, questions: &'static str, by: i64) {
        let labels = FailingLabels { instance: instance.to_owned(), questions };
        self.failing.get_or_create(&labels).inc_by(by);
    }

    /// One request to an instance ended. `endpoint`: `query_range` or `rules`; `outcome`: `ok` or an error kind.
    pub fn observe(&self, instance: &str, endpoint: &'static str, outcome: &'static str, took: Duration) {
        let labels = UpstreamLabels { instance: instance.to_owned(), endpoint, outcome };
        self.requests.get_or_create(&labels).inc();
        self.durations.get_or_create(&labels).observe(took.as_secs_f64());
    }
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct LookupLabels {
    result: &'static str,
}

#[derive(Clone)]
pub struct StoreMetrics {
    lookups: Counters<LookupLabels>,
}

impl StoreMetrics {
    pub(super) fn new(registry: &mut Registry) -> Self {
        Self { lookups: registered(registry, "store_lookups", "Questions to the store, by what answered") }
    }

    /// `result`: `hit`, `miss` (a request), `shared` (waits for another's miss),
    /// `failure` (a remembered one), `stale`.
    pub fn lookup(&self, result: &'static str) {
        self.lookups.get_or_create(&LookupLabels { result }).inc();
    }

    /// Every result and how often it was, in one order.
    pub fn lookups(&self) -> Vec<(&'static str, u64)> {
        let count = |result| self.lookups.get_or_create(&LookupLabels { result }).get();
        ["hit", "shared", "miss", "failure", "stale"].map(|result| (result, count(result))).to_vec()
    }
}
