//! A link from chat never calls an alert over where Prometheus does not say so completely.

use std::time::Duration;

use super::*;

const LEDGER: &str = "/go?alertname=HighLoad&service=ledger&severity=critical";

/// The rule that both owners show, with something changed.
fn changed(change: Value) -> Value {
    let mut rule = rule("HighLoad", "load > 1", vec![]);
    rule.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    rule
}

async fn shown(world: &World) -> String {
    let page = world.get(LEDGER).await;
    assert_eq!(page.status, 200, "{}", page.text());
    words(page.text())
}

#[tokio::test]
async fn an_alert_is_over_only_where_every_piece_of_evidence_is_there() {
    for (change, warnings, said) in [
        (json!({}), json!([]), "not active now ledger"),
        (json!({}), json!(["store b is down"]), "unknown ledger"),
        (json!({"health": "err", "lastError": "no"}), json!([]), "unknown ledger"),
        (json!({"health": "unknown"}), json!([]), "unknown ledger"),
        (json!({"lastEvaluation": rfc(minutes_ago(10))}), json!([]), "unknown ledger"),
        // It fires, and does not say for whom.
        (json!({"state": "firing"}), json!([]), "firing ledger"),
    ] {
        let (world, _second) = world().await;
        let groups =
            json!([{"name": "g", "file": "r.yml", "interval": 15, "rules": [changed(change.clone())]}]);
        let body = json!({"status": "success", "warnings": warnings, "data": {"groups": groups}});
        world.upstream.on_rules(Reply::json(200, &body));
        let text = shown(&world).await;
        assert!(text.contains(said), "{change} {warnings}: {text}");
        assert!(said.starts_with("not") || !text.contains("not active now"), "{change} {warnings}: {text}");
    }
}

#[tokio::test]
async fn an_older_answer_keeps_what_fires_with_its_time_and_calls_nothing_over() {
    let since = rfc(minutes_ago(5));
    let active = alert("HighLoad", json!({"service": "ledger"}), &since);
    for (alerts, said) in [(vec![active], "firing at "), (vec![], "unknown ledger")] {
        let (is_firing, second) = (!alerts.is_empty(), Upstream::start().await);
        let other = second.instance("second");
        let world = World::with(CATALOG, |settings| {
            settings.instances[0].scrape_interval = Duration::from_secs(1);
            settings.instances.push(other);
        })
        .await;
        world.upstream.on_rules(rules(vec![rule("HighLoad", "load > 1", alerts)]));
        world.upstream.on_any(Reply::matrix(&[]));
        shown(&world).await;
        world.upstream.on_rules(Reply::html(500, "oops"));
        tokio::time::sleep(Duration::from_millis(1_300)).await;
        let text = shown(&world).await;
        assert!(text.contains(said) && text.contains("default does not answer"), "{text}");
        assert_eq!(text.contains(", not checked since"), is_firing, "{text}");
        assert!(!text.contains("not active now"), "{text}");
    }
}
