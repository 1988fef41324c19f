//! Readers of a Prometheus whose samples come while they read: gaps, resets, series that come and go, late samples and a
//! restart. The portal fetches only what may have changed, and its samples are those of Prometheus, bit for bit.

use std::collections::BTreeMap;
use std::time::Duration;

use promenade::clock;
use promenade::engine::EngineLabels;
use url::Url;
use world::World;

use crate::differential::{Dice, Move, compare};
use crate::engine::remote_write::{STALE, request};
use crate::prometheus::RealPrometheus;

/// Late samples may be so old.
const CONFIG: &str = "global: {evaluation_interval: 1h}\nscrape_configs: []\nstorage: {tsdb: {out_of_order_time_window: 30m}}\n";

const QUERIES: [&str; 10] = [
    "load",
    "sum(load)",
    "odd",
    "rate(requests_total[1m])",
    "sum by (code) (increase(requests_total[2m]))",
    "topk(1, load)",
    "max_over_time(load[1m:5s])",
    "absent(load{zone=\"c\"})",
    "load offset 3m",
    "count(load) or vector(0)",
];

/// Seconds between two samples.
const INTERVAL: i64 = 5;
const HISTORY: i64 = 2 * 3_600;
/// Samples come so often, and readers make so many moves in between.
const TICKS: i64 = 5;
const MOVES: usize = 60;

struct Writer {
    dice: Dice,
    /// The last instant that was written, by series.
    written: BTreeMap<&'static str, i64>,
}

impl Writer {
    /// The value of a series at an instant. None: there is no sample.
    fn value(&mut self, name: &str, at: i64) -> Option<f64> {
        let (n, random) = (at / INTERVAL, self.dice.below(1_000));
        match name {
            "load a" => Some((at as f64 / 100.0).sin() + random as f64 / 1e6),
            // One-sample spikes and gaps.
            "load b" => (random > 150).then_some(if random > 980 { 1e9 } else { 1.0 / 3.0 }),
            // Comes and goes.
            "load c" => (at / 300 % 2 == 0).then_some(7.0),
            "odd nan" => Some(if random > 500 { f64::NAN } else { -0.0 }),
            "odd inf" => Some(if random > 500 { f64::INFINITY } else { f64::NEG_INFINITY }),
            // With resets.
            "requests_total 200" => Some((n % 97 * 42) as f64),
            _ => (n % 500 > 3).then_some((n % 211) as f64 * 0.25),
        }
    }

    fn labels(name: &str) -> EngineLabels {
        let (metric, value) = name.split_once(' ').unwrap();
        let label = match metric {
            "load" => "zone",
            "odd" => "kind",
            _ => "code",
        };
        let pairs = [("__name__", metric), (label, value)];
        EngineLabels::new(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())))
    }

    /// Writes all samples since the last time up to an instant, and some late ones.
    async fn write(&mut self, prometheus: &RealPrometheus, until: i64) {
        let names =
            ["load a", "load b", "load c", "odd nan", "odd inf", "requests_total 200", "requests_total 500"];
        let mut all = Vec::new();
        for name in names {
            let from = self.written.get(name).map_or(until - HISTORY, |at| at + INTERVAL);
            let mut samples = Vec::new();
            let mut was_there = false;
            for at in (from..=until).step_by(INTERVAL as usize) {
                match self.value(name, at) {
                    Some(value) => samples.push((value.to_bits(), at * 1_000)),
                    None if was_there => samples.push((STALE, at * 1_000)),
                    None => {}
                }
                was_there = samples.last().is_some_and(|(bits, last)| *last == at * 1_000 && *bits != STALE);
            }
            self.written.insert(name, until);
            all.push((Self::labels(name), samples));
        }
        for part in 0..=HISTORY / 1_000 {
            let range =
                (until - HISTORY + part * 1_000) * 1_000..(until - HISTORY + (part + 1) * 1_000) * 1_000;
            let within = |samples: &Vec<(u64, i64)>| {
                samples.iter().copied().filter(|(_, at_ms)| range.contains(at_ms)).collect::<Vec<_>>()
            };
            let batch: Vec<_> =
                all.iter().map(|(labels, samples)| (labels.clone(), within(samples))).collect();
            prometheus.remote_write(request(&batch)).await;
        }
        // Between the others, up to eight minutes late.
        let late: Vec<_> = (1..4).map(|i| (until - i * 120 - 2) * 1_000).collect();
        let samples = late.iter().rev().map(|at_ms| (5e5_f64.to_bits(), *at_ms)).collect();
        prometheus.remote_write(request(&[(Self::labels("load late"), samples)])).await;
    }
}

/// Some read on as time passes, others move anywhere.
fn moved(dice: &mut Dice, now: i64) -> Move {
    let step = [Some(5), Some(10), None, Some(7)][usize::try_from(dice.below(4)).unwrap()];
    let range = [300, 1_200, 3_600, 7_200, 9_000][usize::try_from(dice.below(5)).unwrap()];
    let to = match dice.below(4) {
        0 => Some(now - dice.below(HISTORY)),
        1 => Some(now - 60),
        _ => None,
    };
    Move { from: to.unwrap_or(now) - range, to, step }
}

/// The value of one of the portal's own metrics.
async fn metric(world: &World, line: &str) -> u64 {
    let text = world.get("/metrics").await;
    let found = text.text().lines().find_map(|found| found.strip_prefix(line));
    found.map_or(0, |value| value.trim().parse().unwrap())
}

#[tokio::test]
async fn samples_that_come_while_readers_move_are_those_of_prometheus() {
    let mut prometheus = RealPrometheus::start_empty(CONFIG).await;
    let api = Url::parse(&format!("{}/api/v1/", prometheus.url)).unwrap();
    let world = World::with("", |settings| {
        settings.instances[0].api = api;
        settings.instances[0].scrape_interval = Duration::from_secs(5);
    })
    .await;
    let mut writer = Writer { dice: Dice(7), written: BTreeMap::new() };
    let (mut dice, mut compared) = (Dice(2026), 0);
    for tick in 0..TICKS {
        writer.write(&prometheus, clock::now().as_second() / INTERVAL * INTERVAL).await;
        if tick == 2 {
            prometheus.restart();
            prometheus.wait_until_ready().await;
        }
        // Longer than young samples of these steps are kept.
        tokio::time::sleep(Duration::from_millis(10_500)).await;
        for _ in 0..MOVES {
            let query = QUERIES[usize::try_from(dice.below(10)).unwrap()];
            let moved = moved(&mut dice, clock::now().as_second());
            compared += compare(&world, &prometheus, &moved, query, 5).await;
        }
    }
    assert!(compared > 50_000, "only {compared} samples were compared");
    let part = |part| format!("promenade_store_series_fetches_total{{part=\"{part}\"}}");
    let (full, tail) = (metric(&world, &part("full")).await, metric(&world, &part("tail")).await);
    assert!(tail > 2 * full && full > 10, "{full} whole ranges and {tail} parts were fetched");
}
