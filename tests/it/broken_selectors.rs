//! Annotations that select alerts and cannot be read: they select no more than before, and every format says unknown.

use serde_json::{Value, json};
use world::markup::{panel, tags, words};
use world::rules::{Alert, Rule};
use world::upstream::Reply;
use world::{Reply as Page, World};

fn rules() -> Reply {
    let alert = |pod: &str| Alert::firing("TillDown").label("job", "till").label("pod", pod);
    let alerts = ["till-1", "till-7", "till-8"].map(alert);
    Reply::group([Rule::new("TillDown").alerts(alerts), Rule::new("Quiet")])
}

/// An entity with annotations as one line of YAML.
fn entity(name: &str, annotations: &str) -> String {
    format!(
        "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: {name}\n  annotations: {annotations}\n---\n"
    )
}

async fn world(entities: &[(&str, &str)]) -> World {
    let catalog: String = entities.iter().map(|(name, annotations)| entity(name, annotations)).collect();
    let world = World::of(&catalog).await;
    world.upstream.on_rules(rules());
    world.upstream.on_any(Reply::matrix(&[]));
    world
}

fn path(name: &str) -> String {
    format!("/catalog/default/component/{name}")
}

fn state(page: &Page) -> String {
    let all = tags(page.text());
    let icon = all.iter().find(|tag| tag.get("id") == Some("favicon")).unwrap();
    icon.get("href").unwrap().split("favicon-").nth(1).unwrap().split('.').next().unwrap().to_owned()
}

fn pods(table: &Value) -> Vec<&str> {
    table["alerts"].as_array().unwrap().iter().filter_map(|row| row["labels"]["pod"].as_str()).collect()
}

/// Entities that select nothing, because one or all of their matchers cannot be read.
const UNREADABLE: [(&str, &str); 14] = [
    ("colon", "{prometheus.io/labels: 'pod: till-7'}"),
    ("double-equals", "{prometheus.io/labels: 'pod==till-7'}"),
    ("one-of-two", "{prometheus.io/labels: 'job=till,pod=~\"(\"'}"),
    ("beside-names", "{prometheus.io/alert: TillDown, prometheus.io/labels: 'job=till,pod'}"),
    ("beside-all", "{prometheus.io/alert: all, prometheus.io/labels: 'job'}"),
    ("empty", "{prometheus.io/alert: TillDown, prometheus.io/labels: ''}"),
    ("empty-alone", "{prometheus.io/labels: ''}"),
    ("both-empty", "{prometheus.io/alert: '', prometheus.io/labels: ''}"),
    ("unclosed", "{prometheus.io/labels: '{job=\"till\"'}"),
    ("listed-labels", "{prometheus.io/alert: TillDown, prometheus.io/labels: [job=till]}"),
    ("mapped-labels", "{prometheus.io/labels: {job: till}}"),
    ("listed-alerts", "{prometheus.io/alert: [TillDown], prometheus.io/labels: job=till}"),
    ("true-alerts", "{prometheus.io/alert: true}"),
    ("all-listed", "[{prometheus.io/alert: all}]"),
];

#[tokio::test]
async fn unreadable_matcher_selects_no_alert_and_every_format_says_unknown() {
    let world = world(&UNREADABLE).await;
    for (name, _) in UNREADABLE {
        let reply = world.get(&format!("{}/alerts.json", path(name))).await;
        assert_eq!(reply.status, 200, "{name}: {}", reply.text());
        let table = reply.json();
        assert_eq!((&table["alerts"], &table["complete"]), (&json!([]), &json!(false)), "{name}: {table}");
        assert_eq!(table["state"], "unknown", "{name}");
        let form = world.get(&format!("{}.json", path(name))).await.json();
        assert_eq!(form["alerts"]["names"], json!([]), "{name}: {form}");
        let errors =
            form["problems"].as_array().unwrap().iter().filter(|message| message["severity"] == "error");
        assert!(errors.count() > 0, "{name}: {form}");
        for page in [path(name), format!("{}/alerts", path(name))] {
            let page = world.get(&page).await;
            let text = words(page.text());
            assert_eq!(state(&page), "unknown", "{name}");
            assert!(
                text.contains("in the annotations") && !text.contains("has no prometheus.io"),
                "{name}: {text}"
            );
            assert!(
                !text.contains("No alerts:") && !panel(page.text(), "alerts").contains("till-7"),
                "{name}: {text}"
            );
        }
    }
    let entity_page = words(world.get("/go?alertname=TillDown&pod=till-7&job=till").await.text());
    assert!(entity_page.contains("No entity owns this alert"), "{entity_page}");
    let catalog = world.get("/?state=unknown&pageSize=all").await;
    let links = tags(catalog.text());
    let links: Vec<&str> = links.iter().filter_map(|tag| tag.get("href")?.split('?').next()).collect();
    for (name, _) in UNREADABLE {
        assert!(links.contains(&path(name).as_str()), "{name}: {links:?}");
    }
}

