//! Messages of graphs: units, empty graphs, errors, warnings, the query, the link to Prometheus, the legend.

use std::time::Duration;

use serde_json::{Value, json};
use world::World;
use world::markup::{panel, tags, words};
use world::rules::Rule;
use world::upstream::Reply;

const PAGE: &str = "/catalog/default/component/payments";

async fn world(rule: &str) -> World {
    let rule = serde_json::to_string(rule).unwrap();
    World::of(&format!(
        "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: payments\n  annotations:\n    \
         prometheus.io/rule: {rule}\n"
    ))
    .await
}

fn one(value: f64) -> Reply {
    Reply::matrix(&[(&[("job", "a")], value)])
}

fn metadata(unit: &'static str, kind: &'static str) -> Reply {
    Reply::computed(move |request| {
        let metric = request.form("metric").unwrap();
        let entry = json!([{"type": kind, "help": "about <b>it</b>", "unit": unit}]);
        Reply::json(200, &json!({"status": "success", "data": {metric: entry}}))
    })
}

fn names(all: &[&str]) -> Reply {
    Reply::json(200, &json!({"status": "success", "data": all}))
}

async fn unit(world: &World, number: usize) -> Value {
    world.get(&format!("{PAGE}/graphs/{number}.json")).await.json()["unit"].clone()
}

#[tokio::test]
async fn metadata_provides_the_unit_and_is_requested_once() {
    let world = world("size|job, rate(sent[5m]), size|job|unit=none, x_seconds, size|unit=decbytes").await;
    for query in ["size", "rate(sent[5m])", "x_seconds"] {
        world.upstream.on(query, one(2048.0));
    }
    world.upstream.on_metadata(metadata("bytes", "counter"));
    for _ in 0..3 {
        let page = world.get(PAGE).await;
        let text = |n| words(panel(page.text(), &format!("graph-{n}")));
        assert!(text(1).contains("a 2 KiB 2 KiB"), "{}", text(1));
        assert!(text(2).contains("2 KiB/s"), "{}", text(2));
        assert!(text(3).contains("a 2.05k 2.05k"), "an annotation counts first: {}", text(3));
        assert!(
            text(4).contains("34m 8s"),
            "a metric with a unit in its name needs no metadata: {}",
            text(4)
        );
        assert!(text(5).contains("2.05 kB"), "{}", text(5));
    }
    assert_eq!(unit(&world, 1).await, "bytes");
    let metrics: Vec<_> =
        world.upstream.metadata_requests().iter().map(|r| r.form("metric").unwrap()).collect();
    assert_eq!(metrics.len(), 2, "once for each metric: {metrics:?}");
    assert!(world.upstream.requests().iter().all(|r| !r.path.contains("metadata")));
}

#[tokio::test]
async fn failed_or_slow_metadata_does_not_affect_the_graph() {
    for (reply, expected) in [
        (Reply::hang(), "no answer"),
        (Reply::http(404, &[], "404 page not found"), "no such endpoint"),
        (Reply::refusal(500, "internal", "disk gone"), "a failure"),
        (Reply::html(200, "<title>Sign in</title>"), "a login"),
        (metadata("<script>alert(1)</script> and more than is a word", "gauge"), "a hostile unit"),
    ] {
        let world = world("size|job").await;
        world.upstream.on("size", one(2048.0));
        world.upstream.on_metadata(reply);
        for _ in 0..3 {
            let begun = promenade::clock::stopwatch();
            let page = world.get(&format!("{PAGE}/graphs/1")).await;
            let text = words(panel(page.text(), "graph-1"));
            assert!(text.contains("a 2.05k"), "{expected}: {text}");
            assert!(begun.elapsed() < Duration::from_millis(1_500), "{expected}: {:?}", begun.elapsed());
        }
        assert_eq!(world.upstream.requests().len(), 1, "{expected}");
        assert_eq!(world.upstream.metadata_requests().len(), 1, "{expected}: not with each page");
    }
}

