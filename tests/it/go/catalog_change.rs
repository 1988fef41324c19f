//! Links from chat just after the catalog has changed.

use std::sync::Arc;
use std::time::Duration;

use promenade::annotations::ALERT;
use promenade::catalog::{Catalog, Entity, EntityRef};
use promenade::clock;
use promenade::metrics::Metrics;
use promenade::monitoring::{AlertIndexer, AlertQuery, Monitoring, RoutingSettings};
use promenade::prometheus::{InstanceSettings, Instances};
use promenade::store::{Store, StoreSettings};
use world::rules::{Alert, Rule};
use world::upstream::{Reply, Upstream};

/// Entities of these names, which show the alert `Down`.
fn change(catalog: &Catalog, names: &[&str]) {
    let entities = names.iter().map(|name| {
        let reference = EntityRef::new("component", "default", name).unwrap();
        Arc::new(Entity {
            annotations: [(ALERT, "Down".to_owned())].into_iter().collect(),
            ..Entity::new(reference, "Component", "backstage.io/v1alpha1", (*name).to_owned())
        })
    });
    let mut next = catalog.snapshot().next(entities);
    next.loaded_at = Some(clock::now());
    catalog.swap(next);
}

fn monitoring(instances: Vec<InstanceSettings>) -> Monitoring {
    let metrics = Metrics::new();
    let instances = Arc::new(Instances::new(instances, &metrics.upstream).unwrap());
    let store = Store::new(&StoreSettings { max_bytes: 1 << 20 }, metrics.store.clone());
    Monitoring::new(store, instances, RoutingSettings::default())
}

#[tokio::test]
async fn an_instance_that_hangs_is_waited_for_once_although_two_indexes_are_asked() {
    let (quick, slow) = (Upstream::start().await, Upstream::start().await);
    let down = Rule::new("Down").alerts([Alert::firing("Down")]);
    quick.on_rules(Reply::group([down.clone()]));
    // Longer than a link from chat waits, and shorter than it would wait twice.
    slow.on_rules(Reply::group([down]).after(Duration::from_millis(4_500)));
    let slow = InstanceSettings { timeout: Duration::from_secs(30), ..slow.instance("slow") };
    let monitoring = monitoring(vec![quick.instance("default"), slow]);
    let catalog = Arc::new(Catalog::default());
    let indexer = AlertIndexer::new(catalog.clone());
    change(&catalog, &["a"]);
    indexer.index().await.unwrap();
    change(&catalog, &["a", "b"]);
    let labels = [("alertname", "Down")].into_iter().collect();
    let alert = AlertQuery { labels, at: None, instance: Some("slow".to_owned()), ad_hoc: false };
    let found = monitoring.look_up(&indexer, &alert, clock::now()).await.unwrap();
    assert_eq!(found.silent.iter().map(|name| name.as_str()).collect::<Vec<_>>(), ["slow"]);
    assert!(!found.is_behind);
    let alert = AlertQuery { instance: None, ..alert };
    let found = monitoring.look_up(&indexer, &alert, clock::now()).await.unwrap();
    let names: Vec<&str> = found.entities.iter().map(|found| found.entity.name.as_str()).collect();
    assert_eq!(names, ["a", "b"], "the newest index is asked");
}
