//! The catalog: what is listed first, what filters find, what is known of alerts and what is not.

use serde_json::json;

use crate::world::World;
use crate::world::markup::{tags, words};
use crate::world::upstream::Reply;

const CATALOG: &str = r#"
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: aardvark, description: Has nothing to show}
spec: {owner: team-b}
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: payments, description: Charges <b>cards</b>, tags: [java], annotations: {prometheus.io/alert: Down}}
spec: {owner: team-a, system: shop}
---
apiVersion: backstage.io/v1alpha1
kind: API
metadata: {name: quiet, annotations: {prometheus.io/alert: Quiet}}
spec: {owner: team-a}
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: lost, annotations: {prometheus.io/alert: all, prometheus.io/service-name: nowhere}}
"#;

fn rules() -> Reply {
    let rule = |name: &str, alerts: serde_json::Value| {
        json!({
            "state": if alerts == json!([]) { "inactive" } else { "firing" }, "name": name, "query": "up",
            "duration": 0, "labels": {}, "annotations": {}, "alerts": alerts, "health": "ok",
            "lastEvaluation": "2026-11-23T10:00:00Z", "type": "alerting",
        })
    };
    let alert = |instance: &str| {
        json!({
            "labels": {"alertname": "Down", "instance": instance}, "annotations": {}, "state": "firing",
            "activeAt": "2026-11-23T10:00:00Z", "value": "1",
        })
    };
    let rules = [rule("Down", json!([alert("a"), alert("b")])), rule("Quiet", json!([]))];
    Reply::rules(json!([{"name": "g", "file": "f", "interval": 15, "rules": rules}]))
}

async fn world() -> World {
    let world = World::of(CATALOG).await;
    world.upstream.on_rules(rules());
    world
}

/// The rows, each as its words, in order.
async fn listed(world: &World, path: &str) -> Vec<String> {
    let reply = world.get(path).await;
    assert_eq!(reply.status, 200, "{path}");
    let list = reply.text().split("</main>").next().unwrap();
    let parts = list.split("<div class=\"").filter(|part| {
        part.starts_with("entity\"") || part.starts_with("entity other") || part.starts_with("divider")
    });
    parts.map(|part| words(&format!("<div class=\"{part}"))).collect()
}

#[tokio::test]
async fn those_with_something_to_show_come_first() {
    let world = world().await;
    let rows = listed(&world, "/").await;
    let names: Vec<_> = rows.iter().map(|row| row.split_whitespace().next().unwrap()).collect();
    assert_eq!(names, ["quiet", "lost", "payments", "Without", "aardvark"], "{rows:#?}");
    assert!(rows[2].contains("2 firing"), "{rows:#?}");
    assert!(rows[2].contains("Charges <b>cards</b>"), "{rows:#?}");
    assert!(rows[0].contains("none"), "{rows:#?}");
    assert!(
        rows[1].contains("unknown") && !rows[1].contains('0'),
        "what is unknown is never nothing: {rows:#?}"
    );
    let asked = world.upstream.requests();
    assert_eq!(asked.len(), 1, "one question for all entities");
}

#[tokio::test]
async fn filters_are_a_plain_form() {
    let world = world().await;
    for (query, names) in [
        ("?search=CARDS", &["payments"][..]),
        ("?search=java+shop", &["payments"]),
        ("?kind=api&search=", &["quiet"]),
        ("?kind=&namespace=&owner=&state=", &["quiet", "lost", "payments", "Without", "aardvark"]),
        ("?state=firing", &["payments"]),
        ("?state=inactive", &["quiet"]),
        ("?state=unknown", &["lost"]),
        ("?pageSize=1&page=3", &["payments"]),
    ] {
        let rows = listed(&world, &format!("/{query}")).await;
        let found: Vec<_> = rows.iter().filter_map(|row| row.split_whitespace().next()).collect();
        assert_eq!(found, names, "{query}");
    }
    let reply = world.get("/?owner=group%3Adefault%2Fteam-a&theme=dark").await;
    let all = tags(reply.text());
    let chosen = all.iter().find(|t| t.name == "option" && t.get("selected").is_some()).unwrap();
    assert_eq!(chosen.get("value"), Some("group:default/team-a"));
    assert!(all.iter().any(|t| t.get("name") == Some("theme") && t.get("type") == Some("hidden")));
    let none = world.get("/?search=zebra").await;
    assert!(words(none.text()).contains("No entity matches these filters."));
}

#[tokio::test]
async fn typing_swaps_only_the_list() {
    let world = world().await;
    let reply = world.get_with("/?search=pay", &[("HX-Request", "true")]).await;
    let all = tags(reply.text());
    assert_eq!(all[0].get("id"), Some("results"), "{}", reply.text());
    assert!(!all.iter().any(|t| t.name == "form" || t.name == "html"));
    assert!(words(reply.text()).contains("1 of 4 entities"));
}

#[tokio::test]
async fn a_dead_instance_makes_counts_unknown_and_no_more() {
    let world = World::of(CATALOG).await;
    world.upstream.on_rules(Reply::hang());
    let rows = listed(&world, "/").await;
    assert_eq!(rows.iter().filter(|row| row.contains("unknown")).count(), 3, "{rows:#?}");
    assert!(!rows.iter().any(|row| row.contains("none")), "{rows:#?}");
}

#[tokio::test]
async fn an_empty_catalog_says_where_entities_come_from() {
    let world = World::of("").await;
    let reply = world.get("/").await;
    assert_eq!(reply.status, 200);
    assert!(words(reply.text()).contains("catalog.locations"), "{}", words(reply.text()));
}