#[tokio::test]
async fn empty_graph_says_whether_its_metric_exists() {
    let world = world("rate(http_request_total[5m]), up > 5, count({job=\"a\"}), kafka_lag").await;
    world.upstream.on_any(Reply::matrix(&[]));
    world.upstream.on_names(names(&["http_requests_total", "up"]));
    for _ in 0..2 {
        let page = world.get(PAGE).await;
        let shown = |n: usize| {
            let card = panel(page.text(), &format!("graph-{n}"));
            let face = tags(card).iter().find_map(|tag| tag.get("data-empty").map(str::to_owned));
            (face.unwrap_or_default(), words(card))
        };
        let (kind, text) = shown(1);
        assert_eq!(kind, "no_such_metric");
        assert!(text.contains("There is no metric named http_request_total"), "{text}");
        assert!(text.contains("Did you mean http_requests_total?"), "{text}");
        let (kind, text) = shown(2);
        assert_eq!(kind, "no_data");
        assert!(text.contains("No data in this range") && text.contains("has its metrics"), "{text}");
        let (kind, text) = shown(3);
        assert_eq!((kind.as_str(), text.contains("has its metrics")), ("no_data", false));
        let (kind, text) = shown(4);
        assert_eq!(kind, "no_such_metric");
        assert!(!text.contains("Did you mean") && text.contains("Check the spelling"), "{text}");
    }
    let requests = world.upstream.metadata_requests();
    let of_names = requests.iter().filter(|r| r.path.contains("/label/__name__/values?limit=")).count();
    assert_eq!(of_names, 1, "one request for all graphs and pages");
}

#[tokio::test]
async fn empty_graph_of_the_name_of_an_alert_says_so() {
    let world = world("DiskWillFill, till-is-slow, kafka_lag").await;
    world.upstream.on_any(Reply::matrix(&[]));
    world.upstream.on_names(names(&["up"]));
    world.upstream.on_rules(Reply::group([Rule::new("DiskWillFill"), Rule::new("till-is-slow")]));
    let page = world.get(PAGE).await;
    for (n, name) in [(1, "DiskWillFill"), (2, "till-is-slow")] {
        let text = words(panel(page.text(), &format!("graph-{n}")));
        assert!(text.contains(&format!("{name} is the name of an alert")), "{text}");
        assert!(text.contains(&format!("write the annotation prometheus.io/alert: {name}.")), "{text}");
    }
    assert!(words(panel(page.text(), "graph-3")).contains("There is no metric named kafka_lag"));
}

#[tokio::test]
async fn empty_graph_without_explanation_is_plain() {
    for reply in [Reply::hang(), Reply::refusal(503, "unavailable", "no store"), names(&["a"; 20_000])] {
        let world = world("kafka_lag").await;
        world.upstream.on("kafka_lag", Reply::matrix(&[]));
        world.upstream.on_names(reply);
        let page = world.get(PAGE).await;
        let text = words(panel(page.text(), "graph-1"));
        assert!(text.contains("No data in this range"), "{text}");
    }
    let world = world("kafka_lag").await;
    world.upstream.on("kafka_lag", one(1.0));
    world.get(PAGE).await;
    let requests = world.upstream.metadata_requests();
    assert!(
        requests.iter().all(|r| r.path.contains("/metadata?")),
        "a graph with data requests no metric names"
    );
}

