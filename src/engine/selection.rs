//! Reads the samples that a query selects, within a limit of work.

use std::collections::HashMap;
use std::rc::Rc;

use super::column::{Column, Point, StepGrid};
use super::error::EngineError;
use super::labels::EngineLabels;
use super::{ClosedSeries, Engine, SampleHistory};
use crate::promql::Matcher;
use crate::promql::tree::{FixedInstant, SeriesSelector, TimeShift};

/// How long a sample counts as the newest one, unless its series is stale.
pub const LOOKBACK_MS: i64 = 5 * 60 * 1000;
/// The most work of one query. Each sample and each value that a selector, a range or an operation makes costs at least
/// its 16 bytes, so they take 200 MB at most. What functions and aggregations go through costs time only.
const MAX_WORK: usize = 200_000_000;
/// What a sample costs that is computed, and what a value costs that is kept. One that a function looks at costs 1.
const COST_OF_SAMPLE: usize = 32;
const COST_OF_VALUE: usize = 16;

/// Whether a series has all these labels.
pub(super) fn matches(matchers: &[Matcher], labels: &EngineLabels) -> bool {
    matchers.iter().all(|matcher| matcher.matches(labels.get(&matcher.name)))
}

/// Reads samples for one query.
pub(super) struct SampleReader<'e> {
    engine: &'e Engine,
    engine_now_ms: i64,
    now_ms: i64,
    /// Of the whole query.
    start_ms: i64,
    end_ms: i64,
    work_left: usize,
    /// The samples that are known, by the index of their series.
    loaded: HashMap<usize, Vec<LoadedSamples>>,
}

struct LoadedSamples {
    from_ms: i64,
    to_ms: i64,
    points: Rc<Vec<Point>>,
}

/// The labels of a series, and its samples.
type SampledSeries = (EngineLabels, Rc<Vec<Point>>);

/// The argument of a function of ranges.
pub(super) struct RangeVector {
    pub series: Vec<SampledSeries>,
    pub range_ms: i64,
    pub shift: TimeShift,
}

impl<'e> SampleReader<'e> {
    pub(super) fn new(engine: &'e Engine, now_ms: i64, (start_ms, end_ms): (i64, i64)) -> Self {
        Self {
            engine,
            engine_now_ms: now_ms,
            now_ms,
            start_ms,
            end_ms,
            work_left: MAX_WORK,
            loaded: HashMap::new(),
        }
    }

    pub(super) fn history(&self) -> SampleHistory {
        self.engine.history
    }

    /// Makes an earlier instant the newest that is seen. Returns the one before.
    pub(super) fn set_now(&mut self, now_ms: i64) -> i64 {
        std::mem::replace(&mut self.now_ms, now_ms.min(self.engine_now_ms))
    }

    /// Counts work.
    pub(super) fn spend(&mut self, work: usize) -> Result<(), EngineError> {
        self.work_left = self.work_left.checked_sub(work).ok_or_else(EngineError::too_much_work)?;
        Ok(())
    }

    pub(super) fn spend_on_values(&mut self, values: usize) -> Result<(), EngineError> {
        self.spend(values.saturating_mul(COST_OF_VALUE))
    }

    /// The instant whose samples count at a step.
    pub(super) fn reference(&self, shift: TimeShift, at: i64) -> i64 {
        let fixed = shift.at.map(|fixed| match fixed {
            FixedInstant::Start => self.start_ms,
            FixedInstant::End => self.end_ms,
            FixedInstant::At(at) => at,
        });
        fixed.unwrap_or(at).saturating_sub(shift.offset_ms)
    }

    /// What `of` makes of the newest sample of each series, at each step.
    pub(super) fn newest(
        &mut self,
        selector: &SeriesSelector,
        grid: StepGrid,
        of: fn(Point) -> f64,
    ) -> Result<Vec<Column>, EngineError> {
        let interval = self.engine.history.scrape_interval_ms;
        let (engine, oldest) = (self.engine, self.oldest_ms());
        let mut columns = Vec::new();
        for series in engine.series.iter().filter(|series| matches(&selector.matchers, &series.labels)) {
            self.spend(grid.count.saturating_mul(COST_OF_SAMPLE + COST_OF_VALUE))?;
            let mut last = (i64::MIN, None);
            let values = grid.instants().map(|at| {
                let reference = self.reference(selector.shift, at);
                // A scrape without the sample makes the series stale, so that only the last one counts.
                let scrape = reference.min(self.now_ms).div_euclid(interval).saturating_mul(interval);
                if scrape < oldest.max(reference.saturating_sub(LOOKBACK_MS)) {
                    return None;
                }
                if last.0 != scrape {
                    last = (scrape, (series.samples)(scrape));
                }
                last.1.map(|value| of(Point { at_ms: scrape, value }))
            });
            let column = Column { values: values.collect(), labels: series.labels.clone() };
            if !column.is_empty() {
                columns.push(column);
            }
        }
        Ok(columns)
    }

