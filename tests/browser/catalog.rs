//! The way in, in a real browser: a reader types, and the list and the address follow.

use serde_json::json;
use world::World;
use world::upstream::Reply;

use crate::chromium::Tab;

fn catalog() -> String {
    let component = |i: usize| {
        format!(
            "---\napiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: service-{i}\n  title: Service {i}\n  \
             description: What customer {i} buys from us\n  annotations: {{prometheus.io/alert: Alert{i}}}\n\
             spec: {{owner: team-{}, system: shop}}\n",
            i % 3
        )
    };
    let components: String = (0..12).map(component).collect();
    format!(
        "{components}---\napiVersion: backstage.io/v1alpha1\nkind: System\nmetadata: {{name: shop, title: Shop}}\nspec: {{owner: team-1}}\n"
    )
}

fn rules() -> Reply {
    let rule = |i: usize| {
        let state = ["firing", "pending", "inactive"][i % 3];
        let alert = json!({
            "labels": {"alertname": format!("Alert{i}")}, "annotations": {}, "state": state,
            "activeAt": "2026-11-23T10:00:00Z", "value": "1",
        });
        json!({
            "state": state, "name": format!("Alert{i}"), "query": "up", "duration": 0, "labels": {},
            "annotations": {}, "alerts": if state == "inactive" { json!([]) } else { json!([alert]) },
            "health": "ok", "lastEvaluation": "2026-11-23T10:00:00Z", "type": "alerting",
        })
    };
    let rules: Vec<_> = (0..11).map(rule).collect();
    Reply::rules(json!([{"name": "g", "file": "f", "interval": 15, "rules": rules}]))
}

#[tokio::test]
async fn the_list_and_the_address_follow_what_is_typed() {
    let world = World::of(&catalog()).await;
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
    // Two pending by name, then the one whose rule is missing.
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
    // The address is the list.
    let address: String = tab.look("location.href").await;
    tab.go(&address).await;
    assert_eq!(tab.count(".entity:not(.heading)").await, 2);
    for (name, path) in [("catalog", "/"), ("members", "/catalog/default/system/shop")] {
        for theme in ["light", "dark"] {
            tab.go(&at(&format!("{path}?theme={theme}"))).await;
            for width in [1440, 390] {
                tab.size(width, 900).await;
                tab.screenshot(&format!("way-in-{name}-{width}-{theme}")).await;
                assert!(tab.look::<bool>(&format!("document.documentElement.scrollWidth <= {width}")).await);
            }
        }
    }
    let complaints = tab.complaints().await;
    assert!(complaints.is_empty(), "{complaints:?}");
    tab.close().await;
}
