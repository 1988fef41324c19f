//! Incomplete answers: nulls, pages of rules, partial answers, unknown types, and clock skew. The rest is shown, and what is
//! missing is reported.

use std::time::Duration;

use promenade::clock;
use promenade::config::Settings;
use promenade::metrics::Metrics;
use promenade::prometheus::Instance;
use serde_json::{Value, json};
use world::World;
use world::markup::{panel, tags, words};
use world::questions::store;
use world::rules::{Alert, Rule, ago, group};
use world::upstream::{Reply, Request, Upstream};

const PAGE: &str = "/catalog/default/component/payments";
const CATALOG: &str = r#"
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: payments, annotations: {prometheus.io/alert: all}}
"#;

/// A rule with an alert that is firing since now.
fn firing(name: &str) -> Rule {
    Rule::new(name).alert(Alert::firing(name).since(&ago(0)))
}

fn maybe_firing(name: &str, fires: bool) -> Rule {
    if fires { firing(name) } else { Rule::new(name) }
}

fn success(data: Value) -> Value {
    json!({"status": "success", "data": data})
}

/// With a short scrape interval, so that the cache expires soon.
async fn world() -> World {
    World::with(CATALOG, |settings: &mut Settings| {
        settings.instances[0].scrape_interval = Duration::from_secs(1);
    })
    .await
}

async fn alerts(reply: Reply) -> Value {
    let world = World::of(CATALOG).await;
    world.upstream.on_rules(reply);
    let reply = world.get(&format!("{PAGE}/alerts.json")).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()
}

fn names(alerts: &Value) -> Vec<&str> {
    alerts["alerts"].as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap()).collect()
}

fn warnings(answer: &Value) -> Vec<&str> {
    answer["warnings"].as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect()
}

#[tokio::test]
async fn null_lists_in_rules_are_empty_lists() {
    let none = json!({"name": "none", "file": "n", "rules": null});
    let loud = firing("Loud").set("labels", Value::Null).set("annotations", Value::Null);
    let quiet = Rule::new("Quiet").set("alerts", Value::Null);
    let answer = alerts(Reply::rules(json!([none, group("some", [quiet, loud])]))).await;
    assert_eq!((names(&answer), warnings(&answer)), (vec!["Loud"], vec![]));
    assert_eq!((&answer["state"], &answer["complete"]), (&json!("firing"), &json!(true)));

    let answer = alerts(Reply::rules(Value::Null)).await;
    assert_eq!((&answer["alerts"], warnings(&answer)), (&json!([]), vec![]));

    let world = World::of(CATALOG).await;
    for result_type in ["matrix", ""] {
        world
            .upstream
            .on("up", Reply::json(200, &success(json!({"resultType": result_type, "result": null}))));
        let path = format!("/graph.json?query=up&range=10m&step={}", 15 + result_type.len());
        let reply = world.get(&path).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        assert_eq!((&reply.json()["series"], &reply.json()["warnings"]), (&json!([]), &json!([])));
    }
}

#[tokio::test]
async fn missing_required_fields_of_rules_are_an_error() {
    for body in [json!({"status": "success"}), success(Value::Null), success(json!({}))] {
        let world = World::of(CATALOG).await;
        world.upstream.on_rules(Reply::json(200, &body));
        let reply = world.get(&format!("{PAGE}/alerts.json")).await;
        assert_eq!(
            (reply.status.as_u16(), &reply.json()["error"]["kind"]),
            (502, &json!("incomplete")),
            "{body}"
        );
    }
}

