//! The catalog page: order, filters, and the states of entities.

use serde_json::json;
use world::World;
use world::markup::{tags, words};
use world::rules::{Alert, Rule};
use world::upstream::Reply;

pub const CATALOG: &str = r#"
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: aardvark, description: Has nothing to show}
spec: {owner: team-b}
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: payments, description: Charges <b>cards</b>, tags: [java], annotations: {prometheus.io/alert: Down}}
spec: {owner: team-a, system: shop}
---
apiVersion: backstage.io/v1alpha1
kind: API
metadata: {name: quiet, annotations: {prometheus.io/alert: Quiet}}
spec: {owner: team-a}
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: lost, annotations: {prometheus.io/alert: all, prometheus.io/service-name: nowhere}}
"#;

pub fn rules() -> Reply {
    let alert = |instance: &str| Alert::firing("Down").label("instance", instance);
    Reply::group([Rule::new("Down").alerts([alert("a"), alert("b")]), Rule::new("Quiet")])
}

async fn world() -> World {
    let world = World::of(CATALOG).await;
    world.upstream.on_rules(rules());
    world
}

/// The text of each row, in order.
pub async fn listed(world: &World, path: &str) -> Vec<String> {
    let reply = world.get(path).await;
    assert_eq!(reply.status, 200, "{path}");
    let list = reply.text().split("</main>").next().unwrap();
    let parts = list.split("<div class=\"").filter(|part| {
        part.starts_with("entity\"") || part.starts_with("entity other") || part.starts_with("divider")
    });
    parts.map(|part| words(&format!("<div class=\"{part}"))).collect()
}

#[tokio::test]
async fn entities_with_monitoring_come_first() {
    let world = world().await;
    let rows = listed(&world, "/").await;
    let names: Vec<_> = rows.iter().map(|row| row.split_whitespace().next().unwrap()).collect();
    assert_eq!(names, ["payments", "lost", "quiet", "Not", "aardvark"], "{rows:#?}");
    assert!(rows[0].contains("2 firing"), "{rows:#?}");
    assert!(rows[0].contains("Charges <b>cards</b>"), "{rows:#?}");
    assert!(rows[2].contains("none"), "{rows:#?}");
    assert!(
        rows[1].contains("unknown") && !rows[1].contains('0'),
        "unknown is never shown as none: {rows:#?}"
    );
    let sent = world.upstream.requests();
    assert_eq!(sent.len(), 1, "one request for all entities");
}

#[tokio::test]
async fn filters_are_a_form_without_javascript() {
    let world = world().await;
    for (query, names) in [
        ("?search=CARDS", &["payments"][..]),
        ("?search=java+shop", &["payments"]),
        ("?kind=api&search=", &["quiet"]),
        ("?kind=&namespace=&owner=&state=", &["payments", "lost", "quiet", "Not", "aardvark"]),
        ("?state=firing", &["payments"]),
        ("?state=inactive", &["quiet"]),
        ("?state=unknown", &["lost"]),
        ("?pageSize=1&page=3", &["quiet"]),
        ("?system=shop", &["payments"]),
        ("?state=firing&state=inactive", &["payments", "quiet"]),
        ("?state=firing&owner=team-b", &[]),
    ] {
        let rows = listed(&world, &format!("/{query}")).await;
        let found: Vec<_> = rows.iter().filter_map(|row| row.split_whitespace().next()).collect();
        assert_eq!(found, names, "{query}");
    }
    let reply = world.get("/?owner=group%3Adefault%2Fteam-a&theme=dark").await;
    let all = tags(reply.text());
    let chosen = all.iter().find(|t| t.name == "option" && t.get("selected").is_some()).unwrap();
    assert_eq!(chosen.get("value"), Some("group:default/team-a"));
    assert!(all.iter().any(|t| t.get("name") == Some("theme") && t.get("type") == Some("hidden")));
    let shown = words(world.get("/?owner=team-a").await.text());
    for label in ["firing (1)", "inactive (1)", "unknown (0)", "api (1)", "shop (1)", "team-b (1)"] {
        assert!(shown.contains(label), "{label}: {shown}");
    }
    let none = world.get("/?search=zebra").await;
    assert!(words(none.text()).contains("No entity matches these filters."));
}

