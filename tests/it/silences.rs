//! Suppressed alerts in the alert table, with and without an answer of Alertmanager.

use std::time::Duration;

use jiff::SignedDuration;
use promenade::alertmanager::{AlertmanagerClient, AlertmanagerSettings};
use promenade::clock;
use promenade::metrics::Metrics;
use promenade::prometheus::InstanceName;
use serde_json::{Value, json};
use world::World;
use world::high_load::{alert, rules, rules_of};
use world::markup::{tags, words};
use world::upstream::{Reply, Upstream};

const CATALOG: &str = r#"
apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: payments
  annotations: {prometheus.io/alert: all}
"#;
const PAGE: &str = "/catalog/default/component/payments/alerts?pageSize=all";

const ACTIVE: &str = r#"{"state": "active", "silencedBy": [], "inhibitedBy": [], "mutedBy": []}"#;
const SILENCED: &str = r#"{"state": "suppressed", "silencedBy": ["s-1"], "inhibitedBy": [], "mutedBy": []}"#;
const INHIBITED: &str = r#"{"state": "suppressed", "silencedBy": [], "inhibitedBy": ["f9"], "mutedBy": []}"#;
const MUTED: &str = r#"{"state": "suppressed", "silencedBy": [], "inhibitedBy": [], "mutedBy": ["nights"]}"#;

/// As Alertmanager has it: with an external label, and states that only newer ones know.
fn held(i: usize, cluster: &str, status: &str) -> Value {
    let status: Value = serde_json::from_str(status).unwrap();
    json!({"labels": {"alertname": "HighLoad", "severity": "critical", "instance": format!("i:{i}"), "odd": "\"\\,}", "cluster": cluster},
        "annotations": {}, "fingerprint": format!("{cluster}{i}"), "status": status, "receivers": [{"name": "x"}],
        "startsAt": "2026-11-23T12:10:00Z", "updatedAt": "2026-11-23T12:10:00Z", "endsAt": "2036-11-23T12:14:00Z"})
}

fn node_down() -> Value {
    let status: Value = serde_json::from_str(ACTIVE).unwrap();
    json!({"labels": {"alertname": "NodeDown"}, "annotations": {}, "fingerprint": "f9", "status": status})
}

fn alerts() -> Value {
    json!([
        held(1, "eu", ACTIVE),
        held(2, "eu", SILENCED),
        held(3, "eu", INHIBITED),
        held(4, "eu", MUTED),
        // Of two copies, that of another cluster is silenced.
        held(5, "eu", ACTIVE),
        held(5, "us", SILENCED),
        held(6, "eu", SILENCED),
        node_down(),
    ])
}

async fn world(secret: bool) -> (World, Upstream) {
    world_of(CATALOG, secret).await
}

