//! Answers that could wrongly be shown as "nothing is firing". Every format must report the same state.

use std::time::Duration;

use promenade::config::Settings;
use serde_json::{Value, json};
use world::World;
use world::markup::{panel, tags, words};
use world::rules::{Alert, Rule, ago, group};
use world::upstream::Reply;

const CATALOG: &str = r#"
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: named, annotations: {prometheus.io/alert: A}}
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: all, annotations: {prometheus.io/alert: all}}
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: matched, annotations: {prometheus.io/alert: A, prometheus.io/labels: team=x}}
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: labelled, annotations: {prometheus.io/labels: team=x}}
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: broken, annotations: {prometheus.io/alert: 'A,"B'}}
"#;

const EVERYONE: [&str; 4] = ["named", "all", "matched", "labelled"];

/// A rule with one firing alert of team x.
fn firing(name: &str) -> Rule {
    let alert = Alert::firing(name).label("team", "x").since(&ago(60));
    Rule::new(name).annotation("summary", "=it is down").alert(alert)
}

fn body(rules: &[Rule]) -> Value {
    json!({"status": "success", "data": {"groups": [group("g", rules.to_vec())]}})
}

fn answer(rules: &[Rule]) -> Reply {
    Reply::json(200, &body(rules))
}

/// The verdict as each form prints it. Panics where two of them differ.
async fn verdict(world: &World, name: &str) -> (String, bool) {
    let path = format!("/catalog/default/component/{name}");
    let form = world.get(&format!("{path}/alerts.json")).await;
    assert_eq!(form.status, 200, "{}", form.text());
    let json = form.json();
    let state = json["state"].as_str().unwrap().to_owned();
    let complete = json["complete"].as_bool().unwrap();
    assert!(complete || !json["warnings"].as_array().unwrap().is_empty(), "{json}");
    let word = match state.as_str() {
        "quiet" => "ok",
        "none" => "plain",
        word => word,
    };
    let sheet = world.get(&format!("{path}/alerts.csv")).await;
    for reply in [&form, &sheet] {
        assert_eq!(reply.header("promenade-state"), state);
        assert_eq!(reply.header("promenade-complete"), complete.to_string());
        let as_of: jiff::Timestamp = reply.header("promenade-as-of").parse().unwrap();
        assert_eq!(as_of.as_millisecond() as f64 / 1e3, json["asOf"].as_f64().unwrap());
    }
    let mut lines = sheet.text().split("\r\n");
    assert!(lines.next().unwrap().starts_with("name,state,") && sheet.text().contains(",summary\r\n"));
    assert_eq!(lines.next().unwrap().starts_with(",unknown,"), !complete, "{}", sheet.text());
    let page = world.get(&path).await;
    let section = tags(panel(page.text(), "alerts")).remove(0);
    assert_eq!(section.get("data-state"), Some(word), "{json}");
    let icon = tags(page.text()).into_iter().find(|tag| tag.get("id") == Some("favicon")).unwrap();
    let shown = if section.get("data-stale").is_some() { "unknown" } else { word };
    assert_eq!(icon.get("href"), icon.get(&format!("data-{shown}")), "the tab's icon");
    let calm = page.text().contains("nothing firing") || page.text().contains("No alerts:");
    assert_eq!(calm, state == "quiet", "{}", words(panel(page.text(), "alerts")));
    let counts: Value = serde_json::from_str(section.get("data-counts").unwrap()).unwrap();
    let known = |name: &str| counts[name].as_u64().unwrap() > 0;
    let of_counts = ["firing", "pending", "unknown"].into_iter().find(|name| known(name));
    assert_eq!(
        of_counts.unwrap_or("calm"),
        if word == "ok" || word == "plain" { "calm" } else { word },
        "{counts}"
    );
    let agrees = |row: &str| match word {
        "firing" => row.contains("firing"),
        "unknown" => row.contains("unknown") && !row.contains(" none"),
        _ => true,
    };
    let catalog = world.get(&format!("/?search={name}")).await;
    let catalog = words(catalog.text().split("id=\"results\"").nth(1).unwrap());
    assert!(agrees(catalog.split(&format!(" {name} ")).nth(1).unwrap_or(&catalog)), "{catalog}");
    (state, complete)
}

async fn check(what: &str, reply: Reply, entities: &[&str], expected: (&str, bool)) {
    let world = World::of(CATALOG).await;
    world.upstream.on_rules(reply);
    for name in entities {
        let (state, complete) = verdict(&world, name).await;
        assert_eq!((state.as_str(), complete), expected, "{what}: {name}");
    }
}

#[tokio::test]
async fn quiet_needs_a_complete_answer_and_firing_does_not() {
    check("it rests", answer(&[Rule::new("A")]), &EVERYONE, ("quiet", true)).await;
    check("it fires", answer(&[firing("A")]), &EVERYONE, ("firing", true)).await;
    let mut warned = body(&[firing("A")]);
    warned["warnings"] = json!(["store b is down"]);
    check("it fires beside a warning", Reply::json(200, &warned), &EVERYONE, ("firing", false)).await;
}

