//! Samples as an instance receives them: two hours at first, then those since the last time.

use std::collections::BTreeMap;

use promenade::engine::EngineLabels;

use crate::differential::Dice;
use crate::engine::remote_write::{STALE, request};
use crate::prometheus::RealPrometheus;

/// Seconds between two samples.
pub const INTERVAL: i64 = 5;
pub const HISTORY: i64 = 2 * 3_600;
pub const SPIKE: f64 = 1e9;

const NAMES: [&str; 10] = [
    "load a",
    "load b",
    "load c",
    "load d",
    "load e",
    "odd nan",
    "odd inf",
    "odd third",
    "requests_total 200",
    "requests_total 500",
];

pub struct Writer {
    dice: Dice,
    /// When it wrote first.
    begun: i64,
    /// The last instant that was written, by series.
    written: BTreeMap<&'static str, i64>,
    /// The instants at which one sample stands out.
    pub spikes: Vec<i64>,
}

impl Writer {
    pub fn new(seed: u64) -> Self {
        Self { dice: Dice(seed), begun: 0, written: BTreeMap::new(), spikes: Vec::new() }
    }

    /// The value of a series at an instant. None: there is no sample. The sums of those that are summed are exact, because
    /// VictoriaMetrics adds them in any order.
    fn value(&mut self, name: &str, at: i64) -> Option<f64> {
        let (n, random) = (at / INTERVAL, self.dice.below(1_000));
        match name {
            "load a" => {
                Some(((at as f64 / 100.0).sin() * 64.0).round() / 64.0 + (random % 64) as f64 / 1_024.0)
            }
            // One-sample spikes and gaps.
            "load b" => (random > 150).then_some(if random > 980 { SPIKE } else { 0.25 }),
            // Comes and goes.
            "load c" => (at / 300 % 2 == 0).then_some(7.0),
            // Vanishes while readers look, another comes.
            "load d" => (at <= self.begun + 20).then_some(3.5),
            "load e" => (at > self.begun + 20).then_some(11.0),
            "odd nan" => Some(if random > 500 { f64::NAN } else { -0.0 }),
            "odd inf" => Some(if random > 500 { f64::INFINITY } else { f64::NEG_INFINITY }),
            "odd third" => Some(1.0 / 3.0),
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

    /// The samples of a series since the last time: the bits of a value, and epoch milliseconds. A series that ends is marked,
    /// as after a scrape without it, but one.
    fn samples(&mut self, name: &'static str, until: i64) -> Vec<(u64, i64)> {
        let from = self.written.insert(name, until).map_or(until - HISTORY, |at| at + INTERVAL);
        let (mut samples, mut was_there) = (Vec::new(), from > until - HISTORY);
        for at in (from..=until).step_by(INTERVAL as usize) {
            let value = self.value(name, at);
            match value {
                Some(value) => samples.push((value.to_bits(), at * 1_000)),
                None if was_there && name != "load d" => samples.push((STALE, at * 1_000)),
                None => {}
            }
            was_there = value.is_some();
            if value == Some(SPIKE) {
                self.spikes.push(at);
            }
        }
        samples
    }

    /// Writes all samples since the last time up to an instant, and some late ones.
    pub async fn write(&mut self, server: &RealPrometheus, until: i64) {
        if self.written.is_empty() {
            self.begun = until;
        }
        let all: Vec<_> = NAMES.map(|name| (Self::labels(name), self.samples(name, until))).into();
        for part in 0..=HISTORY / 1_000 {
            let start = until - HISTORY + part * 1_000;
            let range = start * 1_000..(start + 1_000) * 1_000;
            let within = |samples: &Vec<(u64, i64)>| {
                samples.iter().copied().filter(|(_, at_ms)| range.contains(at_ms)).collect::<Vec<_>>()
            };
            let batch: Vec<_> =
                all.iter().map(|(labels, samples)| (labels.clone(), within(samples))).collect();
            server.remote_write(request(&batch)).await;
        }
        // Between the others, up to eight minutes late.
        let late =
            |value: f64| (1..4).rev().map(|i| (value.to_bits(), (until - i * 120 - 2) * 1_000)).collect();
        let late = [("load a", late(5e5)), ("late one", late(2.0))];
        let batch: Vec<_> = late.map(|(name, samples)| (Self::labels(name), samples)).into();
        server.remote_write(request(&batch)).await;
    }
}
