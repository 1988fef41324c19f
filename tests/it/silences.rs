//! What Alertmanager holds back, on the alert table: marked, counted apart, told; and unknown when it is down.

use std::time::Duration;

use promenade::alertmanager::AlertmanagerSettings;
use promenade::prometheus::InstanceName;
use serde_json::{Value, json};

use crate::world::World;
use crate::world::markup::{tags, words};
use crate::world::upstream::{Reply, Upstream};

const CATALOG: &str = r#"
apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: payments
  annotations: {prometheus.io/alert: all}
"#;
const PAGE: &str = "/catalog/default/component/payments/alerts?pageSize=all";

/// Five alerts of one rule, and a pending one.
fn rules() -> Reply {
    let alert = |i: usize, state: &str| {
        json!({"labels": {"alertname": "HighLoad", "severity": "critical", "instance": format!("i:{i}"), "odd": "\"\\,}"},
            "annotations": {}, "state": state, "activeAt": "2026-11-23T12:00:00Z", "value": "1e+00"})
    };
    let alerts: Vec<Value> = (1..=5).map(|i| alert(i, "firing")).chain([alert(6, "pending")]).collect();
    let rule = json!({"name": "HighLoad", "query": "load > 1", "duration": 600, "state": "firing", "type": "alerting",
        "labels": {"severity": "critical"}, "annotations": {}, "alerts": alerts, "health": "ok",
        "evaluationTime": 0.001, "lastEvaluation": promenade::clock::now().to_string()});
    Reply::rules(json!([{"name": "orders", "file": "r.yml", "interval": 15, "rules": [rule]}]))
}

/// As Alertmanager has it: with an external label, and states that only newer ones know.
fn held(i: usize, cluster: &str, status: Value) -> Value {
    json!({"labels": {"alertname": "HighLoad", "severity": "critical", "instance": format!("i:{i}"), "odd": "\"\\,}", "cluster": cluster},
        "annotations": {}, "fingerprint": format!("f{i}"), "status": status, "receivers": [{"name": "x"}],
        "startsAt": "2026-11-23T12:10:00Z", "updatedAt": "2026-11-23T12:10:00Z", "endsAt": "2026-11-23T12:14:00Z"})
}

fn alerts() -> Value {
    let active = json!({"state": "active", "silencedBy": [], "inhibitedBy": [], "mutedBy": []});
    let silenced = json!({"state": "suppressed", "silencedBy": ["s-1"], "inhibitedBy": [], "mutedBy": []});
    let inhibited = json!({"state": "suppressed", "silencedBy": [], "inhibitedBy": ["f9"], "mutedBy": []});
    let muted = json!({"state": "suppressed", "silencedBy": [], "inhibitedBy": [], "mutedBy": ["nights"]});
    json!([
        held(1, "eu", active.clone()),
        held(2, "eu", silenced.clone()),
        held(3, "eu", inhibited),
        held(4, "eu", muted),
        // Two copies, of which one is sent on.
        held(5, "eu", silenced.clone()),
        held(5, "us", active.clone()),
        held(6, "eu", silenced),
        json!({"labels": {"alertname": "NodeDown"}, "annotations": {}, "fingerprint": "f9", "status": active}),
    ])
}

async fn world(secret: bool) -> (World, Upstream) {
    let alertmanager = Upstream::start().await;
    let url: url::Url = format!("http://{}/am", alertmanager.address).parse().unwrap();
    let headers = if secret {
        vec![("Authorization".to_owned(), "Bearer hush-hush".to_owned().into())]
    } else {
        vec![]
    };
    let settings = AlertmanagerSettings {
        url,
        ui_url: "https://am.example/base".parse().unwrap(),
        headers,
        timeout: Duration::from_secs(2),
    };
    let world = World::with(CATALOG, |all| {
        all.alertmanagers.insert(InstanceName::new("default"), settings);
    })
    .await;
    world.upstream.on_rules(rules());
    let silence = json!({"id": "s-1", "status": {"state": "active"}, "createdBy": "ann", "comment": "deploy <b>",
        "startsAt": "2026-11-23T12:00:00Z", "endsAt": "2036-11-24T15:00:00Z", "updatedAt": "2026-11-23T12:00:00Z",
        "matchers": [{"name": "alertname", "value": "HighLoad", "isRegex": false, "isEqual": true}]});
    alertmanager.on_any(Reply::computed(move |request| {
        let body = if request.path.contains("/silences") { json!([silence]) } else { alerts() };
        Reply::json(200, &body)
    }));
    (world, alertmanager)
}

