//! The queries that the demo Prometheus knows, letter for letter, and the series that answer them.

mod payments;
mod platform;
mod shop;

pub use payments::{failing, quantile, waiting};
pub use platform::{UPSTREAMS, disk_fill};
pub use shop::{p95, slow_since};

use super::steps::Steps;
use super::waves::Story;

/// Prometheus looks back so far for a sample, and therefore answers so far beyond now.
const LOOKBACK_MS: i64 = 300_000;

/// One query and its answer.
pub struct DemoQuery {
    pub query: &'static str,
    pub series: fn(Story) -> Vec<DemoSeries>,
    pub infos: &'static [&'static str],
}

impl DemoQuery {
    const fn new(query: &'static str, series: fn(Story) -> Vec<DemoSeries>) -> Self {
        Self { query, series, infos: &[] }
    }
}

/// One series: its labels, and its value at a time in epoch seconds; None where it has no sample.
pub struct DemoSeries {
    pub labels: Vec<(&'static str, &'static str)>,
    at: Box<dyn Fn(f64) -> Option<f64>>,
}

impl DemoSeries {
    fn new<const N: usize>(
        labels: [(&'static str, &'static str); N],
        at: impl Fn(f64) -> f64 + 'static,
    ) -> Self {
        Self::with_gaps(labels, move |t| Some(at(t)))
    }

    fn with_gaps<const N: usize>(
        labels: [(&'static str, &'static str); N],
        at: impl Fn(f64) -> Option<f64> + 'static,
    ) -> Self {
        Self { labels: labels.to_vec(), at: Box::new(at) }
    }

    /// Its samples, as instants in epoch milliseconds and values. After `now_ms` the last value
    /// is repeated for as long as Prometheus would.
    pub fn samples(&self, steps: Steps, now_ms: i64) -> Vec<(i64, f64)> {
        steps
            .instants()
            .take_while(|at| *at <= now_ms.saturating_add(LOOKBACK_MS))
            .filter_map(|at| Some((at, (self.at)(seconds((at).min(now_ms)))?)))
            .collect()
    }
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds of this age of the world fit")]
fn seconds(ms: i64) -> f64 {
    ms as f64 / 1000.0
}

/// Every known query.
pub fn all() -> impl Iterator<Item = &'static DemoQuery> {
    payments::QUERIES.iter().chain(shop::QUERIES).chain(platform::QUERIES)
}

/// The query of that very text, spaces around it aside.
pub fn find(query: &str) -> Option<&'static DemoQuery> {
    all().find(|known| known.query == query.trim())
}

#[cfg(test)]
mod tests;
