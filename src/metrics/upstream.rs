//! Requests to instances, and lookups in the store.

use std::time::Duration;

use prometheus_client::registry::Registry;

use super::{Counters, Durations, Gauges, durations, registered};

#[derive(Clone)]
pub struct UpstreamMetrics {
    requests: Counters<3>,
    failing: Gauges<2>,
    durations: Durations<3>,
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
        let labels = [("instance", instance.to_owned().into()), ("questions", questions.into())];
        self.failing.get_or_create(&labels).inc_by(by);
    }

    /// One request to an instance ended. `endpoint`: `query_range` or `rules`; `outcome`: `ok` or an error kind.
    pub fn observe(&self, instance: &str, endpoint: &'static str, outcome: &'static str, took: Duration) {
        let labels = [
            ("instance", instance.to_owned().into()),
            ("endpoint", endpoint.into()),
            ("outcome", outcome.into()),
        ];
        self.requests.get_or_create(&labels).inc();
        self.durations.get_or_create(&labels).observe(took.as_secs_f64());
    }
}

#[derive(Clone)]
pub struct StoreMetrics {
    lookups: Counters<1>,
    fetches: Counters<1>,
}

impl StoreMetrics {
    pub(super) fn new(registry: &mut Registry) -> Self {
        Self {
            lookups: registered(registry, "store_lookups", "Questions to the store, by what answered"),
            fetches: registered(
                registry,
                "store_series_fetches",
                "Fetches for time ranges, by what of them was requested",
            ),
        }
    }

    /// `result`: `hit`, `miss` (a request), `shared` (waits for another's miss),
    /// `failure` (a remembered one), `stale`, `meanwhile` (what is there, while it is fetched behind).
    pub fn lookup(&self, result: &'static str) {
        self.lookups.get_or_create(&[("result", result.into())]).inc();
    }

    /// `part` of a time range: `full`, also in the place of a part that could not be merged; `tail` (what is missing or may
    /// have changed), `heal` (what is an hour old), `none`.
    pub fn fetch(&self, part: &'static str) {
        self.fetches.get_or_create(&[("part", part.into())]).inc();
    }

    /// Every result and how often it was, in one order.
    pub fn lookups(&self) -> Vec<(&'static str, u64)> {
        let count = |result: &'static str| self.lookups.get_or_create(&[("result", result.into())]).get();
        ["hit", "meanwhile", "shared", "miss", "failure", "stale"]
            .map(|result| (result, count(result)))
            .to_vec()
    }
}
