//! Requests to instances, and lookups in the store.

use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use super::{Counters, Durations, Gauges, durations, registered};

/// From a scrape interval to the oldest answer that is shown, in seconds.
const AGES: [f64; 8] = [1.0, 5.0, 15.0, 30.0, 60.0, 300.0, 600.0, 900.0];

#[derive(Clone)]
pub struct UpstreamMetrics {
    requests: Counters<3>,
    failing: Gauges<2>,
    received: Counters<1>,
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
            received: registered(
                registry,
                "upstream_received_bytes",
                "Bytes of the bodies of an instance's answers",
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

    /// The body of an answer has come.
    pub fn received(&self, instance: &str, bytes: usize) {
        self.received.get_or_create(&[("instance", instance.to_owned().into())]).inc_by(wide(bytes));
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

/// What a store has counted since the start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreCounts {
    /// By result, as [`StoreMetrics::lookup`] counts them.
    pub lookups: Vec<(&'static str, u64)>,
    /// By part, as [`StoreMetrics::fetch`] counts them.
    pub fetches: Vec<(&'static str, u64)>,
    /// For time ranges.
    pub received_bytes: u64,
    /// That instances did not have to send for time ranges, about.
    pub saved_bytes: u64,
    pub evictions: u64,
}

#[derive(Clone)]
pub struct StoreMetrics {
    lookups: Counters<1>,
    fetches: Counters<1>,
    received: Counter,
    answered: Counter,
    pub evictions: Counter,
    ages: Histogram,
}

impl StoreMetrics {
    pub(super) fn new(registry: &mut Registry) -> Self {
        let ages = Histogram::new(AGES);
        let help = "How old the samples of time ranges were when a reader got them";
        registry.register_with_unit("store_answer_age", help, Unit::Seconds, ages.clone());
        Self {
            ages,
            lookups: registered(registry, "store_lookups", "Questions to the store, by what answered"),
            fetches: registered(
                registry,
                "store_series_fetches",
                "Fetches for time ranges, by what of them was requested",
            ),
            received: registered(
                registry,
                "store_range_received_bytes",
                "Bytes that instances sent for time ranges",
            ),
            answered: registered(
                registry,
                "store_range_answered_bytes",
                "Bytes that instances would have sent for time ranges if each reader had asked them, about",
            ),
            evictions: registered(
                registry,
                "store_evictions",
                "Entries and rendered replies that left before their time, because the cache was full",
            ),
        }
    }

    /// `result`: `hit`, `miss` (a request), `shared` (waits for another's miss),
    /// `failure` (a remembered one), `stale`, `meanwhile` (what is there, while it is fetched behind), `ahead` (a request before
    /// a reader asks).
    pub fn lookup(&self, result: &'static str) {
        self.lookups.get_or_create(&[("result", result.into())]).inc();
    }

    /// `part` of a time range: `full`, also in the place of a part that could not be merged; `tail` (what is missing or may
    /// have changed), `heal` (what is an hour old), `none`.
    pub fn fetch(&self, part: &'static str) {
        self.fetches.get_or_create(&[("part", part.into())]).inc();
    }

    /// An instance has sent so many bytes for a time range.
    pub fn received(&self, bytes: usize) {
        self.received.inc_by(wide(bytes));
    }

    /// A reader has got samples of a time range. `bytes`: what the instance would have sent for it, about.
    pub fn answered(&self, bytes: usize, age: Duration) {
        self.answered.inc_by(wide(bytes));
        self.ages.observe(age.as_secs_f64());
    }

    pub fn counts(&self) -> StoreCounts {
        let part = |part: &'static str| (part, self.fetches.get_or_create(&[("part", part.into())]).get());
        let received_bytes = self.received.get();
        StoreCounts {
            lookups: self.lookups(),
            fetches: ["full", "tail", "heal", "none"].map(part).to_vec(),
            received_bytes,
            saved_bytes: self.answered.get().saturating_sub(received_bytes),
            evictions: self.evictions.get(),
        }
    }

    /// Every result and how often it was, in one order.
    fn lookups(&self) -> Vec<(&'static str, u64)> {
        let count = |result: &'static str| self.lookups.get_or_create(&[("result", result.into())]).get();
        ["hit", "meanwhile", "shared", "miss", "ahead", "failure", "stale"]
            .map(|result| (result, count(result)))
            .to_vec()
    }
}

fn wide(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}
