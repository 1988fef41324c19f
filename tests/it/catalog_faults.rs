//! Faults of the catalog in one entity: its page and data report them, and its state is unknown.

use serde_json::{Value, json};
use world::World;
use world::markup::{tags, words};
use world::upstream::Reply;

const HEAD: &str = "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n";

async fn world(metadata: &[&str]) -> World {
    let catalog: String = metadata.iter().map(|text| format!("{HEAD}{text}\n---\n")).collect();
    let world = World::of(&catalog).await;
    world.upstream.on_rules(Reply::rules(json!([])));
    world.upstream.on_any(Reply::matrix(&[]));
    world
}

fn path(name: &str) -> String {
    format!("/catalog/default/component/{name}")
}

/// The annotation, the severity and the message of every problem.
async fn problems(world: &World, name: &str) -> Vec<(String, String, String)> {
    let form = world.get(&format!("{}.json", path(name))).await.json();
    let text = |found: &Value, key: &str| found[key].as_str().unwrap().to_owned();
    let found = form["problems"].as_array().unwrap().iter();
    found.map(|found| (text(found, "annotation"), text(found, "severity"), text(found, "message"))).collect()
}

async fn is_unknown(world: &World, name: &str) -> bool {
    let page = world.get(&path(name)).await;
    let all = tags(page.text());
    let icon = all.iter().find(|tag| tag.get("id") == Some("favicon")).unwrap();
    let text = words(page.text());
    assert!(!text.contains("has no prometheus.io"), "{name}: {text}");
    let catalog = world.get("/?state=unknown&pageSize=all").await;
    let links = tags(catalog.text());
    let mut links = links.iter().filter_map(|tag| tag.get("href"));
    let in_catalog = links.any(|link| link.split('?').next() == Some(&path(name)));
    assert_eq!(icon.get("href").unwrap().contains("favicon-unknown"), in_catalog, "{name}");
    in_catalog
}

#[tokio::test]
async fn annotation_that_is_not_a_string_is_reported_and_makes_the_entity_unknown() {
    let shapes = [
        ("listy", "prometheus.io/alert: [HighErrorRate, SlowCheckout]", "prometheus.io/alert", "is a list"),
        ("mapped", "prometheus.io/labels: {job: till}", "prometheus.io/labels", "is a mapping"),
        ("truth", "prometheus.io/alert: true", "prometheus.io/alert", "is true or false"),
        ("number", "prometheus.io/rule: 1", "prometheus.io/rule", "is a number"),
        ("rules", "prometheus.io/rule: [up]", "prometheus.io/rule", "is a list"),
        ("named", "prometheus.io/service-name: true", "prometheus.io/service-name", "is true or false"),
        ("nothing", "prometheus.io/alert:", "prometheus.io/alert", "is nothing"),
    ];
    let metadata: Vec<String> = shapes
        .iter()
        .map(|(name, annotation, ..)| format!("  name: {name}\n  annotations:\n    {annotation}"))
        .collect();
    let world = world(&metadata.iter().map(String::as_str).collect::<Vec<_>>()).await;
    for (line, (name, _, key, part)) in (1..).zip(shapes) {
        let found = problems(&world, name).await;
        assert_eq!(found.len(), 1, "{name}: {found:?}");
        let (annotation, severity, message) = &found[0];
        assert_eq!((annotation.as_str(), severity.as_str()), (key, "error"), "{name}");
        assert!(message.contains(part), "{name}: {message}");
        let place = format!("catalog.yaml, line {}, column", line * 7 - 1);
        let text = words(world.get(&path(name)).await.text());
        // Nothing has no place of its own.
        let has_place = name == "nothing" || text.contains(&place);
        assert!(text.contains(part) && has_place, "{name}: {place}: {text}");
        assert!(is_unknown(&world, name).await, "{name}");
    }
}

#[tokio::test]
async fn misplaced_annotations_are_not_reported_as_missing() {
    let world = world(&[
        "  name: listed\n  annotations:\n    - prometheus.io/alert: all",
        "  name: elsewhere\nspec:\n  annotations: {prometheus.io/alert: all}",
        "  name: foreign\n  annotations: {acme.io/cell: 5, prometheus.io/alert: all}",
    ])
    .await;
    let found = problems(&world, "listed").await;
    assert_eq!((found[0].0.as_str(), found[0].1.as_str()), ("metadata.annotations", "error"), "{found:?}");
    assert!(is_unknown(&world, "listed").await);
    let found = problems(&world, "elsewhere").await;
    assert!(
        found[0].0 == "prometheus.io/alert" && found[0].2.contains("`spec.annotations` is not read"),
        "{found:?}"
    );
    assert!(is_unknown(&world, "elsewhere").await);
    let found = problems(&world, "foreign").await;
    assert_eq!((found[0].0.as_str(), found[0].1.as_str()), ("acme.io/cell", "warning"), "{found:?}");
    let table = world.get(&format!("{}/alerts.json", path("foreign"))).await.json();
    assert_eq!(table["complete"], true, "{table}");
}

#[tokio::test]
async fn too_long_annotation_makes_the_entity_unknown() {
    let long = "x".repeat(70_000);
    let world = world(&[
        &format!("  name: alerts\n  annotations: {{prometheus.io/alert: {long}}}"),
        &format!("  name: graphs\n  annotations: {{prometheus.io/rule: {long}}}"),
        &format!("  name: labels\n  annotations: {{prometheus.io/alert: A, prometheus.io/labels: a={long}}}"),
    ])
    .await;
    for name in ["alerts", "graphs", "labels"] {
        let found = problems(&world, name).await;
        assert!(found.len() == 1 && found[0].2.contains("longer than 65536 bytes"), "{name}");
        assert!(is_unknown(&world, name).await, "{name}");
    }
}

