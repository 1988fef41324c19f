//! Who is led to which instance, on a portal with several: rules, targets, and what nobody may reach.

use std::fs;
use std::time::Duration;

use promenade::config::Settings;
use regex::Regex;
use serde_json::json;
use tempfile::TempDir;
use world::World;
use world::upstream::{Reply, Upstream};

/// A portal and the second upstream that it may ask.
struct Scene {
    world: World,
    other: Upstream,
}

/// An entity with one graph and all alerts.
fn entity(name: &str, more: &str) -> String {
    format!(
        "---\napiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: {name}\n  annotations:\n    \
         prometheus.io/rule: up\n    prometheus.io/alert: all\n{more}\n"
    )
}

fn named(name: &str, service_name: &str) -> String {
    entity(name, &format!("    prometheus.io/service-name: {}", json!(service_name)))
}

impl Scene {
    /// `OTHER` in the config is the second upstream's address; `promenade` is the config below that key.
    async fn of(catalog: &str, promenade: &str) -> Self {
        let other = Upstream::start().await;
        answers(&other, 2.0);
        let address = other.address.to_string();
        let routing = config(&promenade.replace("OTHER", &address)).routing;
        let second = other.instance("other");
        let world = World::with(catalog, |settings| {
            settings.instances.push(second);
            settings.routing = routing;
        })
        .await;
        answers(&world.upstream, 1.0);
        Self { world, other }
    }

    async fn graph(&self, name: &str) -> world::Reply {
        self.world.get(&format!("/catalog/default/component/{name}/graphs/1.json")).await
    }

    /// The instance that answers for an entity, and what it is asked is asked of it alone.
    async fn answers_for(&self, path: &str, headers: &[(&str, &str)]) -> String {
        let reply = self.world.get_with(path, headers).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        let body = reply.json();
        let value = body["series"][0]["values"][0].as_f64().unwrap();
        let instance = body["instance"].as_str().unwrap().to_owned();
        let from_default = instance == "default";
        assert_eq!(value, if from_default { 1.0 } else { 2.0 }, "{instance}");
        instance
    }

    fn asked(&self) -> usize {
        self.world.upstream.requests().len() + self.other.requests().len()
    }
}

fn answers(upstream: &Upstream, value: f64) {
    upstream.on("up", Reply::matrix(&[(&[("__name__", "up")], value)]));
    upstream.on_rules(Reply::rules(json!([])));
}

fn config(promenade: &str) -> Settings {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("app-config.yaml");
    let proxies = "proxy: {'/prometheus/api': 'http://h/', '/prometheus-other/api': 'http://h/'}";
    fs::write(&path, format!("{proxies}\npromenade:\n{promenade}")).unwrap();
    Settings::load(&[path], None, &|_| None).unwrap_or_else(|faults| panic!("{faults:#?}"))
}

const BY_OWNER: &str = "
  routing:
    - {name: mine, when: {relations: {owner: payments}}, instance: other}
    - {when: {kind: component, spec.lifecycle: production}, instance: default}
    - {when: {kind: component}, instance: other}
";

#[tokio::test]
async fn the_first_rule_that_applies_decides_and_the_page_says_which() {
    let catalog = entity("owned", "spec: {owner: Payments, lifecycle: production}")
        + &entity("released", "spec: {owner: others, lifecycle: production}")
        + &entity("else", "spec: {owner: others}")
        + &named("asks", "default");
    let scene = Scene::of(&catalog, BY_OWNER).await;
    for (name, instance, why) in [
        ("owned", "other", "chosen by rule 1 of promenade.routing, mine"),
        ("released", "default", "chosen by rule 2 of promenade.routing"),
        ("else", "other", "chosen by rule 3 of promenade.routing"),
        // A rule goes before what the entity names.
        ("asks", "other", "chosen by rule 3 of promenade.routing"),
    ] {
        let path = format!("/catalog/default/component/{name}");
        assert_eq!(scene.answers_for(&format!("{path}/graphs/1.json"), &[]).await, instance);
        assert_eq!(scene.world.get(&format!("{path}/alerts.json")).await.json()["instance"], instance);
        assert_eq!(scene.world.get(&format!("{path}.json")).await.json()["instance"], instance);
        let page = scene.world.get(&path).await;
        assert!(page.text().contains(why), "{}", page.text());
    }
    let status = scene.world.get("/status").await;
    assert!(status.text().contains("mine leads to other, rule-2 leads to default"), "{}", status.text());
}