#[tokio::test]
async fn typing_replaces_only_the_list() {
    let world = world().await;
    let reply = world.get_with("/?search=pay", &[("HX-Request", "true")]).await;
    let all = tags(reply.text());
    assert_eq!(all[0].get("id"), Some("results"), "{}", reply.text());
    assert!(!all.iter().any(|t| t.name == "form" || t.name == "html"));
    assert!(words(reply.text()).contains("1 of 4 entities"));
    assert_eq!(reply.header("hx-replace-url"), "", "a poll changes no address");
    let typed = [("HX-Request", "true"), ("HX-Source", "form#catalog-filters")];
    let reply = world.get_with("/?kind=&search=pay&owner=&theme=dark", &typed).await;
    assert_eq!(reply.header("hx-replace-url"), "/?theme=dark&search=pay");
}

#[tokio::test]
async fn unreachable_instance_makes_only_its_counts_unknown() {
    let world = World::of(CATALOG).await;
    world.upstream.on_rules(Reply::hang());
    let rows = listed(&world, "/").await;
    assert_eq!(rows.iter().filter(|row| row.contains("unknown")).count(), 3, "{rows:#?}");
    assert!(!rows.iter().any(|row| row.contains("none")), "{rows:#?}");
}

#[tokio::test]
async fn empty_catalog_explains_where_entities_come_from() {
    let world = World::of("").await;
    let reply = world.get("/").await;
    assert_eq!(reply.status, 200);
    assert!(words(reply.text()).contains("catalog.locations"), "{}", words(reply.text()));
}

pub const ORG: &str = r#"
apiVersion: backstage.io/v1alpha1
kind: Domain
metadata: {name: sales}
---
apiVersion: backstage.io/v1alpha1
kind: System
metadata: {name: shop}
spec: {domain: sales, owner: lead}
---
apiVersion: backstage.io/v1alpha1
kind: Group
metadata: {name: lead}
spec: {children: [team]}
---
apiVersion: backstage.io/v1alpha1
kind: Group
metadata: {name: team}
spec: {parent: lead, members: [jo]}
---
apiVersion: backstage.io/v1alpha1
kind: User
metadata: {name: jo}
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: payments, annotations: {prometheus.io/alert: Down}}
spec: {owner: team, system: shop}
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: calm, annotations: {prometheus.io/alert: Quiet}}
spec: {owner: other, subcomponentOf: payments}
---
apiVersion: backstage.io/v1alpha1
kind: Group
metadata: {name: idle}
"#;

