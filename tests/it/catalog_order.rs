//! The order of lists of entities: by the severity of their alerts, then by how many, then by the newest.

use promenade::config::Settings;
use promenade::prometheus::Severities;
use serde_json::json;
use world::World;
use world::markup::words;
use world::rules::{Alert, Rule, ago};
use world::upstream::Reply;

use crate::catalog_page::{listed, names};
use crate::config::check_faults;

const BURNING: &str = r#"
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: a-many, annotations: {prometheus.io/labels: service=a-many}}
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: b-one, annotations: {prometheus.io/labels: service=b-one}}
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: c-mixed, annotations: {prometheus.io/labels: service=c-mixed}}
spec: {owner: crew}
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: d-newer, annotations: {prometheus.io/labels: service=d-newer}}
spec: {owner: crew}
---
apiVersion: backstage.io/v1alpha1
kind: API
metadata: {name: e-waits, annotations: {prometheus.io/labels: service=e-waits}}
spec: {owner: crew}
---
apiVersion: backstage.io/v1alpha1
kind: API
metadata: {name: f-waits, annotations: {prometheus.io/labels: service=f-waits}}
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: g-odd, annotations: {prometheus.io/labels: service=g-odd}}
---
apiVersion: backstage.io/v1alpha1
kind: Group
metadata: {name: crew, annotations: {prometheus.io/labels: service=c-mixed}}
"#;

/// Severities of `SEVERITY`, active for so many minutes: `critical 5`.
fn burning(label: &str) -> Reply {
    let alert = |service: &str, text: &str, i: usize| {
        let (severity, minutes) = text.split_once(' ').unwrap();
        let alert = Alert::firing("Hot").since(&ago(minutes.parse::<i64>().unwrap() * 60));
        let alert = alert.label("service", service).label("i", &i.to_string());
        if severity == "-" { alert } else { alert.label(label, severity) }
    };
    let of = |(service, alerts): &(&str, &[&str])| {
        alerts.iter().enumerate().map(|(i, text)| alert(service, text, i)).collect::<Vec<_>>()
    };
    let firing: [(&str, &[&str]); 5] = [
        ("a-many", &["info 1", "info 2", "info 3", "info 4", "none 1"]),
        ("b-one", &["page 9"]),
        ("c-mixed", &["warning 1", "critical 9", "info 1", "- 1", "Critical 8"]),
        ("d-newer", &["page 8"]),
        ("g-odd", &["P1 1", "none 1"]),
    ];
    let waiting: [(&str, &[&str]); 2] = [("e-waits", &["info 1"]), ("f-waits", &["critical 1"])];
    let firing = firing.iter().flat_map(of);
    let waiting = waiting.iter().flat_map(of).map(|alert| alert.set("state", "pending"));
    Reply::group([Rule::new("Hot").alerts(firing.chain(waiting))])
}

#[tokio::test]
async fn catalog_and_members_are_in_order_of_severity_then_number_then_age() {
    let world = World::of(BURNING).await;
    world.upstream.on_rules(burning("severity"));
    let rows = listed(&world, "/").await;
    assert_eq!(
        names(&rows),
        ["c-mixed", "d-newer", "b-one", "a-many", "g-odd", "f-waits", "e-waits"],
        "{rows:#?}"
    );
    for (row, counts) in [
        (0, "2 critical, 3 more firing"),
        (1, "1 page firing"),
        (3, "4 info, 1 more firing"),
        (4, "2 firing"),
        (5, "1 pending"),
    ] {
        assert!(rows[row].ends_with(&format!(" {counts}")), "{counts}: {rows:#?}");
    }
    let members = listed(&world, "/catalog/default/group/crew/members").await;
    assert_eq!(names(&members), ["c-mixed", "d-newer", "e-waits"], "{members:#?}");
    assert!(members[0].ends_with("2 critical, 3 more firing"), "{members:#?}");
}

#[tokio::test]
async fn config_says_which_label_is_the_severity_and_in_which_order() {
    let order = ["info", "page", "critical"].map(str::to_owned);
    let severities = Severities::new("level".to_owned(), &order);
    let world = World::with(BURNING, |settings| settings.instances[0].severities = severities.into()).await;
    world.upstream.on_rules(burning("level"));
    let rows = listed(&world, "/").await;
    assert_eq!(
        names(&rows),
        ["a-many", "c-mixed", "d-newer", "b-one", "g-odd", "e-waits", "f-waits"],
        "{rows:#?}"
    );
    assert!(rows[1].ends_with("1 info, 4 more firing"), "{rows:#?}");
    let alerts = world.get("/catalog/default/component/c-mixed/alerts.json").await.json();
    let severities: Vec<_> =
        alerts["alerts"].as_array().unwrap().iter().map(|row| &row["severity"]).collect();
    assert_eq!(json!(severities), json!(["info", "Critical", "critical", "warning", null]));
}

#[tokio::test]
async fn catalog_says_that_something_of_another_kind_fires() {
    let world = World::of(BURNING).await;
    world.upstream.on_rules(burning("severity"));
    let text = words(world.get("/").await.text());
    assert!(text.contains("7 of 8 entities · 1 of other kinds (1 firing)"), "{text}");
}

#[test]
fn documented_order_of_severities_is_the_default() {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("config/app-config.yaml");
    let settings = Settings::load(&[file], None, &|_| None).unwrap();
    let default = format!("{:?}", Severities::default());
    assert_eq!(format!("{:?}", settings.instances[0].severities), default);
}

#[test]
fn mistakes_in_the_order_of_severities_are_reported() {
    let own = |text: &str| format!("promenade: {{severity: {text}}}");
    check_faults(
        &own("{lable: x, label: '', order: [a, '', A]}"),
        &[
            ("promenade.severity.lable", "did you mean `label`?"),
            ("promenade.severity.label", "is empty"),
            ("promenade.severity.order[1]", "is empty"),
            ("promenade.severity.order[2]", "is there twice"),
        ],
    );
    check_faults(&own("{order: critical}"), &[("promenade.severity.order", "must be a list")]);
}
