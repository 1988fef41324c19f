//! A hundred random time ranges and steps: the samples of the portal's JSON are exactly those of Prometheus, bit for
//! bit.

use promenade::clock;
use serde_json::Value;
use world::World;

use crate::graphs::{Graph, Samples, samples_of_portal, samples_of_prometheus, world};
use crate::prometheus::{HISTORY, RealPrometheus};

/// Gaps, a lone sample, NaN, infinities, counters with resets, numbers at both ends of the range.
const QUERIES: [&str; 16] = [
    "load",
    r#"load{zone="c"}"#,
    "odd",
    r#"odd{path="lone"}"#,
    "zero",
    "http_requests_total",
    "rate(http_requests_total[5m])",
    "irate(http_requests_total[1m])",
    "resets(http_requests_total[30m])",
    "sum by (code) (increase(http_requests_total[10m]))",
    "sum(odd)",
    r#"load{zone="c"} offset 7m"#,
    "max_over_time(load[10m:1m])",
    r#"absent(load{zone="c"})"#,
    "load / on (zone) (load % 2 - 1)",
    "vector(time() % 7) / 0",
];

/// SplitMix64 from a fixed seed: each run makes the same choices.
pub struct Dice(pub u64);

impl Dice {
    pub fn below(&mut self, most: i64) -> i64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        i64::try_from((z ^ (z >> 31)) % u64::try_from(most).unwrap()).unwrap()
    }
}

/// A time range in epoch seconds; `to` is None for now.
pub struct Move {
    pub from: i64,
    pub to: Option<i64>,
    pub step: Option<i64>,
    /// A graph of the entity `readers`, or the query as an ad-hoc one.
    pub graph: Option<usize>,
}

/// What the portal and its instance say of the same time range.
pub struct Compared {
    pub path: String,
    pub start: i64,
    pub step: i64,
    /// When the instance was asked, in epoch seconds.
    pub as_of: i64,
    /// Bytes of the instance's own answer, about.
    pub bytes: usize,
    pub ours: Samples,
    pub theirs: Samples,
}

impl Move {
    fn of(dice: &mut Dice, now: i64) -> Self {
        // From five minutes to the whole history, each length about as often; now and then beyond it.
        let range = match dice.below(8) {
            0 => 2 * HISTORY,
            octave => (300 << (octave / 2 * 2)).min(HISTORY - 600) + dice.below(600),
        };
        let to = (dice.below(3) > 0).then(|| now - dice.below(HISTORY));
        let step = match dice.below(3) {
            0 => None,
            1 => Some([15, 17, 47, 60, 61, 300, 1_800][usize::try_from(dice.below(7)).unwrap()]),
            _ => Some(1 + dice.below(400)),
        };
        Self { from: to.unwrap_or(now) - range, to, step, graph: None }
    }

    /// `format`: `.json`, or nothing for the page.
    pub fn address(&self, query: &str, format: &str) -> String {
        let mut pairs = url::form_urlencoded::Serializer::new(String::new());
        if self.graph.is_none() {
            pairs.append_pair("query", query);
        }
        pairs.append_pair("from", &(self.from * 1_000 + 999).to_string());
        pairs.append_pair("to", &self.to.map_or("now".to_owned(), |to| (to * 1_000 + 1).to_string()));
        if let Some(step) = self.step {
            pairs.append_pair("step", &step.to_string());
        }
        let pairs = pairs.finish();
        match self.graph {
            Some(number) => format!("/catalog/default/component/readers/graphs/{number}{format}?{pairs}"),
            None => format!("/graph{format}?{pairs}"),
        }
    }

    /// The grid is the requested one.
    fn check(&self, graph: &Graph<'_>, scrape: i64) {
        let Graph { start, end, step, .. } = *graph;
        assert_eq!(start, self.from - self.from.rem_euclid(step), "the start of {graph:?}");
        if let Some(to) = self.to {
            assert_eq!(end, to - to.rem_euclid(step), "the end of {graph:?}");
        }
        match self.step {
            Some(text) => assert_eq!(step, text.max(scrape), "the step of {graph:?}"),
            None => assert!(step >= scrape, "the step of {graph:?}"),
        }
        assert!((end - start) / step < 11_000);
    }
}

/// Asks the portal, then its instance. VictoriaMetrics shall not answer from its cache.
pub async fn ask(
    world: &World,
    prometheus: &RealPrometheus,
    moved: &Move,
    query: &str,
    scrape: i64,
) -> Compared {
    let path = moved.address(query, ".json");
    let reply = world.get(&path).await;
    assert_eq!(reply.status, 200, "{path}: {}", reply.text());
    let graph: Graph<'_> = serde_json::from_slice(&reply.body).unwrap();
    assert_eq!((graph.query.as_str(), graph.dropped), (query, 0));
    moved.check(&graph, scrape);
    let Graph { start, end, step, .. } = graph;
    let own = query_range(prometheus, query, [start, end, step]).await;
    let (ours, theirs) = (samples_of_portal(&graph), samples_of_prometheus(&own));
    let (bytes, as_of) = (own.to_string().len(), graph.as_of as i64);
    Compared { path, start, step, as_of, bytes, ours, theirs }
}

