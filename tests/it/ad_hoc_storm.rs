//! Many ad-hoc queries that hang: alerts and graphs are answered beside them.

use std::sync::Arc;
use std::time::Duration;

use promenade::metrics::Metrics;
use promenade::prometheus::{InstanceSettings, Instances, Origin};
use serde_json::json;
use tokio::task::JoinHandle;
use world::World;
use world::markup::words;
use world::questions::{NamedStore, Question, question};
use world::rules::{Alert, Rule};
use world::upstream::{Reply, Upstream};

use crate::proxy::API;

const CATALOG: &str = r#"
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: payments, annotations: {prometheus.io/alert: Down, prometheus.io/rule: up}}
"#;
/// No answer is given up for lateness while the test runs.
const LONG: Duration = Duration::from_secs(60);

/// Requests for the queries of the storm that the upstream has received.
fn stormed(upstream: &Upstream) -> usize {
    upstream
        .requests()
        .iter()
        .filter(|request| request.form("query").is_some_and(|q| is_of_storm(&q)))
        .count()
}

fn is_of_storm(query: &str) -> bool {
    query.starts_with("slow")
}

pub async fn until(is_so: impl Fn() -> bool) {
    for _ in 0..500 {
        if is_so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("never so");
}

fn are_waiting<T>(storm: &[JoinHandle<T>], least: usize) -> bool {
    storm.iter().filter(|one| !one.is_finished()).count() >= least
}

#[tokio::test]
async fn pages_have_their_alerts_and_graphs_while_ad_hoc_queries_hang() {
    let world = World::with(CATALOG, |settings| {
        settings.instances[0] =
            InstanceSettings { max_concurrent: 4, timeout: LONG, ..settings.instances[0].clone() };
    })
    .await;
    world.upstream.on_any(Reply::hang());
    world.upstream.on("up", Reply::matrix(&[(&[], 1.0)]));
    world.upstream.on_rules(Reply::group([Rule::new("Down").alerts([Alert::firing("Down")])]));
    let world = Arc::new(world);
    let paths = (0..10).flat_map(|i| {
        let range = "start=1700000000&end=1700000600&step=15";
        [
            format!("/graph?query=slow{i}"),
            format!("/graph.json?query=slow{i}&range=6h"),
            format!("{API}/query_range?query=slow_plugin{i}&{range}"),
        ]
    });
    let readers = paths.map(|path| {
        let world = world.clone();
        tokio::spawn(async move { world.get(&path).await })
    });
    let storm: Vec<_> = readers.collect();
    until(|| stormed(&world.upstream) > 0).await;
    let page = world.get("/catalog/default/component/payments").await;
    let text = words(page.text());
    assert!(text.contains("1 firing") && text.contains("1 series as lines"), "{text}");
    let form = world.get("/catalog/default/component/payments/alerts.json").await.json();
    assert_eq!((&form["state"], &form["complete"]), (&json!("firing"), &json!(true)));
    let list = words(world.get("/").await.text());
    assert!(list.contains("1 firing"), "{list}");
    assert_eq!(stormed(&world.upstream), 1, "one of four slots");
    assert!(are_waiting(&storm, 10), "the storm went on meanwhile");
    storm.iter().for_each(JoinHandle::abort);
}

#[tokio::test]
async fn ad_hoc_queries_to_one_target_leave_capacity_for_the_other_targets_of_its_rule() {
    let (slow, quick) = (Upstream::start().await, Upstream::start().await);
    slow.on_any(Reply::hang());
    quick.on_any(Reply::matrix(&[(&[], 1.0)]));
    quick.on_rules(Reply::rules(json!([])));
    let metrics = Metrics::new();
    let mut instances = Instances::new(Vec::new(), &metrics.upstream).unwrap();
    instances.add_rule("rule", &slow.api(), &[], true).unwrap();
    let targets = [slow.instance("slow"), quick.instance("quick")].map(|settings| {
        let settings = InstanceSettings { max_concurrent: 2_000, timeout: LONG, ..settings };
        instances.target("rule", settings).unwrap()
    });
    let store = NamedStore::new(Arc::new(instances), 64 << 20, &metrics).with(targets);
    let storm: Vec<_> = (0..400)
        .map(|i| {
            let (store, text) = (store.clone(), format!("slow + {i}"));
            let question = Question { origin: Origin::AdHoc, ..question("slow", &text, 0) };
            tokio::spawn(async move { store.ask(question).await })
        })
        .collect();
    until(|| stormed(&slow) == 64).await;
    store.ask_rules("quick").await.unwrap();
    store.ask(question("quick", "up", 0)).await.unwrap();
    assert_eq!(stormed(&slow), 64, "a quarter of the rule's slots");
    assert!(are_waiting(&storm, 64));
    storm.iter().for_each(JoinHandle::abort);
}
