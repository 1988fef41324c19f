//! The engine, compared with a real Prometheus that has the same samples: a table of queries and generated ones, at
//! instants and over ranges. Values are equal within rounding, labels and failures are the same.

mod generator;
mod queries;
pub mod remote_write;
mod series;

use std::collections::BTreeMap;

use promenade::clock;
use promenade::engine::{Engine, EngineError, EngineLabels, Evaluated, Point};
use serde_json::Value;

use crate::differential::Dice;
use crate::prometheus::RealPrometheus;
use generator::Generator;
use queries::TABLE;
use series::{INTERVAL_MS, SCRAPES};

/// Prometheus adds the elements of a vector in an order of its own, and Go's `exp` and `pow` differ from those of C in the
/// last bits. Differences of nearly equal numbers make that error larger.
const ROUNDING: f64 = 1e-9;
/// Sums that should be zero are this far from it.
const NEARLY_ZERO: f64 = 1e-9;
/// Queries whose order counts. Of equal elements, any may be first.
const SORTED: [&str; 6] = [
    "sort(temperature)",
    "sort_desc(temperature)",
    "sort(odd)",
    "sort_desc(odd)",
    "topk(2, temperature)",
    "bottomk(3, wanted)",
];
/// Generated queries.
const GENERATED: usize = 600;

const CONFIG: &str = "global: {evaluation_interval: 15s}\nscrape_configs: []\n";

/// The labels of a series, and its samples.
type SeriesValues = (BTreeMap<String, String>, Vec<(i64, f64)>);

/// A value of either side: `vector`, `matrix` and the like, and the samples of each set of labels in their order.
#[derive(Debug, PartialEq)]
struct Answered {
    kind: &'static str,
    series: Vec<SeriesValues>,
    text: String,
}

