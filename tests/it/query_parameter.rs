//! One graph with parameters from its address: another query, a title, a dimension.

use serde_json::json;
use world::World;
use world::upstream::Reply;

const CATALOG: &str = r#"
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: payments, annotations: {prometheus.io/rule: 'up|job|title=Own, down'}}
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: plain}
"#;

const QUERY: &str = "query=sum%20by%20(zone)%20(x%7Bapp%3D%22%7B%7B%20metadata.name%20%7D%7D%22%7D)";

fn path(name: &str, rest: &str) -> String {
    format!("/catalog/default/component/{name}/graphs/{rest}")
}

async fn world(ad_hoc: bool) -> World {
    let world = World::with(CATALOG, |settings| settings.web.ad_hoc = ad_hoc).await;
    world.upstream.on_any(Reply::matrix(&[(&[("__name__", "x"), ("zone", "a"), ("job", "j")], 1.0)]));
    world
}

#[tokio::test]
async fn query_parameter_overrides_or_replaces_the_annotation() {
    let world = world(true).await;
    for name in ["payments", "plain"] {
        let reply = world.get(&path(name, &format!("1.json?{QUERY}&title=Mine&dimension=job"))).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        let body = reply.json();
        let query = format!("sum by (zone) (x{{app=\"{name}\"}})");
        assert_eq!((&body["query"], &body["title"]), (&json!(query), &json!("Mine")));
        assert_eq!(body["series"][0]["name"], "j");
        let sent = world.upstream.requests();
        assert_eq!(sent.last().unwrap().form("query").as_deref(), Some(query.as_str()));
    }
    let titled = world.get(&path("payments", "1.json?title=Other")).await.json();
    assert_eq!((&titled["query"], &titled["title"]), (&json!("up"), &json!("Other")));
    assert_eq!(world.get(&path("plain", &format!("2.json?{QUERY}"))).await.status, 404);
    assert_eq!(world.get(&path("plain", "1.json")).await.status, 404);
    assert_eq!(world.get(&path("payments", "1.json?query=up%7B")).await.status, 422);
    assert_eq!(world.get(&path("payments", "1.json?query=%7B%7B%20spec.x%20%7D%7D")).await.status, 422);
}

#[tokio::test]
async fn refresh_keeps_the_query_parameter() {
    let world = world(true).await;
    let page = world.get(&path("plain", &format!("1?{QUERY}&title=My+title"))).await;
    assert_eq!(page.status, 200);
    assert!(page.text().contains("My title"), "{}", page.text());
    let source = page.text().split("hx-get=\"").filter_map(|rest| rest.split('"').next());
    let source = source.filter(|source| source.contains("/graphs/1?")).collect::<Vec<_>>();
    assert!(source.iter().any(|s| s.contains("query=sum") && s.contains("title=My")), "{source:?}");
    let broken = world.get(&path("payments", "1?query=up%7B")).await;
    assert_eq!(broken.status, 200);
    assert!(broken.text().contains("unclosed"), "{}", broken.text());
}

#[tokio::test]
async fn query_parameter_needs_ad_hoc_queries() {
    let world = world(false).await;
    for rest in ["1", "1.json", "1.csv"] {
        let reply = world.get(&path("payments", &format!("{rest}?query=x"))).await;
        assert_eq!(reply.status, 403, "{rest}: {}", reply.text());
        let own = world.get(&path("payments", &format!("{rest}?title=Other"))).await;
        assert_eq!(own.status, 200, "{rest}");
    }
    assert!(world.upstream.requests().iter().all(|r| r.form("query").as_deref() == Some("up")));
}
