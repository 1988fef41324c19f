//! The catalog page in a real browser: the list and the address follow what a reader types.

use world::World;
use world::catalog::{Entity, catalog};
use world::rules::{Alert, Rule};
use world::upstream::Reply;

use crate::chromium::Tab;

/// Twelve services of three teams, in one system.
fn shop() -> String {
    let service = |i: usize| {
        Entity::component(&format!("service-{i}"))
            .metadata("title", &format!("Service {i}"))
            .metadata("description", &format!("What customer {i} buys from us"))
            .alert(&format!("Alert{i}"))
            .spec("owner", &format!("team-{}", i % 3))
            .spec("system", "shop")
    };
    let system = Entity::new("System", "shop").metadata("title", "Shop").spec("owner", "team-1");
    catalog((0..12).map(service).chain([system]))
}

/// One rule for each of eleven services: firing, pending, or inactive and late.
fn rules() -> Reply {
    let rule = |i: usize| {
        let name = format!("Alert{i}");
        let alert = ["firing", "pending"].get(i % 3).map(|state| Alert::new(&name, state));
        Rule::new(&name).query("up").alerts(alert).set("lastEvaluation", "2026-11-23T10:00:00Z")
    };
    Reply::group((0..11).map(rule))
}

#[tokio::test]
async fn list_and_address_follow_typing() {
    let world = World::of(shop()).await;
    world.upstream.on_rules(rules());
    let at = |path: &str| format!("http://{}{path}", world.address);
    let tab = Tab::open(&at("/?theme=light")).await;
    let first = "document.querySelector('.entity:not(.heading) .title').innerText.trim()";
    tab.until(&format!("{first} === 'Service 0'")).await;
    let _: bool = tab.look("(window.stayed = true)").await;
    let before: usize = tab.look("history.length").await;
    let _: bool = tab
        .look("((f) => { f.focus(); f.value = 'service-1 buys'; return f.dispatchEvent(new Event('input', { bubbles: true })); })(document.getElementById('catalog-search'))")
        .await;
    tab.until("document.querySelectorAll('.entity:not(.heading)').length === 3").await;
    tab.until("location.search === '?theme=light&search=service-1+buys'").await;
    // Two pending entities by name, then the entity whose rule does not exist.
    let order: Vec<String> = tab
        .look("[...document.querySelectorAll('.entity:not(.heading) .title')].map((e) => e.innerText.trim())")
        .await;
    assert_eq!(order, ["Service 1", "Service 10", "Service 11"]);
    let _: bool = tab
        .look("((s) => { s.value = 'pending'; return s.dispatchEvent(new Event('change', { bubbles: true })); })(document.querySelector('select[name=state]'))")
        .await;
    tab.until("location.search.includes('state=pending')").await;
    tab.until("document.querySelectorAll('.entity:not(.heading)').length === 2").await;
    assert!(tab.look::<bool>("window.stayed && document.activeElement.id === 'catalog-search'").await);
    assert_eq!(tab.look::<usize>("history.length").await, before, "the address is replaced");
    // The address determines the list.
    let address: String = tab.look("location.href").await;
    tab.go(&address).await;
    assert_eq!(tab.count(".entity:not(.heading)").await, 2);
    for (name, path) in [("catalog", "/"), ("members", "/catalog/default/system/shop")] {
        for theme in ["light", "dark"] {
            tab.go(&at(&format!("{path}?theme={theme}"))).await;
            for width in [1440, 390] {
                tab.size(width, 900).await;
                tab.screenshot(&format!("catalog-{name}-{width}-{theme}")).await;
                assert!(tab.look::<bool>(&format!("document.documentElement.scrollWidth <= {width}")).await);
            }
        }
    }
    let complaints = tab.complaints().await;
    assert!(complaints.is_empty(), "{complaints:?}");
    tab.close().await;
}
