//! The known defects of the React plugin, one test for each: they do not exist here.
//!
//! The version is 3.3.1. Other modules test the details: `custom_pages` and
//! `upstream_faults` encoding, `annotations::rule` and `promql` splitting, `answer_types` the types of an
//! answer, `proxy` errors in the form of Prometheus, `alerts_panel` the table, and `tests/real` every sample.

use promenade::config::Settings;
use serde_json::{Value, json};
use world::World;
use world::markup::{panel, tags, words};
use world::rules::{Alert, Rule, ago};
use world::upstream::{Reply, Request};

const PAGE: &str = "/catalog/default/component/shop";
const RULE: &str = "prometheus.io/rule";
const ALERT: &str = "prometheus.io/alert";
const LABELS: &str = "prometheus.io/labels";

async fn shop(annotations: &[(&str, &str)]) -> World {
    shop_with(annotations, |_| {}).await
}

async fn shop_with(annotations: &[(&str, &str)], change: impl FnOnce(&mut Settings)) -> World {
    let annotations: Vec<String> =
        annotations.iter().map(|(name, value)| format!("{name}: {value:?}")).collect();
    let catalog = format!(
        "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {{name: shop, annotations: {{{}}}}}\n",
        annotations.join(", ")
    );
    World::with(&catalog, change).await
}

/// The data of the first graph.
async fn graph(world: &World, query: &str) -> Value {
    let reply = world.get(&format!("{PAGE}/graphs/1.json{query}")).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()
}

fn names(graph: &Value) -> Vec<&str> {
    graph["series"].as_array().unwrap().iter().map(|series| series["name"].as_str().unwrap()).collect()
}

/// What a reader sees of a panel.
async fn seen(world: &World, id: &str, query: &str) -> String {
    let reply = world.get(&format!("{PAGE}{query}")).await;
    assert_eq!(reply.status, 200);
    words(panel(reply.text(), id))
}

async fn rows(world: &World, query: &str) -> Vec<String> {
    let reply = world.get(&format!("{PAGE}/alerts.json{query}")).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    let alerts = reply.json()["alerts"].as_array().unwrap().clone();
    alerts.iter().map(|alert| alert["name"].as_str().unwrap().to_owned()).collect()
}

/// A rule with one alert.
fn firing(name: &str, labels: &[(&str, &str)], value: &str) -> Rule {
    let alert = Alert::firing(name).value(value);
    Rule::new(name).alert(labels.iter().fold(alert, |alert, (name, value)| alert.label(name, value)))
}

fn script(world: &World, rules: &[Rule]) {
    world.upstream.on_rules(Reply::group(rules.to_vec()));
}

#[tokio::test]
async fn encoding_of_plus_ampersand_hash_and_percent() {
    let queries = ["a + b", "x{path=\"/a&b#c%41+d;e\"} % 2", "y{z=\"100%\"} # 5 + 5"];
    let world = shop_with(&[(RULE, &queries.join(",\n"))], |settings| {
        settings.instances[0].ui_url = Some("https://prometheus.example".parse().unwrap());
    })
    .await;
    world.upstream.on_any(Reply::matrix(&[(&[("job", "a")], 1.0)]));
    let page = world.get(PAGE).await;
    let mut sent: Vec<_> = world.upstream.requests().iter().map(|r| r.form("query").unwrap()).collect();
    sent.sort();
    assert_eq!(sent, queries);
    let links = tags(page.text()).into_iter().filter_map(|tag| Some(tag.get("href")?.to_owned()));
    let links = links.filter(|href| href.starts_with("https://prometheus.example/graph?"));
    let shown: Vec<String> = links
        .map(|href| {
            let url = url::Url::parse(&href).unwrap();
            let pairs: Vec<_> = url.query_pairs().into_owned().collect();
            pairs.iter().find(|(name, _)| name == "g0.expr").unwrap().1.clone()
        })
        .collect();
    assert_eq!(shown, queries, "the link to Prometheus has the same query");
}