/// An instance's own answer.
pub async fn query_range(prometheus: &RealPrometheus, query: &str, window: [i64; 3]) -> Value {
    let [start, end, step] = window.map(|n| n.to_string());
    let parameters = [("query", query), ("start", &start), ("end", &end), ("step", &step), ("nocache", "1")];
    prometheus.get("/api/v1/query_range", &parameters).await
}

impl Compared {
    /// How many samples are the same; stops at the first that is not.
    pub fn same(&self) -> usize {
        let Self { path, ours, theirs, .. } = self;
        assert!(ours.keys().eq(theirs.keys()), "{path}: other series");
        for (labels, samples) in theirs {
            let (mine, count) = (&ours[labels], samples.len());
            let differs = mine.iter().zip(samples).find(|(a, b)| a != b);
            assert!(
                mine.len() == count && differs.is_none(),
                "{path}, {labels}: {} of ours, {count} of theirs, (time, bits): {differs:?}",
                mine.len()
            );
        }
        theirs.values().map(std::collections::BTreeMap::len).sum()
    }
}

pub async fn compare(
    world: &World,
    prometheus: &RealPrometheus,
    moved: &Move,
    query: &str,
    scrape: i64,
) -> usize {
    ask(world, prometheus, moved, query, scrape).await.same()
}

#[tokio::test]
async fn hundred_random_pages_show_exactly_the_samples_of_prometheus() {
    let prometheus = RealPrometheus::start().await;
    let world = world(&prometheus).await;
    let mut dice = Dice(2026);
    let now = clock::now().as_second();
    let (mut compared, mut empty) = (0, 0);
    for n in 0..100 {
        let moved = Move::of(&mut dice, now);
        for query in [QUERIES[n % QUERIES.len()], QUERIES[usize::try_from(dice.below(16)).unwrap()]] {
            let same = compare(&world, &prometheus, &moved, query, 15).await;
            compared += same;
            empty += usize::from(same == 0);
        }
    }
    assert!(compared > 20_000, "only {compared} samples were compared");
    assert!(empty < 60, "{empty} of 200 comparisons had nothing to compare");
}

/// The end of a minute in which `flicker` went and came again, and to which no sample can still be added.
///
/// A busy machine delays evaluations and leaves some out. A group writes in order, so once an evaluation has ended
/// that began 3 s after a moment, everything up to that moment is written.
async fn end_of_a_window_with_a_hole(prometheus: &RealPrometheus) -> i64 {
    for _ in 0..600 {
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        let rules = prometheus.get("/api/v1/rules", &[]).await;
        let groups = rules["data"]["groups"].as_array().unwrap();
        let group = groups.iter().find(|group| group["name"] == "orders").unwrap();
        let began: jiff::Timestamp = group["lastEvaluation"].as_str().unwrap().parse().unwrap();
        let to = began.as_second() - 3;
        let [start, end] = [to - 60, to].map(|at| at.to_string());
        let parameters = [("query", "flicker"), ("start", &start), ("end", &end), ("step", "1")];
        let own = prometheus.get("/api/v1/query_range", &parameters).await;
        let samples = samples_of_prometheus(&own);
        let times: Vec<i64> = samples.values().flat_map(|series| series.keys().copied()).collect();
        if times.len() >= 6 && times.windows(2).any(|pair| pair[1] - pair[0] > 1) {
            return to;
        }
    }
    panic!("flicker never went and came again");
}

/// Staleness markers end a series at once; the five minutes that Prometheus looks back do not fill what follows.
#[tokio::test]
async fn series_with_a_gap_has_the_same_gap() {
    let prometheus = RealPrometheus::start().await;
    let api = url::Url::parse(&format!("{}/api/v1/", prometheus.url)).unwrap();
    let world = World::with("", |settings| {
        settings.instances[0].api = api;
        settings.instances[0].scrape_interval = std::time::Duration::from_secs(1);
    })
    .await;
    let to = end_of_a_window_with_a_hole(&prometheus).await;
    for step in [1, 2, 3] {
        let moved = Move { from: to - 60, to: Some(to), step: Some(step), graph: None };
        for query in ["flicker", "count_over_time(flicker[5s])"] {
            let same = compare(&world, &prometheus, &moved, query, 1).await;
            assert!((1..60).contains(&same), "{query} every {step} s: {same} samples");
        }
    }
    let moved = Move { from: to - 60, to: Some(to), step: Some(1), graph: None };
    let graph = world.get(&moved.address("flicker", ".json")).await.json();
    let values = graph["series"][0]["values"].as_array().unwrap();
    let last = values.iter().rposition(|value| !value.is_null()).unwrap();
    let first = values.iter().position(|value| !value.is_null()).unwrap();
    assert!(values[first..last].iter().any(serde_json::Value::is_null), "no hole in {values:?}");
}
