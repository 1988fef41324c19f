//! The portal's own figures, one struct for each module that counts.

mod plain;

use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

/// From a cached fragment to the longest deadline, in seconds.
const BUCKETS: [f64; 13] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

type Durations<L> = Family<L, Histogram, fn() -> Histogram>;

fn durations<L: Clone + std::hash::Hash + Eq>() -> Durations<L> {
    Family::new_with_constructor(|| Histogram::new(BUCKETS))
}

/// What `/metrics` prints. Cheap to clone; all clones count together.
#[derive(Clone)]
pub struct Metrics {
    pub upstream: UpstreamMetrics,
    pub store: StoreMetrics,
    pub catalog: CatalogMetrics,
    pub backstage: BackstageMetrics,
    pub http: HttpMetrics,
    pub connections: ConnectionMetrics,
    registry: Arc<Registry>,
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    pub fn new() -> Self {
        let mut registry = Registry::with_prefix("promenade");
        registry.register(
            "build",
            "The version that runs",
            Info::new(vec![("version", env!("CARGO_PKG_VERSION"))]),
        );
        let metrics = Self {
            upstream: UpstreamMetrics::default(),
            store: StoreMetrics::default(),
            catalog: CatalogMetrics::default(),
            backstage: BackstageMetrics::default(),
            http: HttpMetrics::default(),
            connections: ConnectionMetrics::of("main"),
            registry: Arc::new(Registry::default()),
        };
        metrics.upstream.register(&mut registry);
        metrics.store.register(&mut registry);
        metrics.catalog.register(&mut registry);
        metrics.backstage.register(&mut registry);
        metrics.http.register(&mut registry);
        metrics.connections.register(&mut registry);
        Self { registry: Arc::new(registry), ..metrics }
    }

    /// In OpenMetrics' text format (`application/openmetrics-text; version=1.0.0; charset=utf-8`).
    pub fn encode(&self) -> String {
        let mut text = String::new();
        // Writing into a String cannot fail; a metric that could not be written would be missing.
        let _ = encode(&mut text, &self.registry);
        text
    }

    /// In Prometheus' older text format (`text/plain; version=0.0.4; charset=utf-8`).
    pub fn encode_plain(&self) -> String {
        plain::of(&self.encode())
    }
}

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
    requests: Family<UpstreamLabels, Counter>,
    failing: Family<FailingLabels, Gauge<i64, AtomicI64>>,
    took: Durations<UpstreamLabels>,
}

impl Default for UpstreamMetrics {
    fn default() -> Self {
        Self { requests: Family::default(), failing: Family::default(), took: durations() }
    }
}

impl UpstreamMetrics {
    fn register(&self, registry: &mut Registry) {
        registry.register(
            "upstream_requests",
            "Questions to an instance, by how they ended",
            self.requests.clone(),
        );
        registry.register(
            "upstream_failing",
            "1 while an instance fails and is asked one question at a time; of a rule's targets how many do",
            self.failing.clone(),
        );
        registry.register_with_unit(
            "upstream_request_duration",
            "How long a question to an instance took, waiting for a slot included",
            Unit::Seconds,
            self.took.clone(),
        );
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
        self.took.get_or_create(&labels).observe(took.as_secs_f64());
    }
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct LookupLabels {
    result: &'static str,
}

#[derive(Clone, Default)]
pub struct StoreMetrics {
    lookups: Family<LookupLabels, Counter>,
}

impl StoreMetrics {
    fn register(&self, registry: &mut Registry) {
        registry.register("store_lookups", "Questions to the store, by what answered", self.lookups.clone());
    }

    /// `result`: `hit`, `miss` (asked the instance), `shared` (waited for another's miss),
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

#[derive(Clone, Default)]
pub struct CatalogMetrics {
    entities: Gauge<i64, AtomicI64>,
    faults: Gauge<i64, AtomicI64>,
}

impl CatalogMetrics {
    fn register(&self, registry: &mut Registry) {
        registry.register("catalog_entities", "Entities in the catalog", self.entities.clone());
        registry.register("catalog_faults", "Faults of the catalog's sources", self.faults.clone());
    }