#[tokio::test]
async fn team_system_and_domain_count_the_alerts_of_their_members() {
    let world = World::of(ORG).await;
    world.upstream.on_rules(rules());
    for (entity, names, expected) in [
        ("domain/sales", &["payments", "calm", "Not", "shop"][..], "1 member firing"),
        ("system/shop", &["payments", "calm"], "1 member firing"),
        ("group/team", &["payments"], "1 member firing"),
        ("group/lead", &["payments", "Not", "shop", "team"], "1 member firing"),
        ("user/jo", &["payments", "Not", "team"], "1 member firing"),
    ] {
        let path = format!("/catalog/default/{entity}");
        for path in [path.clone(), format!("{path}/members")] {
            let rows = listed(&world, &path).await;
            let found: Vec<_> = rows.iter().filter_map(|row| row.split_whitespace().next()).collect();
            assert_eq!(found, names, "{path}");
            let page = world.get(&path).await;
            assert!(
                page.text().contains(&format!("{}: {expected}", entity.split('/').nth(1).unwrap())),
                "{path}"
            );
            assert!(!page.text().contains("id=\"missing\""), "{path}");
        }
    }
    let page = world.get("/catalog/default/component/payments").await;
    let links: Vec<_> = tags(page.text()).into_iter().filter(|t| t.name == "a").collect();
    for href in ["/catalog/default/group/team", "/catalog/default/system/shop"] {
        assert!(links.iter().any(|a| a.get("href") == Some(href)), "{href}");
    }
    assert!(!page.text().contains("id=\"members\""));
    assert_eq!(world.get("/catalog/default/component/payments/members").await.status, 404);
    let idle = world.get("/catalog/default/group/idle/members").await;
    assert!(words(idle.text()).contains("idle has no members."));
    let panel = world.get_with("/catalog/default/group/team/members", &[("HX-Request", "true")]).await;
    let all = tags(panel.text());
    assert_eq!(all[0].get("id"), Some("members"));
    assert!(all.iter().any(|t| t.get("id") == Some("summary") && t.get("hx-swap-oob").is_some()));
    assert_eq!(all[0].get("data-counts"), Some(r#"{"firing":1,"pending":0,"unknown":0,"inactive":0}"#));
    let sent = world.upstream.requests();
    assert_eq!(sent.len(), 1, "one request for all pages");
}

#[tokio::test]
async fn new_catalog_and_new_answer_update_the_counts() {
    let world = World::with(CATALOG, |settings| {
        settings.instances[0].scrape_interval = std::time::Duration::from_secs(1);
    })
    .await;
    world.upstream.on_rules(rules());
    assert!(listed(&world, "/?search=payments").await[0].contains("2 firing"));
    world.upstream.on_rules(Reply::rules(json!([])));
    let mut rows = Vec::new();
    for _ in 0..100 {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        rows = listed(&world, "/?search=payments").await;
        if rows[0].contains("1 unknown") {
            break;
        }
    }
    assert!(rows[0].contains("1 unknown"), "a rule that is gone is unknown: {rows:?}");
}

/// The names of rows, in order.
pub fn names(rows: &[String]) -> Vec<&str> {
    rows.iter().filter_map(|row| row.split_whitespace().next()).collect()
}

#[tokio::test]
async fn catalog_lists_groups_systems_domains_and_users_only_on_request() {
    let world = World::of(ORG).await;
    world.upstream.on_rules(rules());
    let all = ["payments", "calm", "Not", "idle", "jo", "lead", "sales", "shop", "team"];
    for (query, found, others) in [
        ("", &["payments", "calm"][..], "2 of 8 entities · 6 of other kinds"),
        ("?kind=", &["payments", "calm"], "2 of 8 entities · 6 of other kinds"),
        ("?kind=all", &all, "8 entities · as of"),
        ("?kind=group", &["idle", "lead", "team"], "3 of 8 entities · as of"),
        ("?search=idle", &[], "No matches · 1 of other kinds"),
        ("?search=idle&kind=component", &[], "No matches · as of"),
        ("?owner=lead", &[], "No matches · 1 of other kinds"),
        ("?state=firing", &["payments"], "1 of 8 entities · as of"),
    ] {
        let rows = listed(&world, &format!("/{query}")).await;
        assert_eq!(names(&rows), found, "{query}");
        let page = world.get(&format!("/{query}")).await;
        assert!(words(page.text()).contains(others), "{query}: {}", words(page.text()));
    }
    let none = world.get("/?search=idle&theme=dark").await;
    assert!(words(none.text()).contains("Show 1 of other kinds"), "{}", words(none.text()));
    let link = "/?theme=dark&search=idle&kind=all";
    let links: Vec<_> = tags(none.text()).into_iter().filter(|t| t.get("href") == Some(link)).collect();
    assert_eq!(links.len(), 2, "beside the count, and in place of the list: {}", none.text());
    let shown = words(world.get("/").await.text());
    for option in ["Components, resources, APIs", "All kinds", "group (3)", "component (2)"] {
        assert!(shown.contains(option), "{option}: {shown}");
    }
    let chosen = |page: &str| {
        let all = tags(page);
        let chosen = all.into_iter().find(|t| t.name == "option" && t.get("selected").is_some());
        chosen.map(|t| t.get("value").unwrap_or_default().to_owned())
    };
    assert_eq!(chosen(world.get("/?kind=all").await.text()).as_deref(), Some("all"));
    assert_eq!(chosen(world.get("/").await.text()), None);
}