async fn world_of(catalog: &str, secret: bool) -> (World, Upstream) {
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
    let world = World::with(catalog, |all| {
        all.alertmanagers.insert(InstanceName::new("default"), settings);
    })
    .await;
    world.upstream.on_rules(rules());
    world.upstream.on_external_labels("{cluster: eu}");
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
async fn suppressed_alerts_are_marked_and_counted_separately() {
    let (world, alertmanager) = world(true).await;
    let page = world.get_opened(PAGE).await;
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
    let sent = alertmanager.requests();
    assert_eq!(sent[0].path, "/am/api/v2/alerts?active=true&silenced=true&inhibited=true&muted=true");
    assert_eq!(sent[1].path, "/am/api/v2/silences");
    assert!(sent.iter().all(|r| r.header("authorization") == Some("Bearer hush-hush")));
    let prometheus = world.upstream.requests();
    assert!(prometheus.iter().all(|r| r.header("authorization").is_none()));
    // All readers share the answer.
    for _ in 0..3 {
        world.get(PAGE).await;
    }
    assert_eq!(alertmanager.requests().len(), 2);
}

#[tokio::test]
async fn silence_link_opens_the_form_with_the_labels_of_alertmanager() {
    let (world, _alertmanager) = world(false).await;
    let page = world.get_opened(PAGE).await;
    let links: Vec<String> = tags(page.text())
        .iter()
        .filter_map(|tag| tag.get("href"))
        .filter(|href| href.contains("/silences/new"))
        .map(|href| percent_encoding::percent_decode_str(href).decode_utf8().unwrap().into_owned())
        .collect();
    assert_eq!(links.len(), 6, "one for each alert");
    let wanted = "https://am.example/base/#/silences/new?filter={alertname=\"HighLoad\", cluster=\"eu\", instance=\"i:1\", odd=\"\\\"\\\\,}\", severity=\"critical\"}";
    assert!(links.contains(&wanted.to_owned()), "{links:?}");
    // If Alertmanager does not have the alert yet, the link has the labels of the instance.
    assert!(links.iter().any(|link| link.contains("i:6") && !link.contains("cluster")), "{links:?}");
}

#[tokio::test]
async fn alerts_json_has_suppressed() {
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
    for (instance, suppressed) in [
        ("i:1", Value::Null),
        ("i:2", json!({"by": ["silence"], "until": "2036-11-24T15:00:00Z"})),
        ("i:3", json!({"by": ["inhibition"], "until": null})),
        ("i:4", json!({"by": ["mute"], "until": null})),
        ("i:5", Value::Null),
        ("i:6", Value::Null),
    ] {
        assert_eq!(of(instance).get("suppressed"), Some(&suppressed), "{instance}");
    }
}

#[tokio::test]
async fn table_is_shown_while_alertmanager_is_down() {
    for (reply, expected) in [
        (Reply::reset(), "Silences unavailable: Alertmanager is not answering"),
        (
            Reply::html(200, "<h1>Sign in</h1>"),
            "Silences unavailable: the server did not answer like Alertmanager",
        ),
        (
            Reply::json(401, &json!({})),
            "Silences unavailable: Alertmanager rejected the portal's credentials",
        ),
        (
            Reply::redirect("http://127.0.0.1:1/"),
            "Silences unavailable: the server did not answer like Alertmanager",
        ),
        (Reply::json(500, &json!("no")), "Silences unavailable: Alertmanager failed"),
        (Reply::json(206, &json!([])), "Silences unavailable: Alertmanager sent an incomplete answer"),
        (Reply::hang(), "Silences unavailable: Alertmanager has not answered yet"),
    ] {
        let (world, alertmanager) = world(false).await;
        alertmanager.on_any(reply);
        let page = world.get(PAGE).await;
        let text = words(page.text());
        assert!(text.contains(expected) && text.contains("5 firing, 1 pending"), "{expected}: {text}");
        let page = world.get_opened(PAGE).await;
        assert!(page.text().contains("/silences/new"), "the form can be opened all the same");
        let json = world.get("/catalog/default/component/payments/alerts.json").await.json();
        assert_eq!(json["silences"], "unknown");
    }
}

#[tokio::test]
async fn older_alertmanager_without_muted_alerts_works() {
    let status = r#"{"state": "suppressed", "silencedBy": ["s-1"], "inhibitedBy": []}"#;
    let (world, _alertmanager) =
        listing(json!([held(1, "eu", status)]), json!([silence("s-1", 3_600)])).await;
    let text = words(world.get(PAGE).await.text());
    assert!(text.contains("4 firing, 1 pending, 1 silenced"), "{text}");
}

/// With these alerts in Alertmanager.
async fn listing(alerts: Value, silences: Value) -> (World, Upstream) {
    let (world, alertmanager) = world(false).await;
    alertmanager.on_any(Reply::computed(move |request| {
        Reply::json(200, if request.path.contains("/silences") { &silences } else { &alerts })
    }));
    (world, alertmanager)
}

fn silence(id: &str, ends_in: i64) -> Value {
    let ends_at = clock::now() + SignedDuration::from_secs(ends_in);
    json!({"id": id, "status": {"state": "active"}, "createdBy": "ann", "comment": "c", "matchers": [],
        "startsAt": "2026-11-23T12:00:00Z", "endsAt": ends_at.to_string(), "updatedAt": "2026-11-23T12:00:00Z"})
}

#[tokio::test]
async fn ended_or_unlisted_silence_suppresses_nothing() {
    let by = |silences: Value| {
        json!({"state": "suppressed", "silencedBy": silences, "inhibitedBy": ["gone"], "mutedBy": []})
            .to_string()
    };
    let active =
        r#"{"state": "active", "silencedBy": ["s-1"], "inhibitedBy": ["f9"], "mutedBy": ["nights"]}"#;
    let expired = json!({"id": "e-1", "status": {"state": "expired"}, "endsAt": "2036-11-24T15:00:00Z"});
    let alerts = json!([
        held(1, "eu", &by(json!(["over"]))),
        held(2, "eu", &by(json!(["unlisted"]))),
        held(3, "eu", active),
        held(4, "eu", &by(json!(["e-1"]))),
        // One of several silences is enough.
        held(5, "eu", &by(json!(["over", "s-1", "unlisted"]))),
        node_down(),
    ]);
    let silences = json!([silence("over", -1), silence("s-1", 3_600), expired]);
    let (world, _alertmanager) = listing(alerts, silences).await;
    let text = words(world.get(PAGE).await.text());
    assert!(text.contains("4 firing, 1 pending, 1 silenced"), "{text}");
    let json = world.get("/catalog/default/component/payments/alerts.json").await.json();
    let alerts = json["alerts"].as_array().unwrap();
    for alert in alerts {
        let instance = alert["labels"]["instance"].as_str().unwrap();
        let is_silenced = instance == "i:5";
        assert_eq!(alert["suppressed"].is_object(), is_silenced, "{alert}");
        if instance != "i:6" {
            assert_eq!((&alert["silenced"], &alert["inhibited"]), (&json!(is_silenced), &json!(false)));
        }
    }
}

#[tokio::test]
async fn only_certainly_suppressed_alerts_do_not_fire() {
    let changed = |mut value: Value, change: &Value| {
        let change = change.as_object().unwrap().clone();
        value.as_object_mut().unwrap().extend(change);
        value
    };
    let soon = (clock::now() + SignedDuration::from_secs(300)).to_string();
    let past = (clock::now() - SignedDuration::from_secs(300)).to_string();
    let status = |state: Value| json!({"status": {"state": state, "silencedBy": ["s-1"]}});
    let suppressed = |by: Value| json!({"status": changed(json!({"state": "suppressed"}), &by)});
    let nothing = || json!({});
    for (of_alert, of_silence) in [
        (nothing(), json!({"status": {"state": "pending"}})),
        (nothing(), json!({"status": {"state": "Active"}})),
        (nothing(), json!({"status": null})),
        (nothing(), json!({"startsAt": soon})),
        (nothing(), json!({"startsAt": null})),
        (status(json!("unprocessed")), nothing()),
        (status(json!("SUPPRESSED")), nothing()),
        (status(Value::Null), nothing()),
        (json!({"endsAt": past}), nothing()),
        (suppressed(json!({"inhibitedBy": ["eu1"]})), nothing()),
        (suppressed(json!({"inhibitedBy": ["over"]})), nothing()),
        (suppressed(json!({"mutedBy": [""]})), nothing()),
    ] {
        let alert = changed(held(1, "eu", SILENCED), &of_alert);
        let over = changed(node_down(), &json!({"fingerprint": "over", "endsAt": past}));
        let silences = json!([changed(silence("s-1", 3_600), &of_silence)]);
        let (world, _alertmanager) = listing(json!([alert, held(2, "eu", SILENCED), over]), silences).await;
        let text = words(world.get(PAGE).await.text());
        let others = usize::from(of_silence != nothing());
        let wanted = format!("{} firing, 1 pending", 4 + others);
        assert!(text.contains(&wanted), "{of_alert} {of_silence}: {text}");
    }
}

#[tokio::test]
async fn stale_suppression_never_makes_the_state_quiet() {
    let (alerts, silences) =
        ((1..=5).map(|i| held(i, "eu", SILENCED)).collect(), json!([silence("s-1", 3_600)]));
    let (world, alertmanager) = listing(Value::Array(alerts), silences).await;
    world.upstream.on_rules(rules_of([alert(1, "firing")]));
    let title = |page: &str| page.split("<title>").nth(1).unwrap().split('<').next().unwrap().to_owned();
    let page = world.get(PAGE).await;
    assert!(title(page.text()).contains("1 silenced"), "{}", title(page.text()));
    assert!(!title(page.text()).contains("unknown"), "{}", title(page.text()));
    alertmanager.on_any(Reply::json(500, &json!("no")));
    let mut found = String::new();
    for _ in 0..150 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        found = title(world.get(PAGE).await.text());
        if found.contains("unknown") {
            break;
        }
    }
    assert!(found.contains("alerts unknown, 1 silenced"), "{found}");
}

