//! Answers without float series: single values and native histograms.

use serde_json::{Value, json};
use world::World;
use world::upstream::{Reply, Request};

const CATALOG: &str = r#"
apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: odd
  annotations:
    prometheus.io/rule: odd|job
"#;

const GRAPH: &str = "/catalog/default/component/odd/graphs/1.json?range=1h";

async fn graph(reply: Reply) -> Value {
    let world = World::of(CATALOG).await;
    world.upstream.on("odd", reply);
    let reply = world.get(GRAPH).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()
}

fn of_type(result_type: &str, result: Value) -> Reply {
    Reply::json(200, &json!({"status": "success", "data": {"resultType": result_type, "result": result}}))
}

#[tokio::test]
async fn scalar_string_and_vector_answers_are_shown_as_values() {
    for (result_type, result, stats) in [
        (
            "scalar",
            json!([1435781451.781, "7.5"]),
            json!([{"name": "odd", "labels": {}, "time": 1435781451.781, "value": 7.5}]),
        ),
        ("scalar", json!([1, "NaN"]), json!([{"name": "odd", "labels": {}, "time": 1, "value": "NaN"}])),
        (
            "string",
            json!([1, "<b>words</b>"]),
            json!([{"name": "odd", "labels": {}, "time": 1, "value": "<b>words</b>"}]),
        ),
        (
            "vector",
            json!([{"metric": {"job": "b"}, "value": [2, "0"]}, {"metric": {"job": "a"}, "value": [2, "1"]}]),
            json!([
                {"name": "b", "labels": {"job": "b"}, "time": 2, "value": 0.0},
                {"name": "a", "labels": {"job": "a"}, "time": 2, "value": 1.0},
            ]),
        ),
    ] {
        let graph = graph(of_type(result_type, result)).await;
        assert_eq!(graph["stats"], stats, "{result_type}");
        assert_eq!(graph["series"], json!([]), "{result_type}");
    }
    let nothing = graph(of_type("vector", json!([]))).await;
    assert_eq!((nothing.get("stats"), &nothing["series"]), (None, &json!([])));
}

/// One histogram at the window's end for each job; four observations in (1, 2].
fn histograms(jobs: usize) -> Reply {
    Reply::computed(move |request: &Request| {
        let end: Value = serde_json::from_str(&request.form("end").unwrap()).unwrap();
        let histogram = json!({"count": "4", "sum": "6", "buckets": [[0, "1", "2", "4"]]});
        let series = |i| json!({"metric": {"job": format!("j{i:02}")}, "histograms": [[end, histogram]]});
        Reply::result((0..jobs).map(series).collect())
    })
}

#[tokio::test]
async fn native_histograms_are_drawn_as_quantiles() {
    let graph = graph(histograms(2)).await;
    let series = graph["series"].as_array().unwrap();
    let names: Vec<&str> = series.iter().map(|s| s["name"].as_str().unwrap()).collect();
    let expected = ["0.5", "0.9", "0.99"].map(|q| format!(r#"{{quantile="{q}"}}"#));
    for (name, wanted) in names.iter().zip(expected.iter().cycle()) {
        assert!(name.starts_with('j') && name.ends_with(wanted), "{names:?}");
    }
    assert_eq!(series.len(), 6);
    assert_eq!(series[1]["labels"], json!({"job": "j00", "quantile": "0.9"}));
    let values = series[0]["values"].as_array().unwrap();
    let median = values.last().unwrap().as_f64().unwrap();
    assert!((median - 2_f64.sqrt()).abs() < 1e-12, "{median}");
    assert!(values.iter().rev().skip(1).all(Value::is_null));
    let notice = graph["notices"][0].as_str().unwrap();
    assert!(notice.contains("2 series hold native histograms; their quantiles"), "{notice}");
}

#[tokio::test]
async fn too_many_native_histograms_are_reported_not_drawn() {
    let graph = graph(histograms(21)).await;
    assert_eq!(graph["series"], json!([]));
    let notice = graph["notices"][0].as_str().unwrap();
    assert!(notice.contains("21 series hold native histograms, which are not drawn"), "{notice}");
}
