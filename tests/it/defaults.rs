//! Defaults of page parameters: the config, overridden by the annotation, overridden by the address.

use promenade::annotations::params;
use serde_json::{Value, json};
use world::World;
use world::markup::{panel, tags, words};
use world::rules::Rule;
use world::upstream::Reply;

use crate::config::{check_faults, load};

const CATALOG: &str = r#"
apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: payments
  annotations:
    prometheus.io/rule: up
    prometheus.io/alert: all
    promenade.io/params: 'range=6h&graphType=area&showInactiveAlerts&pageSize=1&stepp=1m'
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: plain, annotations: {prometheus.io/rule: up, prometheus.io/alert: all}}
"#;

async fn world() -> World {
    let world = World::with(CATALOG, |settings| {
        settings.web.defaults = params::read("step=120&graphType=line").0;
    })
    .await;
    world.upstream.on_any(Reply::matrix(&[(&[("__name__", "up")], 1.0)]));
    world.upstream.on_rules(Reply::group([Rule::new("Down")]));
    world
}

fn path(name: &str, rest: &str) -> String {
    format!("/catalog/default/component/{name}{rest}")
}

/// The length of the window in seconds, and the step.
fn window(graph: &Value) -> (i64, i64) {
    let number = |key: &str| graph[key].as_f64().unwrap().round() as i64;
    ((number("end") - number("start") + 60) / 3600 * 3600, number("step"))
}

#[tokio::test]
async fn entity_default_overrides_portal_default() {
    let world = world().await;
    let graph = async |name: &str, query: &str| {
        let reply = world.get(&path(name, &format!("/graphs/1.json{query}"))).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        window(&reply.json())
    };
    assert_eq!(graph("payments", "").await, (6 * 3600, 120));
    assert_eq!(graph("payments", "?range=12h&step=300").await, (12 * 3600, 300));
    assert_eq!(graph("plain", "?to=now").await.1, 120);
    let names = async |name: &str, query: &str| {
        let body = world.get(&path(name, &format!("/alerts.json{query}"))).await.json();
        body["alerts"].as_array().unwrap().len()
    };
    assert_eq!(names("payments", "").await, 1);
    assert_eq!(names("payments", "?showInactiveAlerts=false").await, 0);
    assert_eq!(names("plain", "").await, 0);
}

#[tokio::test]
async fn address_overrides_defaults_and_bad_values_are_reported() {
    let world = world().await;
    let page = world.get(&path("payments", "/alerts")).await;
    assert!(page.text().contains("showInactiveAlerts=false"), "{}", page.text());
    let hidden = world.get(&path("payments", "/alerts?showInactiveAlerts=false")).await;
    assert!(hidden.text().contains("showInactiveAlerts=true"), "{}", hidden.text());
    let problems = world.get(&path("payments", ".json")).await.json()["problems"].clone();
    assert_eq!(problems.as_array().unwrap().len(), 1, "{problems}");
    assert_eq!(problems[0]["annotation"], "promenade.io/params");
    assert!(problems[0]["message"].as_str().unwrap().contains("did you mean `step`?"), "{problems}");
}

#[test]
fn parameter_defaults_use_the_grammar_of_the_address() {
    let text = "promenade: {defaults: {range: 2h, step: 60, graphType: area, showInactiveAlerts: true, \
                showLabels: false, extraColumns: [annotations.summary, labels.team], pageSize: all}}";
    let defaults = load(&[text]).unwrap().web.defaults;
    let pairs: Vec<String> = defaults.pairs().iter().map(|(name, value)| format!("{name}={value}")).collect();
    let expected = [
        "range=2h",
        "step=60",
        "graphType=area",
        "refresh=30s",
        "tz=browser",
        "showInactiveAlerts=true",
        "showLabels=false",
        "extraColumns=annotations.summary,labels.team",
        "pageSize=all",
    ];
    assert_eq!(pairs, expected);
    for (key, value, part) in [
        ("step", "0", "shorter"),
        ("step", "''", "is empty"),
        ("graphType", "pie", "none of line, area and stat"),
        ("showLabels", "perhaps", "neither true nor false"),
        ("pageSize", "1001", "neither all nor"),
        ("extraColumns", "labels.a", "must be a list, not text"),
        ("graphTyp", "area", "did you mean `graphType`"),
    ] {
        let key = format!("promenade.defaults.{key}");
        let name = key.rsplit('.').next().unwrap();
        check_faults(&format!("promenade: {{defaults: {{{name}: {value}}}}}"), &[(&key, part)]);
    }
    let key = "promenade.defaults.extraColumns[1]";
    check_faults("promenade: {defaults: {extraColumns: [labels.a, team]}}", &[(key, "has a column")]);
}

/// The titles of an alert table's columns.
async fn columns(world: &World, path: &str) -> String {
    let reply = world.get(path).await;
    assert_eq!(reply.status, 200, "{path}");
    let table = panel(reply.text(), "alerts");
    words(table.split_once("<thead>").unwrap().1.split_once("</thead>").unwrap().0)
}

#[tokio::test]
async fn custom_pages_use_the_defaults_and_can_override_them() {
    let world = World::with(CATALOG, |settings| {
        let own = "extraColumns=annotations.summary,labels.team&showLabels=false&showInactiveAlerts&pageSize=5\
                   &step=120&graphType=area";
        settings.web.defaults = params::read(own).0;
    })
    .await;
    world.upstream.on_any(Reply::matrix(&[(&[("__name__", "up")], 1.0)]));
    world.upstream.on_rules(Reply::group((0..7).map(|i| Rule::new(&format!("Down{i}")))));
    let start = "State Name Summary Severity";
    for page in ["/alerts?alerts=all", "/catalog/default/component/plain/alerts?x"] {
        let own = "State Name Severity Value Active for Summary Team";
        assert_eq!(columns(&world, page).await, own, "{page}");
        let left = columns(&world, &format!("{page}&extraColumns=&showLabels")).await;
        assert_eq!(left, format!("{start} Labels Value Active for"), "{page}");
        // The refresh of the table and its links keep the override.
        let reply = world.get(&format!("{page}&extraColumns=&showLabels")).await;
        let table = tags(panel(reply.text(), "alerts"));
        let again = columns(&world, table[0].get("hx-get").unwrap()).await;
        assert_eq!(again, format!("{start} Labels Value Active for"), "{page}");
        let text = words(panel(world.get(page).await.text(), "alerts"));
        assert!(text.contains("1–5 of 7 rules"), "{text}");
    }
    // On a page of an entity, its own defaults override the portal's.
    let page = columns(&world, "/alerts?alerts=all&entity=component:payments").await;
    assert_eq!(page, "State Name Severity Value Active for Summary Team");
    let graph = world.get("/graph.json?query=up").await.json();
    assert_eq!((&graph["step"], &graph["graphType"]), (&json!(120), &json!("area")));
    let named =
        world.get("/graph.json?query=up&entity=component:payments&step=300&graphType=line").await.json();
    assert_eq!((window(&named), &named["graphType"]), ((6 * 3600, 300), &json!("line")));
}
