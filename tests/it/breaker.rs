//! The circuit breaker of an instance: while the instance fails, it receives one probe at a time, and readers get cached
//! answers.

use std::sync::Arc;
use std::time::Duration;

use promenade::clock;
use promenade::metrics::Metrics;
use promenade::prometheus::{InstanceName, InstanceSettings, Instances, Origin};
use promenade::upstream::ErrorKind;
use world::World;
use world::markup::words;
use world::questions::{NamedStore, Question, question, store};
use world::rules::Rule;
use world::upstream::{Reply, Upstream};

/// So many failed queries of annotations open a breaker.
const OPENING: usize = 5;

fn panel(i: usize) -> String {
    format!("up + {i}")
}

/// Fills the store with a good answer of each panel.
async fn fill(store: &NamedStore, upstream: &Upstream, panels: usize) {
    upstream.on_any(Reply::matrix(&[(&[], 1.0)]));
    for i in 0..panels {
        store.ask(question("default", &panel(i), 0)).await.unwrap();
    }
}

/// Sends different queries until the instance counts as failing.
async fn open(store: &NamedStore, instance: &'static str) {
    for i in 0..OPENING {
        store.ask(question(instance, &format!("opening + {i}"), 0)).await.unwrap_err();
    }
    assert_eq!(store.failing().len(), 1, "{:?}", store.failing());
}

async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    for _ in 0..200 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("not in time: {what}");
}

#[tokio::test]
async fn failing_instance_receives_one_probe_at_a_time() {
    let upstream = Upstream::start().await;
    let (store, _) = store(vec![upstream.instance("default")]);
    fill(&store, &upstream, 30).await;
    upstream.on_any(Reply::html(500, "oops"));
    let before = upstream.requests().len();
    let begun = clock::stopwatch();
    let pollers: Vec<_> = (0..6)
        .map(|poller| {
            let store = store.clone();
            tokio::spawn(async move {
                while begun.elapsed() < Duration::from_secs(3) {
                    for i in (poller..30).step_by(6) {
                        let answer = store.ask(question("default", &panel(i), 15)).await.unwrap();
                        assert!(answer.is_stale(), "its last good answer is shown as stale");
                    }
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            })
        })
        .collect();
    for poller in pollers {
        poller.await.unwrap();
    }
    let sent = upstream.requests().len() - before;
    // Those that opened it, up to six at once, the first probe, and one in each second.
    assert!((OPENING..=OPENING + 6 + 4).contains(&sent), "{sent}");
}

#[tokio::test]
async fn hanging_instance_blocks_one_query_while_readers_get_cached_answers() {
    let upstream = Upstream::start().await;
    let settings = InstanceSettings { timeout: Duration::from_secs(1), ..upstream.instance("default") };
    let (store, _) = store(vec![settings]);
    fill(&store, &upstream, 20).await;
    upstream.on_any(Reply::hang());
    let hung: Vec<_> = (0..OPENING)
        .map(|i| {
            let store = store.clone();
            tokio::spawn(async move { store.ask(question("default", &panel(i), 15)).await })
        })
        .collect();
    for one in hung {
        assert!(one.await.unwrap().unwrap().is_stale());
    }
    let before = upstream.requests().len();
    let begun = clock::stopwatch();
    for i in 0..20 {
        let answer = store.ask(question("default", &panel(i), 30)).await.unwrap();
        assert_eq!(answer.failure.unwrap().kind, ErrorKind::Timeout);
    }
    let error = store.ask(question("default", "never_asked", 0)).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Timeout, "without an older answer the failure is returned at once");
    assert!(begun.elapsed() < Duration::from_millis(900), "21 panels took {:?}", begun.elapsed());
    assert_eq!(upstream.requests().len() - before, 1, "the probe");
}

