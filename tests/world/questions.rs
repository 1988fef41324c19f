//! Questions as scenes ask them, and a store to ask.

use std::sync::Arc;
use std::time::Duration;

use promenade::metrics::Metrics;
use promenade::prometheus::{InstanceName, InstanceSettings, Instances, Origin, Window};
use promenade::promql::PromQl;
use promenade::store::{Question, RulesQuestion, Scope, Store, StoreSettings};

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

pub fn store(settings: Vec<InstanceSettings>) -> (Store, Metrics) {
    let metrics = Metrics::new();
    let instances = Arc::new(Instances::new(settings, &metrics.upstream).unwrap());
    let store = Store::new(instances, &StoreSettings { max_bytes: 64 << 20 }, metrics.store.clone());
    (store, metrics)
}

pub fn question(instance: &str, text: &str, later_s: i64) -> Question {
    Question {
        instance: InstanceName::new(instance),
        scope: Scope::Whole,
        origin: Origin::Known,
        query: query(text),
        window: window(later_s),
    }
}

pub fn rules_question(instance: &str) -> RulesQuestion {
    RulesQuestion { instance: InstanceName::new(instance), scope: Scope::Whole }
}