    /// The samples of `x[5m]` for all steps.
    pub(super) fn range(
        &mut self,
        matchers: &[Matcher],
        shift: TimeShift,
        range_ms: i64,
        grid: StepGrid,
    ) -> Result<RangeVector, EngineError> {
        let from = self.reference(shift, grid.start).saturating_sub(range_ms);
        let to = self.reference(shift, grid.end());
        let has_gaps = grid.step > range_ms && shift.at.is_none();
        let engine = self.engine;
        let mut found: Vec<SampledSeries> = Vec::new();
        for (index, series) in engine.series.iter().enumerate() {
            if matches(matchers, &series.labels) {
                let points = if has_gaps {
                    Rc::new(self.within_windows(series, shift, range_ms, grid)?)
                } else {
                    self.load(index, (from, to))?
                };
                found.push((series.labels.clone(), points));
            }
        }
        Ok(RangeVector { series: found, range_ms, shift })
    }

    /// The samples of windows that do not meet, without those between them.
    fn within_windows(
        &mut self,
        series: &ClosedSeries,
        shift: TimeShift,
        range_ms: i64,
        grid: StepGrid,
    ) -> Result<Vec<Point>, EngineError> {
        let mut points = Vec::new();
        for at in grid.instants() {
            let end = self.reference(shift, at);
            let window = self.in_history((end.saturating_sub(range_ms), end));
            points.extend(self.samples(series, window)?);
        }
        Ok(points)
    }

    fn in_history(&self, (from, to): (i64, i64)) -> (i64, i64) {
        (from.max(self.oldest_ms()), to.min(self.now_ms))
    }

    /// The samples between two instants of the history.
    fn samples(&mut self, series: &ClosedSeries, (from, to): (i64, i64)) -> Result<Vec<Point>, EngineError> {
        let interval = self.engine.history.scrape_interval_ms;
        let (from, to) = (from.max(series.between.0), to.min(series.between.1));
        let first = from.div_euclid(interval) + i64::from(from.rem_euclid(interval) > 0);
        let count = usize::try_from(to.div_euclid(interval) - first + 1).unwrap_or_default();
        self.spend(count.saturating_mul(COST_OF_SAMPLE))?;
        let scrapes = StepGrid { start: first.saturating_mul(interval), step: interval, count };
        let sample = |at_ms: i64| Some(Point { at_ms, value: (series.samples)(at_ms)? });
        Ok(scrapes.instants().filter_map(sample).collect())
    }

    /// The samples of a series between two instants, and maybe more.
    fn load(&mut self, index: usize, between: (i64, i64)) -> Result<Rc<Vec<Point>>, EngineError> {
        let (from, to) = self.in_history(between);
        let known = self
            .loaded
            .get(&index)
            .and_then(|loaded| loaded.iter().find(|loaded| loaded.from_ms <= from && to <= loaded.to_ms));
        if let Some(known) = known {
            return Ok(known.points.clone());
        }
        let Some(series) = self.engine.series.get(index) else { return Ok(Rc::default()) };
        let points = Rc::new(self.samples(series, (from, to))?);
        let loaded = LoadedSamples { from_ms: from, to_ms: to, points: points.clone() };
        self.loaded.entry(index).or_default().push(loaded);
        Ok(points)
    }

    /// Whether a series has a sample between two instants. Nearly all have one at the end.
    pub(super) fn has_sample(
        &mut self,
        series: &ClosedSeries,
        (from, to): (i64, i64),
    ) -> Result<bool, EngineError> {
        let interval = self.engine.history.scrape_interval_ms;
        let (from, to) = self.in_history((from.max(series.between.0), to.min(series.between.1)));
        let mut scrape = to.div_euclid(interval).saturating_mul(interval);
        while scrape >= from {
            self.spend(COST_OF_SAMPLE)?;
            if (series.samples)(scrape).is_some() {
                return Ok(true);
            }
            scrape -= interval;
        }
        Ok(false)
    }

    fn oldest_ms(&self) -> i64 {
        self.engine_now_ms.saturating_sub(self.engine.history.retention_ms)
    }
}
