//! JSON, for other programs.

use std::sync::Arc;

use promenade::prometheus::InstanceName;
use serde_json::{Value, json};
use world::World;
use world::rules::{Alert, Rule, group};
use world::upstream::{Reply, Request};

const CATALOG: &str = r#"
apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: Payments
  title: Payment service
  annotations:
    prometheus.io/rule: 'sum(rate(requests[5m])) by (zone)|zone|title="Requests"|type=area, up{, memory|unit=bytes'
    prometheus.io/alert: 'HighLoad,"Excessive Memory, Usage"'
    prometheus.io/labels: 'severity=critical,zone!~"eu-.*"'
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: plain}
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: plain.json, title: Really named so}
---
apiVersion: backstage.io/v1alpha1
kind: API
metadata:
  name: lost
  namespace: Billing
  annotations: {prometheus.io/rule: up, prometheus.io/alert: all, prometheus.io/service-name: nowhere}
"#;

const PAYMENTS: &str = "/catalog/default/component/payments";

#[tokio::test]
async fn entity_json_contains_the_parsed_annotations() {
    let world = World::of(CATALOG).await;
    let reply = world.get(&format!("{PAYMENTS}.json")).await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.header("content-type"), "application/json");
    let body = reply.json();
    let fields: Vec<_> = body.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(fields, ["entityRef", "title", "instance", "graphs", "alerts", "problems"]);
    assert_eq!(body["entityRef"], "component:default/payments");
    assert_eq!(body["title"], "Payment service");
    assert_eq!(body["instance"], InstanceName::DEFAULT);
    let query = "sum(rate(requests[5m])) by (zone)";
    assert_eq!(
        body["graphs"],
        json!([
            {"query": query, "dimension": "zone", "graphType": "area", "title": "Requests"},
            {"query": "up{", "dimension": null, "graphType": "line", "title": "up{"},
            {"query": "memory", "dimension": null, "graphType": "line", "title": "memory"},
        ])
    );
    assert_eq!(
        body["alerts"],
        json!({
            "names": ["HighLoad", "Excessive Memory, Usage"],
            "matchers": [
                {"name": "severity", "op": "=", "value": "critical"},
                {"name": "zone", "op": "!~", "value": "eu-.*"},
            ],
        })
    );
    let problem = &body["problems"][0];
    assert_eq!(problem["annotation"], "prometheus.io/rule");
    assert_eq!(problem["severity"], "error");
    assert!(problem["start"].as_u64() <= problem["end"].as_u64(), "{problem}");
    assert!(problem["message"].is_string());
    assert!(world.upstream.requests().is_empty());
}

#[tokio::test]
async fn entity_named_with_json_suffix_takes_precedence_over_the_data_form() {
    let world = World::of(CATALOG).await;
    let named = world.get("/catalog/default/component/plain.json.json").await.json();
    assert_eq!(named["entityRef"], "component:default/plain.json");
    assert_eq!(named["alerts"], Value::Null);
    let page = world.get("/catalog/default/component/plain.json").await;
    assert!(page.header("content-type").starts_with("text/html"), "{}", page.text());
}