#[tokio::test]
async fn each_outcome_of_a_graph_has_its_own_message() {
    let samples = "query processing would load too many samples into memory in query execution";
    let points = "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)";
    let cases = [
        (
            "bad",
            Reply::refusal(422, "execution", "found duplicate series"),
            "bad_query",
            "rejected the query",
            "Fix the query and try again.",
        ),
        (
            "samples",
            Reply::refusal(422, "execution", samples),
            "bad_query",
            "reads more samples than",
            "recording rule",
        ),
        ("points", Reply::refusal(400, "bad_data", points), "bad_query", "more points than", "longer step"),
        (
            "slow",
            Reply::refusal(503, "timeout", "query timed out"),
            "timeout",
            "did not answer in time",
            "shorter range",
        ),
        ("busy", Reply::http(429, &[], ""), "overloaded", "is busy", "in a moment"),
        ("gone", Reply::reset(), "unreachable", "is not answering", "contact its operators"),
        (
            "page",
            Reply::html(200, "<title>Sign in</title>"),
            "not_prometheus",
            "did not answer like Prometheus",
            "address",
        ),
        ("shut", Reply::http(401, &[], ""), "unauthorized", "rejected the portal", "configuration"),
    ];
    let rule = cases.iter().map(|(query, ..)| *query).collect::<Vec<_>>().join(",");
    let world = world(&rule).await;
    for (query, reply, ..) in &cases {
        world.upstream.on(query, reply.clone());
    }
    let page = world.get(PAGE).await;
    let mut titles = std::collections::HashSet::new();
    for (n, (query, _, kind, title, advice)) in cases.iter().enumerate() {
        let card = panel(page.text(), &format!("graph-{}", n + 1));
        let text = words(card);
        let fault = tags(card).iter().find_map(|tag| tag.get("data-fault").map(str::to_owned));
        assert_eq!(fault.as_deref(), Some(*kind), "{query}: {text}");
        assert!(text.contains(title) && text.contains(advice), "{query}: {text}");
        assert!(titles.insert(title), "{query} looks like another");
        let data = world.get(&format!("{PAGE}/graphs/{}.json", n + 1)).await.json();
        assert_eq!(data["error"]["kind"], **kind, "{query}");
    }
    let text = words(panel(page.text(), "graph-2"));
    assert!(text.contains(samples), "the message of Prometheus is shown: {text}");
}

#[tokio::test]
async fn stale_graph_is_not_reported_as_empty() {
    let world = world("load").await;
    world.upstream.on("load", one(1.0));
    world.get(&format!("{PAGE}/graphs/1?range=1h&step=15")).await;
    world.upstream.on("load", Reply::refusal(500, "internal", "disk gone"));
    // Another time range of the same length. The first answer can be shown for it as stale.
    let mut text = String::new();
    for _ in 0..40 {
        tokio::time::sleep(Duration::from_millis(500)).await;
        text = words(panel(world.get(&format!("{PAGE}/graphs/1?range=1h&step=15")).await.text(), "graph-1"));
        if text.contains("As of") {
            break;
        }
    }
    assert!(text.contains("As of") && text.contains("Prometheus failed"), "{text}");
}

#[tokio::test]
async fn warnings_are_shown_with_single_values() {
    let world = world("size|job|unit=bytes").await;
    let body = json!({
        "status": "success", "warnings": ["partial <i>answer</i>"], "infos": ["no rate here"],
        "data": {"resultType": "vector", "result": [{"metric": {"job": "a<b>"}, "value": [1435781430.5, "2048"]}]},
    });
    world.upstream.on("size", Reply::json(200, &body));
    let page = world.get(PAGE).await;
    let card = panel(page.text(), "graph-1");
    let text = words(card);
    for part in ["partial <i>answer</i>", "no rate here", "a<b>", "2 KiB"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("No data"), "{text}");
    assert_eq!(tags(card)[0].get("data-state"), Some("ready"));
}

#[tokio::test]
async fn query_is_shown_and_copied_as_sent() {
    let query = "sum by (code) (rate(x{path=~\"/a,b|c\"}[5m])) > 0 # <b>";
    let world = world(&format!("{query}\n|title=\"Requests\"")).await;
    world.upstream.on(query, one(1.0));
    let page = world.get(PAGE).await;
    let card = panel(page.text(), "graph-1");
    let all = tags(card);
    let copied: Vec<_> =
        all.iter().filter(|t| t.name == "button").filter_map(|t| t.get("data-copy")).collect();
    assert!(copied.contains(&query), "{copied:?}");
    assert!(words(card).contains(query), "{}", words(card));
    assert_eq!(world.upstream.requests()[0].form("query").as_deref(), Some(query));
}