#[tokio::test]
async fn commas_and_pipes_within_a_query() {
    let world =
        shop(&[(RULE, "up{a=\"x\",b=~\"y|z\"}|job, sum by (a, b) (rate(x[5m])) or vector(1) ,")]).await;
    world.upstream.on_any(Reply::matrix(&[(&[("job", "j"), ("a", "1"), ("b", "2")], 1.0)]));
    let entity = world.get(&format!("{PAGE}.json")).await.json();
    let queries: Vec<&str> =
        entity["graphs"].as_array().unwrap().iter().map(|graph| graph["query"].as_str().unwrap()).collect();
    assert_eq!(queries, ["up{a=\"x\",b=~\"y|z\"}", "sum by (a, b) (rate(x[5m])) or vector(1)"]);
    assert_eq!((&entity["graphs"][0]["dimension"], &entity["problems"]), (&json!("job"), &json!([])));
    assert_eq!(names(&graph(&world, "").await), ["j"]);
}

#[tokio::test]
async fn a_step_of_14_seconds_beyond_42_hours() {
    let world = shop(&[(RULE, "up|job")]).await;
    world.upstream.on_any(Reply::matrix(&[(&[("job", "a")], 1.0)]));
    for range in ["42h", "43h", "7d", "90d"] {
        let data = graph(&world, &format!("?range={range}&step=14")).await;
        let request = world.upstream.requests().pop().unwrap();
        let [start, end, step] =
            ["start", "end", "step"].map(|n| request.form(n).unwrap().parse::<f64>().unwrap());
        assert!((end - start) / step <= 11_000.0, "{range}: {start} to {end} by {step}");
        let found = data["notices"][0].as_str().unwrap();
        assert!(found.contains("The step of 14 s was raised to"), "{range}: {found}");
        assert!(seen(&world, "graph-1", &format!("/graphs/1?range={range}&step=14")).await.contains(found));
    }
}

#[tokio::test]
async fn midnight_and_more_than_a_day() {
    let world = shop(&[(RULE, "up|job")]).await;
    world.upstream.on_any(Reply::computed(|request: &Request| {
        let at = |name| request.form(name).unwrap().parse::<i64>().unwrap();
        let (start, end, step) = (at("start"), at("end"), at("step"));
        let values: Vec<Value> =
            (0..=(end - start) / step).map(|i| json!([start + i * step, i.to_string()])).collect();
        Reply::result(json!([{"metric": {"job": "a"}, "values": values}]))
    }));
    // Both within the same hours of the clock, 1 day and 2 days apart, over several midnights.
    for (window, step, points) in [
        ("from=2026-11-22T23:30:00Z&to=2026-11-23T00:30:00Z", 60, 61),
        ("from=2026-11-21T00:00:00Z&to=2026-11-23T00:00:00Z", 3600, 49),
        ("from=2026-10-24T23:00:00Z&to=2026-10-26T00:00:00Z&tz=Europe/Berlin", 3600, 26),
    ] {
        let data = graph(&world, &format!("?{window}&step={step}")).await;
        let values = data["series"][0]["values"].as_array().unwrap();
        let expected: Vec<Value> = (0..points).map(|i| json!(f64::from(i))).collect();
        assert_eq!(values, &expected, "every point in its order, none over another: {window}");
        let length = data["end"].as_i64().unwrap() - data["start"].as_i64().unwrap();
        assert_eq!(length, i64::from(points - 1) * step, "{window}");
    }
    let table = seen(
        &world,
        "graph-1",
        "/graphs/1?view=table&pageSize=all&step=3600&from=2026-11-21T00:00:00Z&to=2026-11-23T00:00:00Z",
    )
    .await;
    assert!(
        table.contains("2026-11-22 00:00:00 UTC 24") && table.contains("2026-11-21 23:00:00 UTC 23"),
        "{table}"
    );
}

#[tokio::test]
async fn series_that_share_the_value_of_their_dimension() {
    let world = shop(&[(RULE, "up|job")]).await;
    let series =
        |instance| json!({"metric": {"__name__": "up", "job": "a", "instance": instance}, "values": []});
    let all: Vec<Value> = ["1:9", "2:9", "3:9"].map(series).to_vec();
    world.upstream.on_any(Reply::computed(move |request: &Request| {
        let end: i64 = request.form("end").unwrap().parse().unwrap();
        let mut all = all.clone();
        for (i, series) in all.iter_mut().enumerate() {
            series["values"] = json!([[end, i.to_string()]]);
        }
        Reply::result(Value::Array(all))
    }));
    let data = graph(&world, "").await;
    assert_eq!(names(&data), ["1:9", "2:9", "3:9"].map(|i| format!("a {{instance=\"{i}\"}}")));
    let last = |i: usize| data["series"][i]["values"].as_array().unwrap().last().unwrap().clone();
    assert_eq!([last(0), last(1), last(2)], [json!(0.0), json!(1.0), json!(2.0)], "none over another");
    assert!(seen(&world, "graph-1", "").await.contains("3 series"));
}