#[tokio::test]
async fn breaker_closes_when_the_instance_answers_again() {
    let upstream = Upstream::start().await;
    let (store, metrics) = store(vec![upstream.instance("default")]);
    upstream.on_any(Reply::reset());
    open(&store, "default").await;
    let gauge = |n: i64| {
        let line = format!("promenade_upstream_failing{{instance=\"default\",questions=\"known\"}} {n}\n");
        assert!(metrics.encode().contains(&line), "{}", metrics.encode());
    };
    gauge(1);
    upstream.on_any(Reply::matrix(&[(&[], 1.0)]));
    eventually("an answer", async || store.ask(question("default", "up", 0)).await.is_ok()).await;
    assert!(store.failing().is_empty());
    gauge(0);
    for i in 0..10 {
        store.ask(question("default", &panel(i), 0)).await.unwrap();
    }
}

#[tokio::test]
async fn cached_answer_is_stale_while_the_instance_fails() {
    let upstream = Upstream::start().await;
    let (store, _) = store(vec![upstream.instance("default")]);
    fill(&store, &upstream, 1).await;
    upstream.on_any(Reply::html(502, "bad gateway"));
    let ask = async || store.ask(question("default", &panel(0), 0)).await.unwrap();
    assert!(!ask().await.is_stale());
    open(&store, "default").await;
    assert_eq!(ask().await.failure.unwrap().status, Some(502));
    upstream.on_any(Reply::matrix(&[]));
    eventually("it closes", async || store.ask(question("default", "up", 0)).await.is_ok()).await;
    assert!(!ask().await.is_stale());
}

#[tokio::test]
async fn state_of_cached_rules_is_unknown_while_the_instance_fails() {
    let world = World::of(
        r#"
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: pay, annotations: {prometheus.io/alert: A, prometheus.io/rule: "a,b,c,d,e,f"}}
"#,
    )
    .await;
    world.upstream.on_rules(Reply::group([Rule::new("A")]));
    let state = async || {
        let body = world.get("/catalog/default/component/pay/alerts.json").await.json();
        (body["state"].as_str().unwrap().to_owned(), body["complete"].as_bool().unwrap())
    };
    assert_eq!(state().await, ("quiet".to_owned(), true));
    world.upstream.on_any(Reply::html(500, "oops"));
    world.get("/catalog/default/component/pay").await;
    let before = world.upstream.requests().len();
    assert_eq!(state().await, ("unknown".to_owned(), false), "its rules may have changed since");
    assert_eq!(world.upstream.requests().len(), before, "cached rules are not requested");
}

#[tokio::test]
async fn rejected_queries_do_not_open_the_breaker() {
    let upstream = Upstream::start().await;
    let (store, _) = store(vec![upstream.instance("default")]);
    for (status, error_type) in [(400, "bad_data"), (422, "execution"), (429, "too_many_requests")] {
        upstream.on_any(Reply::refusal(status, error_type, "no"));
        for i in 0..2 * OPENING {
            store.ask(question("default", &format!("x{status} + {i}"), 0)).await.unwrap_err();
        }
    }
    assert!(store.failing().is_empty());
    upstream.on_any(Reply::matrix(&[]));
    store.ask(question("default", "up", 0)).await.unwrap();
    assert_eq!(upstream.requests().len(), 6 * OPENING + 1);
}

fn ad_hoc(text: &str) -> Question {
    Question { origin: Origin::AdHoc, ..question("default", text, 0) }
}

#[tokio::test]
async fn timeouts_of_ad_hoc_queries_do_not_open_the_breaker() {
    let upstream = Upstream::start().await;
    let settings = InstanceSettings { timeout: Duration::from_millis(400), ..upstream.instance("default") };
    let (store, _) = store(vec![settings]);
    upstream.on_any(Reply::hang());
    for i in 0..OPENING + 1 {
        let error = store.ask(ad_hoc(&format!("heavy + {i}"))).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Timeout);
    }
    assert!(store.failing().is_empty());
    upstream.on_any(Reply::matrix(&[]));
    store.ask(question("default", "up", 0)).await.unwrap();
    store.ask(ad_hoc("other")).await.unwrap();
}