#[tokio::test]
async fn unevaluated_rule_makes_entities_it_could_concern_unknown() {
    let never = "0001-01-01T00:00:00Z";
    for (what, change) in [
        ("Prometheus 2", json!({"health": "unknown", "lastEvaluation": never})),
        ("Prometheus 3", json!({"state": "unknown", "health": "unknown", "lastEvaluation": never})),
        ("vmalert", json!({"lastEvaluation": never})),
    ] {
        check(what, answer(&[Rule::new("A").with(&change)]), &EVERYONE, ("unknown", false)).await;
    }
    let other =
        Rule::new("A").with(&json!({"health": "unknown", "lastEvaluation": never, "labels": {"team": "y"}}));
    check("another team's", answer(&[other, Rule::new("B")]), &["labelled"], ("quiet", true)).await;
}

#[tokio::test]
async fn stale_answer_is_unknown_in_every_format_with_its_time() {
    let faster = |settings: &mut Settings| settings.instances[0].scrape_interval = Duration::from_secs(1);
    for (rules, state, expected) in [
        ([Rule::new("A")], "unknown", " UTC) named: nothing was firing"),
        ([firing("A")], "firing", " UTC) named: 1 firing"),
    ] {
        let world = World::with(CATALOG, faster).await;
        world.upstream.on_rules(answer(&rules));
        assert!(verdict(&world, "named").await.1);
        world.upstream.on_rules(Reply::html(500, "oops"));
        tokio::time::sleep(Duration::from_millis(2_200)).await;
        assert_eq!(verdict(&world, "named").await, (state.to_owned(), false));
        let page = world.get("/catalog/default/component/named").await;
        let title = tags(panel(page.text(), "alerts")).remove(0).get("data-title").unwrap().to_owned();
        assert!(title.contains(expected), "{title}");
        assert!(page.text().contains(&format!("<title>{title}</title>")), "{title}");
        let sheet = world.get("/catalog/default/component/named/alerts.csv").await;
        let first = sheet.text().split("\r\n").nth(1).unwrap();
        assert!(first.contains("UTC: Prometheus failed."), "{first}");
        assert_eq!(first.matches(',').count() - first.matches(", ").count(), 14, "{first}");
        let json = world.get("/catalog/default/component/named/alerts.json").await.json();
        assert_eq!(json["stale"], true);
    }
}

#[tokio::test]
async fn answer_with_warnings_is_never_quiet() {
    for groups in [json!([]), body(&[Rule::new("A")])["data"]["groups"].clone()] {
        let warned =
            json!({"status": "success", "warnings": ["store b is down"], "data": {"groups": groups}});
        check("a warning", Reply::json(200, &warned), &EVERYONE, ("unknown", false)).await;
    }
}

#[tokio::test]
async fn data_forms_list_missing_information() {
    let world = World::of(CATALOG).await;
    let json = async |rules: &[Rule], name: &str| {
        world.upstream.on_rules(answer(rules));
        let world = World::of(CATALOG).await;
        world.upstream.on_rules(answer(rules));
        verdict(&world, name).await;
        world.get(&format!("/catalog/default/component/{name}/alerts.json")).await.json()
    };
    let form = json(&[Rule::new("B")], "named").await;
    assert_eq!(form["warnings"], json!(["Rule not found in default: A."]));
    assert_eq!((&form["state"], &form["alerts"]), (&json!("unknown"), &json!([])));
    let form =
        json(&[Rule::new("A").with(&json!({"health": "err", "lastError": "many-to-many"}))], "named").await;
    assert_eq!(form["alerts"][0]["state"], "error");
    assert_eq!(
        form["counts"],
        json!({"firing": 0, "pending": 0, "error": 1, "unknown": 0, "inactive": 0, "suppressed": 0})
    );
    assert!(
        form["warnings"][0].as_str().unwrap().contains(
            "Rule in error: A (group g) cannot be evaluated, so its state is unknown: many-to-many"
        ),
        "{form}"
    );
    let form =
        json(&[Rule::new("A").with(&json!({"health": "unknown", "lastEvaluation": null}))], "named").await;
    assert_eq!((&form["alerts"][0]["state"], &form["counts"]["unknown"]), (&json!("unknown"), &json!(1)));
    assert!(
        form["warnings"][0].as_str().unwrap().contains("Not evaluated yet, so alerts are unknown: A."),
        "{form}"
    );
    let in_error = firing("A").set("health", "err");
    let form = json(&[in_error], "named").await;
    assert_eq!(
        (&form["alerts"][0]["state"], &form["state"], &form["complete"]),
        (&json!("firing"), &json!("firing"), &json!(false))
    );
}

