//! `/go` with missing information: no alert is called resolved or without owner.

use super::*;

#[tokio::test]
async fn alert_without_a_healthy_rule_is_not_called_resolved() {
    let (world, _second) = world().await;
    let (_, pairs) = redirect(&world.get("/go?alertname=Slow&service=payments").await);
    let landed_labels: String =
        url::form_urlencoded::byte_serialize(value(&pairs, "landed").unwrap().as_bytes()).collect();
    let page = format!("{PAYMENTS}?landed={landed_labels}");
    let text = words(world.get(&page).await.text());
    assert!(text.contains("No longer firing: Slow"), "{text}");
    // After a restart no rule was evaluated yet; one fails; one is of other labels; and there is none at all.
    let slow = |health: &str, severity: &str| {
        critical("Slow", "slow > 1").set("health", health).label("severity", severity)
    };
    for (rule, is_over) in [
        (Some(slow("unknown", "critical")), false),
        (Some(slow("err", "critical")), false),
        (Some(slow("err", "info")), true),
        (None, false),
    ] {
        let world = World::with(CATALOG, |_| ()).await;
        world.upstream.on_any(Reply::matrix(&[]));
        world.upstream.on_rules(Reply::group(rule.clone().into_iter().chain([critical("Up", "up")])));
        let go = "/go?alertname=Slow&service=payments&severity=critical";
        let (path, pairs) = redirect(&world.get(go).await);
        assert_eq!((path.as_str(), value(&pairs, "landed").is_some()), (PAYMENTS, is_over), "{rule:?}");
        let page = page.replace("landed=", &format!("landed={}", "severity%3D%22critical%22%2C"));
        let page = world.get(&page).await;
        let text = words(page.text());
        assert!(page.status == 200 && text.contains("No longer firing") == is_over, "{rule:?}: {text}");
    }
}

#[tokio::test]
async fn timeout_of_the_history_is_not_reported_as_no_history() {
    let (world, _second) = world().await;
    let query = r#"ALERTS{alertstate="firing",alertname="Slow",service=~"payments|"}"#;
    world.upstream.on(query, Reply::hang());
    let page = format!("{PAYMENTS}?landed=alertname%3D%22Slow%22%2Cservice%3D%22payments%22");
    let text = words(world.get(&page).await.text());
    assert!(text.contains("When is unknown: Prometheus did not answer in time."), "{text}");
}

#[tokio::test]
async fn alert_that_fired_until_now_is_not_called_resolved() {
    let (world, _second) = world().await;
    let labels =
        json!({"__name__": "ALERTS", "alertstate": "firing", "alertname": "Slow", "service": "payments"});
    let series = Reply::computed(move |request| {
        let at = |name| request.form(name).unwrap().parse::<f64>().unwrap() as i64;
        let instants = (0..).map(|i| at("start") + i * at("step")).take_while(|t| *t <= at("end"));
        let values: Vec<Value> = instants.skip(60).map(|t| json!([t, "1"])).collect();
        Reply::result(json!([{"metric": labels, "values": values}]))
    });
    world.upstream.on(r#"ALERTS{alertstate="firing",alertname="Slow"}"#, series);
    let (path, pairs) = redirect(&world.get("/go?alertname=Slow&service=").await);
    assert_eq!((path.as_str(), value(&pairs, "landed")), (PAYMENTS, None), "{pairs:?}");
}

#[tokio::test]
async fn too_many_matching_rows_hide_no_other_instance_and_resolve_nothing() {
    let (world, second) = world().await;
    let since = rfc(minutes_ago(5));
    let nobodys = (0..120).map(|i| firing("HighLoad", &since).label("shard", &i.to_string()));
    let own = firing("HighLoad", &since).label("service", "payments");
    world.upstream.on_rules(Reply::group([critical("HighLoad", "load > 1").alerts(nobodys.chain([own]))]));
    let far = firing("HighLoad", &since).label("service", "payments").label("instance", "z:1");
    second.on_rules(Reply::group([critical("HighLoad", "load > 1").alerts([far])]));
    let page = world.get("/go?alertname=HighLoad&service=payments").await;
    let text = words(page.text());
    for part in ["2 or more entities show this alert", "firing far", "unknown Payment service"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    // The entity's own page looks at all of its own.
    let page =
        world.get(&format!("{PAYMENTS}?landed=alertname%3D%22HighLoad%22%2Cservice%3D%22payments%22")).await;
    let text = words(page.text());
    assert!(text.contains("1 firing") && !text.contains("No longer firing"), "{text}");
}

#[tokio::test]
async fn go_says_no_owner_only_with_complete_information() {
    let (world, second) = world().await;
    second.on_rules(Reply::refusal(503, "unavailable", "no"));
    let text = words(world.get("/go?alertname=Nowhere").await.text());
    for part in [
        "No owner found for this alert",
        "could not be checked",
        "No instance that could be fully checked has",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let backstage = Backstage::start(Vec::new()).await;
    backstage.fail(Reply::refusal(401, "unauthorized", "no"));
    let from = backstage.settings();
    let world = World::with(CATALOG, |settings| settings.catalog.backstage = Some(from)).await;
    world.upstream.on_rules(Reply::group::<Rule>([]));
    let mut text = String::new();
    for _ in 0..100 {
        let page = world.get("/go?alertname=Nowhere").await;
        text = words(page.text()).clone();
        if page.status == 200 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    for part in ["No owner found for this alert", "Backstage's catalog could not be read"] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[tokio::test]
async fn stale_answer_resolves_nothing_and_counts_as_no_answer() {
    let world = World::with(CATALOG, |settings| {
        settings.instances[0].scrape_interval = std::time::Duration::from_millis(100);
    })
    .await;
    let labels =
        json!({"__name__": "ALERTS", "alertstate": "firing", "alertname": "Slow", "service": "payments"});
    let series = Reply::computed(move |request| {
        let start = request.form("start").unwrap().parse::<f64>().unwrap() as i64;
        let values: Vec<Value> = (60..90).map(|i| json!([start + i * 60, "1"])).collect();
        Reply::result(json!([{"metric": labels, "values": values}]))
    });
    world.upstream.on(r#"ALERTS{alertstate="firing",alertname="Slow"}"#, series);
    world.upstream.on_any(Reply::matrix(&[]));
    world.upstream.on_rules(Reply::group([critical("Slow", "slow > 1")]));
    let (_, pairs) = redirect(&world.get("/go?alertname=Slow").await);
    assert!(value(&pairs, "landed").is_some(), "a new answer ends it: {pairs:?}");
    world.upstream.on_rules(Reply::refusal(500, "internal", "gone"));
    tokio::time::sleep(std::time::Duration::from_millis(1_200)).await;
    let (path, pairs) = redirect(&world.get("/go?alertname=Slow").await);
    assert_eq!((path.as_str(), value(&pairs, "landed")), (PAYMENTS, None), "{pairs:?}");
    let text = words(world.get("/go?alertname=Nowhere").await.text());
    for part in ["is not answering", "No owner found for this alert"] {
        assert!(text.contains(part), "{part}: {text}");
    }
}