#[tokio::test]
async fn slow_graph_does_not_open_the_breaker_while_others_succeed() {
    let upstream = Upstream::start().await;
    let settings = InstanceSettings { timeout: Duration::from_millis(600), ..upstream.instance("default") };
    let (store, _) = store(vec![settings]);
    upstream.on_any(Reply::hang());
    upstream.on("quick", Reply::matrix(&[]));
    let slow: Vec<_> = (0..7)
        .map(|i| {
            let store = store.clone();
            tokio::spawn(async move { store.ask(question("default", &format!("slow + {i}"), 0)).await })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(200)).await;
    store.ask(question("default", "quick", 0)).await.unwrap();
    for one in slow {
        assert_eq!(one.await.unwrap().unwrap_err().kind, ErrorKind::Timeout);
    }
    assert!(store.failing().is_empty());
}

#[tokio::test]
async fn failures_of_ad_hoc_queries_do_not_affect_pages() {
    let upstream = Upstream::start().await;
    let (store, _) = store(vec![upstream.instance("default")]);
    upstream.on_any(Reply::html(500, "this query kills me"));
    for panel in ["a", "b", "c"] {
        upstream.on(panel, Reply::matrix(&[]));
    }
    for i in 0..3 * OPENING {
        store.ask(ad_hoc(&format!("bad + {i}"))).await.unwrap_err();
    }
    assert!(
        upstream.requests().len() < 2 * OPENING,
        "strangers are spared too: {}",
        upstream.requests().len()
    );
    let ask = |text: &'static str| store.ask(question("default", text, 0));
    let (a, b, c) = tokio::join!(ask("a"), ask("b"), ask("c"));
    assert!(a.is_ok() && b.is_ok() && c.is_ok());
}

#[tokio::test]
async fn each_instance_and_target_has_its_own_breaker() {
    let (broken, well) = (Upstream::start().await, Upstream::start().await);
    broken.on_any(Reply::html(500, "oops"));
    well.on_any(Reply::matrix(&[]));
    let metrics = Metrics::new();
    let settings = vec![well.instance("default")];
    let mut instances = Instances::new(settings, &metrics.upstream).unwrap();
    instances.add_rule("rule", &broken.api(), &[], true).unwrap();
    let instances = Arc::new(instances);
    let target = |upstream: &Upstream, name: &str| {
        let settings = InstanceSettings { name: InstanceName::new(name), ..upstream.instance(name) };
        instances.target("rule", settings).unwrap()
    };
    let targets = [target(&broken, "rule/broken"), target(&well, "rule/well")];
    let store = NamedStore::new(instances, 64 << 20, &metrics).with(targets);
    open(&store, "rule/broken").await;
    assert_eq!(store.failing()[0].failure.who.to_string(), "rule/broken");
    for instance in ["rule/well", "default"] {
        store.ask(question(instance, "up", 0)).await.unwrap();
    }
    let before = broken.requests().len();
    for i in 0..10 {
        store.ask(question("rule/broken", &panel(i), 0)).await.unwrap_err();
    }
    assert!(broken.requests().len() - before <= 1);
}

#[tokio::test]
async fn failing_rules_open_the_breaker_and_older_rules_are_shown() {
    let upstream = Upstream::start().await;
    let settings =
        InstanceSettings { scrape_interval: Duration::from_secs(1), ..upstream.instance("default") };
    let (store, _) = store(vec![settings]);
    upstream.on_rules(Reply::group([Rule::new("A")]));
    assert!(!store.ask_rules("default").await.unwrap().is_stale());
    upstream.on_rules(Reply::html(503, "<html>"));
    upstream.on_any(Reply::html(503, "<html>"));
    open(&store, "default").await;
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    assert!(store.ask_rules("default").await.unwrap().is_stale());
}

#[tokio::test]
async fn status_page_lists_failing_instances() {
    let world = World::of("").await;
    let status = async || words(world.get("/status").await.text());
    assert!(!status().await.contains("failing since"));
    world.upstream.on_any(Reply::html(500, "oops"));
    for i in 0..2 * OPENING {
        world.get(&format!("/graph.json?query=up%2B{i}")).await;
    }
    let text = status().await;
    assert!(text.contains("default has been failing since") && text.contains("upstream_error"), "{text}");
}