#[tokio::test]
async fn what_is_held_back_is_marked_and_counted_apart() {
    let (world, alertmanager) = world(true).await;
    let page = world.get(PAGE).await;
    let text = words(page.text());
    assert!(text.contains("2 firing, 1 pending, 1 silenced, 1 inhibited, 1 muted"), "{text}");
    for part in [
        "Silenced by ann until 2036-11-24 15:00:00 UTC: deploy <b>",
        "Inhibited by NodeDown",
        "Muted during nights",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let cells = page.text().matches("<span class=\"state silenced\" title=\"firing, ").count();
    assert_eq!(cells, 3, "{}", page.text());
    let asked = alertmanager.requests();
    assert_eq!(asked[0].path, "/am/api/v2/alerts?active=true&silenced=true&inhibited=true&muted=true");
    assert_eq!(asked[1].path, "/am/api/v2/silences");
    assert!(asked.iter().all(|r| r.header("authorization") == Some("Bearer hush-hush")));
    let prometheus = world.upstream.requests();
    assert!(prometheus.iter().all(|r| r.header("authorization").is_none()));
    // Everybody shares the answer.
    for _ in 0..3 {
        world.get(PAGE).await;
    }
    assert_eq!(alertmanager.requests().len(), 2);
}

#[tokio::test]
async fn silence_opens_the_form_with_every_label_as_alertmanager_has_it() {
    let (world, _alertmanager) = world(false).await;
    let page = world.get(PAGE).await;
    let links: Vec<String> = tags(page.text())
        .iter()
        .filter_map(|tag| tag.get("href"))
        .filter(|href| href.contains("/silences/new"))
        .map(|href| percent_encoding::percent_decode_str(href).decode_utf8().unwrap().into_owned())
        .collect();
    assert_eq!(links.len(), 6, "one for each alert");
    let wanted = "https://am.example/base/#/silences/new?filter={alertname=\"HighLoad\", cluster=\"eu\", instance=\"i:1\", odd=\"\\\"\\\\,}\", severity=\"critical\"}";
    assert!(links.contains(&wanted.to_owned()), "{links:?}");
    // Of one that Alertmanager does not have yet, the labels are those of the instance.
    assert!(links.iter().any(|link| link.contains("i:6") && !link.contains("cluster")), "{links:?}");
}

#[tokio::test]
async fn the_data_form_tells_it_too() {
    let (world, _alertmanager) = world(false).await;
    let json = world.get("/catalog/default/component/payments/alerts.json").await.json();
    assert_eq!(json["silences"], "known");
    let alerts = json["alerts"].as_array().unwrap();
    let of = |i: &str| alerts.iter().find(|a| a["labels"]["instance"] == *i).unwrap();
    assert_eq!((&of("i:2")["silenced"], &of("i:2")["state"]), (&json!(true), &json!("firing")));
    assert_eq!(
        of("i:2")["silences"][0],
        json!({"id": "s-1", "createdBy": "ann", "comment": "deploy <b>", "endsAt": "2036-11-24T15:00:00Z"})
    );
    assert_eq!((&of("i:3")["inhibited"], &of("i:3")["inhibitedBy"]), (&json!(true), &json!(["NodeDown"])));
    assert_eq!((&of("i:4")["muted"], &of("i:4")["mutedBy"]), (&json!(true), &json!(["nights"])));
    assert_eq!((&of("i:5")["silenced"], &of("i:1")["silenced"]), (&json!(false), &json!(false)));
}

#[tokio::test]
async fn an_alertmanager_that_fails_leaves_the_table() {
    for (reply, told) in [
        (Reply::reset(), "Silences are unknown: Alertmanager does not answer"),
        (Reply::html(200, "<h1>Sign in</h1>"), "Silences are unknown: what answers for Alertmanager is none"),
        (Reply::json(401, &json!({})), "Silences are unknown: Alertmanager refuses the portal's credentials"),
        (
            Reply::redirect("http://127.0.0.1:1/"),
            "Silences are unknown: what answers for Alertmanager is none",
        ),
        (Reply::json(500, &json!("no")), "Silences are unknown: Alertmanager failed"),
        (Reply::hang(), "Silences are unknown: Alertmanager has not answered yet"),
    ] {
        let (world, alertmanager) = world(false).await;
        alertmanager.on_any(reply);
        let page = world.get(PAGE).await;
        let text = words(page.text());
        assert!(text.contains(told) && text.contains("5 firing, 1 pending"), "{told}: {text}");
        assert!(page.text().contains("/silences/new"), "the form can be opened all the same");
        let json = world.get("/catalog/default/component/payments/alerts.json").await.json();
        assert_eq!(json["silences"], "unknown");
    }
}

#[tokio::test]
async fn an_older_alertmanager_tells_no_muted_alerts() {
    let (world, alertmanager) = world(false).await;
    let older =
        json!([held(1, "eu", json!({"state": "suppressed", "silencedBy": ["gone"], "inhibitedBy": []}))]);
    alertmanager.on_any(Reply::computed(move |request| {
        Reply::json(200, &if request.path.contains("/silences") { json!([]) } else { older.clone() })
    }));
    let text = words(world.get(PAGE).await.text());
    assert!(text.contains("4 firing, 1 pending, 1 silenced"), "{text}");
    assert!(text.contains("Silenced by a silence that Alertmanager does not list"), "{text}");
}
