//! An entity's page, without its panels: head, time, missing annotations, unknown instance, kiosk, errors.

use world::World;
use world::markup::{panel, tags, words};
use world::upstream::Reply;

const CATALOG: &str = r#"
apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: payments
  title: Payments
  description: Charges cards
  tags: [java]
  links:
    - {url: 'https://wiki.example/payments', title: Wiki}
    - {url: 'javascript:alert(1)', title: Trap}
  annotations: {prometheus.io/rule: up}
spec: {type: service, owner: team-a, lifecycle: production, system: shop}
---
apiVersion: backstage.io/v1alpha1
kind: Resource
metadata: {name: '123', namespace: other}
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: lost
  annotations: {prometheus.io/rule: up, prometheus.io/alert: all, prometheus.io/service-name: 'prod-<b>us</b>'}
"#;

const PAGE: &str = "/catalog/default/component/payments";

async fn world() -> World {
    let world = World::of(CATALOG).await;
    world.upstream.on("up", Reply::matrix(&[(&[("job", "a")], 1.0)]));
    world
}

#[tokio::test]
async fn head_shows_the_fields_of_the_entity() {
    let world = world().await;
    let reply = world.get(PAGE).await;
    let text = words(reply.text());
    for part in
        ["Payments: on default", "Charges cards", "owner team-a", "system shop", "java", "Wiki", "Trap"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    let all = tags(reply.text());
    assert!(all.iter().any(|t| t.get("href") == Some("https://wiki.example/payments")));
    assert!(!all.iter().any(|t| t.get("href").is_some_and(|h| h.starts_with("javascript"))));
    let quick: Vec<_> = all.iter().filter_map(|t| t.get("href")).filter(|h| h.contains("range=")).collect();
    assert_eq!(quick.len(), 9, "{quick:?}");
    assert!(quick.contains(&&*format!("{PAGE}?range=7d")));
    assert!(
        all.iter().any(|t| t.get("href") == Some(&*format!("{PAGE}?refresh=0"))),
        "the refresh can be ended"
    );
}

#[tokio::test]
async fn links_keep_time_range_and_theme() {
    let world = world().await;
    let reply = world.get(&format!("{PAGE}?from=now-6h&to=now&theme=dark&tz=utc&refresh=0")).await;
    let all = tags(reply.text());
    let html = all.iter().find(|t| t.name == "html").unwrap();
    assert_eq!((html.get("data-theme"), html.get("data-tz")), (Some("dark"), Some("utc")));
    let graphs = all.iter().filter_map(|t| t.get("href")).find(|h| h.starts_with(&format!("{PAGE}/graphs?")));
    let graphs = graphs.unwrap();
    for kept in ["from=now-6h", "to=now", "theme=dark", "tz=utc", "refresh=0"] {
        assert!(graphs.contains(kept), "{kept}: {graphs}");
    }
    assert_eq!(tags(panel(reply.text(), "graph-1"))[0].get("hx-trigger"), Some("again"));
}

#[tokio::test]
async fn bad_parameter_is_reported_and_its_default_used() {
    let world = world().await;
    let reply = world.get(&format!("{PAGE}?from=yesterdayish&pageSize=-1")).await;
    assert_eq!(reply.status, 200);
    let text = words(reply.text());
    assert!(text.contains("from: ") && text.contains("pageSize: "), "{text}");
    assert!(text.contains("2 parameters in the address are invalid. Using their defaults."), "{text}");
    assert_eq!(tags(panel(reply.text(), "graph-1"))[0].get("data-state"), Some("ready"));
}

#[tokio::test]
async fn missing_annotation_is_shown_with_yaml_to_paste() {
    let world = world().await;
    let reply = world.get("/catalog/other/resource/123").await;
    assert_eq!(reply.status, 200);
    let text = words(reply.text());
    assert!(
        text.contains(
            "has no prometheus.io/rule, prometheus.io/alert or prometheus.io/labels. Add one of them"
        ),
        "{text}"
    );
    let yaml = reply.text().split_once("<pre class=\"yaml\">").unwrap().1.split_once("</pre>").unwrap().0;
    let yaml = yaml.replace("<mark>", "").replace("</mark>", "").replace("&#34;", "\"").replace("&#39;", "'");
    let pasted = World::of(&yaml).await;
    let json = pasted.get("/catalog/default/resource/123.json").await.json();
    assert_eq!(json["graphs"][0]["dimension"], "code", "the YAML to paste is valid: {yaml}");
    assert_eq!(json["problems"].as_array().map(Vec::len), Some(0), "{json}");
    assert_eq!(json["alerts"]["names"].as_array().map(Vec::len), Some(2), "{json}");
}

#[tokio::test]
async fn unknown_instance_error_lists_the_known_instances() {
    let world = world().await;
    let reply = world.get("/catalog/default/component/lost").await;
    assert_eq!(reply.status, 200);
    let text = words(panel(reply.text(), "fault"));
    assert!(text.contains("prod-<b>us</b>") && text.contains("default"), "{text}");
    assert!(!reply.text().contains("id=\"graph-1\""), "the message is shown once");
    assert!(world.upstream.requests().is_empty(), "no other instance is queried");
    assert!(reply.text().contains("<title>lost: alerts unknown</title>"));
    let icon = |html: &str| {
        let all = tags(html);
        let icon = all.iter().find(|t| t.get("id") == Some("favicon")).unwrap();
        icon.get("href").unwrap().to_owned()
    };
    assert!(icon(reply.text()).contains("favicon-unknown"));
    let graphs = world.get(PAGE).await;
    assert!(icon(graphs.text()).contains("favicon-plain"), "a page that asks for no alerts claims nothing");
}

#[tokio::test]
async fn kiosk_page_has_only_the_content() {
    let world = world().await;
    let reply = world.get(&format!("{PAGE}?kiosk")).await;
    let all = tags(reply.text());
    assert_eq!(all[0].get("class"), Some("kiosk"));
    let banned = ["h1", "footer", "nav"];
    assert!(!all.iter().any(|t| banned.contains(&t.name.as_str()) || t.get("class") == Some("top")));
    let own: Vec<_> =
        all.iter().filter_map(|t| t.get("href")).filter(|h| h.starts_with("/catalog")).collect();
    let pages = own.iter().filter(|h| !h.contains(".json"));
    assert!(pages.clone().all(|h| h.contains("kiosk")), "links in a frame stay in it: {own:?}");
    assert!(pages.count() > 0);
}

#[tokio::test]
async fn not_found_pages_have_the_layout_of_the_portal() {
    let world = world().await;
    for (path, expected) in [
        ("/catalog/default/component/nobody", "component:default/nobody"),
        ("/nowhere", "Page not found"),
        (&*format!("{PAGE}/graphs/7"), "Graph not found"),
    ] {
        let reply = world.get(path).await;
        assert_eq!(reply.status, 404, "{path}");
        let text = words(reply.text());
        assert!(text.contains(expected) && text.contains("Go to the catalog"), "{path}: {text}");
        let links = tags(reply.text().split_once("<main").unwrap().1);
        let has_status = links.iter().any(|tag| tag.get("href") == Some("/status"));
        assert_eq!(has_status, text.contains("see the status page"), "{path}: {text}");
    }
    let status = world.get("/status").await;
    assert_eq!(status.status, 200);
    assert!(words(status.text()).contains("3 entities from 1 file"), "{}", words(status.text()));
}

#[tokio::test]
async fn fragment_equals_the_panel_in_the_page() {
    let world = world().await;
    for path in [PAGE.to_owned(), format!("{PAGE}/graphs"), "/status".to_owned()] {
        let fragment = world.get_with(&path, &[("HX-Request", "true")]).await;
        assert_eq!(fragment.status, 200, "{path}");
        assert!(fragment.text().contains("<h1"), "{path}: no heading of its own");
        assert!(!fragment.text().contains("<html"), "{path}: a whole page");
        let full = world.get_with(&path, &[("HX-Request", "true"), ("HX-Request-Type", "full")]).await;
        assert!(full.text().contains("<html"), "{path}: a full page was requested");
    }
}
