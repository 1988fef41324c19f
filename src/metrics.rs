//! The portal's own metrics, one struct for each module that counts.

mod catalog;
mod http;
mod plain;
mod upstream;

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use prometheus_client::encoding::text::encode;
pub use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Metric, Registry, Unit};

pub use catalog::{BackstageMetrics, CatalogMetrics};
pub use http::{ConnectionMetrics, HttpMetrics, KeptMetrics, RouteMetrics};
pub use upstream::{StoreCounts, StoreMetrics, UpstreamMetrics};

/// From a cached fragment to the longest deadline, in seconds.
const BUCKETS: [f64; 13] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

/// Names and values of labels. All label sets of a family have the same names.
type LabelPairs<const N: usize> = [(&'static str, Cow<'static, str>); N];
type Counters<const N: usize> = Family<LabelPairs<N>, Counter>;
type Gauge = prometheus_client::metrics::gauge::Gauge<i64, AtomicI64>;
type Gauges<const N: usize> = Family<LabelPairs<N>, Gauge>;
type Durations<const N: usize> = Family<LabelPairs<N>, Histogram, fn() -> Histogram>;

/// What `/metrics` prints. Cheap to clone; all clones count together.
#[derive(Clone)]
pub struct Metrics {
    pub upstream: UpstreamMetrics,
    pub store: StoreMetrics,
    pub catalog: CatalogMetrics,
    pub backstage: BackstageMetrics,
    pub http: HttpMetrics,
    pub kept: KeptMetrics,
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
        let version = Info::new(vec![("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "The version that runs", version);
        let store = StoreMetrics::new(&mut registry);
        Self {
            upstream: UpstreamMetrics::new(&mut registry),
            catalog: CatalogMetrics::new(&mut registry),
            backstage: BackstageMetrics::new(&mut registry),
            http: HttpMetrics::new(&mut registry),
            kept: KeptMetrics::new(&mut registry, &store.evictions),
            store,
            connections: ConnectionMetrics::new("main", &mut registry),
            registry: Arc::new(registry),
        }
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

/// A metric of the registry.
fn registered<M: Metric + Clone + Default>(registry: &mut Registry, name: &str, help: &str) -> M {
    let metric = M::default();
    registry.register(name, help, metric.clone());
    metric
}

/// Histograms of durations, which the registry prints in seconds.
fn durations<const N: usize>(registry: &mut Registry, name: &str, help: &str) -> Durations<N> {
    let durations = Durations::new_with_constructor((|| Histogram::new(BUCKETS)) as fn() -> Histogram);
    registry.register_with_unit(name, help, Unit::Seconds, durations.clone());
    durations
}

/// A count as a gauge holds it.
fn count(of: usize) -> i64 {
    i64::try_from(of).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

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
