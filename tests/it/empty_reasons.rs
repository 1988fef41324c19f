//! Why a graph is empty: each reason is told only where it is the reason.

use serde_json::json;
use world::World;
use world::markup::words;
use world::upstream::{Reply, Request};

fn matrix(request: &Request, value: impl Fn(f64) -> Option<&'static str>) -> Reply {
    let at = |name: &str| request.form(name).unwrap().parse::<f64>().unwrap();
    let count = ((at("end") - at("start")) / at("step")) as u32;
    let instants = (0..=count).map(|i| at("start") + f64::from(i) * at("step"));
    let values: Vec<_> = instants.filter_map(|t| Some(json!([t, value(t)?]))).collect();
    let result =
        if values.is_empty() { json!([]) } else { json!([{"metric": {"job": "a"}, "values": values}]) };
    Reply::result(result)
}

/// A sample every 15 minutes, 7 min 32 s past the quarter, which Prometheus sees for 5 minutes.
fn sparse(request: &Request) -> Reply {
    let query = request.form("query").unwrap();
    if query.contains(" > ") {
        return Reply::result(json!([]));
    }
    if request.path.ends_with("/query") {
        let is_probe = ["{__name__=\"sparse\"}", "{__name__=\"sparse\",job=\"a\"}"].iter().any(|selector| {
            ["", " offset 60000ms"].iter().any(|offset| {
                let read =
                    [format!("{selector}{offset}"), format!("last_over_time({selector}[60000ms]{offset})")];
                let longer = format!("count(last_over_time({selector}[1800000ms]{offset}))");
                read.iter().any(|read| query == format!("{longer} unless count({read})"))
            })
        });
        let result = if is_probe { json!([{"metric": {}, "value": [0, "1"]}]) } else { json!([]) };
        return Reply::json(
            200,
            &json!({"status": "success", "data": {"resultType": "vector", "result": result}}),
        );
    }
    matrix(request, |t| ((t - 452.0).rem_euclid(900.0) < 300.0).then_some("0.01"))
}

/// An address of `/graph`, words of its reason, and words of another reason.
const REASONS: [(&str, &str, &str); 24] = [
    ("query=sparse&range=90d", "one point per 15m", "Try a longer range"),
    ("query=sparse%7Bjob=%22a%22%7D&range=90d", "one point per 15m", "Try a longer range"),
    ("query=sum%20by%20(job)%20(sparse%20%23%20all%0A)&range=90d", "one point per 15m", "Try a longer range"),
    ("query=sparse%20%3E%205&range=90d", "Try a longer range", "one point per"),
    ("query=sum(sparse%20%3E%205)&range=90d", "Try a longer range", "one point per"),
    ("query=sparse%20*%20100&range=90d", "looks back 5 minutes", "Try a longer range"),
    ("query=1%20-%20sparse&range=90d", "one point per 15m", "Try a longer range"),
    ("query=topk(3,%20round(sparse,%200.1))&range=90d", "one point per 15m", "Try a longer range"),
    ("query=sparse%20offset%201m&range=90d", "one point per 15m", "Try a longer range"),
    ("query=avg_over_time(sparse%5B1m%5D)&range=90d", "the query reads 1m before each", "5 minutes"),
    ("query=sparse&range=90d&graphType=stat", "Try a longer range", "one point per"),
    ("query=last_over_time(gone[3s])&range=1h", "a range of 3s often holds none", "has these labels"),
    ("query=rate(gone[5m:10m])&range=1h", "a subquery of 5m holds fewer where its points are 10m", "scrape"),
    ("query=max_over_time(gone[5m:10m])&range=1h", "a subquery of 5m often holds none", "scrape"),
    (
        "query=histogram_quantile(0.9,%20sum(rate(gone_bucket[5m])))&range=1h",
        "histogram_quantile needs the label le",
        "longer range",
    ),
    ("query=max_over_time(gone[20s])%20%3E%205&range=1h", "Try a longer range", "Rates need"),
    ("query=gone&range=90d", "Try a longer range", "one point per"),
    ("query=gone&range=1h", "Try a longer range", "one point per"),
    ("query=goner&range=90d", "There is no metric named goner", "one point per"),
    ("query=rate(gone[20s])&range=1h", "Rates need two samples, and a range of 20s", "Try a longer"),
    ("query=rate(gone[1m])&range=1h", "Try a longer range", "Rates need"),
    ("query=only_nan&range=1h", "each sample from now-1h to now is NaN", "Try a longer range"),
    ("query=half&range=1h&step=15", "NaN (gaps)", "Only NaN"),
    ("query=infinite&range=1h", "infinite", "Only NaN"),
];

#[tokio::test]
async fn each_empty_graph_tells_its_own_reason() {
    let world = World::of("").await;
    world.upstream.on_any(Reply::computed(|request| match request.form("query").unwrap_or_default() {
        query if query.contains("sparse") => sparse(request),
        query if query.contains("only_nan") => matrix(request, |_| Some("NaN")),
        query if query.contains("infinite") => matrix(request, |_| Some("+Inf")),
        query if query.contains("half") => matrix(request, |t| Some(if t % 2.0 < 1.0 { "NaN" } else { "1" })),
        _ if request.path.ends_with("/query") => {
            Reply::json(200, &json!({"status": "success", "data": {"resultType": "vector", "result": []}}))
        }
        _ => matrix(request, |_| None),
    }));
    world.upstream.on_names(Reply::json(
        200,
        &json!({"status": "success", "data": ["sparse", "gone", "gone_bucket", "only_nan"]}),
    ));
    for (address, reason, others) in REASONS {
        let text = words(world.get(&format!("/graph?{address}")).await.text());
        assert!(text.contains(reason) && !text.contains(others), "{address}: {text}");
    }
    let svg = world.get("/graph.svg?query=only_nan&range=1h").await;
    assert!(svg.text().contains("Only NaN."), "{}", svg.text());
    let table = words(world.get("/graph?query=only_nan&range=1h&view=table").await.text());
    assert!(
        table.contains("NaN") && !table.contains("Only NaN"),
        "the samples are listed all the same: {table}"
    );
}

#[tokio::test]
async fn a_failed_search_for_samples_is_no_outage() {
    let world = World::of("").await;
    world.upstream.on_any(Reply::computed(|request| {
        if request.path.ends_with("/query") {
            return Reply::json(
                503,
                &json!({"status": "error", "errorType": "timeout", "error": "too long"}),
            );
        }
        matrix(request, |_| None)
    }));
    let metrics = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"];
    world.upstream.on_names(Reply::json(200, &json!({"status": "success", "data": metrics})));
    for metric in metrics {
        let text = words(world.get(&format!("/graph?query={metric}&range=90d")).await.text());
        assert!(text.contains("Try a longer range"), "{text}");
    }
    let is_search = |request: &Request| request.path.ends_with("/query");
    assert_eq!(world.upstream.requests().iter().filter(|request| is_search(request)).count(), metrics.len());
    let status = words(world.get("/status").await.text());
    assert!(["failing since", "too long"].iter().all(|word| !status.contains(word)), "{status}");
}