/// Answers a range query with a series for each set of labels, over exactly the requested grid.
fn on_the_grid(series: Vec<(Value, Vec<&'static str>)>) -> Reply {
    let series = Arc::new(series);
    Reply::computed(move |request: &Request| {
        let number = |name: &str| request.form(name).unwrap().parse::<f64>().unwrap();
        let (start, step) = (number("start"), number("step"));
        let one = |(labels, values): &(Value, Vec<&str>)| {
            let points = values.iter().enumerate().filter(|(_, value)| !value.is_empty());
            let points = points.map(|(i, value)| json!([start + i as f64 * step, value]));
            json!({"metric": labels, "values": points.collect::<Vec<_>>()})
        };
        Reply::result(json!(series.iter().map(one).collect::<Vec<_>>()))
    })
}

#[tokio::test]
async fn graph_json_has_columns_at_full_precision() {
    let world = World::of(CATALOG).await;
    let values = vec!["0.1", "", "NaN", "+Inf", "-Inf", "12345678.912345678", "1e-300"];
    let answer = on_the_grid(vec![(json!({"__name__": "memory", "zone": "<b>"}), values)]);
    world.upstream.on("memory", answer);
    let at = "from=1763900000&to=1763900095&step=15";
    let reply = world.get(&format!("{PAYMENTS}/graphs/3.json?{at}")).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    let body = reply.json();
    let fields: Vec<_> = body.as_object().unwrap().keys().map(String::as_str).collect();
    let expected = [
        "query",
        "title",
        "graphType",
        "instance",
        "start",
        "end",
        "step",
        "unit",
        "asOf",
        "stale",
        "warnings",
        "infos",
        "notices",
        "series",
        "droppedSeries",
    ];
    assert_eq!(fields, expected);
    assert_eq!(body["query"], "memory");
    assert_eq!(body["unit"], "bytes");
    assert_eq!(body["start"], 1_763_899_995);
    assert_eq!(body["end"], 1_763_900_085);
    assert_eq!(body["step"], 15);
    assert_eq!(body["stale"], false);
    assert_eq!(body["droppedSeries"], 0);
    let series = &body["series"][0];
    assert_eq!(series["labels"], json!({"__name__": "memory", "zone": "<b>"}));
    assert_eq!(series["name"], "memory");
    let expected = json!([0.1, null, "NaN", "+Inf", "-Inf", 12345678.912345678, 1e-300]);
    assert_eq!(series["values"], expected);
}

#[tokio::test]
async fn large_graph_json_is_complete_and_compressed_on_request() {
    let world = World::of(CATALOG).await;
    let points = (0..1_000).map(|i| format!(r#"[{},"1.5"]"#, 1_763_899_995 + i * 15)).collect::<Vec<_>>();
    let points = points.join(",");
    let one = |i: usize| format!(r#"{{"metric":{{"__name__":"memory","i":"{i}"}},"values":[{points}]}}"#);
    let series = (0..60).map(one).collect::<Vec<_>>().join(",");
    let answer = format!(r#"{{"status":"success","data":{{"resultType":"matrix","result":[{series}]}}}}"#);
    world.upstream.on("memory", Reply::http(200, &[("content-type", "application/json")], answer));
    let path = format!("{PAYMENTS}/graphs/3.json?from=1763900000&to=1763914985&step=15&graphType=area");
    let plain = world.get(&path).await;
    let body = plain.json();
    assert_eq!(body["graphType"], "area", "{}", body["error"]);
    assert_eq!(body["series"].as_array().unwrap().len(), 60);
    assert_eq!(plain.header("content-encoding"), "");
    let packed = world.get_with(&path, &[("accept-encoding", "gzip")]).await;
    assert_eq!(packed.header("content-encoding"), "gzip");
    assert!(packed.body.len() * 5 < plain.body.len());
    assert!(packed.header("vary").contains("Accept-Encoding"));
    assert_eq!(world.upstream.requests().len(), 1);
}

#[tokio::test]
async fn errors_have_a_kind_and_a_status() {
    let world = World::of(CATALOG).await;
    world.upstream.on("memory", Reply::refusal(422, "execution", "many-to-many <b>matching</b>"));
    let cases = [
        (format!("{PAYMENTS}/graphs/2.json"), 422, "bad_query"),
        (format!("{PAYMENTS}/graphs/3.json"), 422, "bad_query"),
        (format!("{PAYMENTS}/graphs/4.json"), 404, "not_found"),
        (format!("{PAYMENTS}/graphs/0.json"), 404, "not_found"),
        (format!("{PAYMENTS}/graphs/x.json"), 404, "not_found"),
        (format!("{PAYMENTS}/graphs/01.json"), 404, "not_found"),
        (format!("{PAYMENTS}/graphs/1.json?step=NaN"), 400, "bad_parameter"),
        (format!("{PAYMENTS}.json?from=yesterday"), 400, "bad_parameter"),
        ("/catalog/default/component/plain/graphs/1.json".to_owned(), 404, "no_annotation"),
        ("/catalog/default/component/plain/alerts.json".to_owned(), 404, "no_annotation"),
        ("/catalog/billing/api/lost/graphs/1.json".to_owned(), 404, "unknown_instance"),
        ("/catalog/billing/api/lost/alerts.json".to_owned(), 404, "unknown_instance"),
        ("/catalog/default/component/nobody.json".to_owned(), 404, "not_found"),
        (format!("{PAYMENTS}/graphs/1.json?from=now%2B1h&to=now%2B2h"), 400, "bad_parameter"),
    ];
    for (path, status, kind) in cases {
        let reply = world.get(&path).await;
        assert_eq!((reply.status.as_u16(), &reply.json()["error"]["kind"]), (status, &json!(kind)), "{path}");
        assert!(!reply.json()["error"]["message"].as_str().unwrap().is_empty(), "{path}");
    }
    let body = world.get(&format!("{PAYMENTS}/graphs/3.json")).await.json();
    assert!(body["error"]["message"].as_str().unwrap().contains("many-to-many <b>matching</b>"), "{body}");
    let unknown = world.get("/catalog/billing/api/lost/graphs/1.json").await.json();
    let message = unknown["error"]["message"].as_str().unwrap();
    assert!(message.contains("nowhere") && message.contains("default"), "{message}");
}

#[tokio::test]
async fn each_upstream_error_has_its_status() {
    let world = World::of(CATALOG).await;
    let cases = [
        (Reply::html(200, "<h1>Sign in</h1>"), 502, "not_prometheus"),
        (Reply::redirect("http://127.0.0.1:1/"), 502, "not_prometheus"),
        (Reply::http(401, &[], ""), 502, "unauthorized"),
        (Reply::reset(), 502, "unreachable"),
        (
            Reply::cut_by_length(r#"{"status":"success","data":{"resultType":"matrix","result":[]}}"#, 7),
            502,
            "incomplete",
        ),
        (Reply::http(500, &[], "oh"), 502, "upstream_error"),
        (Reply::refusal(503, "timeout", "query timed out"), 504, "timeout"),
        (Reply::refusal(400, "bad_data", "parse error"), 422, "bad_query"),
        (Reply::hang(), 504, "timeout"),
    ];
    for (i, (fault, status, kind)) in cases.into_iter().enumerate() {
        world.upstream.on("memory", fault);
        // Another window is another question: failures are remembered for a while.
        let to = 1_763_900_000 + i * 3600;
        let reply = world.get(&format!("{PAYMENTS}/graphs/3.json?to={to}")).await;
        assert_eq!((reply.status.as_u16(), &reply.json()["error"]["kind"]), (status, &json!(kind)));
    }
}

fn rules() -> Reply {
    let alert = |alert: Alert, severity: &str, zone: &str| {
        alert.label("severity", severity).label("zone", zone).annotation("summary", "too <much>")
    };
    let firing = || Alert::firing("HighLoad");
    let pending = Alert::pending("HighLoad").since("2026-11-23T13:00:00Z");
    let alerts = [
        alert(pending, "critical", "b").value("2e+00"),
        alert(firing(), "critical", "a").value("+Inf"),
        alert(firing(), "critical", "eu-1").value("NaN"),
        alert(firing(), "info", "a").value("1"),
    ];
    let rule = |name: &str| {
        let rule = Rule::new(name).query("load > 1").duration(300).label("severity", "critical");
        rule.set("keepFiringFor", 60.5).set("lastEvaluation", "2026-11-23T14:00:00.123Z")
    };
    let quiet = rule("Excessive Memory, Usage")
        .set("health", "err")
        .set("lastError", "many-to-many")
        .set("lastEvaluation", "0001-01-01T00:00:00Z");
    let mut orders = group("orders", [rule("HighLoad").alerts(alerts), quiet, rule("Another")]);
    // The interval is so long that the time above is not late.
    orders["interval"] = json!(1e9);
    Reply::rules(json!([orders]))
}

#[tokio::test]
async fn alerts_json_has_rows_in_a_total_order() {
    let world = World::of(CATALOG).await;
    world.upstream.on_rules(rules());
    let body = world.get(&format!("{PAYMENTS}/alerts.json?showInactiveAlerts")).await.json();
    let fields: Vec<_> = body.as_object().unwrap().keys().map(String::as_str).collect();
    let wanted = ["instance", "asOf", "stale", "state", "complete", "counts", "warnings", "alerts"];
    assert_eq!(fields, wanted);
    assert_eq!((&body["state"], &body["complete"]), (&json!("firing"), &json!(false)));
    assert!(body["asOf"].as_f64().unwrap() > 1.7e9);
    let first = &body["alerts"][0];
    assert_eq!(
        serde_json::to_string(first).unwrap(),
        json!({
            "name": "HighLoad", "state": "firing", "value": "+Inf", "activeAt": "2026-11-23T12:00:00Z",
            "labels": {"alertname": "HighLoad", "severity": "critical", "zone": "a"},
            "annotations": {"summary": "too <much>"}, "query": "load > 1", "duration": 300.0,
            "keepFiringFor": 60.5, "health": "ok", "lastError": null,
            "lastEvaluation": "2026-11-23T14:00:00.123Z", "group": "orders", "severity": "critical",
            "id": "cfbc57bc3a44139a", "suppressed": null,
        })
        .to_string()
    );
    let states: Vec<_> =
        body["alerts"].as_array().unwrap().iter().map(|a| a["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["firing", "pending", "error"]);
    let quiet = &body["alerts"][2];
    assert_eq!(quiet["value"], Value::Null);
    assert_eq!(quiet["activeAt"], Value::Null);
    assert_eq!(quiet["lastEvaluation"], Value::Null);
    assert_eq!(quiet["health"], "err");
    assert_eq!(quiet["lastError"], "many-to-many");
}

#[tokio::test]
async fn alerts_json_is_filtered_sorted_and_paged_like_the_table() {
    let world = World::of(CATALOG).await;
    world.upstream.on_rules(rules());
    let cases = [
        ("", vec!["a", "b", "none"]),
        ("sort=-state", vec!["none", "b", "a"]),
        ("state=pending", vec!["b"]),
        ("search=zone%3Da", vec!["a"]),
        ("pageSize=1&page=2", vec!["b"]),
        ("pageSize=1&page=9", vec!["none"]),
        ("pageSize=all", vec!["a", "b", "none"]),
        ("state=error", vec!["none"]),
        ("state=unknown", vec![]),
    ];
    for (query, zones) in cases {
        let body = world.get(&format!("{PAYMENTS}/alerts.json?{query}")).await.json();
        let rows = body["alerts"].as_array().unwrap();
        let got: Vec<_> = rows.iter().map(|row| row["labels"]["zone"].as_str().unwrap_or("none")).collect();
        assert_eq!(got, zones, "{query}");
    }
}