#[tokio::test]
async fn error_is_a_filter_state_and_counts_as_unknown() {
    let world = World::of(CATALOG).await;
    world.upstream.on_rules(answer(&[
        firing("Other"),
        Rule::new("A").with(&json!({"health": "err"})),
        Rule::new("B"),
    ]));
    let path = "/catalog/default/component/all/alerts";
    let form = world.get(&format!("{path}.json?state=error")).await.json();
    assert_eq!(form["alerts"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&form["alerts"][0]["name"], &form["state"]),
        (&json!("A"), &json!("firing")),
        "the verdict is of all"
    );
    let order = |form: &Value| {
        form["alerts"]
            .as_array()
            .unwrap()
            .iter()
            .map(|a| a["name"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let all = world.get(&format!("{path}.json?showInactiveAlerts")).await.json();
    assert_eq!(order(&all), ["Other", "A", "B"], "error is sorted before inactive");
    let page = world.get(path).await;
    let section = tags(panel(page.text(), "alerts")).remove(0);
    assert_eq!(section.get("data-counts"), Some(r#"{"firing":1,"pending":0,"unknown":1,"inactive":1}"#));
    let icon = |word: &str| panel(page.text(), "alerts").contains(&format!("href=\"#i-{word}\""));
    assert!(icon("error") && icon("firing"));
}

#[tokio::test]
async fn partly_unreadable_selector_is_unknown_and_keeps_readable_names() {
    check("nothing fires", answer(&[Rule::new("A")]), &["broken"], ("unknown", false)).await;
    check("what is read fires", answer(&[firing("A")]), &["broken"], ("firing", false)).await;
}

#[tokio::test]
async fn no_alerts_is_not_shown_with_an_unknown_alert() {
    let odd = json!({"state": "inactive", "alerts": [{"labels": {"alertname": "A", "team": "x"}, "annotations": {}, "state": "snoozed"}]});
    check(
        "a state without a known name",
        answer(&[Rule::new("A").with(&odd)]),
        &EVERYONE,
        ("unknown", false),
    )
    .await;
}

#[tokio::test]
async fn firing_rule_without_alerts_is_firing() {
    let pending = Value::from(Alert::pending("A").label("team", "x").since(&ago(9)));
    for change in [
        json!({"state": "firing"}),
        json!({"state": "firing", "alerts": null}),
        json!({"state": "firing", "alerts": [pending]}),
    ] {
        check("no rows", answer(&[Rule::new("A").with(&change)]), &EVERYONE, ("firing", false)).await;
    }
}

#[tokio::test]
async fn late_rule_is_reported_and_never_quiet() {
    let late = Rule::new("A").with(&json!({"lastEvaluation": ago(3_600)}));
    check("an hour ago", answer(&[late]), &EVERYONE, ("unknown", false)).await;
    let in_time = Rule::new("A").with(&json!({"lastEvaluation": ago(50)}));
    check("fifty seconds ago", answer(&[in_time]), &EVERYONE, ("quiet", true)).await;
}

#[tokio::test]
async fn rule_in_an_unknown_state_is_reported_once() {
    for state in [json!("burning"), json!(null), json!(7)] {
        let reply = answer(&[Rule::new("A").with(&json!({"state": state}))]);
        check("a state without a known name", reply, &EVERYONE, ("unknown", false)).await;
    }
    let world = World::of(CATALOG).await;
    world.upstream.on_rules(answer(&[Rule::new("A").with(&json!({"state": "burning"}))]));
    for name in ["named", "labelled"] {
        let form = world.get(&format!("/catalog/default/component/{name}/alerts.json")).await.json();
        assert_eq!(form["warnings"], json!(["State unknown: A."]));
    }
}

#[tokio::test]
async fn alert_with_unreadable_labels_could_belong_to_any_entity() {
    for labels in [json!(null), json!({}), json!({"team": "y"})] {
        let alert = Alert::firing("A").set("labels", labels);
        let rule = Rule::new("A").alert(alert);
        check("labels that are lost", answer(&[rule]), &EVERYONE, ("firing", false)).await;
    }
}

#[tokio::test]
async fn rule_with_unreadable_evaluation_time_is_not_quiet() {
    for change in [
        json!({"lastEvaluation": null}),
        json!({"lastEvaluation": ago(-3_600)}),
        json!({"lastError": "many-to-many"}),
    ] {
        check(
            "a doubtful evaluation",
            answer(&[Rule::new("A").with(&change)]),
            &EVERYONE,
            ("unknown", false),
        )
        .await;
    }
    let mut of_group = body(&[Rule::new("A").with(&json!({"lastEvaluation": null}))]);
    for (seconds, expected) in [(1, ("quiet", true)), (3_600, ("unknown", false))] {
        of_group["data"]["groups"][0]["lastEvaluation"] = json!(ago(seconds));
        check("the group's", Reply::json(200, &of_group), &EVERYONE, expected).await;
    }
}

#[tokio::test]
async fn state_without_selected_rules_is_none() {
    check(
        "no groups",
        Reply::json(200, &json!({"status": "success", "data": {"groups": []}})),
        &["all", "labelled"],
        ("none", true),
    )
    .await;
    check(
        "another team's",
        answer(&[Rule::new("A").with(&json!({"labels": {"team": "y"}}))]),
        &["labelled", "matched"],
        ("none", true),
    )
    .await;
}