#[tokio::test]
async fn silence_of_another_cluster_suppresses_nothing() {
    let others = || json!([held(1, "us", SILENCED), held(2, "us", SILENCED), held(2, "eu", ACTIVE)]);
    let silences = || json!([silence("s-1", 3_600)]);
    let (world, _alertmanager) = listing(others(), silences()).await;
    let text = words(world.get(PAGE).await.text());
    assert!(text.contains("5 firing, 1 pending") && !text.contains("suppresses"), "{text}");
    // Without the external labels of the instance, the cluster of an alert is unknown.
    for reply in [Reply::http(404, &[], "404 page not found"), Reply::hang()] {
        let (world, _alertmanager) = listing(others(), silences()).await;
        world.upstream.on_config(reply);
        let text = words(world.get(PAGE).await.text());
        assert!(text.contains("5 firing, 1 pending"), "{text}");
        assert!(
            text.contains("Alertmanager suppresses 1 alert that may be of this instance or of another"),
            "{text}"
        );
    }
    let (world, _alertmanager) = listing(others(), silences()).await;
    world.upstream.on_external_labels("{cluster: us}");
    let text = words(world.get(PAGE).await.text());
    assert!(text.contains("3 firing, 1 pending, 2 silenced"), "{text}");
}

#[tokio::test]
async fn two_instances_with_one_alertmanager_share_its_answer() {
    let (both, alertmanager) = (CATALOG.to_owned() + SECOND, Upstream::start().await);
    let url: url::Url = format!("http://{}/", alertmanager.address).parse().unwrap();
    let world = World::with(&both, |all| {
        let second = promenade::prometheus::InstanceSettings {
            name: InstanceName::new("second"),
            ..all.instances[0].clone()
        };
        all.instances.push(second);
        for name in ["default", "second"] {
            let (url, ui_url, timeout) = (url.clone(), url.clone(), Duration::from_secs(2));
            all.alertmanagers.insert(
                InstanceName::new(name),
                AlertmanagerSettings { url, ui_url, headers: vec![], timeout },
            );
        }
    })
    .await;
    world.upstream.on_rules(rules());
    alertmanager.on_any(Reply::json(200, &json!([])));
    for name in ["payments", "second"] {
        let text = words(world.get(&format!("/catalog/default/component/{name}/alerts")).await.text());
        assert!(text.contains("5 firing"), "{text}");
    }
    assert_eq!(alertmanager.requests().len(), 1, "{:?}", alertmanager.requests());
}

