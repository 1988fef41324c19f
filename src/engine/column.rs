//! Values over the steps of a query, in columns: one for each series.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::error::EngineError;
use super::labels::EngineLabels;

/// A sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    pub at_ms: i64,
    pub value: f64,
}

/// The instants at which a query is evaluated, in epoch milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct StepGrid {
    pub start: i64,
    pub step: i64,
    pub count: usize,
}

impl StepGrid {
    pub(super) fn instant(at: i64) -> Self {
        Self { start: at, step: 1, count: 1 }
    }

    pub(super) fn instants(self) -> impl Iterator<Item = i64> {
        std::iter::successors(Some(self.start), move |at| at.checked_add(self.step)).take(self.count)
    }

    /// The last instant; the first of an empty grid.
    pub(super) fn end(self) -> i64 {
        let behind_first = i64::try_from(self.count.saturating_sub(1)).unwrap_or(i64::MAX);
        self.start.saturating_add(self.step.saturating_mul(behind_first))
    }
}

/// A series: its value at each step.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Column {
    pub labels: EngineLabels,
    pub values: Vec<Option<f64>>,
}

impl Column {
    pub(super) fn is_empty(&self) -> bool {
        self.values.iter().all(Option::is_none)
    }

    pub(super) fn at(&self, step: usize) -> Option<f64> {
        self.values.get(step).copied().flatten()
    }

    /// With each value replaced, and without the metric's name.
    pub(super) fn mapped(self, mut of: impl FnMut(usize, f64) -> Option<f64>) -> Self {
        let labels = self.labels.without_name();
        let values = self.values.into_iter().enumerate();
        Self { labels, values: values.map(|(step, value)| of(step, value?)).collect() }
    }

    pub(super) fn points(&self, grid: StepGrid) -> Vec<Point> {
        let pairs = grid.instants().zip(&self.values);
        pairs.filter_map(|(at_ms, value)| Some(Point { at_ms, value: (*value)? })).collect()
    }
}

/// Joins the columns of equal labels. An error where two have a value at one step.
pub(super) fn merged(columns: Vec<Column>) -> Result<Vec<Column>, EngineError> {
    let mut places: HashMap<EngineLabels, usize> = HashMap::with_capacity(columns.len());
    let mut merged: Vec<Column> = Vec::with_capacity(columns.len());
    for column in columns.into_iter().filter(|column| !column.is_empty()) {
        match places.entry(column.labels.clone()) {
            Entry::Vacant(vacant) => {
                vacant.insert(merged.len());
                merged.push(column);
            }
            Entry::Occupied(place) => {
                if let Some(first) = merged.get_mut(*place.get()) {
                    join(&mut first.values, &column.values).ok_or_else(EngineError::same_labels)?;
                }
            }
        }
    }
    Ok(merged)
}

/// Adds values where there are none; None where there are.
pub(super) fn join(into: &mut [Option<f64>], from: &[Option<f64>]) -> Option<()> {
    for (own, other) in into.iter_mut().zip(from).filter(|(_, other)| other.is_some()) {
        if own.is_some() {
            return None;
        }
        *own = *other;
    }
    Some(())
}

/// An error where two columns have the same labels, at whatever steps.
pub(super) fn check_unique(columns: &[Column]) -> Result<(), EngineError> {
    let mut known = std::collections::HashSet::with_capacity(columns.len());
    let is_unique = columns.iter().all(|column| known.insert(&column.labels));
    if is_unique { Ok(()) } else { Err(EngineError::same_labels()) }
}