/// The link to Prometheus, opened on the portal, shows the same instants.
#[tokio::test]
async fn link_to_prometheus_has_the_same_range_and_step() {
    let query = "sum(rate(x{a=\"b+c&d%\"}[5m])) # é";
    let rule = serde_json::to_string(query).unwrap();
    let catalog = format!(
        "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: payments\n  annotations:\n    \
         prometheus.io/rule: {rule}\n"
    );
    for window in [
        "range=1h",
        "range=6h&step=60",
        "range=30d",
        "range=7m",
        "from=2026-01-01T00:00:07Z&to=2026-01-01T05:13:11Z",
        "from=2026-01-01T00:00:07Z&to=2026-01-02&step=47",
        "from=now-1d/d&to=now",
    ] {
        // A store that has no samples requests the whole range.
        let world = World::with(&catalog, |settings| {
            settings.instances[0].ui_url = Some("http://prom.example/base".parse().unwrap());
        })
        .await;
        world.upstream.on(query, one(1.0));
        let page = world.get(&format!("{PAGE}/graphs/1?{window}")).await;
        let all = tags(panel(page.text(), "graph-1"));
        let out = all.iter().filter_map(|t| t.get("href")).find(|href| href.starts_with("http://prom"));
        let (base, message) = out.unwrap().split_once('?').unwrap();
        assert_eq!(base, "http://prom.example/base/graph");
        let sent = |n: usize| {
            let request = &world.upstream.requests()[n];
            ["query", "start", "end", "step"].map(|name| request.form(name).unwrap())
        };
        let before = world.upstream.requests().len() - 1;
        let data = world.get(&format!("/graph.json?{message}")).await;
        assert_eq!(data.status, 200, "{window}: {}", data.text());
        let again = world.upstream.requests().len() - 1;
        // An equal question is answered from memory, and is then not sent at all.
        assert_eq!(sent(again), sent(before), "{window}: {message}");
        let data = data.json();
        let messages = ["query", "start", "end", "step"].map(|name| match &data[name] {
            Value::String(text) => text.clone(),
            number => number.to_string(),
        });
        assert_eq!(messages, sent(before), "{window}: {message}");
    }
}

/// The legend's values are those of the data form, without NaN.
#[tokio::test]
async fn legend_values_equal_the_data() {
    let world = world("odd|job|unit=bytes").await;
    let values: [&[&str]; 4] = [
        &["1", "NaN", "-2048", "5e9", "NaN"],
        &["0.1", "0.2", "+Inf", "0.3", "0.4"],
        &["NaN", "NaN", "NaN", "NaN", "NaN"],
        &["7"],
    ];
    world.upstream.on(
        "odd",
        Reply::computed(move |request| {
            let at = |name| request.form(name).unwrap().parse::<f64>().unwrap();
            let (start, step) = (at("start"), at("step"));
            let series = values.iter().enumerate().map(|(job, values)| {
                let samples =
                    values.iter().enumerate().map(|(i, v)| json!([start + step * (2 * i) as f64, v]));
                json!({"metric": {"job": format!("j{job}")}, "values": samples.collect::<Vec<_>>()})
            });
            Reply::result(series.collect())
        }),
    );
    let window = "from=2026-01-01T00:00:00Z&to=2026-01-01T01:00:00Z";
    let data = world.get(&format!("{PAGE}/graphs/1.json?{window}")).await.json();
    let page = world.get(&format!("{PAGE}/graphs/1?{window}")).await;
    let text = words(panel(page.text(), "graph-1"));
    let unit = promenade::annotations::Unit::Bytes;
    let series = data["series"].as_array().unwrap();
    assert_eq!(series.len(), values.len());
    for one in series {
        let samples: Vec<f64> = one["values"].as_array().unwrap().iter().filter_map(number).collect();
        let finite: Vec<f64> = samples.iter().copied().filter(|v| v.is_finite()).collect();
        let average = finite.iter().sum::<f64>() / finite.len() as f64;
        let figures = [
            samples.last().copied(),
            samples.iter().copied().reduce(f64::min),
            samples.iter().copied().reduce(f64::max),
            (!finite.is_empty()).then_some(average),
        ];
        let written = figures.map(|figure| {
            figure.map_or_else(|| "–".to_owned(), |figure| promenade::chart::format::number(figure, &unit))
        });
        let line = format!("{} {}", one["name"].as_str().unwrap(), written.join(" "));
        assert!(text.contains(&line), "{line} in {text}");
    }
}

/// A sample that has a value.
fn number(value: &Value) -> Option<f64> {
    match value.as_str() {
        Some("+Inf") => Some(f64::INFINITY),
        Some("-Inf") => Some(f64::NEG_INFINITY),
        Some(_) => None,
        None => value.as_f64(),
    }
}
