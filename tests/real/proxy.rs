//! The portal's proxy path compared with a real Prometheus.

use promenade::clock;
use promenade::prometheus::InstanceSettings;
use serde_json::Value;
use url::form_urlencoded;
use world::World;

use crate::prometheus::RealPrometheus;

const API: &str = "/api/proxy/prometheus/api";

const RANGES: [&str; 14] = [
    "load",
    "up",
    "odd",
    r#"odd{path="lone"}"#,
    "zero",
    "rate(http_requests_total[5m])",
    "sum by (code) (rate(http_requests_total[5m]))",
    "sum(http_requests_total)",
    "load / 0",
    "load * 1e300 * 1e10",
    "load / 1e9",
    "load @ end()",
    "scalar(zero) + 0.1",
    "time()",
];

const INSTANTS: [&str; 10] = [
    "load",
    "sort_desc(load)",
    "topk(2, load)",
    "odd",
    "load[3m]",
    r#"odd{path!="lone"}[1m]"#,
    "absent(nothing)",
    "1 / 3",
    r#""a \"string\" <b>""#,
    "scalar(nothing)",
];

const REFUSED: [&str; 3] = ["rate(load)", "sum(load) by", "load * on () load"];

async fn world(prometheus: &RealPrometheus) -> World {
    let api = format!("{}/api/v1/", prometheus.url).parse().unwrap();
    World::with("", |settings| {
        let scripted = settings.instances.pop().unwrap();
        let timeout = std::time::Duration::from_secs(20);
        settings.instances.push(InstanceSettings { api, timeout, ..scripted });
    })
    .await
}

fn address(endpoint: &str, pairs: &[(&str, &str)]) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    format!("{API}/{endpoint}?{query}")
}

/// Without what an older or newer Prometheus says besides, and only where it says it.
fn compare(world: &Value, own: &Value, what: &str) -> usize {
    assert_eq!(world["data"], own["data"], "{what}");
    assert_eq!(world["warnings"], own["warnings"], "{what}");
    own["data"]["result"].as_array().map_or(0, Vec::len)
}

#[tokio::test]
async fn proxy_range_answers_equal_those_of_prometheus() {
    let prometheus = RealPrometheus::start().await;
    let world = world(&prometheus).await;
    let now = clock::now().as_second();
    let (start, end) = (format!("{}.781", now - 5_400), format!("{}.5", now - 300));
    let mut compared = 0;
    for query in RANGES {
        for step in ["14", "1m", "47.5"] {
            let parameters = [("query", query), ("start", &start), ("end", &end), ("step", step)];
            let reply = world.get(&address("query_range", &parameters)).await;
            assert_eq!(reply.status, 200, "{query}: {}", reply.text());
            let own = prometheus.get("/api/v1/query_range", &parameters).await;
            compared += compare(&reply.json(), &own, &format!("{query} by {step}"));
        }
    }
    assert!(compared > 60, "only {compared} series were compared");
}

#[tokio::test]
async fn proxy_instant_answers_equal_those_of_prometheus() {
    let prometheus = RealPrometheus::start().await;
    let world = world(&prometheus).await;
    let time = format!("{}.781", clock::now().as_second() - 600);
    let mut compared = 0;
    for query in INSTANTS {
        let parameters = [("query", query), ("time", &time)];
        let reply = world.get(&address("query", &parameters)).await;
        assert_eq!(reply.status, 200, "{query}: {}", reply.text());
        let own = prometheus.get("/api/v1/query", &parameters).await;
        compared += compare(&reply.json(), &own, query);
    }
    assert!(compared > 15, "only {compared} values were compared");
}

#[tokio::test]
async fn proxy_rejections_equal_those_of_prometheus() {
    let prometheus = RealPrometheus::start().await;
    let world = world(&prometheus).await;
    let at = (clock::now().as_second() - 600).to_string();
    for query in REFUSED {
        let parameters = [("query", query), ("start", &at), ("end", &at), ("step", "15")];
        let reply = world.get(&address("query_range", &parameters)).await;
        let is_execution = reply.json()["errorType"] == "execution";
        assert_eq!(reply.status, if is_execution { 422 } else { 400 }, "{query}: {}", reply.text());
        assert_eq!(reply.json(), prometheus.get("/api/v1/query_range", &parameters).await, "{query}");
    }
}

/// With alerts in one order, and without what differs from one evaluation to the next.
fn comparable(mut answer: Value) -> Value {
    for group in answer["data"]["groups"].as_array_mut().unwrap() {
        for field in ["evaluationTime", "lastEvaluation"] {
            assert!(!group[field].is_null(), "{group}");
            group[field] = Value::Null;
        }
        for rule in group["rules"].as_array_mut().unwrap() {
            for field in ["evaluationTime", "lastEvaluation"] {
                assert!(!rule[field].is_null(), "{rule}");
                rule[field] = Value::Null;
            }
            rule["alerts"].as_array_mut().unwrap().sort_by_key(|alert| alert["labels"].to_string());
        }
    }
    answer
}

#[tokio::test]
async fn proxy_rules_equal_those_of_prometheus() {
    let prometheus = RealPrometheus::start().await;
    let world = world(&prometheus).await;
    let reply = world.get(&address("rules", &[("type", "alert")])).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    let own = comparable(prometheus.get("/api/v1/rules", &[("type", "alert")]).await);
    let ours = comparable(reply.json());
    for (ours, own) in
        ours["data"]["groups"].as_array().unwrap().iter().zip(own["data"]["groups"].as_array().unwrap())
    {
        assert_eq!(ours, own);
    }
    assert_eq!(ours, own);
    assert!(own.to_string().contains("7.25843968e+09"), "{own}");
}

#[tokio::test]
async fn unmodified_request_of_the_plugin_works() {
    let prometheus = RealPrometheus::start().await;
    let world = world(&prometheus).await;
    let now = clock::now().as_millisecond();
    // Three hours on: the plugin's fixed step of 14 s, its times with milliseconds, its header.
    let (start, end) = ((now - 10_800_000) as f64 / 1e3, now as f64 / 1e3);
    let path = format!("{API}/query_range?query=load&start={start}&end={end}&step=14");
    let reply = world.get_with(&path, &[("x-prometheus-service-name", "")]).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    let answer = reply.json();
    let series = answer["data"]["result"].as_array().unwrap();
    assert_eq!(series.len(), 3);
    let own = [
        ("query", "load".to_owned()),
        ("start", start.to_string()),
        ("end", end.to_string()),
        ("step", "14".to_owned()),
    ];
    let own = own.each_ref().map(|(name, value)| (*name, value.as_str()));
    assert_eq!(answer["data"], prometheus.get("/api/v1/query_range", &own).await["data"]);
}
