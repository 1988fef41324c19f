//! Which of several entities `/go` opens, and what it lists where none is the best.

use super::*;

#[tokio::test]
async fn go_with_several_matches_lists_them_closest_first() {
    let (world, _second) = world_of_components().await;
    let page = world.get("/go?alertname=HighLoad&service=ledger&kiosk=&theme=").await;
    let text = words(page.text());
    let (ledger, money) = (text.find("ledger Component").unwrap(), text.find("money Component").unwrap());
    assert!(page.status == 200 && ledger < money && text.contains("2 entities show this alert"), "{text}");
    let owners = page.text().split("id=\"owners\"").nth(1).unwrap();
    assert_eq!(owners.matches("?from=").count(), 2, "each link has its window and row");
    let alert = text.split("entities show this alert").next().unwrap();
    for part in ["firing HighLoad", "critical", "30m", "load > 1", "instance c:1"] {
        assert!(alert.contains(part), "the alert itself stands above: {part}: {alert}");
    }
    // Without the label that tells them apart, all three.
    let text = words(world.get("/go?alertname=HighLoad&service=").await.text()).clone();
    assert!(
        text.contains("3 entities show this alert") && text.contains("2 firing Payment service"),
        "{text}"
    );
}

#[tokio::test]
async fn go_opens_the_component_and_names_the_others() {
    let (world, _second) = world().await;
    let page = world.get("/go?alertname=HighLoad&service=ledger").await;
    let (path, pairs) = redirect(&page);
    assert_eq!(path, "/catalog/default/component/ledger");
    assert_eq!(value(&pairs, "also"), Some("system:default/money"));
    let address = page.header("location").split('#').next().unwrap().to_owned();
    let html = world.get(&address).await.text().to_owned();
    assert!(words(&html).contains("This alert is also shown by money (System)."), "{}", words(&html));
    assert!(html.contains("<a href=\"/catalog/default/system/money"), "{html}");
    // Only what the catalog has is named, and no link keeps it.
    let odd =
        format!("{address}&also=component:default/gone&also=%3Cb%3E&also=component:default/ledger&also=");
    let text = words(world.get(&odd).await.text());
    assert!(text.contains("also shown by money (System)."), "{text}");
    assert!(!html.split("<body").nth(1).unwrap().contains("also="), "{html}");
    let many: String = (0..500).map(|i| format!("&also=component:default/x{i}")).collect();
    assert_eq!(world.get(&format!("{PAYMENTS}?refresh=0{many}")).await.status, 200);
}

#[tokio::test]
async fn go_prefers_the_component_where_the_alert_is_active() {
    let catalog = CATALOG.replace("kind: System", "kind: Resource");
    let (world, second) = world_of(&catalog).await;
    // The other component's instance does not answer.
    second.on_rules(Reply::refusal(503, "unavailable", "no"));
    let page = world.get("/go?alertname=HighLoad&service=payments").await;
    let (path, pairs) = redirect(&page);
    assert_eq!((path.as_str(), value(&pairs, "also")), (PAYMENTS, Some("component:default/far")));
    let (path, _) = redirect(&world.get("/go?alertname=HighLoad&service=ledger").await);
    assert_eq!(path, "/catalog/default/component/ledger", "a resource after a component");
}