#[tokio::test]
async fn without_a_rule_the_annotation_names_the_instance() {
    let scene = Scene::of(&(entity("plain", "") + &named("named", "other")), "  cache: {}").await;
    let path = |name| format!("/catalog/default/component/{name}/graphs/1.json");
    assert_eq!(scene.answers_for(&path("plain"), &[]).await, "default");
    assert_eq!(scene.answers_for(&path("named"), &[]).await, "other");
}

#[tokio::test]
async fn a_page_tells_how_it_was_made() {
    let catalog = entity("broken", "    prometheus.io/labels: 'a'\n    other.io/x: unrelated")
        .replace("prometheus.io/rule: up", "prometheus.io/rule: 'up, sum(, <b>'");
    let scene = Scene::of(&catalog, "  cache: {}").await;
    let page = scene.world.get("/catalog/default/component/broken?from=now-1h&to=now&step=60").await;
    let (_, account) = page.text().split_once("Page details").unwrap();
    for part in [
        "the default, because nothing names another",
        "prometheus.io/rule",
        "up, sum(, ",
        "Graph 1",
        "every 1m",
        "Graph 2",
        "not sent: it is invalid",
        "all alerting rules of the instance",
        "error in <code>prometheus.io/labels</code>",
        "class=\"caret\"",
    ] {
        assert!(account.contains(part), "{part}: {account}");
    }
    assert!(!account.contains("unrelated") && !account.contains("<b>'") && !account.contains("http://"));
    let framed = scene.world.get("/catalog/default/component/broken?kiosk").await;
    assert!(!framed.text().contains("Page details"));
}

const DENIED: &str = "
  instances:
    other:
      allowedEntities: [{owner: group:default/sre}, {namespace: ops, kind: [component, system]}]
";

#[tokio::test]
async fn a_denied_instance_answers_like_an_unknown_one() {
    let catalog = named("denied", "other")
        + &named("absent", "0ther")
        + &named("allowed", "other").replace("metadata:", "spec: {owner: sre}\nmetadata:");
    let scene = Scene::of(&catalog, DENIED).await;
    for form in ["/graphs/1.json", "/alerts.json", "", "/graphs", "/graphs/1", "/alerts", ".json"] {
        let ask = async |name: &str| {
            let address = format!("/catalog/default/component/{name}{form}?from=1&to=2&refresh=0");
            scene.world.get(&address).await
        };
        // The names are of one length, so that nothing but the names may differ.
        let alike = |reply: world::Reply, name: &str, asked: &str| {
            // As a word of its own: "another" is no name.
            let asked = Regex::new(&format!(r"\b{asked}\b")).unwrap();
            (reply.status, asked.replace_all(reply.text(), "ASKED").replace(name, "NAME"))
        };
        let (denied, unknown) = (ask("denied").await, ask("absent").await);
        assert_eq!(alike(denied, "denied", "other"), alike(unknown, "absent", "0ther"), "{form}");
    }
    let told = scene.graph("denied").await;
    assert_eq!((told.status.as_u16(), &told.json()["error"]["kind"]), (404, &json!("unknown_instance")));
    assert!(told.text().contains("Available instances: default."), "{}", told.text());
    assert_eq!(scene.asked(), 0, "nobody was asked");
    scene.world.get("/").await;
    let path = "/catalog/default/component/allowed/graphs/1.json";
    assert_eq!(scene.answers_for(path, &[]).await, "other");
}

