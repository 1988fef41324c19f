//! The portal's JSON compared with a real Prometheus: every alert, every sample.

use std::collections::BTreeMap;

use promenade::prometheus::InstanceSettings;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use world::World;
use world::catalog::{Entity, catalog};

use crate::prometheus::RealPrometheus;

/// The queries to compare: selectors, aggregations, binary operations, unusual labels, NaN and infinities.
const QUERIES: [&str; 14] = [
    "load",
    r#"load{zone="c"}"#,
    "odd",
    r#"odd{path="lone"}"#,
    "zero",
    "rate(http_requests_total[5m])",
    "sum by (code) (rate(http_requests_total[5m]))",
    "sum(http_requests_total)",
    "topk(2, load)",
    r#"load{zone=~"a|b"} / on () group_left () sum(load)"#,
    "load > 1e6 or zero",
    r#"label_replace(load, "copy", "$1,|", "zone", "(.*)")"#,
    "vector(1) / 0",
    "no_such_metric",
];

fn entities() -> String {
    let named = r#"HighLoad, "Excessive Memory, Usage",AllQuiet"#;
    let matched = r#"severity=~"crit.*|warning",zone!="b""#;
    let apart = r#"team="payments, checkout",instance=~"b:.*""#;
    catalog([
        Entity::component("graphs").rule(&QUERIES.join(
            ",
",
        )),
        Entity::component("everything").alert("all"),
        Entity::component("named").alert(named),
        Entity::component("matched").alert_labels(matched),
        Entity::component("apart").alert("all").alert_labels(apart),
    ])
}

pub async fn world(prometheus: &RealPrometheus) -> World {
    let api = url::Url::parse(&format!("{}/api/v1/", prometheus.url)).unwrap();
    World::with(entities(), |settings| {
        let scripted = settings.instances.pop().unwrap();
        settings.instances.push(InstanceSettings { api, ..scripted });
    })
    .await
}

/// `{...}` of labels as text that compares.
fn key(labels: &Value) -> String {
    let sorted: BTreeMap<&String, &Value> = labels.as_object().unwrap().iter().collect();
    serde_json::to_string(&sorted).unwrap()
}

/// The portal's graph with its numbers as written: `serde_json`'s own may be one off in the last bit.
#[derive(Debug, Deserialize)]
pub struct Graph<'a> {
    pub query: String,
    pub start: i64,
    pub end: i64,
    pub step: i64,
    #[serde(rename = "droppedSeries")]
    pub dropped: usize,
    #[serde(rename = "asOf")]
    pub as_of: f64,
    #[serde(borrow)]
    series: Vec<Series<'a>>,
}

#[derive(Debug, Deserialize)]
pub struct Series<'a> {
    labels: Value,
    #[serde(borrow)]
    values: Vec<&'a RawValue>,
}

fn number(word: &str) -> f64 {
    match word {
        "NaN" => f64::NAN,
        "+Inf" => f64::INFINITY,
        "-Inf" => f64::NEG_INFINITY,
        other => other.parse().unwrap(),
    }
}

pub type Samples = BTreeMap<String, BTreeMap<i64, u64>>;

pub fn samples_of_portal(graph: &Graph<'_>) -> Samples {
    let series = graph.series.iter().map(|series| {
        let values = series.values.iter().enumerate().filter(|(_, v)| v.get() != "null");
        let at = |i: usize| graph.start + i64::try_from(i).unwrap() * graph.step;
        let samples = values.map(|(i, v)| (at(i), number(v.get().trim_matches('"')).to_bits()));
        (key(&series.labels), samples.collect())
    });
    series.collect()
}

pub fn samples_of_prometheus(answer: &Value) -> Samples {
    let series = answer["data"]["result"].as_array().unwrap().iter().map(|series| {
        let values = series["values"].as_array().unwrap().iter();
        let samples = values.map(|v| {
            let at = v[0].as_f64().unwrap();
            assert_eq!(at.fract(), 0.0, "a sample off the grid of whole seconds");
            (at as i64, number(v[1].as_str().unwrap()).to_bits())
        });
        (key(&series["metric"]), samples.collect())
    });
    series.collect()
}

