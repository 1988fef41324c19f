//! Alerts that a real Alertmanager silences and inhibits, in the alert table.

use std::time::Duration;

use jiff::SignedDuration;
use promenade::alertmanager::AlertmanagerSettings;
use promenade::clock;
use promenade::prometheus::InstanceName;
use serde_json::json;
use world::World;
use world::high_load::{alert, rules};
use world::markup::words;

use crate::alertmanager::RealAlertmanager;

const CATALOG: &str = r#"
apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: payments
  annotations: {prometheus.io/alert: all}
"#;
const PAGE: &str = "/catalog/default/component/payments/alerts?pageSize=all";

/// A scripted Prometheus beside this Alertmanager.
async fn beside(alertmanager: &RealAlertmanager) -> World {
    let url: url::Url = alertmanager.url.parse().unwrap();
    let world = World::with(CATALOG, |all| {
        let (ui_url, timeout) = (url.clone(), Duration::from_secs(2));
        let settings = AlertmanagerSettings { url, ui_url, headers: vec![], timeout };
        all.alertmanagers.insert(InstanceName::new("default"), settings);
    })
    .await;
    world.upstream.on_rules(rules());
    world
}

/// Two alerts of a real Alertmanager, one silenced for some seconds and one for an hour; then it is gone.
#[tokio::test]
async fn silence_ends_on_time_while_alertmanager_is_down() {
    let alertmanager = RealAlertmanager::start(|config| config).await;
    let world = beside(&alertmanager).await;
    let labels = |i: usize| json!({"alertname": "HighLoad", "severity": "critical", "instance": format!("i:{i}"), "odd": "\"\\,}"});
    alertmanager.post("alerts", &json!([{"labels": labels(1)}, {"labels": labels(2)}])).await;
    let begun = clock::now();
    let mut ends = Vec::new();
    for (i, seconds) in [(1, 4), (2, 3_600)] {
        let at = begun + SignedDuration::from_secs(seconds);
        ends.push(at);
        let matcher =
            json!({"name": "instance", "value": format!("i:{i}"), "isRegex": false, "isEqual": true});
        let silence = json!({"matchers": [matcher], "startsAt": begun.to_string(), "endsAt": at.to_string(),
            "createdBy": "ann", "comment": "deploy"});
        alertmanager.post("silences", &silence).await;
    }
    let text = words(world.get(PAGE).await.text());
    assert!(clock::now() < ends[0], "this machine is too slow for this test");
    assert!(text.contains("3 firing, 1 pending, 2 silenced"), "{text}");
    drop(alertmanager);
    let mut found = String::new();
    let mut was_told = false;
    for _ in 0..300 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let before = clock::now();
        found = words(world.get(PAGE).await.text());
        let after = clock::now();
        if before >= ends[0] {
            assert!(found.contains("4 firing, 1 pending, 1 silenced"), "{found}");
        } else if after < ends[0] {
            assert!(found.contains("3 firing, 1 pending, 2 silenced"), "{found}");
        }
        was_told = found.contains("Silences may be out of date: Alertmanager is not answering");
        if was_told {
            break;
        }
    }
    assert!(was_told && clock::now() > ends[0], "{found}");
    assert!(found.contains("4 firing, 1 pending, 1 silenced"), "it is known to hold for an hour: {found}");
}

#[tokio::test]
async fn alert_inhibited_by_a_real_alertmanager_does_not_fire() {
    const INHIBIT: &str = "\ninhibit_rules:\n- source_matchers: [alertname=NodeDown]\n  target_matchers: [alertname=HighLoad, \"instance=i:1\"]\n";
    let alertmanager = RealAlertmanager::start(|config| config + INHIBIT).await;
    let world = beside(&alertmanager).await;
    let labels = |i: usize| serde_json::Value::from(alert(i, "firing"))["labels"].clone();
    let sent = json!([{"labels": labels(1)}, {"labels": labels(2)}, {"labels": {"alertname": "NodeDown"}}]);
    alertmanager.post("alerts", &sent).await;
    let text = words(world.get_opened(PAGE).await.text());
    assert!(text.contains("4 firing, 1 pending, 1 inhibited"), "{text}");
    assert!(text.contains("Inhibited by NodeDown"), "{text}");
}
