//! Questions for the store, and a store.

use std::sync::Arc;
use std::time::Duration;

use promenade::metrics::Metrics;
use promenade::prometheus::{
    Instance, InstanceSettings, Instances, InstantAnswer, Matrix, Origin, Outage, Rules, Window,
};
use promenade::promql::PromQl;
use promenade::store::{Answer, InstantQuery, RangeQuery, Scope, SeriesTier, Store, StoreSettings};
use promenade::upstream::UpstreamError;

/// Long ago, so that every window is settled.
const NOW_MS: i64 = 1_700_000_000_000;

pub fn query(text: &str) -> PromQl {
    PromQl::read(text).0.unwrap()
}

/// Ten minutes up to a while after [`NOW_MS`].
pub fn window(later_s: i64) -> Window {
    let end = NOW_MS + later_s * 1_000;
    Window::aligned(end - 600_000, end, Duration::from_secs(15)).unwrap()
}

/// A range query to the instance of that name.
#[derive(Clone)]
pub struct Question {
    pub instance: &'static str,
    pub origin: Origin,
    pub query: PromQl,
    pub window: Window,
}

/// A store that finds instances by name.
#[derive(Clone)]
pub struct NamedStore {
    pub store: Store,
    instances: Arc<Instances>,
    named: Vec<Arc<Instance>>,
}

impl std::ops::Deref for NamedStore {
    type Target = Store;

    fn deref(&self) -> &Store {
        &self.store
    }
}

impl NamedStore {
    pub fn new(instances: Arc<Instances>, max_bytes: u64, metrics: &Metrics) -> Self {
        let named = instances.configured().cloned().collect();
        Self { store: Store::new(&StoreSettings { max_bytes }, metrics.store.clone()), instances, named }
    }

    pub fn with_tier(self, tier: Arc<dyn SeriesTier>) -> Self {
        Self { store: self.store.with_series_tier(tier), ..self }
    }

    /// With targets, which are no configured instances.
    pub fn with(mut self, targets: impl IntoIterator<Item = Arc<Instance>>) -> Self {
        self.named.extend(targets);
        self
    }

    pub fn failing(&self) -> Vec<Outage> {
        self.instances.failing()
    }

    fn instance(&self, name: &str) -> &Arc<Instance> {
        self.named.iter().find(|instance| instance.name().as_str() == name).unwrap()
    }

    pub async fn ask(&self, question: Question) -> Result<Answer<Matrix>, Arc<UpstreamError>> {
        let Question { instance, origin, query, window } = question;
        self.store.range(self.instance(instance), Scope::Whole, RangeQuery { origin, query, window }).await
    }

    /// What is there of the time range.
    pub async fn ask_at_once(&self, question: Question) -> Result<Answer<Matrix>, Arc<UpstreamError>> {
        let Question { instance, origin, query, window } = question;
        let query = RangeQuery { origin, query, window };
        self.store.range_at_once(self.instance(instance), Scope::Whole, query).await
    }

    pub async fn ask_instant(
        &self,
        instance: &str,
        query: InstantQuery,
    ) -> Result<Answer<InstantAnswer>, Arc<UpstreamError>> {
        self.store.instant(self.instance(instance), Scope::Whole, query).await
    }

    /// What pages show.
    pub async fn ask_instant_at_once(
        &self,
        instance: &str,
        query: InstantQuery,
    ) -> Result<Answer<InstantAnswer>, Arc<UpstreamError>> {
        self.store.instant_at_once(self.instance(instance), Scope::Whole, query).await
    }

    /// What pages show.
    pub async fn ask_rules_at_once(&self, instance: &str) -> Result<Answer<Rules>, Arc<UpstreamError>> {
        self.store.rules_at_once(self.instance(instance), Scope::Whole).await
    }

    pub async fn ask_rules(&self, instance: &str) -> Result<Answer<Rules>, Arc<UpstreamError>> {
        self.store.rules(self.instance(instance), Scope::Whole).await
    }
}

pub fn store(settings: Vec<InstanceSettings>) -> (NamedStore, Metrics) {
    let metrics = Metrics::new();
    let instances = Arc::new(Instances::new(settings, &metrics.upstream).unwrap());
    (NamedStore::new(instances, 64 << 20, &metrics), metrics)
}

pub fn question(instance: &'static str, text: &str, later_s: i64) -> Question {
    Question { instance, origin: Origin::Known, query: query(text), window: window(later_s) }
}