#[tokio::test]
async fn a_dimension_that_only_some_series_have() {
    let world = shop(&[(RULE, "x|zone")]).await;
    world.upstream.on_any(Reply::matrix(&[
        (&[("__name__", "x"), ("zone", "eu")], 1.0),
        (&[("__name__", "x"), ("job", "b")], 2.0),
    ]));
    let data = graph(&world, "").await;
    let mut names = names(&data);
    names.sort_unstable();
    assert_eq!(names, ["eu", "zone=\"\""]);
}

#[tokio::test]
async fn an_aggregate_without_a_label() {
    let world = shop(&[(RULE, "sum(rate(x[5m])), sum(y)|job")]).await;
    world.upstream.on_any(Reply::matrix(&[(&[], 7.0)]));
    assert_eq!(names(&graph(&world, "").await), ["sum(rate(x[5m]))"]);
    assert!(seen(&world, "graph-1", "").await.contains("1 series Last Min Max Avg sum(rate(x[5m])) 7 7 7 7"));
    assert!(seen(&world, "graph-2", "").await.contains("sum(y) 7 7 7 7"));
}

#[tokio::test]
async fn a_series_of_zeros() {
    let world = shop(&[(RULE, "errors|job")]).await;
    world.upstream.on_any(Reply::matrix(&[(&[("job", "a")], 0.0)]));
    let data = graph(&world, "").await;
    assert!(data["series"][0]["values"].as_array().unwrap().iter().all(|value| *value == json!(0.0)));
    let text = seen(&world, "graph-1", "").await;
    assert!(
        text.contains("1 series as line") && text.contains("a 0 0 0 0") && !text.contains("No data"),
        "{text}"
    );
}

#[tokio::test]
async fn unsorted_points_and_gaps() {
    let world = shop(&[(RULE, "x|job")]).await;
    world.upstream.on_any(Reply::computed(|request: &Request| {
        let end: i64 = request.form("end").unwrap().parse().unwrap();
        let at = |back: i64, value: &str| json!([end - back * 60, value]);
        Reply::result(json!([
            {"metric": {"job": "late"}, "values": [at(0, "5"), at(2, "NaN"), at(1, "4")]},
            {"metric": {"job": "early"}, "values": [at(4, "1"), at(3, "2"), at(0, "+Inf")]},
        ]))
    }));
    let data = graph(&world, "?step=60").await;
    let tail = |name: &str| {
        let series = data["series"].as_array().unwrap().iter().find(|series| series["name"] == name).unwrap();
        series["values"].as_array().unwrap().iter().rev().take(5).rev().cloned().collect::<Vec<_>>()
    };
    assert_eq!(json!(tail("late")), json!([null, null, "NaN", 4.0, 5.0]));
    assert_eq!(json!(tail("early")), json!([1.0, 2.0, null, null, "+Inf"]));
    let text = seen(&world, "graph-1", "?step=60").await;
    assert!(text.contains("2 samples are NaN (gaps) or infinite"), "{text}");
}

#[tokio::test]
async fn a_label_called_time() {
    let world = shop(&[(RULE, "x|time, x|job")]).await;
    world.upstream.on_any(Reply::matrix(&[(&[("time", "time"), ("job", "__proto__")], 3.0)]));
    assert!(seen(&world, "graph-1", "").await.contains("time 3 3 3 3"));
    assert!(seen(&world, "graph-2", "").await.contains("__proto__ 3 3 3 3"));
}

#[tokio::test]
async fn a_space_after_a_comma() {
    let world =
        shop(&[(ALERT, "A, B ,\n C"), (LABELS, "team=x, zone = y"), (RULE, "up|job , down| job")]).await;
    let both = [("team", "x"), ("zone", "y")];
    script(&world, &[firing("A", &both, "1"), firing("B", &both, "1"), firing("C", &[("team", "x")], "1")]);
    assert_eq!(rows(&world, "").await, ["A", "B"]);
    let entity = world.get(&format!("{PAGE}.json")).await.json();
    assert_eq!(entity["alerts"]["names"], json!(["A", "B", "C"]));
    let graphs = entity["graphs"].as_array().unwrap();
    let graphs: Vec<_> = graphs.iter().map(|graph| (&graph["query"], &graph["dimension"])).collect();
    assert_eq!(graphs, [(&json!("up"), &json!("job")), (&json!("down"), &json!("job"))]);
}