#[tokio::test]
async fn samples_of_graphs_equal_those_of_prometheus() {
    let prometheus = RealPrometheus::start().await;
    let world = world(&prometheus).await;
    let mut compared = 0;
    for window in
        ["range=1h", "range=3h&step=15", "range=3h&step=1m", "range=2d", "from=now-50m&to=now-10m&step=17"]
    {
        for (i, query) in QUERIES.iter().enumerate() {
            let path = format!("/catalog/default/component/graphs/graphs/{}.json?{window}", i + 1);
            let reply = world.get(&path).await;
            assert_eq!(reply.status, 200, "{path}: {}", reply.text());
            let graph: Graph<'_> = serde_json::from_slice(&reply.body).unwrap();
            assert_eq!((graph.query.as_str(), graph.dropped), (*query, 0));
            let [start, end, step] = [graph.start, graph.end, graph.step].map(|n| n.to_string());
            let parameters = [("query", *query), ("start", &start), ("end", &end), ("step", &step)];
            let own = prometheus.get("/api/v1/query_range", &parameters).await;
            let (ours, theirs) = (samples_of_portal(&graph), samples_of_prometheus(&own));
            assert!(ours.keys().eq(theirs.keys()), "{query} over {window}: other series");
            for (labels, samples) in &theirs {
                let same = ours[labels].iter().eq(samples);
                let differs = ours[labels].iter().zip(samples).find(|(a, b)| a != b);
                assert!(
                    same,
                    "{query} over {window}, {labels}: (time, bits) of ours and theirs: {differs:?}"
                );
            }
            compared += theirs.values().map(BTreeMap::len).sum::<usize>();
        }
    }
    assert!(compared > 20_000, "only {compared} samples were compared");
}

static ERROR: std::sync::LazyLock<Value> = std::sync::LazyLock::new(|| "error".into());

/// Every active alert, and every rule without one, of Prometheus' own answer.
fn rows_of_prometheus(answer: &Value, keep: impl Fn(&str, &Value) -> bool) -> Vec<String> {
    let groups = answer["data"]["groups"].as_array().unwrap().iter();
    let rules = groups.flat_map(|group| group["rules"].as_array().unwrap());
    let mut rows = Vec::new();
    for rule in rules {
        let name = rule["name"].as_str().unwrap();
        let mut row = |state: &Value, labels: &Value| {
            if keep(name, labels) {
                rows.push(format!("{name} {state} {}", key(labels)));
            }
        };
        let alerts = rule["alerts"].as_array().unwrap();
        for alert in alerts {
            row(&alert["state"], &alert["labels"]);
        }
        if alerts.is_empty() {
            let mut labels = rule["labels"].clone();
            labels["alertname"] = name.into();
            // Prometheus calls a rule inactive that it cannot evaluate.
            let fails = rule["health"] == "err" && rule["state"] == "inactive";
            row(if fails { &ERROR } else { &rule["state"] }, &labels);
        }
    }
    rows.sort();
    rows
}

async fn rows_of_portal(world: &World, entity: &str) -> Vec<String> {
    let reply =
        world.get(&format!("/catalog/default/component/{entity}/alerts.json?showInactiveAlerts")).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    let table = reply.json();
    let alerts = table["alerts"].as_array().unwrap().iter();
    let mut rows: Vec<String> = alerts
        .map(|a| format!("{} {} {}", a["name"].as_str().unwrap(), a["state"], key(&a["labels"])))
        .collect();
    rows.sort();
    rows
}

#[tokio::test]
async fn alerts_equal_those_of_prometheus() {
    let prometheus = RealPrometheus::start().await;
    let world = world(&prometheus).await;
    let own = prometheus.get("/api/v1/rules", &[("type", "alert")]).await;

    let all = rows_of_prometheus(&own, |_, _| true);
    for state in ["\"firing\"", "\"pending\"", "\"inactive\""] {
        assert!(all.iter().any(|row| row.contains(state)), "{state} in {all:#?}");
    }
    assert_eq!(rows_of_portal(&world, "everything").await, all);

    let names = ["HighLoad", "Excessive Memory, Usage", "AllQuiet"];
    let named = rows_of_prometheus(&own, |name, _| names.contains(&name));
    assert_eq!(named.len(), 4, "two of HighLoad, one each of the others");
    assert_eq!(rows_of_portal(&world, "named").await, named);

    let matched = rows_of_prometheus(&own, |_, labels| {
        let severity = labels["severity"].as_str().unwrap_or_default();
        (severity == "warning" || severity.starts_with("crit")) && labels["zone"] != "b"
    });
    assert_eq!(rows_of_portal(&world, "matched").await, matched);

    let apart = rows_of_prometheus(&own, |_, labels| labels["instance"] == "b:9100");
    assert_eq!(apart.len(), 1, "{apart:?}");
    assert_eq!(rows_of_portal(&world, "apart").await, apart);
}

#[tokio::test]
async fn failing_rule_shows_the_error_of_prometheus() {
    let prometheus = RealPrometheus::start().await;
    let world = world(&prometheus).await;
    let table =
        world.get("/catalog/default/component/everything/alerts.json?showInactiveAlerts").await.json();
    let alerts = table["alerts"].as_array().unwrap();
    let failed = alerts.iter().find(|a| a["name"] == "ManyToMany").unwrap();
    assert_eq!(failed["health"], "err");
    assert!(failed["lastError"].as_str().unwrap().contains("many-to-many"), "{failed}");
    let page = world.get("/catalog/default/component/everything").await;
    assert!(page.text().contains("many-to-many"), "the page hides that a rule fails");
}