/// The kind of an error, and its text.
type Answer = Result<Answered, (&'static str, String)>;

/// The steps of a question: an instant, or from, to and the distance, in milliseconds.
#[derive(Clone, Copy, Debug)]
enum When {
    Instant(i64),
    Range(i64, i64, i64),
}

fn of_engine(engine: &Engine, query: &str, when: When, now: i64) -> Answer {
    let (evaluated, at) = match when {
        When::Instant(at) => (engine.instant(query, at, now), at),
        When::Range(from, to, step) => (engine.range(query, (from, to, step), now), 0),
    };
    let pairs = |labels: EngineLabels| labels.iter().map(|(n, v)| (n.to_owned(), v.to_owned())).collect();
    let points = |points: Vec<Point>| points.into_iter().map(|point| (point.at_ms, point.value)).collect();
    let (kind, series, text) = match evaluated.map_err(|error| match error {
        EngineError::Execution(text) => ("execution", text),
        EngineError::Invalid(text) => ("bad_data", text),
        EngineError::TooManySteps => ("bad_data", error.to_string()),
        error => ("unknown", error.to_string()),
    })? {
        Evaluated::Scalar(value) => ("scalar", vec![(BTreeMap::new(), vec![(at, value)])], String::new()),
        Evaluated::Text(text) => ("string", Vec::new(), text),
        Evaluated::Vector(all) => {
            ("vector", all.into_iter().map(|(l, v)| (pairs(l), vec![(at, v)])).collect(), String::new())
        }
        Evaluated::Matrix(all) => {
            ("matrix", all.into_iter().map(|(l, p)| (pairs(l), points(p))).collect(), String::new())
        }
    };
    Ok(Answered { kind, series, text })
}

async fn of_prometheus(prometheus: &RealPrometheus, query: &str, when: When) -> Answer {
    let seconds = |ms: i64| format!("{:.3}", ms as f64 / 1000.0);
    let answer = match when {
        When::Instant(at) => {
            prometheus.get("/api/v1/query", &[("query", query), ("time", &seconds(at))]).await
        }
        When::Range(from, to, step) => {
            let (from, to, step) = (seconds(from), seconds(to), seconds(step));
            let parameters = [("query", query), ("start", &from), ("end", &to), ("step", &step)];
            prometheus.get("/api/v1/query_range", &parameters).await
        }
    };
    if answer["status"] == "error" {
        let text = answer["error"].as_str().unwrap().to_owned();
        return Err((if answer["errorType"] == "bad_data" { "bad_data" } else { "execution" }, text));
    }
    Ok(read_answer(&answer["data"]))
}

fn read_answer(data: &Value) -> Answered {
    let sample = |pair: &Value| {
        let value = pair[1].as_str().unwrap().replace("+Inf", "inf").parse().unwrap();
        ((pair[0].as_f64().unwrap() * 1000.0).round() as i64, value)
    };
    let labels = |one: &Value| serde_json::from_value(one["metric"].clone()).unwrap();
    let result = &data["result"];
    let all = || result.as_array().unwrap().iter();
    let (kind, series, text) = match data["resultType"].as_str().unwrap() {
        "scalar" => ("scalar", vec![(BTreeMap::new(), vec![sample(result)])], String::new()),
        "string" => ("string", Vec::new(), result[1].as_str().unwrap().to_owned()),
        "vector" => {
            ("vector", all().map(|one| (labels(one), vec![sample(&one["value"])])).collect(), String::new())
        }
        _ => {
            let samples = |one: &Value| one["values"].as_array().unwrap().iter().map(sample).collect();
            ("matrix", all().map(|one| (labels(one), samples(one))).collect(), String::new())
        }
    };
    Answered { kind, series, text }
}

fn is_near(one: f64, other: f64) -> bool {
    let limit = (one.abs().max(other.abs()) * ROUNDING).max(NEARLY_ZERO);
    one == other || (one.is_nan() && other.is_nan()) || (one - other).abs() <= limit
}

/// The first difference.
fn difference(own: &Answer, wanted: &Answer, is_ordered: bool) -> Option<String> {
    let (own, wanted) = match (own, wanted) {
        (Ok(own), Ok(wanted)) => (own, wanted),
        (Err(own), Err(wanted)) => {
            // Which two of the series that collide are named is chance, and the parsers word their errors differently.
            let words = |text: &str| text.split(" match group").next().unwrap_or_default().to_owned();
            let is_same = own.0 == wanted.0 && (own.0 == "bad_data" || words(&own.1) == words(&wanted.1));
            return (!is_same).then(|| format!("{own:?} instead of {wanted:?}"));
        }
        (own, wanted) => return Some(format!("{own:?} instead of {wanted:?}")),
    };
    if (own.kind, &own.text, own.series.len()) != (wanted.kind, &wanted.text, wanted.series.len()) {
        return Some(format!("{own:?} instead of {wanted:?}"));
    }
    let sorted = |answer: &Answered| {
        let mut series = answer.series.clone();
        if !is_ordered {
            series.sort_by(|a, b| a.0.cmp(&b.0));
        }
        series
    };
    sorted(own).iter().zip(&sorted(wanted)).find_map(|((labels, own), (wanted_labels, wanted))| {
        let values = own.iter().zip(wanted);
        let differs = labels != wanted_labels
            || own.len() != wanted.len()
            || values.clone().any(|(own, wanted)| own.0 != wanted.0);
        let first = values.into_iter().find(|(own, wanted)| !is_near(own.1, wanted.1));
        (differs || first.is_some())
            .then(|| format!("{labels:?} {wanted_labels:?}: {first:?} of {own:?} and {wanted:?}"))
    })
}

struct Pair {
    engine: Engine,
    prometheus: RealPrometheus,
    now: i64,
    differences: Vec<String>,
    /// Answers with at least one sample.
    with_samples: usize,
    failures: usize,
}

impl Pair {
    async fn start() -> Self {
        let now = clock::now().as_millisecond().div_euclid(INTERVAL_MS) * INTERVAL_MS;
        let prometheus = RealPrometheus::start_empty(CONFIG).await;
        for request in remote_write::requests(&series::series(now), now) {
            prometheus.remote_write(request).await;
        }
        let (differences, with_samples, failures) = (Vec::new(), 0, 0);
        Self { engine: series::engine(now), prometheus, now, differences, with_samples, failures }
    }

    async fn compare(&mut self, query: &str, when: When) {
        let own = of_engine(&self.engine, query, when, self.now);
        let wanted = of_prometheus(&self.prometheus, query, when).await;
        if let Some(difference) = difference(&own, &wanted, SORTED.contains(&query)) {
            let difference: String = difference.chars().take(1500).collect();
            self.differences.push(format!("{query} {when:?}: {difference}"));
        }
        self.with_samples += usize::from(wanted.as_ref().is_ok_and(|answer| !answer.series.is_empty()));
        self.failures += usize::from(wanted.is_err());
    }

    /// Instants and ranges on scrapes, between them, and beyond both ends of the history.
    fn times(&self) -> [When; 6] {
        let at = |scrapes: i64| self.now + (scrapes - SCRAPES) * INTERVAL_MS;
        [
            When::Instant(at(700)),
            When::Instant(at(405) + 4_321),
            When::Instant(at(SCRAPES) + 200_000),
            When::Range(at(300), at(330), INTERVAL_MS),
            When::Range(at(-5) + 7_000, at(SCRAPES + 30), 173_000),
            When::Range(at(480) + 999, at(520), 7_001),
        ]
    }

    fn report(&self, least_with_samples: usize, least_failures: usize) {
        let all = self.differences.join("\n\n");
        assert!(self.differences.is_empty(), "{} differences:\n{all}", self.differences.len());
        let (samples, failures) = (self.with_samples, self.failures);
        assert!(samples >= least_with_samples, "only {samples} answers have samples");
        assert!(failures >= least_failures, "only {failures} queries fail");
    }
}

#[tokio::test]
async fn every_part_of_promql_has_the_values_of_prometheus() {
    let mut pair = Pair::start().await;
    for query in TABLE {
        for when in pair.times() {
            pair.compare(query, when).await;
        }
    }
    pair.report(900, 100);
}

#[tokio::test]
async fn generated_queries_have_the_values_of_prometheus() {
    let mut pair = Pair::start().await;
    let mut generator = Generator(Dice(2026));
    for i in 0..GENERATED {
        let query = generator.query();
        let times = pair.times();
        pair.compare(&query, times[i % 3]).await;
        pair.compare(&query, times[3 + i % 3]).await;
    }
    pair.report(500, 50);
}
