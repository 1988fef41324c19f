//! The React plugin's own tests (3.3.1: 14 unit tests and 2 end-to-end tests), with their names, for our pages.
//! The end-to-end tests are in `tests/browser`.

use promenade::page_params::PageDefaults;
use serde_json::{Value, json};
use world::markup::{panel, tags, words};
use world::plugin::{PAGE, shop, shop_with};

async fn graph(dimension: &str) -> Value {
    let world = shop(&format!("prometheus.io/rule: 'memUsage{dimension}'")).await;
    let reply = world.get(&format!("{PAGE}/graphs/1.json")).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()
}

/// Names and states in the table of an entity with these annotations, and in the same custom table.
async fn alerts(annotations: &str, custom: &str) -> Vec<(String, String)> {
    let world = shop(annotations).await;
    let of = async |path: &str| {
        let reply = world.get(path).await;
        assert_eq!(reply.status, 200, "{path}: {}", reply.text());
        let rows = reply.json()["alerts"].as_array().unwrap().clone();
        let text = |row: &Value, key: &str| row[key].as_str().unwrap().to_owned();
        rows.iter().map(|row| (text(row, "name"), text(row, "state"))).collect::<Vec<_>>()
    };
    let options = custom.find("showInactiveAlerts").map_or("", |_| "?showInactiveAlerts");
    let own = of(&format!("{PAGE}/alerts.json{options}")).await;
    assert_eq!(own, of(&format!("/alerts.json?{custom}")).await, "an entity's table and the custom one");
    own
}

fn row(name: &str, state: &str) -> (String, String) {
    (name.to_owned(), state.to_owned())
}

fn two_points(graph: &Value) {
    assert_eq!(graph["series"].as_array().unwrap().len(), 1, "{graph}");
    let series = &graph["series"][0];
    assert_eq!((&series["name"], &series["labels"]["__name__"]), (&json!("memUsage"), &json!("memUsage")));
    let values: Vec<_> = series["values"].as_array().unwrap().iter().filter(|v| !v.is_null()).collect();
    assert_eq!(values, [&json!(6_465_519_616.0), &json!(6_465_519_616.0)]);
}

#[tokio::test]
async fn should_use_first_property_of_response_as_dimension_when_not_defined() {
    two_points(&graph("").await);
}

#[tokio::test]
async fn should_handle_cases_where_dimension_doesnt_exist() {
    two_points(&graph("|something_non_existing").await);
}

#[tokio::test]
async fn should_return_alerts_defined_in_hook_call() {
    let rows = alerts("prometheus.io/alert: test alert name", "alerts=test+alert+name").await;
    assert_eq!(rows, [row("test alert name", "firing")]);
}

#[tokio::test]
async fn should_filter_out_alerts_not_requested() {
    assert_eq!(alerts("prometheus.io/alert: not existing alert", "alerts=not+existing+alert").await, []);
}

#[tokio::test]
async fn should_filter_alerts_with_label_severity_page() {
    let annotations = "prometheus.io/alert: all, prometheus.io/labels: severity=page";
    let rows = alerts(annotations, "alerts=all&labels=severity%3Dpage").await;
    assert_eq!(rows, [row("test alert name", "firing")]);
}

#[tokio::test]
async fn should_filter_alerts_with_label_severity_noalerts() {
    let annotations = "prometheus.io/alert: all, prometheus.io/labels: severity=noalerts";
    assert_eq!(alerts(annotations, "alerts=all&labels=severity%3Dnoalerts").await, []);
}

#[tokio::test]
async fn no_label_selector_is_defined() {
    assert_eq!(alerts("prometheus.io/alert: all", "alerts=all").await, [row("test alert name", "firing")]);
}

#[tokio::test]
async fn should_not_show_inactive_alerts_by_default() {
    let rows = alerts(
        "prometheus.io/alert: 'test alert name,inactive alert'",
        "alerts=test+alert+name&alerts=inactive+alert",
    )
    .await;
    assert_eq!(rows, [row("test alert name", "firing")]);
}

#[tokio::test]
async fn should_show_inactive_alerts_when_show_inactive_alerts_is_true() {
    let rows = alerts("prometheus.io/alert: all", "alerts=all&showInactiveAlerts").await;
    assert_eq!(rows, [row("test alert name", "firing"), row("inactive alert", "inactive")]);
}

#[tokio::test]
async fn alert_entity_wrapper_should_render_container_for_queries() {
    let world = shop("prometheus.io/alert: test alert name").await;
    let page = world.get(&format!("{PAGE}/alerts?extraColumns=")).await;
    let table = panel(page.text(), "alerts");
    assert!(words(table).contains("firing test alert name"), "{}", words(table));
    let titles = tags(table).into_iter().filter(|tag| tag.get("title") == Some("annotations.summary"));
    assert_eq!(titles.count(), 0, "no unrequested column");
}

#[tokio::test]
async fn should_render_extended_table() {
    let world = shop("prometheus.io/alert: test alert name").await;
    for path in [format!("{PAGE}/alerts?"), "/alerts?alerts=test+alert+name&".to_owned()] {
        let page = world.get(&format!("{path}extraColumns=annotations.summary")).await;
        let table = panel(page.text(), "alerts");
        let title = tags(table).into_iter().find(|tag| tag.get("title") == Some("annotations.summary"));
        assert_eq!(title.unwrap().name, "th");
        let cell = tags(table).into_iter().find(|tag| tag.get("class") == Some("extra") && tag.name == "td");
        assert_eq!(cell.unwrap().get("data-title"), Some("Summary"));
        assert!(words(table).contains("Summary") && words(table).contains("Excessive memory usage"));
    }
}

/// The plugin's rows are clickable if there is a handler. Ours open, and send a message to a listed parent.
#[tokio::test]
async fn should_render_component_with_clickable_rows() {
    for (origins, expected) in [(vec![], 0), (vec!["https://backstage.example".to_owned()], 1)] {
        let world = shop_with("prometheus.io/alert: test alert name", |settings| {
            settings.web.parent_origins = origins;
        })
        .await;
        let page = world.get(&format!("{PAGE}/alerts")).await;
        let all = tags(panel(page.text(), "alerts"));
        assert!(all.iter().any(|tag| tag.name == "summary"), "a row opens");
        assert_eq!(all.iter().filter(|tag| tag.get("data-row").is_some()).count(), expected);
    }
}

#[tokio::test]
async fn graph_entity_wrapper_should_render_container_for_queries() {
    let world = shop("prometheus.io/rule: memUsage").await;
    let page = world.get(&format!("{PAGE}/graphs")).await;
    let text = words(panel(page.text(), "graph-1"));
    assert!(text.contains("memUsage 6.47G 6.47G 6.47G 6.47G"), "{text}");
}

/// The plugin is defined; the portal answers with its title.
#[tokio::test]
async fn should_export_plugin() {
    let world = shop_with("prometheus.io/rule: up", |settings| {
        settings.web.defaults = PageDefaults::default();
    })
    .await;
    assert_eq!(world.get("/healthz").await.status, 200);
    assert!(world.get("/").await.text().contains("shop"));
}