    pub fn set(&self, entities: usize, faults: usize) {
        self.entities.set(i64::try_from(entities).unwrap_or(i64::MAX));
        self.faults.set(i64::try_from(faults).unwrap_or(i64::MAX));
    }
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct SourceLabels {
    source: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct PageLabels {
    outcome: &'static str,
}

/// Of Backstage's catalog as a source; no figure at all where it is none.
#[derive(Clone, Default)]
pub struct BackstageMetrics {
    pages: Family<PageLabels, Counter>,
    entities: Family<SourceLabels, Gauge<i64, AtomicI64>>,
    good_at: Family<SourceLabels, Gauge<i64, AtomicI64>>,
    failing: Family<SourceLabels, Gauge<i64, AtomicI64>>,
}

impl BackstageMetrics {
    fn register(&self, registry: &mut Registry) {
        registry.register(
            "catalog_backstage_pages",
            "Pages of Backstage's catalog, by how asking for them ended",
            self.pages.clone(),
        );
        registry.register(
            "catalog_source_entities",
            "Entities of the last good reading",
            self.entities.clone(),
        );
        registry.register(
            "catalog_source_last_success_timestamp_seconds",
            "When a source was last seen whole, changed or not",
            self.good_at.clone(),
        );
        registry.register(
            "catalog_source_failing",
            "1 while a source cannot be read and its last good state is shown",
            self.failing.clone(),
        );
    }

    /// `outcome`: `read`, `unchanged` (304), `same` (the bytes as before), `failed`.
    pub fn page(&self, outcome: &'static str) {
        self.pages.get_or_create(&PageLabels { outcome }).inc();
    }

    /// `good_at` in epoch seconds, if there was a good reading.
    pub fn set(&self, entities: usize, good_at: Option<i64>, failing: bool) {
        let labels = SourceLabels { source: "backstage" };
        self.entities.get_or_create(&labels).set(i64::try_from(entities).unwrap_or(i64::MAX));
        self.failing.get_or_create(&labels).set(failing.into());
        if let Some(at) = good_at {
            self.good_at.get_or_create(&labels).set(at);
        }
    }
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct RouteLabels {
    route: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ReplyLabels {
    route: String,
    status: u16,
}

#[derive(Clone)]
pub struct HttpMetrics {
    requests: Family<ReplyLabels, Counter>,
    took: Durations<RouteLabels>,
}

impl Default for HttpMetrics {
    fn default() -> Self {
        Self { requests: Family::default(), took: durations() }
    }
}

impl HttpMetrics {
    fn register(&self, registry: &mut Registry) {
        registry.register("http_requests", "Requests by route and status", self.requests.clone());
        registry.register_with_unit(
            "http_request_duration",
            "How long a request took to answer",
            Unit::Seconds,
            self.took.clone(),
        );
    }

    /// `route`: the pattern, never the path.
    pub fn observe(&self, route: &str, status: u16, took: Duration) {
        self.requests.get_or_create(&ReplyLabels { route: route.to_owned(), status }).inc();
        self.took.get_or_create(&RouteLabels { route: route.to_owned() }).observe(took.as_secs_f64());
    }
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ListenerLabels {
    listener: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ClosedLabels {
    listener: &'static str,
    reason: &'static str,
}

/// Of the connections of a listener.
#[derive(Clone, Debug)]
pub struct ConnectionMetrics {
    listener: &'static str,
    open: Family<ListenerLabels, Gauge<i64, AtomicI64>>,
    closed: Family<ClosedLabels, Counter>,
}

impl ConnectionMetrics {
    fn of(listener: &'static str) -> Self {
        Self { listener, open: Family::default(), closed: Family::default() }
    }

    fn register(&self, registry: &mut Registry) {
        registry.register("http_connections", "Connections that are open", self.open.clone());
        registry.register(
            "http_connections_closed",
            "Connections that the portal closed before the other side did",
            self.closed.clone(),
        );
    }

    /// Counted with these, for another listener.
    pub fn beside(&self, listener: &'static str) -> Self {
        Self { listener, ..self.clone() }
    }

    pub fn set(&self, open: usize) {
        let labels = ListenerLabels { listener: self.listener };
        self.open.get_or_create(&labels).set(i64::try_from(open).unwrap_or(i64::MAX));
    }

    /// `reason`: `idle` (nothing was ever sent, or slots were scarce), `for_another` (the limit was reached), `refused`
    /// (it was, and all were busy), `late_head` (408), `large_head` (431), `bad_request` (400), `slow_reader`.
    pub fn closed(&self, reason: &'static str) {
        self.closed.get_or_create(&ClosedLabels { listener: self.listener, reason }).inc();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_what_was_counted() {
        let metrics = Metrics::new();
        let clone = metrics.clone();
        clone.upstream.observe("default", "rules", "ok", Duration::from_millis(30));
        clone.store.lookup("hit");
        clone.store.lookup("hit");
        clone.catalog.set(7, 1);
        clone.http.observe("/{entity}", 200, Duration::from_secs(1));
        let text = metrics.encode();
        for line in [
            r#"promenade_upstream_requests_total{instance="default",endpoint="rules",outcome="ok"} 1"#,
            r#"promenade_upstream_request_duration_seconds_count{instance="default",endpoint="rules",outcome="ok"} 1"#,
            r#"promenade_store_lookups_total{result="hit"} 2"#,
            "promenade_catalog_entities 7",
            "promenade_catalog_faults 1",
            r#"promenade_http_requests_total{route="/{entity}",status="200"} 1"#,
            r#"promenade_http_request_duration_seconds_bucket{le="1.0",route="/{entity}"} 1"#,
            "# EOF",
        ] {
            assert!(text.lines().any(|l| l == line), "{line} is not in\n{text}");
        }
        assert!(text.contains(r#"promenade_build_info{version=""#), "{text}");
    }
}
