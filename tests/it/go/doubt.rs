//! `/go` calls an alert resolved only if Prometheus answered completely.

use std::time::Duration;

use world::rules::group;

use super::*;

const LEDGER: &str = "/go?alertname=HighLoad&service=ledger&severity=critical";

async fn shown(world: &World) -> String {
    let page = world.get(LEDGER).await;
    assert_eq!(page.status, 200, "{}", page.text());
    words(page.text())
}

#[tokio::test]
async fn alert_is_resolved_only_with_complete_evidence() {
    for (change, warnings, expected) in [
        (json!({}), json!([]), "not active ledger"),
        (json!({}), json!(["store b is down"]), "unknown ledger"),
        (json!({"health": "err", "lastError": "no"}), json!([]), "unknown ledger"),
        (json!({"health": "unknown"}), json!([]), "unknown ledger"),
        (json!({"lastEvaluation": rfc(minutes_ago(10))}), json!([]), "unknown ledger"),
        // It fires, and does not say for whom.
        (json!({"state": "firing"}), json!([]), "firing ledger"),
    ] {
        let (world, _second) = world_of_components().await;
        let rules = group("g", [critical("HighLoad", "load > 1").with(&change)]);
        let body = json!({"status": "success", "warnings": warnings, "data": {"groups": [rules]}});
        world.upstream.on_rules(Reply::json(200, &body));
        let text = shown(&world).await;
        assert!(text.contains(expected), "{change} {warnings}: {text}");
        assert!(expected.starts_with("not") || !text.contains("not active"), "{change} {warnings}: {text}");
    }
}

#[tokio::test]
async fn stale_answer_keeps_firing_alerts_with_their_time_and_resolves_none() {
    let since = rfc(minutes_ago(5));
    let active = firing("HighLoad", &since).label("service", "ledger");
    for (alerts, expected) in [(vec![active], "firing at "), (vec![], "unknown ledger")] {
        let (is_firing, second) = (!alerts.is_empty(), Upstream::start().await);
        let other = second.instance("second");
        let world = World::with(&CATALOG.replace("kind: System", "kind: Component"), |settings| {
            settings.instances[0].scrape_interval = Duration::from_secs(1);
            settings.instances.push(other);
        })
        .await;
        world.upstream.on_rules(Reply::group([critical("HighLoad", "load > 1").alerts(alerts)]));
        world.upstream.on_any(Reply::matrix(&[]));
        shown(&world).await;
        world.upstream.on_rules(Reply::html(500, "oops"));
        tokio::time::sleep(Duration::from_millis(1_300)).await;
        let text = shown(&world).await;
        assert!(text.contains(expected) && text.contains("default is not answering"), "{text}");
        assert_eq!(text.contains(", not checked since"), is_firing, "{text}");
        assert!(!text.contains("not active"), "{text}");
    }
}

#[tokio::test]
async fn go_says_that_more_than_100_matching_alerts_may_have_more_owners() {
    for (payments, is_cut) in [(99, false), (100, true)] {
        let (world, _second) = world().await;
        let since = rfc(minutes_ago(5));
        let own = |i: usize| {
            firing("HighLoad", &since).label("service", "payments").label("instance", &i.to_string())
        };
        let last = firing("HighLoad", &since).label("service", "nobodys");
        let all = (0..payments).map(own).chain([last]);
        world.upstream.on_rules(Reply::group([critical("HighLoad", "load > 1").alerts(all)]));
        let page = world.get("/go?alertname=HighLoad&__instance=default").await;
        if !is_cut {
            assert_eq!(redirect(&page).0, PAYMENTS);
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
async fn go_redirects_for_an_inactive_alert_only_if_every_instance_answered_completely() {
    let over = "/go?alertname=Slow&service=payments";
    let (healthy, _second) = world().await;
    assert_eq!(redirect(&healthy.get(over).await).0, PAYMENTS);
    let warned = json!({"status": "success", "warnings": ["store b is down"], "data": {"groups": []}});
    for (reply, expected) in [
        (Reply::html(500, "oops"), "Prometheus second is not answering"),
        (Reply::hang(), "Prometheus second is not answering"),
        (Reply::json(200, &warned), "Prometheus second sent an incomplete answer"),
    ] {
        let (world, second) = world().await;
        second.on_rules(reply);
        let page = world.get(over).await;
        let text = words(page.text());
        for part in [expected, "1 or more entities show this alert", "not active Payment service"] {
            assert!(page.status == 200 && text.contains(part), "{part}: {text}");
        }
        // A firing alert leads to its entity, whatever another instance knows.
        let firing = firing("Slow", &rfc(minutes_ago(5))).label("service", "payments");
        let world = {
            let other = second.instance("second");
            World::with(CATALOG, |settings| settings.instances.push(other)).await
        };
        world.upstream.on_rules(Reply::group([critical("Slow", "slow > 1").alerts([firing])]));
        assert_eq!(redirect(&world.get(over).await).0, PAYMENTS, "{expected}");
    }
}

#[tokio::test]
async fn go_names_only_complete_instances_as_having_no_such_alert() {
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