#[tokio::test]
async fn a_rule_is_no_way_around_a_denial() {
    let promenade = format!("{DENIED}  routing: [{{when: {{labels: {{stage: '*'}}}}, instance: other}}]\n");
    let catalog = entity("sly", "  labels: {stage: any}");
    let scene = Scene::of(&catalog, &promenade).await;
    let told = scene.graph("sly").await;
    assert_eq!(told.json()["error"]["kind"], "unknown_instance", "{}", told.text());
    assert!(!told.text().contains("other"), "{}", told.text());
    assert_eq!(scene.asked(), 0);
}

/// The second upstream as the only host that a target may have, below a path of its own.
const TARGETS: &str = "
  routing:
    - name: cells
      when: {annotations: {prometheus.io/service-name: '*'}}
      target: http://OTHER/{{ serviceName }}/api/v1/
      allowedHosts: OTHER
      headers: {X-Way: cells}
      uiUrl: https://{{ serviceName }}.ui.example/
";

#[tokio::test]
async fn a_target_is_built_asked_and_kept_apart() {
    let catalog = named("a", "eu-1") + &named("b", "eu-2") + &entity("plain", "");
    let scene = Scene::of(&catalog, TARGETS).await;
    let name = |cell: &str| format!("cells/{}/{cell}/api/v1", scene.other.address);
    let path =
        |name: &str| format!("/catalog/default/component/{name}/graphs/1.json?from=1600000000&to=1600003600");
    assert_eq!(scene.answers_for(&path("a"), &[]).await, name("eu-1"));
    assert_eq!(scene.answers_for(&path("b"), &[]).await, name("eu-2"));
    // The same question again is answered from memory, each from its own.
    assert_eq!(scene.answers_for(&path("a"), &[]).await, name("eu-1"));
    let asked: Vec<String> = scene.other.requests().iter().map(|r| r.path.clone()).collect();
    assert_eq!(asked, ["/eu-1/api/v1/query_range", "/eu-2/api/v1/query_range"]);
    assert!(scene.other.requests().iter().all(|r| r.header("x-way") == Some("cells")));
    assert_eq!(scene.answers_for(&path("plain"), &[]).await, "default");
    assert_eq!(
        scene.world.upstream.requests()[0].header("x-way"),
        None,
        "a rule's headers go to its targets only"
    );
    let page = scene.world.get("/catalog/default/component/a").await;
    assert!(page.text().contains("https://eu-1.ui.example/graph?g0.expr=up"), "{}", page.text());
    let metrics = scene.world.get("/metrics").await;
    assert!(metrics.text().contains(r#"instance="cells/*""#) && !metrics.text().contains("eu-1"));
}

#[tokio::test]
async fn targets_on_one_host_share_its_queue() {
    let catalog = named("a", "eu-1") + &named("b", "eu-2");
    let rule = TARGETS.replace("headers: {X-Way: cells}", "maxConcurrent: 1\n      timeout: 2s");
    let scene = Scene::of(&catalog, &rule).await;
    scene.other.on("up", Reply::hang());
    let seen = async {
        tokio::time::sleep(Duration::from_millis(600)).await;
        scene.other.requests().len()
    };
    let (a, b, seen) = tokio::join!(scene.graph("a"), scene.graph("b"), seen);
    assert_eq!(seen, 1, "the second waits for the first");
    for reply in [a, b] {
        let kind = reply.json()["error"]["kind"].as_str().unwrap().to_owned();
        assert!(["timeout", "overloaded"].contains(&kind.as_str()), "{kind}");
    }
}

#[tokio::test]
async fn hostile_service_names_reach_nobody() {
    let hostile = [
        "http://OTHER/",
        "evil.com/",
        "a@b",
        "..",
        ".",
        "x#",
        "x?y",
        "a/b",
        "a\\b",
        "%2e%2e",
        "caf\u{e9}",
        "a b",
        "a;b",
        "cells/OTHER/eu-1/api/v1",
        &"x".repeat(64),
        "a\u{0}b",
        "\u{202e}a",
    ];
    let catalog: String = hostile.iter().enumerate().map(|(i, name)| named(&format!("h{i}"), name)).collect();
    let scene = Scene::of(&catalog, TARGETS).await;
    for (i, name) in hostile.iter().enumerate() {
        let told = scene.graph(&format!("h{i}")).await;
        assert_eq!(
            (told.status.as_u16(), &told.json()["error"]["kind"]),
            (404, &json!("unknown_instance")),
            "{name}"
        );
        assert_eq!(scene.world.get(&format!("/catalog/default/component/h{i}")).await.status, 200);
    }
    scene.world.get("/").await;
    assert_eq!(scene.asked(), 0, "{:?}", scene.other.requests());
}

#[tokio::test]
async fn a_host_outside_the_list_is_never_asked() {
    // 127.0.0.1 in a host template: each label is good alone, the port is another's.
    let promenade = "
  routing:
    - target: http://{{ metadata.labels.host }}.localhost:1/api/v1/
      allowedHosts: [a.localhost:1]
";
    let catalog = entity("out", "  labels: {host: b}") + &named("names", "default");
    let scene = Scene::of(&catalog, promenade).await;
    for name in ["out", "names"] {
        let told = scene.graph(name).await;
        assert_eq!(told.json()["error"]["kind"], "unknown_instance", "{}", told.text());
        assert!(!told.text().contains("localhost"), "{}", told.text());
    }
    assert_eq!(scene.asked(), 0);
}

const BY_REQUEST: &str = "
  routing:
    - {when: {header: {X-Stage: [blue, 'b-*']}}, instance: other}
    - {when: {parameter: {stage: blue}}, instance: other}
";

#[tokio::test]
async fn requests_are_led_by_the_headers_and_parameters_that_rules_name() {
    let scene = Scene::of(&entity("e", ""), BY_REQUEST).await;
    let path = "/catalog/default/component/e/graphs/1.json";
    let with = |query: &str| format!("{path}?{query}");
    assert_eq!(scene.answers_for(path, &[]).await, "default");
    assert_eq!(scene.answers_for(path, &[("x-stage", "blue")]).await, "other");
    assert_eq!(scene.answers_for(path, &[("X-STAGE", "b-7")]).await, "other");
    assert_eq!(scene.answers_for(path, &[("x-stage", "Blue")]).await, "default");
    assert_eq!(scene.answers_for(path, &[("x-stage", "blue"), ("x-stage", "blue")]).await, "default");
    assert_eq!(scene.answers_for(path, &[("x-other", "blue")]).await, "default");
    assert_eq!(scene.answers_for(&with("stage=blue"), &[]).await, "other");
    assert_eq!(scene.answers_for(&with("stage=red"), &[]).await, "default");
    assert_eq!(scene.answers_for(&with("stage=blue&stage=blue"), &[]).await, "default");
    for path in [path, "/", "/catalog/default/component/e", "/catalog/default/component/e.json"] {
        let vary = scene.world.get(path).await;
        assert!(vary.header("vary").split(", ").any(|name| name == "x-stage"), "{}", vary.header("vary"));
    }
    // Every panel that fetches itself, and every link, says what led here.
    let page = scene.world.get("/catalog/default/component/e?stage=blue").await;
    assert!(page.text().contains("/graphs/1?stage=blue"), "{}", page.text());
    assert!(page.text().contains("on <bdi>other</bdi>"));
}

#[tokio::test]
async fn without_such_rules_no_header_is_named() {
    let scene = Scene::of(&entity("e", ""), BY_OWNER).await;
    let page = scene.world.get("/catalog/default/component/e").await;
    assert_eq!(
        page.header("vary"),
        "HX-Request, HX-Request-Type, HX-History-Restore-Request, Accept-Encoding"
    );
}