#[tokio::test]
async fn unknown_service_name_is_a_problem_that_lists_the_known_names() {
    let world = world(&[
        "  name: alone\n  annotations: {prometheus.io/service-name: staging}",
        "  name: beside\n  annotations: {prometheus.io/service-name: ' staging ', prometheus.io/alert: A}",
    ])
    .await;
    for (name, start) in [("alone", 0), ("beside", 1)] {
        let form = world.get(&format!("{}.json", path(name))).await.json();
        let found = &form["problems"][0];
        assert_eq!(
            (&found["annotation"], &found["start"]),
            (&json!("prometheus.io/service-name"), &json!(start))
        );
        let message = found["message"].as_str().unwrap();
        assert!(message.contains("staging") && message.contains("default"), "{message}");
        let page = words(world.get(&path(name)).await.text());
        assert!(page.contains("Unknown Prometheus instance \"staging\""), "{name}: {page}");
        assert!(is_unknown(&world, name).await, "{name}");
        let table = world.get(&format!("{}/alerts.json", path(name))).await;
        assert_eq!(
            (table.status.as_u16(), &table.json()["error"]["kind"]),
            (404, &json!("unknown_instance"))
        );
    }
}

#[tokio::test]
async fn duplicate_entity_is_reported_on_the_page_of_the_first() {
    let world = world(&[
        "  name: twice\n  annotations: {prometheus.io/rule: up}",
        "  name: twice\n  annotations: {prometheus.io/rule: up, prometheus.io/alert: A}",
        "  name: same\n  annotations: {prometheus.io/rule: up}",
        "  name: same\n  annotations: {prometheus.io/rule: up}",
    ])
    .await;
    let found = problems(&world, "twice").await;
    assert_eq!((found[0].0.as_str(), found[0].1.as_str()), ("metadata.name", "error"), "{found:?}");
    assert!(found[0].2.contains("a second time") && found[0].2.contains("line 7"), "{found:?}");
    assert!(is_unknown(&world, "twice").await);
    assert_eq!(problems(&world, "same").await[0].1, "warning");
    assert!(!is_unknown(&world, "same").await);
}

#[tokio::test]
async fn rule_annotation_with_a_rule_file_or_an_alert_name_is_recognised() {
    let world = world(&[
        "  name: file\n  annotations:\n    prometheus.io/rule: |\n      - alert: TillErrors\n        expr: up == 0\n",
        "  name: dashed\n  annotations: {prometheus.io/rule: till-high-latency-alerts}",
        "  name: camel\n  annotations: {prometheus.io/rule: DiskWillFill}",
    ])
    .await;
    for (name, severity, part) in
        [("file", "error", "a rule file"), ("dashed", "warning", "subtracts"), ("camel", "warning", "alert")]
    {
        let found = problems(&world, name).await;
        assert_eq!((found.len(), found[0].1.as_str()), (1, severity), "{name}: {found:?}");
        assert!(found[0].2.contains(part) && found[0].2.contains("prometheus.io/alert"), "{name}: {found:?}");
        assert!(words(world.get(&path(name)).await.text()).contains("prometheus.io/alert"), "{name}");
    }
}

#[tokio::test]
async fn misspelt_annotation_is_reported_and_makes_the_entity_unknown() {
    let shapes = [
        ("rules", "prometheus.io/rules: up", "prometheus.io/rule"),
        ("alerts", "prometheus.io/alerts: InstanceDown", "prometheus.io/alert"),
        ("domain", "prometheus/alert: all", "prometheus.io/alert"),
        ("beside", "prometheus.io/rule: up\n    prometheus.io/lables: a=b", "prometheus.io/labels"),
    ];
    let others = [
        "  name: foreign\n  annotations: {backstage.io/rule: up, prometheus.io/scrape: 'true', github.com/alert: all}",
        "  name: parameters\n  annotations: {prometheus.io/rule: up, promenade.io/colour: red}",
    ];
    let metadata =
        shapes.iter().map(|(name, written, _)| format!("  name: {name}\n  annotations:\n    {written}"));
    let metadata: Vec<String> = metadata.chain(others.map(str::to_owned)).collect();
    let world = world(&metadata.iter().map(String::as_str).collect::<Vec<_>>()).await;
    for (name, written, known) in shapes {
        let key = written.rsplit("\n    ").next().unwrap().split(':').next().unwrap();
        let form = world.get(&format!("{}.json", path(name))).await.json();
        let problem = json!({"annotation": key, "message": "unknown annotation; it looks misspelt", "start": 0, "end": 0,
            "severity": "warning", "suggestion": known});
        assert_eq!(form["problems"], json!([problem]), "{name}");
        let text = words(world.get(&path(name)).await.text());
        let sentence =
            format!("warning {key}: unknown annotation; it looks misspelt; did you mean `{known}`?");
        assert!(text.contains(&sentence) && text.contains("catalog.yaml, line"), "{name}: {text}");
        assert!(!text.contains("No monitoring set up yet"), "{name}: {text}");
        assert!(is_unknown(&world, name).await, "{name}");
    }
    assert!(problems(&world, "foreign").await.is_empty());
    assert!(words(world.get(&path("foreign")).await.text()).contains("No monitoring set up yet"));
    assert_eq!(
        problems(&world, "parameters").await[0].2,
        "unknown annotation of Promenade; use promenade.io/params"
    );
    assert!(!is_unknown(&world, "parameters").await);
    let rows = crate::catalog_page::listed(&world, "/").await;
    let names: Vec<_> = rows.iter().map(|row| row.split_whitespace().next().unwrap()).collect();
    assert_eq!(names, ["alerts", "beside", "domain", "rules", "parameters", "Not", "foreign"], "{rows:#?}");
}
