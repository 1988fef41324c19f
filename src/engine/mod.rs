//! Evaluates PromQL over series that are functions of time, as a Prometheus would that scraped them.
//!
//! The semantics are those of Prometheus 2.42, with staleness. A part of PromQL that is not known here is refused by
//! its name. The work of one query is limited.

mod aggregation;
mod arithmetic;
mod calendar;
mod calls;
mod column;
mod error;
mod evaluation;
mod fixed;
mod float;
mod histogram;
mod labels;
mod matching;
mod over_time;
mod rates;
mod relabel;
mod selection;
mod sets;
mod window;

use std::sync::Arc;

pub use column::Point;
pub use error::EngineError;
pub use labels::{EngineLabels, is_label_name};
pub use selection::LOOKBACK_MS;

use crate::promql::Matcher;
use crate::promql::tree::QueryTree;
use column::StepGrid;
use evaluation::Evaluation;
use selection::{SampleReader, matches};

/// The most steps behind the first of one range query, as in Prometheus.
const MAX_STEPS: i64 = 11_000;

/// The value of a series at a scrape, at epoch milliseconds. None: the scrape did not have it, and the series is stale
/// from then on.
pub type SampleFunction = Box<dyn Fn(i64) -> Option<f64> + Send + Sync>;

/// A series whose samples are a function of time.
pub struct ClosedSeries {
    /// With `__name__`.
    pub labels: EngineLabels,
    /// No sample is before the one instant or after the other, in epoch milliseconds.
    pub between: (i64, i64),
    /// Called for scrapes only: multiples of the scrape interval, none after `now`.
    pub samples: SampleFunction,
}

impl ClosedSeries {
    /// A series that has a value from the first instant of each interval to before the second, as `ALERTS` has.
    /// The intervals are in order.
    pub fn of_intervals(labels: EngineLabels, intervals: Vec<(i64, i64, f64)>) -> Self {
        let from = intervals.first().map_or(i64::MAX, |(from, ..)| *from);
        let to = intervals.last().map_or(i64::MIN, |(_, to, _)| *to);
        let value_at = move |at: i64| {
            let begun = intervals.partition_point(|(from, ..)| *from <= at);
            intervals.get(begun.checked_sub(1)?).filter(|(_, to, _)| at < *to).map(|(.., value)| *value)
        };
        Self { labels, between: (from, to), samples: Box::new(value_at) }
    }
}

/// How the samples of all series are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SampleHistory {
    /// Scrapes are at its multiples. It is also the default step of subqueries, Prometheus' evaluation interval.
    pub scrape_interval_ms: i64,
    /// Samples older than this are gone.
    pub retention_ms: i64,
}

/// A Prometheus over closed-form series. A clone shares them.
#[derive(Clone)]
pub struct Engine {
    history: SampleHistory,
    series: Vec<Arc<ClosedSeries>>,
}

/// What a query evaluates to.
#[derive(Clone, Debug, PartialEq)]
pub enum Evaluated {
    Scalar(f64),
    Text(String),
    Vector(Vec<(EngineLabels, f64)>),
    /// In order of the labels.
    Matrix(Vec<(EngineLabels, Vec<Point>)>),
}

impl Engine {
    pub fn new(history: SampleHistory, series: Vec<ClosedSeries>) -> Self {
        let scrape_interval_ms = history.scrape_interval_ms.max(1);
        let history = SampleHistory { scrape_interval_ms, ..history };
        Self { history, series: Vec::new() }.with(series)
    }

    /// An engine of these series too. No two series may have the same labels.
    #[must_use]
    pub fn with(mut self, series: Vec<ClosedSeries>) -> Self {
        self.series.extend(series.into_iter().map(Arc::new));
        self
    }

    /// The value of a query at an instant. `now_ms` is the time of the newest samples.
    pub fn instant(&self, query: &str, at_ms: i64, now_ms: i64) -> Result<Evaluated, EngineError> {
        let tree = QueryTree::read(query)?;
        Evaluation::new(self, now_ms, (at_ms, at_ms)).instant(&tree, at_ms)
    }

    /// The values of a query at `start_ms`, each step behind it, and up to `end_ms`. Always a matrix.
    pub fn range(&self, query: &str, steps: (i64, i64, i64), now_ms: i64) -> Result<Evaluated, EngineError> {
        self.range_of(&QueryTree::read(query)?, steps, now_ms)
    }

    /// The same of a query that has been read.
    pub fn range_of(
        &self,
        tree: &QueryTree,
        (start_ms, end_ms, step_ms): (i64, i64, i64),
        now_ms: i64,
    ) -> Result<Evaluated, EngineError> {
        if step_ms <= 0 || end_ms < start_ms {
            return Err(EngineError::Invalid("the range has no steps".to_owned()));
        }
        let behind_first = end_ms.saturating_sub(start_ms) / step_ms;
        if behind_first > MAX_STEPS {
            return Err(EngineError::TooManySteps);
        }
        let count = usize::try_from(behind_first).unwrap_or_default() + 1;
        let grid = StepGrid { start: start_ms, step: step_ms, count };
        Evaluation::new(self, now_ms, (start_ms, end_ms)).range(tree, grid)
    }

    /// The labels of the series that have a sample between the instants and match any of the selectors, each of which is
    /// a list of matchers; of all, without a selector.
    pub fn select(
        &self,
        selectors: &[Vec<Matcher>],
        between_ms: (i64, i64),
        now_ms: i64,
    ) -> Result<Vec<EngineLabels>, EngineError> {
        let is_wanted = |series: &ClosedSeries| {
            selectors.is_empty() || selectors.iter().any(|all| matches(all, &series.labels))
        };
        let mut reader = SampleReader::new(self, now_ms, between_ms);
        let mut found = Vec::new();
        for series in self.series.iter().filter(|series| is_wanted(series)) {
            if reader.has_sample(series, between_ms)? {
                found.push(series.labels.clone());
            }
        }
        found.sort();
        Ok(found)
    }
}

#[cfg(test)]
mod tests;
