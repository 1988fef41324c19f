//! The queries that the demo Prometheus knows, letter for letter, and the series that answer them.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::document;
use super::figures;
use super::steps::Steps;
use super::waves::{HOUR, MINUTE, Story, bumps, jitter, sawtooth, traffic};
use crate::prometheus::Labels;

const FILE: &str = "demo/queries.yaml";
/// Prometheus looks back so far for a sample, and therefore answers so far beyond now.
const LOOKBACK_MS: i64 = 300_000;

/// Every known query.
pub fn read() -> Result<Vec<DemoQuery>, String> {
    let queries = document(FILE, include_str!("../../config/demo/queries.yaml"))?;
    serde_json::from_value(queries.to_json()).map_err(|error| format!("{FILE}: {error}"))
}

/// One query and its answer.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DemoQuery {
    pub query: String,
    pub infos: Vec<String>,
    pub series: Vec<DemoSeries>,
}

/// One series. What the numbers mean depends on the formula.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DemoSeries {
    labels: BTreeMap<String, String>,
    formula: Formula,
    base: f64,
    traffic: f64,
    noise: f64,
    seed: u64,
}

/// How the values of a series follow from the time. Most formulas are functions of [`figures`].
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Formula {
    /// `base`, `traffic` times how busy people are, and noise.
    #[default]
    Sum,
    WholeSum,
    /// `traffic` times how busy people are, with noise as a share of it.
    Product,
    Charges,
    Captures,
    Webhooks,
    Failing,
    Latency,
    MemoryBeforeDeploy,
    MemorySinceDeploy,
    Waiting,
    Probe,
    SlowZone,
    Documents,
    /// A ratio of two numbers that are sometimes zero.
    SometimesNan,
    /// A ratio whose divisor is sometimes zero.
    SometimesInfinite,
    Nan,
    RefusedOrders,
    Cached,
    DatabaseSize,
    IdleInTransaction,
    BufferHits,
    Written,
    DiskFill,
}

impl DemoSeries {
    pub fn labels(&self) -> Labels {
        self.labels.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }

    /// Its samples, as instants in epoch milliseconds and values. After `now_ms` the last value
    /// is repeated for as long as Prometheus would.
    pub fn samples(&self, story: Story, steps: Steps, now_ms: i64) -> Vec<(i64, f64)> {
        steps
            .instants()
            .take_while(|at| *at <= now_ms.saturating_add(LOOKBACK_MS))
            .filter_map(|at| Some((at, self.value(story, seconds((at).min(now_ms)))?)))
            .collect()
    }

    /// Its value at a time in epoch seconds; None where it has no sample.
    fn value(&self, story: Story, t: f64) -> Option<f64> {
        let noise = || self.noise * jitter(t, self.seed);
        let sum = || self.base + self.traffic * traffic(t) + noise();
        let label = |name: &str| self.labels.get(name).map_or("", String::as_str);
        Some(match self.formula {
            Formula::Sum => sum(),
            Formula::WholeSum => sum().round(),
            Formula::Product => self.traffic * traffic(t) * (1.0 + noise()),
            Formula::Charges => figures::charges(story, t),
            Formula::Captures => figures::captures(story, t),
            Formula::Webhooks => 6.0 + 34.0 * bumps(t, 2.0 * HOUR, 5) + jitter(t, 6),
            Formula::Failing => figures::failing(story, t, label("code")),
            Formula::Latency => figures::latency(story, t, label("quantile")),
            Formula::MemoryBeforeDeploy => figures::memory_before_deploy(story, t, self.base, self.seed)?,
            Formula::MemorySinceDeploy => figures::memory_since_deploy(story, t, self.base, self.seed)?,
            Formula::Waiting => figures::waiting(story, t, label("queue")),
            Formula::Probe => figures::probe(t, label("from")),
            Formula::SlowZone => figures::slow_zone(t),
            Formula::Documents => figures::documents(t, label("shard"), self.seed)?,
            Formula::SometimesNan if sawtooth(t, 90.0 * MINUTE, 0.1) > 0.72 => f64::NAN,
            Formula::SometimesInfinite if sawtooth(t, 50.0 * MINUTE, 0.6) > 0.96 => f64::INFINITY,
            Formula::SometimesNan | Formula::SometimesInfinite => sum(),
            Formula::Nan => f64::NAN,
            Formula::RefusedOrders => figures::refused_orders(t),
            Formula::Cached => figures::cached(t, self.base, self.seed),
            Formula::DatabaseSize => figures::database_size(t, label("datname")),
            Formula::IdleInTransaction => figures::idle_in_transaction(t),
            Formula::BufferHits => figures::buffer_hits(t, self.seed),
            Formula::Written => figures::written(t, self.base, self.seed),
            Formula::DiskFill => figures::disk_fill(t),
        })
    }
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds of this age of the world fit")]
fn seconds(ms: i64) -> f64 {
    ms as f64 / 1000.0
}

/// The query of that very text, spaces around it aside.
pub fn find<'q>(queries: &'q [DemoQuery], query: &str) -> Option<&'q DemoQuery> {
    queries.iter().find(|known| known.query == query.trim())
}

#[cfg(test)]
mod tests;