const SECOND: &str = r#"
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: second
  annotations: {prometheus.io/alert: all, prometheus.io/service-name: second}
"#;

#[tokio::test]
async fn credential_repeated_by_an_alertmanager_is_redacted() {
    let alertmanager = Upstream::start().await;
    // The portal's error names the JSON that it did not expect.
    alertmanager.on_any(Reply::json(200, &json!("who is hush-hush?")));
    let url: url::Url = format!("http://{}/am", alertmanager.address).parse().unwrap();
    let settings = AlertmanagerSettings {
        ui_url: url.clone(),
        url,
        headers: vec![("Authorization".to_owned(), "Bearer hush-hush".to_owned().into())],
        timeout: Duration::from_secs(2),
    };
    let (instance, metrics) = (InstanceName::new("default"), Metrics::new());
    let client = AlertmanagerClient::new(&settings, &instance, &metrics.upstream).unwrap();
    let error = client.state().await.unwrap_err();
    assert!(error.detail.contains("who is [secret]?"), "{error}");
    assert!(!format!("{error} {error:?}").contains("hush"), "{error}");
}

#[tokio::test]
async fn link_from_chat_prefers_an_entity_whose_alert_is_not_silenced() {
    let component = |name: &str, instance: &str| {
        format!(
            "---\napiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: {name}\n  \
             annotations: {{prometheus.io/alert: all, prometheus.io/labels: 'instance={instance}'}}\n"
        )
    };
    let catalog = [component("a", "i:2"), component("b", "i:1")].concat();
    let (world, _alertmanager) = world_of(&catalog, false).await;
    let page = world.get("/go?alertname=HighLoad&severity=critical&odd=%22%5C%2C%7D").await;
    assert!(
        page.header("location").starts_with("/catalog/default/component/b?"),
        "{}",
        page.header("location")
    );
    assert!(page.header("location").contains("also=component%3Adefault%2Fa"), "{}", page.header("location"));
}
