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
        (json!({}), json!([]), "not active ledger"),
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
        assert!(said.starts_with("not") || !text.contains("not active"), "{change} {warnings}: {text}");
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
        assert!(text.contains(said) && text.contains("default is not answering"), "{text}");
        assert_eq!(text.contains(", not checked since"), is_firing, "{text}");
        assert!(!text.contains("not active"), "{text}");
    }
}

#[tokio::test]
async fn more_alerts_than_are_looked_at_may_have_further_owners() {
    for (payments, is_cut) in [(99, false), (100, true)] {
        let (world, _second) = world().await;
        let since = rfc(minutes_ago(5));
        let own =
            |i: usize| alert("HighLoad", json!({"service": "payments", "instance": i.to_string()}), &since);
        let last = alert("HighLoad", json!({"service": "nobodys"}), &since);
        let all = (0..payments).map(own).chain([last]).collect();
        world.upstream.on_rules(rules(vec![rule("HighLoad", "load > 1", all)]));
        let page = world.get("/go?alertname=HighLoad&__instance=default").await;
        if !is_cut {
            assert_eq!(led(&page).0, PAYMENTS);
            continue;
        }
        let text = words(page.text());
        for part in [
            "1 or more entities show this alert",
            "More than 100 alerts of one instance have these labels; entities that show the others may be missing.",
        ] {
            assert!(page.status == 200 && text.contains(part), "{part}: {text}");
        }
        assert!(!text.contains("sent an incomplete answer"), "{text}");
    }
}

#[tokio::test]
async fn an_alert_that_is_not_active_is_led_to_only_if_every_instance_told_everything() {
    let over = "/go?alertname=Slow&service=payments";
    let (healthy, _second) = world().await;
    assert_eq!(led(&healthy.get(over).await).0, PAYMENTS);
    let warned = json!({"status": "success", "warnings": ["store b is down"], "data": {"groups": []}});
    for (reply, told) in [
        (Reply::html(500, "oops"), "Prometheus second is not answering"),
        (Reply::hang(), "Prometheus second is not answering"),
        (Reply::json(200, &warned), "Prometheus second sent an incomplete answer"),
    ] {
        let (world, second) = world().await;
        second.on_rules(reply);
        let page = world.get(over).await;
        let text = words(page.text());
        for part in [told, "1 or more entities show this alert", "not active Payment service"] {
            assert!(page.status == 200 && text.contains(part), "{part}: {text}");
        }
        // One that fires is whose it is, whatever another instance may say.
        let firing = alert("Slow", json!({"service": "payments"}), &rfc(minutes_ago(5)));
        let world = {
            let other = second.instance("second");
            World::with(CATALOG, |settings| settings.instances.push(other)).await
        };
        world.upstream.on_rules(rules(vec![rule("Slow", "slow > 1", vec![firing])]));
        assert_eq!(led(&world.get(over).await).0, PAYMENTS, "{told}");
    }
}

#[tokio::test]
async fn that_nobody_has_an_alert_is_said_only_of_instances_that_told_everything() {
    let warned = json!({"status": "success", "warnings": ["store b is down"], "data": {"groups": []}});
    for (is_silent, none) in [
        (false, "No instance that could be fully checked has this alert now."),
        (true, "No instance that could be fully checked has this alert now."),
    ] {
        let (world, second) = world().await;
        world.upstream.on_rules(Reply::json(200, &warned));
        if is_silent {
            second.on_rules(Reply::html(500, "oops"));
        }
        let text = words(world.get("/go?alertname=Nowhere").await.text());
        for part in [
            "Prometheus default sent an incomplete answer",
            "No owner found for this alert",
            "checked; the alert may have an owner",
            none,
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
    let (world, _second) = world().await;
    let text = words(world.get("/go?alertname=Nowhere").await.text());
    assert!(text.contains("No instance has this alert now, or a rule of its name."), "{text}");
    assert!(text.contains("No entity owns this alert"), "{text}");
}