#[tokio::test]
async fn rules_without_alerts_and_alerts_without_annotations() {
    let world = shop(&[(ALERT, "all")]).await;
    let mut bare = Value::from(firing("Bare", &[], "1"));
    bare["alerts"][0].as_object_mut().unwrap().remove("annotations");
    // A recording rule, as backends send it that ignore type=alert; and vmalert's inactive rule.
    let recording = json!({"type": "recording", "name": "job:x", "query": "sum(x)", "health": "ok"});
    let idle = json!({"type": "alerting", "name": "Idle", "lastEvaluation": ago(0), "health": "ok", "query": "y > 1", "state": "inactive", "alerts": null});
    world.upstream.on_rules(Reply::group([recording, idle, bare]));
    assert_eq!(rows(&world, "").await, ["Bare"]);
    assert_eq!(rows(&world, "?showInactiveAlerts").await, ["Bare", "Idle"]);
    let text = seen(&world, "alerts", "?showInactiveAlerts").await;
    assert!(text.contains("firing Bare") && text.contains("inactive Idle"), "{text}");
}

#[tokio::test]
async fn values_in_the_order_of_numbers() {
    let world = shop(&[(ALERT, "all")]).await;
    script(&world, &[firing("Ten", &[], "1e+01"), firing("Nine", &[], "9"), firing("Most", &[], "+Inf")]);
    assert_eq!(rows(&world, "?sort=value").await, ["Nine", "Ten", "Most"]);
    assert_eq!(rows(&world, "?sort=-value").await, ["Most", "Ten", "Nine"]);
    let text = seen(&world, "alerts", "").await;
    assert!(text.contains("+Inf") && !text.contains("NaN"), "{text}");
}

#[tokio::test]
async fn scalar_string_and_vector_results() {
    let world = shop(&[(RULE, "up, memory_bytes|job|unit=bytes|title=Memory")]).await;
    let result = |kind: &str, result: Value| {
        Reply::json(200, &json!({"status": "success", "data": {"resultType": kind, "result": result}}))
    };
    for (i, (kind, answer, part)) in [
        ("scalar", json!([1_435_781_451, "2048"]), vec!["memory_bytes 2 KiB at 2015-07-01 20:10:51 UTC"]),
        ("scalar", json!([1, "NaN"]), vec!["memory_bytes NaN at 1970-01-01"]),
        ("string", json!([1, "<b>words</b>"]), vec!["memory_bytes <b>words</b> at 1970"]),
        (
            "vector",
            json!([{"metric": {"job": "b"}, "value": [2, "0"]}, {"metric": {"job": "a"}, "value": [2, "1024"]}]),
            vec!["b 0 B at 1970", "a 1 KiB at 1970"],
        ),
    ]
    .into_iter()
    .enumerate()
    {
        world.upstream.on("memory_bytes", result(kind, answer));
        let path = format!("/graphs/2?range={}h", i + 1);
        let text = seen(&world, "graph-2", &path).await;
        for part in part {
            assert!(text.contains(part), "{kind}: {part} in {text}");
        }
        assert!(text.contains("Memory") && !text.contains("No data"), "{kind}: {text}");
        // A reader may have a scalar drawn as a line instead of a tile.
        assert!(text.contains("Tiles") && !text.contains("Show as table"), "{kind}: {text}");
    }
    let many: Vec<Value> =
        (0..61).map(|i| json!({"metric": {"job": format!("j{i}")}, "value": [2, "1"]})).collect();
    world.upstream.on("memory_bytes", result("vector", json!(many)));
    let text = seen(&world, "graph-2", "/graphs/2?range=1d").await;
    assert!(
        text.contains("j59")
            && !text.contains("j60")
            && text.contains("1 value hidden here; the JSON form has all."),
        "{text}"
    );
    let picture = world.get(&format!("{PAGE}/graphs/2.svg?range=1d")).await;
    assert!(picture.text().contains("j0: 1 B") && !picture.text().contains("No data"), "{}", picture.text());
}

