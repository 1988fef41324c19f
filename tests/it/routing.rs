//! Routing of entities to instances: rules, targets, and instances that an entity may not use.

use std::fmt::Display;
use std::fs;
use std::time::Duration;

use promenade::config::Settings;
use regex::Regex;
use serde_json::json;
use tempfile::TempDir;
use world::World;
use world::catalog::{Entity, catalog};
use world::upstream::{Reply, Upstream};

/// A portal and its second instance.
struct Portals {
    world: World,
    other: Upstream,
}

/// An entity with one graph and all alerts.
fn monitored(name: &str) -> Entity {
    Entity::component(name).rule("up").alert("all")
}

/// The same with an annotation that names its instance.
fn named(name: &str, service_name: &str) -> Entity {
    monitored(name).annotation("prometheus.io/service-name", service_name)
}

impl Portals {
    /// `OTHER` in the config is the second upstream's address; `promenade` is the config below that key.
    async fn of(catalog: impl Display, promenade: &str) -> Self {
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

    /// The instance that answers for an entity. No other instance receives the query.
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

    fn requests_sent(&self) -> usize {
        self.world.upstream.requests().len() + self.other.requests().len()
    }
}

fn answers(upstream: &Upstream, value: f64) {
    upstream.on("up", Reply::matrix(&[(&[("__name__", "up")], value)]));
    upstream.on_rules(Reply::rules(json!([])));
}

/// The settings with this config below `promenade`.
pub fn config(promenade: &str) -> Settings {
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
async fn first_matching_rule_chooses_the_instance_and_the_page_names_it() {
    let catalog = catalog([
        monitored("owned").spec("owner", "Payments").spec("lifecycle", "production"),
        monitored("released").spec("owner", "others").spec("lifecycle", "production"),
        monitored("else").spec("owner", "others"),
        named("asks", "default"),
    ]);
    let portals = Portals::of(catalog, BY_OWNER).await;
    for (name, instance, why) in [
        ("owned", "other", "chosen by rule 1 of promenade.routing, mine"),
        ("released", "default", "chosen by rule 2 of promenade.routing"),
        ("else", "other", "chosen by rule 3 of promenade.routing"),
        // A rule has precedence over the annotation.
        ("asks", "other", "chosen by rule 3 of promenade.routing"),
    ] {
        let path = format!("/catalog/default/component/{name}");
        assert_eq!(portals.answers_for(&format!("{path}/graphs/1.json"), &[]).await, instance);
        assert_eq!(portals.world.get(&format!("{path}/alerts.json")).await.json()["instance"], instance);
        assert_eq!(portals.world.get(&format!("{path}.json")).await.json()["instance"], instance);
        let page = portals.world.get(&path).await;
        assert!(page.text().contains(why), "{}", page.text());
    }
    let status = portals.world.get("/status").await;
    assert!(status.text().contains("mine selects other, rule-2 selects default"), "{}", status.text());
}

#[tokio::test]
async fn annotation_names_the_instance_if_no_rule_matches() {
    let portals = Portals::of(catalog([monitored("plain"), named("named", "other")]), "  cache: {}").await;
    let path = |name| format!("/catalog/default/component/{name}/graphs/1.json");
    assert_eq!(portals.answers_for(&path("plain"), &[]).await, "default");
    assert_eq!(portals.answers_for(&path("named"), &[]).await, "other");
}

#[tokio::test]
async fn page_shows_annotations_instance_and_queries() {
    let broken = Entity::component("broken").rule("up, sum(, <b>").alert("all").alert_labels("a");
    let portals = Portals::of(broken.annotation("other.io/x", "unrelated"), "  cache: {}").await;
    let page = portals.world.get("/catalog/default/component/broken?from=now-1h&to=now&step=60").await;
    let (_, account) = page.text().split_once("Page details").unwrap();
    for part in [
        "no instance is named",
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
    let framed = portals.world.get("/catalog/default/component/broken?kiosk").await;
    assert!(!framed.text().contains("Page details"));
}

const DENIED: &str = "
  instances:
    other:
      allowedEntities: [{owner: group:default/sre}, {namespace: ops, kind: [component, system]}]
";

#[tokio::test]
async fn restricted_instance_answers_like_an_unknown_one() {
    let allowed = named("allowed", "other").spec("owner", "sre");
    let catalog = catalog([named("denied", "other"), named("absent", "0ther"), allowed]);
    let portals = Portals::of(&catalog, DENIED).await;
    for form in ["/graphs/1.json", "/alerts.json", "", "/graphs", "/graphs/1", "/alerts", ".json"] {
        let ask = async |name: &str| {
            let address = format!("/catalog/default/component/{name}{form}?from=1&to=2&refresh=0");
            portals.world.get(&address).await
        };
        // The names have the same length, so only the names may differ.
        let alike = |reply: world::Reply, name: &str, routed: &str| {
            // Whole words only: "another" is not the name.
            let routed = Regex::new(&format!(r"\b{routed}\b")).unwrap();
            (reply.status, routed.replace_all(reply.text(), "ROUTED").replace(name, "NAME"))
        };
        let (denied, unknown) = (ask("denied").await, ask("absent").await);
        assert_eq!(alike(denied, "denied", "other"), alike(unknown, "absent", "0ther"), "{form}");
    }
    let found = portals.graph("denied").await;
    assert_eq!((found.status.as_u16(), &found.json()["error"]["kind"]), (404, &json!("unknown_instance")));
    assert!(found.text().contains("Available instances: default."), "{}", found.text());
    assert_eq!(portals.requests_sent(), 0, "no query was sent");
    portals.world.get("/").await;
    let path = "/catalog/default/component/allowed/graphs/1.json";
    assert_eq!(portals.answers_for(path, &[]).await, "other");
}

#[tokio::test]
async fn routing_rule_does_not_bypass_allowed_entities() {
    let promenade = format!("{DENIED}  routing: [{{when: {{labels: {{stage: '*'}}}}, instance: other}}]\n");
    let portals = Portals::of(monitored("sly").label("stage", "any"), &promenade).await;
    let found = portals.graph("sly").await;
    assert_eq!(found.json()["error"]["kind"], "unknown_instance", "{}", found.text());
    assert!(!found.text().contains("other"), "{}", found.text());
    assert_eq!(portals.requests_sent(), 0);
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
async fn routing_target_is_built_queried_and_cached_separately() {
    let catalog = catalog([named("a", "eu-1"), named("b", "eu-2"), monitored("plain")]);
    let portals = Portals::of(catalog, TARGETS).await;
    let name = |cell: &str| format!("cells/{}/{cell}/api/v1", portals.other.address);
    let path =
        |name: &str| format!("/catalog/default/component/{name}/graphs/1.json?from=1600000000&to=1600003600");
    assert_eq!(portals.answers_for(&path("a"), &[]).await, name("eu-1"));
    assert_eq!(portals.answers_for(&path("b"), &[]).await, name("eu-2"));
    // The same query is answered from the cache, each target from its own entry.
    assert_eq!(portals.answers_for(&path("a"), &[]).await, name("eu-1"));
    let sent: Vec<String> = portals.other.requests().iter().map(|r| r.path.clone()).collect();
    assert_eq!(sent, ["/eu-1/api/v1/query_range", "/eu-2/api/v1/query_range"]);
    assert!(portals.other.requests().iter().all(|r| r.header("x-way") == Some("cells")));
    assert_eq!(portals.answers_for(&path("plain"), &[]).await, "default");
    assert_eq!(
        portals.world.upstream.requests()[0].header("x-way"),
        None,
        "a rule's headers go to its targets only"
    );
    let page = portals.world.get("/catalog/default/component/a").await;
    assert!(page.text().contains("https://eu-1.ui.example/graph?g0.expr=up"), "{}", page.text());
    let metrics = portals.world.get("/metrics").await;
    assert!(metrics.text().contains(r#"instance="cells/*""#) && !metrics.text().contains("eu-1"));
}

#[tokio::test]
async fn targets_on_one_host_share_its_concurrency_limit() {
    let catalog = catalog([named("a", "eu-1"), named("b", "eu-2")]);
    let rule = TARGETS.replace("headers: {X-Way: cells}", "maxConcurrent: 1\n      timeout: 2s");
    let portals = Portals::of(&catalog, &rule).await;
    portals.other.on("up", Reply::hang());
    let seen = async {
        tokio::time::sleep(Duration::from_millis(600)).await;
        portals.other.requests().len()
    };
    let (a, b, seen) = tokio::join!(portals.graph("a"), portals.graph("b"), seen);
    assert_eq!(seen, 1, "the second waits for the first");
    for reply in [a, b] {
        let kind = reply.json()["error"]["kind"].as_str().unwrap().to_owned();
        assert!(["timeout", "overloaded"].contains(&kind.as_str()), "{kind}");
    }
}

#[tokio::test]
async fn hostile_service_names_build_no_target() {
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
    let catalog = catalog(hostile.iter().enumerate().map(|(i, name)| named(&format!("h{i}"), name)));
    let portals = Portals::of(&catalog, TARGETS).await;
    for (i, name) in hostile.iter().enumerate() {
        let found = portals.graph(&format!("h{i}")).await;
        assert_eq!(
            (found.status.as_u16(), &found.json()["error"]["kind"]),
            (404, &json!("unknown_instance")),
            "{name}"
        );
        assert_eq!(portals.world.get(&format!("/catalog/default/component/h{i}")).await.status, 200);
    }
    portals.world.get("/").await;
    assert_eq!(portals.requests_sent(), 0, "{:?}", portals.other.requests());
}

#[tokio::test]
async fn target_outside_allowed_hosts_is_never_queried() {
    // 127.0.0.1 in a host template: each label is good alone, the port is another's.
    let promenade = "
  routing:
    - target: http://{{ metadata.labels.host }}.localhost:1/api/v1/
      allowedHosts: [a.localhost:1]
";
    let catalog = catalog([monitored("out").label("host", "b"), named("names", "default")]);
    let portals = Portals::of(catalog, promenade).await;
    for name in ["out", "names"] {
        let found = portals.graph(name).await;
        assert_eq!(found.json()["error"]["kind"], "unknown_instance", "{}", found.text());
        assert!(!found.text().contains("localhost"), "{}", found.text());
    }
    assert_eq!(portals.requests_sent(), 0);
}

const BY_REQUEST: &str = "
  routing:
    - {when: {header: {X-Stage: [blue, 'b-*']}}, instance: other}
    - {when: {parameter: {stage: blue}}, instance: other}
";

#[tokio::test]
async fn rules_route_by_the_headers_and_parameters_they_name() {
    let portals = Portals::of(monitored("e"), BY_REQUEST).await;
    let path = "/catalog/default/component/e/graphs/1.json";
    let with = |query: &str| format!("{path}?{query}");
    assert_eq!(portals.answers_for(path, &[]).await, "default");
    assert_eq!(portals.answers_for(path, &[("x-stage", "blue")]).await, "other");
    assert_eq!(portals.answers_for(path, &[("X-STAGE", "b-7")]).await, "other");
    assert_eq!(portals.answers_for(path, &[("x-stage", "Blue")]).await, "default");
    assert_eq!(portals.answers_for(path, &[("x-stage", "blue"), ("x-stage", "blue")]).await, "default");
    assert_eq!(portals.answers_for(path, &[("x-other", "blue")]).await, "default");
    assert_eq!(portals.answers_for(&with("stage=blue"), &[]).await, "other");
    assert_eq!(portals.answers_for(&with("stage=red"), &[]).await, "default");
    assert_eq!(portals.answers_for(&with("stage=blue&stage=blue"), &[]).await, "default");
    for path in [path, "/", "/catalog/default/component/e", "/catalog/default/component/e.json"] {
        let vary = portals.world.get(path).await;
        assert!(vary.header("vary").split(", ").any(|name| name == "x-stage"), "{}", vary.header("vary"));
    }
    // Every link and every panel that refreshes itself keeps the parameter that the rule used.
    let page = portals.world.get("/catalog/default/component/e?stage=blue").await;
    assert!(page.text().contains("/graphs/1?stage=blue"), "{}", page.text());
    assert!(page.text().contains("on <bdi>other</bdi>"));
}

#[tokio::test]
async fn vary_names_no_header_without_such_rules() {
    let portals = Portals::of(monitored("e"), BY_OWNER).await;
    let page = portals.world.get("/catalog/default/component/e").await;
    assert_eq!(
        page.header("vary"),
        "HX-Request, HX-Request-Type, HX-History-Restore-Request, HX-Current-URL, HX-Source, Accept-Encoding"
    );
}