#[tokio::test]
async fn unreadable_rule_hides_no_other_and_makes_the_state_unknown() {
    let odd_type = firing("Odd").set("type", "alarm");
    for (damaged, expected) in [
        (json!({"name": "g", "file": "f"}), "1 rule group cannot be read"),
        (group("g", [json!({"type": "alerting", "state": "inactive"})]), "1 rule cannot be read"),
        (group("g", [odd_type]), "1 rule has an unknown type"),
    ] {
        let answer = alerts(Reply::rules(json!([damaged, group("some", [firing("Loud")])]))).await;
        assert_eq!((names(&answer), &answer["state"]), (vec!["Loud"], &json!("firing")), "{expected}");
        assert_eq!(answer["complete"], false, "{expected}");
        let quiet = alerts(Reply::rules(json!([damaged, group("some", [Rule::new("Quiet")])]))).await;
        assert_eq!((&quiet["state"], &quiet["complete"]), (&json!("unknown"), &json!(false)), "{expected}");
        assert!(warnings(&quiet).iter().any(|text| text.starts_with(expected)), "{quiet}");
    }
}

#[tokio::test]
async fn rule_states_and_types_are_read_regardless_of_case() {
    let alert = Alert::new("Loud", "Firing");
    let loud = Rule::new("Loud").alert(alert).set("type", "Alerting").set("state", "FIRING");
    let answer = alerts(Reply::group([loud])).await;
    assert_eq!((&answer["alerts"][0]["state"], &answer["complete"]), (&json!("firing"), &json!(true)));
}

/// Answers in pages of one group: the first without a token, each naming the next one.
fn paged(groups: Vec<Value>) -> Reply {
    Reply::computed(move |request: &Request| {
        let sent: Option<usize> = request.form("group_next_token").map(|token| token.parse().unwrap());
        if sent.is_some()
            && request.form("group_limit").is_none_or(|limit| limit.parse::<u32>().unwrap() == 0)
        {
            return Reply::refusal(400, "bad_data", "group_limit needs to be present");
        }
        let at = sent.unwrap_or(0);
        let mut data = json!({"groups": [groups[at]]});
        if at + 1 < groups.len() {
            data["groupNextToken"] = json!((at + 1).to_string());
        }
        Reply::json(200, &success(data))
    })
}

#[tokio::test]
async fn pages_of_rules_are_fetched_and_joined_in_order() {
    let groups = (0..5).map(|i| group(&format!("g{i}"), [maybe_firing(&format!("R{i}"), i == 4)])).collect();
    let world = World::of(CATALOG).await;
    world.upstream.on_rules(paged(groups));
    let answer = world.get(&format!("{PAGE}/alerts.json?showInactiveAlerts")).await.json();
    assert_eq!(names(&answer), ["R4", "R0", "R1", "R2", "R3"]);
    assert_eq!((&answer["complete"], warnings(&answer)), (&json!(true), vec![]));
    let sent = world.upstream.requests();
    assert_eq!(sent.len(), 5, "each page once");
    assert!(sent.iter().all(|request| request.form("type").as_deref() == Some("alert")));
    assert_eq!(sent[1].path, "/api/v1/rules?type=alert&group_limit=1&group_next_token=1");
}

#[tokio::test]
async fn loops_and_endless_pages_of_rules_are_reported() {
    let page = |fires: bool, token: &str| {
        success(json!({"groups": [group("g", [maybe_firing("A", fires)])], "groupNextToken": token}))
    };
    for (fires, state, names_told) in [(true, "firing", vec!["A"]), (false, "unknown", vec![])] {
        let world = World::of(CATALOG).await;
        world.upstream.on_rules(Reply::json(200, &page(fires, "t2")));
        let answer = world.get(&format!("{PAGE}/alerts.json")).await.json();
        assert_eq!((&answer["state"], &answer["complete"]), (&json!(state), &json!(false)));
        assert_eq!(names(&answer), names_told);
        assert_eq!(warnings(&answer), ["the instance has more rules, but repeats a groupNextToken"]);
        assert_eq!(world.upstream.requests().len(), 2);
    }

    let patient = |settings: &mut Settings| settings.instances[0].timeout = Duration::from_secs(15);
    let world = World::with(CATALOG, patient).await;
    let endless = move |request: &Request| {
        let at: usize = request.form("group_next_token").map_or(0, |token| token.parse().unwrap());
        Reply::json(200, &page(false, &(at + 1).to_string()))
    };
    world.upstream.on_rules(Reply::computed(endless));
    let answer = world.get(&format!("{PAGE}/alerts.json")).await.json();
    assert_eq!((&answer["state"], &answer["complete"]), (&json!("unknown"), &json!(false)));
    assert_eq!(warnings(&answer), ["the instance has more rules than the 100 pages that were read"]);
    assert_eq!(world.upstream.requests().len(), 100);
}