#[tokio::test]
async fn native_histograms() {
    let world = shop(&[(RULE, "latency|job,latencies|job")]).await;
    let histograms = |jobs: usize| {
        Reply::computed(move |request: &Request| {
            let end: i64 = request.form("end").unwrap().parse().unwrap();
            let histogram = json!({"count": "4", "sum": "6", "buckets": [[0, "1", "2", "4"]]});
            let series = |i| json!({"metric": {"job": format!("j{i}")}, "histograms": [[end, histogram]]});
            Reply::result((0..jobs).map(series).collect())
        })
    };
    world.upstream.on("latency", histograms(2));
    world.upstream.on("latencies", histograms(21));
    let text = seen(&world, "graph-1", "").await;
    assert!(text.contains("6 series") && text.contains("j0 {quantile=\"0.9\"}"), "{text}");
    assert!(
        text.contains("2 series hold native histograms; their quantiles 0.5, 0.9 and 0.99 are drawn"),
        "{text}"
    );
    let text = seen(&world, "graph-2", "").await;
    assert!(text.contains("Too many native histograms to draw") && !text.contains("No data"), "{text}");
    assert!(text.contains("21 series hold native histograms, which are not drawn"), "{text}");
}

#[tokio::test]
async fn a_wrong_instance_name() {
    for name in ["Default", "prod ", "http://127.0.0.1:9/", "nope"] {
        let world = shop(&[(RULE, "up"), (ALERT, "all"), ("prometheus.io/service-name", name)]).await;
        world.upstream.on_any(Reply::matrix(&[(&[], 1.0)]));
        script(&world, &[]);
        for path in ["", "/graphs", "/graphs/1", "/alerts"] {
            let page = world.get(&format!("{PAGE}{path}")).await;
            let text = words(page.text());
            let message = format!("Unknown Prometheus instance \"{}\"", name.trim());
            assert!(
                text.contains(&message) && text.contains("Available instances: default."),
                "{path}: {text}"
            );
            assert!(!text.contains("No alerts"), "{path}: {text}");
        }
        assert_eq!(world.get(&format!("{PAGE}/graphs/1.json")).await.status, 404);
        assert!(world.upstream.requests().is_empty(), "no other instance answers for it");
    }
}

#[tokio::test]
async fn html_instead_of_json() {
    for (status, body) in [(200, "<!doctype html><title>Sign in</title>"), (404, "<html>nginx</html>")] {
        let world = shop(&[(RULE, "up"), (ALERT, "all")]).await;
        world.upstream.on_any(Reply::html(status, body));
        // A server without /rules may have any page for it.
        let of_alerts = if status == 404 { "has no /rules" } else { "It may be a proxy or login page." };
        for (id, expected) in [("graph-1", "It may be a proxy or login page."), ("alerts", of_alerts)] {
            let text = seen(&world, id, "").await;
            assert!(text.contains(expected), "{id}: {text}");
            assert!(!text.contains("No alerts") && !text.contains("Sign in"), "{id}: {text}");
        }
        let data = world.get(&format!("{PAGE}/graphs/1.json")).await;
        assert_eq!((data.status.as_u16(), &data.json()["error"]["kind"]), (502, &json!("not_prometheus")));
    }
}

#[tokio::test]
async fn an_error_under_a_good_status() {
    let world = shop(&[(RULE, "up"), (ALERT, "all")]).await;
    world.upstream.on_any(Reply::refusal(200, "execution", "found duplicate series"));
    for id in ["graph-1", "alerts"] {
        let text = seen(&world, id, "").await;
        assert!(text.contains("found duplicate series"), "{id}: {text}");
    }
}

#[tokio::test]
async fn a_template_is_escaped_for_promql_and_not_for_html() {
    let rule = "x{owner=\"{{ spec.owner }}\",name=\"{{ metadata.title }}\"}, up";
    let catalog = format!(
        "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {{name: shop, title: 'R&D \"<x>\"', annotations: \
         {{{RULE}: {rule:?}}}}}\nspec: {{owner: 'group:a'}}\n"
    );
    let world = World::of(&catalog).await;
    world.upstream.on_any(Reply::matrix(&[(&[], 1.0)]));
    world.get(PAGE).await;
    let queries: Vec<_> = world.upstream.requests().iter().map(|r| r.form("query").unwrap()).collect();
    assert!(queries.contains(&"x{owner=\"group:a\",name=\"R&D \\\"<x>\\\"\"}".to_owned()), "{queries:?}");
    assert_eq!(queries.len(), 2, "every rule is drawn, not the first alone");
}
