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

const FOCUSED: &str = "document.activeElement.innerText.trim()";

#[tokio::test]
async fn keys_move_along_the_list_and_open_the_first_match() {
    let world = World::of(shop()).await;
    world.upstream.on_rules(rules());
    let tab = Tab::open(&format!("http://{}/", world.address)).await;
    let titles =
        "[...document.querySelectorAll('.entity:not(.heading) .title')].map((e) => e.innerText.trim())";
    tab.until(&format!("{titles}.length === 12")).await;
    let order: Vec<String> = tab.look(titles).await;
    tab.press("/").await;
    let steps = [("ArrowDown", Some(0)), ("ArrowDown", Some(1)), ("ArrowUp", Some(0)), ("ArrowUp", None)];
    for (key, at) in steps {
        tab.press(key).await;
        match at {
            Some(at) => assert_eq!(tab.look::<String>(FOCUSED).await, order[at], "{key}"),
            None => assert_eq!(tab.look::<String>("document.activeElement.id").await, "catalog-search"),
        }
    }
    // Enter opens what is typed, not what is listed until the answer is there.
    for letter in ["1", "1"] {
        tab.press(letter).await;
    }
    tab.press("Enter").await;
    tab.until(
        "location.pathname === '/catalog/default/component/service-11' && document.readyState === 'complete'",
    )
    .await;
    // Also where the list is there already; without text Enter opens nothing.
    tab.go(&format!("http://{}/?search=service-4", world.address)).await;
    tab.press("/").await;
    tab.press("Enter").await;
    tab.until("location.pathname === '/catalog/default/component/service-4'").await;
    let complaints = tab.complaints().await;
    assert!(complaints.is_empty(), "{complaints:?}");
    tab.close().await;
}

#[tokio::test]
async fn focus_stays_on_the_entity_when_the_order_changes() {
    let world = World::of(shop()).await;
    world.upstream.on_rules(rules());
    let tab = Tab::open(&format!("http://{}/?refresh=1s", world.address)).await;
    let titles =
        "[...document.querySelectorAll('.entity:not(.heading) .title')].map((e) => e.innerText.trim())";
    tab.until(&format!("{titles}[1] === 'Service 3'")).await;
    tab.press("/").await;
    tab.press("ArrowDown").await;
    tab.press("ArrowDown").await;
    assert_eq!(tab.look::<String>(FOCUSED).await, "Service 3");
    let alert = Alert::firing("Alert3");
    world.upstream.on_rules(Reply::group([Rule::new("Alert3").query("up").alerts([alert])]));
    tab.until(&format!("{titles}[0] === 'Service 3'")).await;
    assert_eq!(tab.look::<String>(FOCUSED).await, "Service 3");
    tab.close().await;
}

/// No count reaches the next one, and no tag is cut, whatever the numbers and the texts.
#[tokio::test]
async fn cells_keep_apart_and_tags_are_whole() {
    let service = |i: usize| {
        let text = "Words of a description ".repeat(i + 1);
        let entity = Entity::component(&format!("service-{i}")).metadata("description", text.trim());
        let entity = entity.alert(&format!("Alert{i}")).to_string();
        entity.replacen("metadata:", "metadata:\n  tags: [node, recommendations, payments, europe-west]", 1)
    };
    let world = World::of((0..6).map(service).collect::<Vec<_>>().join("---\n")).await;
    let alert = |i: usize, n: usize| {
        let state = if n < 253 { "firing" } else { "pending" };
        let alert = Alert::new(&format!("Alert{i}"), state).label("n", &n.to_string());
        if n < 16 { alert.label("severity", "critical") } else { alert }
    };
    let rule = |i: usize| Rule::new(&format!("Alert{i}")).query("up").alerts((0..1_377).map(|n| alert(i, n)));
    world.upstream.on_rules(Reply::group((0..6).map(rule)));
    let tab = Tab::open(&format!("http://{}/", world.address)).await;
    tab.until("document.querySelector('.counts .pending')").await;
    for width in [1440, 1280, 1024, 900, 390, 320] {
        tab.size(width, 900).await;
        let touching: Vec<String> = tab
            .look(
                "[...document.querySelectorAll('.entity:not(.heading) .counts')].flatMap((counts) => {
                   const text = (e) => { const r = document.createRange(); r.selectNodeContents(e); return r.getBoundingClientRect(); };
                   const boxes = [...counts.children].map(text);
                   return boxes.flatMap((a, i) => boxes.slice(i + 1).filter((b) =>
                     a.left < b.right + 4 && b.left < a.right + 4 && a.top < b.bottom && b.top < a.bottom).map(() => counts.innerText)); })",
            )
            .await;
        assert!(touching.is_empty(), "{width}: {touching:?}");
        let cut: Vec<String> = tab
            .look(
                "[...document.querySelectorAll('.about .tag')].filter((tag) => {
                   const [t, cell] = [tag, tag.closest('.about')].map((e) => e.getBoundingClientRect());
                   const hidden = t.top >= cell.bottom || !t.height;
                   return !hidden && (t.right > cell.right + 0.5 || t.bottom > cell.bottom + 0.5); }).map((tag) => tag.innerText)",
            )
            .await;
        assert!(cut.is_empty(), "{width}: {cut:?}");
        assert!(tab.look::<bool>(&format!("document.documentElement.scrollWidth <= {width}")).await);
        tab.screenshot(&format!("catalog-cells-{width}")).await;
    }
    tab.close().await;
}