#[tokio::test]
async fn failed_page_of_rules_is_reported_and_keeps_earlier_pages() {
    let first = success(json!({"groups": [group("g", [firing("Loud")])], "groupNextToken": "t2"}));
    let second = |reply: Reply| {
        let first = first.clone();
        Reply::computed(move |request: &Request| match request.form("group_next_token") {
            None => Reply::json(200, &first),
            Some(_) => reply.clone(),
        })
    };
    let upstream = Upstream::start().await;
    let client = Instance::new(upstream.instance("default"), &Metrics::new().upstream).unwrap();
    for (reply, kind) in [
        (Reply::refusal(400, "bad_data", "invalid group_next_token"), "upstream_error"),
        (Reply::http(200, &[], r#"{"status":"success","data":{"gro"#), "incomplete"),
        (Reply::hang(), "timeout"),
    ] {
        upstream.on_rules(second(reply.clone()));
        let begun = clock::stopwatch();
        let rules = client.rules().await.unwrap();
        assert!(begun.elapsed() < Duration::from_millis(2_500), "{kind}: {:?}", begun.elapsed());
        assert_eq!(rules.rules.len(), 1);
        let message = format!("the instance has more rules, but page 2 cannot be read ({kind})");
        assert_eq!(rules.warnings, std::slice::from_ref(&message));
        let answer = alerts(second(reply)).await;
        assert_eq!((names(&answer), &answer["state"]), (vec!["Loud"], &json!("firing")));
        assert_eq!((&answer["complete"], warnings(&answer)), (&json!(false), vec![message.as_str()]));
    }
}

#[tokio::test]
async fn partial_answer_is_reported() {
    let quiet = json!({"groups": [group("g", [Rule::new("Quiet")])]});
    for (more, complete) in [
        (json!({"isPartial": true}), false),
        (json!({"isPartial": false, "stats": {}}), true),
        (json!({"warnings": [null]}), false),
        (json!({"error": "store down", "errorType": "partial"}), false),
        (json!({"error": "", "errorType": null}), true),
    ] {
        let mut body = success(quiet.clone());
        more.as_object().unwrap().iter().for_each(|(name, value)| body[name] = value.clone());
        let world = World::of(CATALOG).await;
        world.upstream.on_rules(Reply::json(200, &body));
        let html = world.get(PAGE).await;
        let state = if complete { "ok" } else { "unknown" };
        assert_eq!(tags(panel(html.text(), "alerts"))[0].get("data-state"), Some(state), "{more}");
        assert_eq!(words(html.text()).contains("No alerts"), complete, "{more}");
        let answer = world.get(&format!("{PAGE}/alerts.json")).await.json();
        assert_eq!(
            (&answer["complete"], warnings(&answer).len()),
            (&json!(complete), usize::from(!complete))
        );

        let mut body = success(json!({"resultType": "matrix", "result": [{"metric": {}, "values": []}]}));
        more.as_object().unwrap().iter().for_each(|(name, value)| body[name] = value.clone());
        world.upstream.on("up", Reply::json(200, &body));
        let graph = world.get("/graph.json?query=up&range=10m").await.json();
        assert_eq!(warnings(&graph).len(), usize::from(!complete), "{graph}");
    }
}

#[tokio::test]
async fn partial_answer_does_not_replace_a_complete_one_and_expires_soon() {
    let upstream = Upstream::start().await;
    let mut settings = upstream.instance("default");
    settings.scrape_interval = Duration::from_secs(60);
    let (store, _) = store(vec![settings]);
    let body = success(json!({"groups": [group("g", [Rule::new("Quiet")])]}));
    let mut partial = body.clone();
    partial["isPartial"] = json!(true);
    upstream.on_rules(Reply::json(200, &partial));
    assert_eq!(store.ask_rules("default").await.unwrap().value.warnings.len(), 1);
    upstream.on_rules(Reply::json(200, &body));
    tokio::time::sleep(Duration::from_millis(5_300)).await;
    assert_eq!(store.ask_rules("default").await.unwrap().value.warnings, [""; 0]);
}

fn date(at: jiff::Timestamp) -> String {
    at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

#[tokio::test]
async fn graph_of_an_instance_with_clock_skew_reports_it() {
    let world = World::of(CATALOG).await;
    for (offset, expected) in [(-50, ""), (7_205, "The clock of default is 2h ")] {
        let at = clock::now() + jiff::SignedDuration::from_secs(offset);
        let body = success(json!({"resultType": "matrix", "result": []})).to_string();
        world.upstream.on("up", Reply::http(200, &[("Date", &date(at))], body));
        let query = format!("query=up&range=10m&step={}", 15 + expected.len());
        let graph = world.get(&format!("/graph.json?{query}")).await.json();
        let notices: Vec<&str> =
            graph["notices"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        assert_eq!(notices.iter().any(|notice| notice.contains("clock")), !expected.is_empty(), "{graph}");
        let page = words(world.get(&format!("/graph?{query}")).await.text());
        assert_eq!(page.contains("The clock of"), !expected.is_empty(), "{page}");
        assert!(page.contains(expected), "{page}");
    }
}

/// Rules of an instance with this clock skew in seconds, and an alert that became active so many seconds later.
fn dated(offset: i64, times: i64) -> Reply {
    let at = |offset: i64| clock::now() + jiff::SignedDuration::from_secs(offset);
    let alert = Alert::firing("Loud").since(&at(offset + times).to_string());
    let loud = Rule::new("Loud").alert(alert).set("lastEvaluation", at(offset).to_string());
    Reply::http(
        200,
        &[("Date", &date(at(offset)))],
        success(json!({"groups": [group("g", [loud])]})).to_string(),
    )
}

#[tokio::test]
async fn clock_skew_is_reported_and_a_slow_clock_makes_rules_late() {
    for (date, times, expected) in [
        (0, 0, None),
        (50, -3_600, None),
        (-7_205, 0, Some("The clock of default is 2h ")),
        (3_605, 0, Some("The clock of default is 1h ")),
        (0, 3_605, Some("default gives times that are 1h ")),
    ] {
        let world = world().await;
        world.upstream.on_rules(dated(date, times));
        let html = words(world.get(PAGE).await.text());
        let answer = world.get(&format!("{PAGE}/alerts.json")).await.json();
        let status = words(world.get("/status").await.text());
        assert_eq!(
            (&answer["state"], &answer["complete"]),
            // What is evaluated by such a clock is late by the portal's.
            (&json!("firing"), &json!(date > -60)),
            "{date}: {answer}"
        );
        let found = warnings(&answer).into_iter().find(|text| text.contains("clock"));
        assert_eq!(
            found.map(|text| text.starts_with(expected.unwrap_or_default())),
            expected.map(|_| true),
            "{date} {times}"
        );
        for text in [html, status] {
            assert_eq!(
                expected.is_some_and(|expected| text.contains(expected)),
                expected.is_some(),
                "{date} {times}: {text}"
            );
            assert_eq!(text.contains("Clocks differ"), expected.is_some(), "{date} {times}");
        }
    }
}
