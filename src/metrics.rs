//! The portal's own figures, one struct for each module that counts.

use std::sync::Arc;
use std::time::Duration;

/// What `/metrics` prints. Cheap to clone.
#[derive(Clone, Default)]
pub struct Metrics {
    pub upstream: UpstreamMetrics,
    pub store: StoreMetrics,
    pub catalog: CatalogMetrics,
    pub http: HttpMetrics,
}

impl Metrics {
    pub fn new() -> Self {
        Self::default()
    }

    /// In OpenMetrics' text format.
    pub fn encode(&self) -> String {
        String::new()
    }
}

#[derive(Clone, Default)]
pub struct UpstreamMetrics(Arc<()>);

impl UpstreamMetrics {
    /// One request to an instance ended. `endpoint`: `query_range` or `rules`; `outcome`: `ok` or an error kind.
    pub fn observe(&self, instance: &str, endpoint: &'static str, outcome: &'static str, took: Duration) {
        let _ = (&self.0, instance, endpoint, outcome, took);
    }
}

#[derive(Clone, Default)]
pub struct StoreMetrics(Arc<()>);

impl StoreMetrics {
    /// `result`: `hit`, `miss`, `failure` (a remembered one), `stale`.
    pub fn lookup(&self, result: &'static str) {
        let _ = (&self.0, result);
    }
}

#[derive(Clone, Default)]
pub struct CatalogMetrics(Arc<()>);

impl CatalogMetrics {
    pub fn set(&self, entities: usize, faults: usize) {
        let _ = (&self.0, entities, faults);
    }
}

#[derive(Clone, Default)]
pub struct HttpMetrics(Arc<()>);

impl HttpMetrics {
    /// `route`: the pattern, never the path.
    pub fn observe(&self, route: &str, status: u16, took: Duration) {
        let _ = (&self.0, route, status, took);
    }
}
