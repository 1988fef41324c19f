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
    if request.path.ends_with("/query") {
        let is_probe = request.form("query").unwrap() == r#"count(last_over_time(sparse[1800000ms]))"#;
        let result = if is_probe { json!([{"metric": {}, "value": [0, "1"]}]) } else { json!([]) };
        return Reply::json(
            200,
            &json!({"status": "success", "data": {"resultType": "vector", "result": result}}),
        );
    }
    matrix(request, |t| ((t - 452.0).rem_euclid(900.0) < 300.0).then_some("0.01"))
}

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
    world
        .upstream
        .on_names(Reply::json(200, &json!({"status": "success", "data": ["sparse", "gone", "only_nan"]})));
    for (address, reason, others) in [
        ("query=sparse&range=90d", "one point per 15m", "Try a longer range"),
        ("query=gone&range=90d", "Try a longer range", "one point per"),
        ("query=gone&range=1h", "Try a longer range", "one point per"),
        ("query=goner&range=90d", "There is no metric named goner", "one point per"),
        ("query=rate(gone[20s])&range=1h", "Rates need two samples, and a range of 20s", "Try a longer"),
        ("query=rate(gone[1m])&range=1h", "Try a longer range", "Rates need"),
        ("query=only_nan&range=1h", "each sample from now-1h to now is NaN", "Try a longer range"),
        ("query=half&range=1h&step=15", "NaN (gaps)", "Only NaN"),
        ("query=infinite&range=1h", "infinite", "Only NaN"),
    ] {
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