#[tokio::test]
async fn value_that_looks_like_a_pattern_and_matches_nothing_leaves_the_state_unknown() {
    let world = world(&[
        ("glob", "{prometheus.io/labels: 'pod=till-*'}"),
        ("any", "{prometheus.io/labels: 'severity=*'}"),
        ("regex", "{prometheus.io/labels: 'pod=till-.*'}"),
        ("placeholder", "{prometheus.io/labels: 'pod=<pod>'}"),
        ("slashes", "{prometheus.io/labels: 'alertname=~/Till.*/'}"),
        ("beside-name", "{prometheus.io/alert: TillDown, prometheus.io/labels: 'pod=till-*'}"),
        ("literal", "{prometheus.io/labels: 'pod=odd-*'}"),
    ])
    .await;
    let odd = Alert::firing("Odd").label("pod", "odd-*");
    world.upstream.on_rules(Reply::group([
        Rule::new("TillDown").label("severity", "page"),
        Rule::new("Odd").alert(odd),
    ]));
    for name in ["glob", "any", "regex", "placeholder", "slashes", "beside-name"] {
        let table = world.get(&format!("{}/alerts.json", path(name))).await.json();
        assert_eq!(
            (&table["state"], &table["complete"]),
            (&json!("unknown"), &json!(false)),
            "{name}: {table}"
        );
        let form = world.get(&format!("{}.json", path(name))).await.json();
        assert_eq!(form["problems"][0]["severity"], "warning", "{name}: {form}");
        let page = world.get(&path(name)).await;
        let text = words(page.text());
        assert_eq!(state(&page), "unknown", "{name}");
        assert!(text.contains("Label values that look mistaken match nothing in default"), "{name}: {text}");
        assert!(!text.contains("No alerts:"), "{name}: {text}");
    }
    let table = world.get(&format!("{}/alerts.json", path("literal"))).await.json();
    assert_eq!((&table["state"], &table["complete"]), (&json!("firing"), &json!(true)), "{table}");
    let catalog = world.get("/?state=unknown&pageSize=all").await;
    assert!(words(catalog.text()).contains("glob"), "the catalog counts as the page does");
}

#[tokio::test]
async fn system_with_a_member_whose_selector_is_empty_is_unknown() {
    let member = |name: &str, annotations: &str| {
        entity(name, annotations).replace("---\n", "spec: {system: shop}\n---\n")
    };
    let catalog = member("quiet", "{prometheus.io/alert: Quiet}")
        + &member("empty", "{prometheus.io/labels: ''}")
        + "apiVersion: backstage.io/v1alpha1\nkind: System\nmetadata: {name: shop}\n";
    let world = World::of(&catalog).await;
    world.upstream.on_rules(rules());
    assert_eq!(state(&world.get("/catalog/default/system/shop").await), "unknown");
}

#[tokio::test]
async fn unreadable_alert_name_does_not_affect_the_others() {
    let world = world(&[
        ("fires", "{prometheus.io/alert: 'TillDown,\"Other'}"),
        ("rests", "{prometheus.io/alert: 'Quiet,\"Other'}"),
    ])
    .await;
    let fires = world.get(&format!("{}/alerts.json", path("fires"))).await.json();
    assert_eq!(
        (pods(&fires).len(), &fires["state"], &fires["complete"]),
        (3, &json!("firing"), &json!(false))
    );
    let rests = world.get(&format!("{}/alerts.json", path("rests"))).await.json();
    assert_eq!((&rests["state"], &rests["complete"]), (&json!("unknown"), &json!(false)));
    assert_eq!(state(&world.get(&path("rests")).await), "unknown");
}

#[tokio::test]
async fn matchers_in_braces_select_as_in_prometheus_and_alertmanager() {
    let chosen = [
        ("braces", r#"{prometheus.io/labels: '{job="till", pod=~"till-(7|8)"}'}"#, &["till-7", "till-8"][..]),
        ("comma", r#"{prometheus.io/labels: '{ job = "till", pod = "till-7", }'}"#, &["till-7"]),
        ("quoted-name", r#"{prometheus.io/labels: '{"pod"="till-7"}'}"#, &["till-7"]),
        ("bare", r#"{prometheus.io/labels: '{job=till,pod=~till-[78]}'}"#, &["till-7", "till-8"]),
        ("doubled", r#"{prometheus.io/labels: 'pod=~"till-\\d",pod!~till-[0-6]'}"#, &["till-7", "till-8"]),
        ("single", r#"{prometheus.io/labels: 'pod=~"till\-7"'}"#, &["till-7"]),
        ("quotes", r#"{prometheus.io/labels: "pod='till-7'"}"#, &["till-7"]),
        ("raw", r#"{prometheus.io/labels: 'pod=~`till-\d`,pod!=till-1'}"#, &["till-7", "till-8"]),
    ];
    let entities: Vec<(&str, &str)> =
        chosen.iter().map(|(name, annotations, _)| (*name, *annotations)).collect();
    let world = world(&entities).await;
    for (name, _, wanted) in chosen {
        let table = world.get(&format!("{}/alerts.json", path(name))).await.json();
        let mut found = pods(&table);
        found.sort_unstable();
        assert_eq!((found.as_slice(), &table["complete"]), (wanted, &json!(true)), "{name}: {table}");
    }
    let body = world.get(&format!("{}.json", path("single"))).await.json();
    assert_eq!(body["problems"][0]["severity"], "warning", "{body}");
    let entity_page = words(world.get("/go?alertname=TillDown&pod=till-8&job=till").await.text());
    assert!(entity_page.contains("4 entities show this alert"), "{entity_page}");
}

#[tokio::test]
async fn custom_page_with_unreadable_labels_selects_nothing() {
    let world = world(&[]).await;
    for labels in ["pod%3A%20till-7", "pod%3D%3Dtill-7", "job%3Dtill%2Cpod%3D~(", "%7Bjob%3D%22till%22"] {
        let data = world.get(&format!("/alerts.json?labels={labels}")).await;
        assert_eq!(
            (data.status.as_u16(), &data.json()["error"]["kind"]),
            (400, &json!("bad_parameter")),
            "{labels}"
        );
        for names in ["", "&alerts=TillDown", "&alerts=all"] {
            let page = world.get(&format!("/alerts?labels={labels}{names}")).await;
            let text = words(page.text());
            assert!(page.status == 200 && text.contains("labels: "), "{labels}: {text}");
            assert!(
                !page.text().contains("till-7</") && state(&page) == "unknown",
                "{labels}{names}: {text}"
            );
        }
    }
}
