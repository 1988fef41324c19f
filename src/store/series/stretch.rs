//! A stretch of time without a gap: one column for each series, and when each part of it was fetched.

mod form;

use std::cmp::Ordering;
use std::iter::repeat_n;
use std::ops::Range;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::prometheus::{ABSENT, Histogram, HistogramSeries, Labels, Matrix, Series, Window, is_absent};

/// When a part of a stretch was fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fetched {
    /// When the request was sent, by the portal's clock.
    pub begun: Timestamp,
    /// When its answer came.
    pub as_of: Timestamp,
    /// The same of its oldest samples.
    pub oldest: Timestamp,
    /// The instance's own time.
    pub date: Option<Timestamp>,
    /// Later samples may still change, in epoch milliseconds.
    pub settled_ms: i64,
}

/// A part of a stretch, from its first to its last instant, in epoch milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extent {
    pub start_ms: i64,
    pub end_ms: i64,
    pub fetched: Fetched,
}

/// Instants without a gap between them, all multiples of the step. [`Stretch::is_sound`] checks one that was read.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Stretch {
    pub step_ms: i64,
    pub start_ms: i64,
    pub end_ms: i64,
    /// In the order of their labels. Each has a value for each instant, and at least one sample.
    #[serde(with = "form::columns")]
    series: Vec<Series>,
    /// The same for native histograms.
    #[serde(with = "form::histograms")]
    histograms: Vec<HistogramSeries>,
    /// In the order of time, without a gap, from the start to the end.
    #[serde(deserialize_with = "form::read_extents")]
    pub extents: Vec<Extent>,
}

impl Stretch {
    /// The answer to a range query of an aligned window.
    pub fn of(matrix: Matrix, fetched: Fetched) -> Self {
        let Matrix { window, mut series, mut histograms, .. } = matrix;
        let (start_ms, end_ms) = (window.start_ms(), window.end_ms());
        series.retain(|one| has_sample(&one.values));
        histograms.retain(|one| !one.points.is_empty());
        for one in &mut histograms {
            if !one.points.is_sorted_by_key(|(at_ms, _)| *at_ms) {
                let mut points = one.points.to_vec();
                points.sort_by_key(|(at_ms, _)| *at_ms);
                one.points = points.into();
            }
        }
        let extents = vec![Extent { start_ms, end_ms, fetched }];
        Self { step_ms: window.step_ms(), start_ms, end_ms, series, histograms, extents }
    }

    /// How many instants there are.
    pub fn len(&self) -> usize {
        self.place(self.end_ms) + 1
    }

    /// Without anything after an instant. None: nothing is left.
    pub fn until(mut self, end_ms: i64) -> Option<Self> {
        if end_ms >= self.end_ms {
            return Some(self);
        }
        self.end_ms = self.grid_before(end_ms);
        (self.start_ms <= self.end_ms).then_some(())?;
        let left = self.len();
        self.series.iter_mut().for_each(|one| one.values.keep(0..left));
        let end_ms = self.end_ms;
        self.keep_points(i64::MIN, end_ms);
        self.extents.retain(|extent| extent.start_ms <= end_ms);
        if let Some(last) = self.extents.last_mut() {
            last.end_ms = last.end_ms.min(end_ms);
        }
        Some(self.without_empty())
    }

    /// Without anything before an instant. None: nothing is left.
    pub fn from(mut self, start_ms: i64) -> Option<Self> {
        if start_ms <= self.start_ms {
            return Some(self);
        }
        let start_ms = self.grid_before(start_ms.saturating_add(self.step_ms - 1));
        (start_ms <= self.end_ms).then_some(())?;
        let gone = self.place(start_ms);
        self.series.iter_mut().for_each(|one| one.values.keep(gone..usize::MAX));
        self.start_ms = start_ms;
        self.keep_points(start_ms, i64::MAX);
        self.extents.retain(|extent| extent.end_ms >= start_ms);
        if let Some(first) = self.extents.first_mut() {
            first.start_ms = first.start_ms.max(start_ms);
        }
        Some(self.without_empty())
    }

    /// At most so many instants, the newest. None: nothing is left.
    pub fn newest(self, instants: usize) -> Option<Self> {
        let gone = self.len().saturating_sub(instants);
        let start_ms = i64::try_from(gone).ok()?.checked_mul(self.step_ms)?.checked_add(self.start_ms)?;
        self.from(start_ms)
    }

    /// Gives back the room for more values.
    pub fn shrink(&mut self) {
        self.series.iter_mut().for_each(|one| one.values.shrink());
        self.histograms.iter_mut().for_each(|one| one.points.shrink());
    }

    /// With a stretch that begins one step after this one ends.
    pub fn then(self, next: Self) -> Self {
        let (own, more) = (self.len(), next.len());
        let series = joined(self.series, next.series, |one| &one.labels, |sides| series_of(sides, own, more));
        let histograms = joined(
            self.histograms,
            next.histograms,
            |one| &one.labels,
            |sides| match sides {
                Sides::Earlier(one) | Sides::Later(one) => one,
                Sides::Both(mut one, later) => {
                    one.points.append(later.points.iter().cloned());
                    one
                }
            },
        );
        let extents = self.extents.into_iter().chain(next.extents).collect();
        Self { end_ms: next.end_ms, series, histograms, extents, ..self }
    }

    /// Makes one extent of neighbours that no longer change and were fetched within a while, so that each refresh does
    /// not add one for ever.
    pub fn join_extents(&mut self, within: Duration) {
        let mut all: Vec<Extent> = Vec::with_capacity(self.extents.len());
        for mut next in std::mem::take(&mut self.extents) {
            let settled_ms = self.grid_before(next.fetched.settled_ms.min(next.end_ms));
            let earlier = all.last_mut().filter(|last| {
                let (one, other) = (&last.fetched, &next.fetched);
                // By the oldest alone, each part that is joined would make the others a little older.
                let apart = one.as_of.max(other.as_of).duration_since(one.oldest.min(other.oldest));
                last.end_ms <= one.settled_ms && next.start_ms <= settled_ms && apart.unsigned_abs() <= within
            });
            if let Some(last) = earlier {
                *last = last.extended(settled_ms, next.fetched);
                next.start_ms = settled_ms.saturating_add(self.step_ms);
            }
            if next.start_ms <= next.end_ms {
                all.push(next);
            }
        }
        self.extents = all;
    }

    /// Whether there is a sample between two instants, both included.
    pub fn has_samples(&self, start_ms: i64, end_ms: i64) -> bool {
        let (start_ms, end_ms) = (start_ms.max(self.start_ms), end_ms.min(self.end_ms));
        if start_ms > end_ms {
            return false;
        }
        let places = self.place(start_ms)..=self.place(end_ms);
        let is_within = |at_ms: &i64| (start_ms..=end_ms).contains(at_ms);
        self.series.iter().any(|one| one.values.get(places.clone()).is_some_and(has_sample))
            || self.histograms.iter().any(|one| one.points.iter().any(|(at_ms, _)| is_within(at_ms)))
    }

    /// The samples of a window that lies within, mostly without a copy of them. A series without samples there is left out, as
    /// Prometheus does.
    pub fn slice(&self, window: Window) -> Matrix {
        let first = self.place(window.start_ms());
        let places = first..first.saturating_add(window.len());
        let series = self.series.iter().filter_map(|one| {
            // Looked at first: a part may be a copy.
            one.values.get(places.clone()).filter(|values| has_sample(values))?;
            Some(Series { labels: one.labels.clone(), values: one.values.part(places.clone())? })
        });
        let histograms = self.histograms.iter().filter_map(|one| {
            let within = points_within(&one.points, window.start_ms(), window.end_ms());
            let points = one.points.part(within).filter(|points| !points.is_empty())?;
            Some(HistogramSeries { labels: one.labels.clone(), points })
        });
        let histograms = histograms.collect();
        let last = self.extents.iter().rev().find(|extent| extent.start_ms <= window.end_ms());
        Matrix {
            histograms,
            date: last.and_then(|extent| extent.fetched.date),
            as_of: last.map(|extent| extent.fetched.as_of),
            may_change: self.extents.iter().any(|extent| extent.may_change(&window)),
            ..Matrix::of(window, series.collect())
        }
    }

    /// Bytes in memory, about.
    pub fn weight(&self) -> usize {
        let series = self.series.iter().map(Series::weight);
        series.sum::<usize>() + self.histogram_bytes() + self.extents.len() * size_of::<Extent>() + 256
    }

    /// The label sets of its series, in order.
    pub fn labels(&self) -> impl Iterator<Item = &Labels> {
        self.series.iter().map(|one| &one.labels)
    }

    pub fn histogram_bytes(&self) -> usize {
        self.histograms.iter().map(HistogramSeries::weight).sum()
    }

    fn keep_points(&mut self, start_ms: i64, end_ms: i64) {
        for one in &mut self.histograms {
            let within = points_within(&one.points, start_ms, end_ms);
            one.points.keep(within);
        }
    }

    /// The place of an instant that is on the grid and not before the start.
    fn place(&self, at_ms: i64) -> usize {
        usize::try_from(at_ms.saturating_sub(self.start_ms) / self.step_ms).unwrap_or(0)
    }

    /// The last multiple of the step that is not later.
    fn grid_before(&self, at_ms: i64) -> i64 {
        at_ms.saturating_sub(at_ms.rem_euclid(self.step_ms))
    }

    fn without_empty(mut self) -> Self {
        self.series.retain(|one| has_sample(&one.values));
        self.histograms.retain(|one| !one.points.is_empty());
        self
    }
}

impl Fetched {
    /// The time by which samples are young. The instance's own clock says it. A proxy's clock may be ahead of that, and ours
    /// was if it was set back since.
    pub fn at_ms(&self) -> i64 {
        self.date.unwrap_or(self.begun).min(self.begun).min(self.as_of).as_millisecond()
    }
}

impl Extent {
    /// Whether a sample within the window may have changed since.
    fn may_change(&self, window: &Window) -> bool {
        let last_ms = self.end_ms.min(window.end_ms());
        last_ms >= self.start_ms.max(window.start_ms()) && last_ms > self.fetched.settled_ms
    }

    /// Up to a later instant, with samples of another fetch. None of them changes any more.
    fn extended(&self, end_ms: i64, later: Fetched) -> Self {
        let newest = if later.as_of > self.fetched.as_of { later } else { self.fetched };
        let oldest = self.fetched.oldest.min(later.oldest);
        Self { end_ms, fetched: Fetched { oldest, settled_ms: end_ms, ..newest }, ..*self }
    }
}

fn has_sample(values: &[f64]) -> bool {
    values.iter().any(|value| !is_absent(*value))
}

/// The places of those between two instants, both included.
fn points_within(points: &[(i64, Histogram)], start_ms: i64, end_ms: i64) -> Range<usize> {
    let first = points.partition_point(|(at_ms, _)| *at_ms < start_ms);
    first..points.partition_point(|(at_ms, _)| *at_ms <= end_ms)
}

/// What two lists have of one label set.
enum Sides<T> {
    Earlier(T),
    Later(T),
    Both(T, T),
}

/// Two lists in the order of their labels as one.
fn joined<T>(
    earlier: Vec<T>,
    later: Vec<T>,
    labels: impl Fn(&T) -> &Labels,
    join: impl Fn(Sides<T>) -> T,
) -> Vec<T> {
    let mut all = Vec::with_capacity(earlier.len().max(later.len()));
    let (mut earlier, mut later) = (earlier.into_iter().peekable(), later.into_iter().peekable());
    loop {
        let order = match (earlier.peek(), later.peek()) {
            (Some(one), Some(other)) => labels(one).cmp(labels(other)),
            (Some(_), None) => Ordering::Less,
            (None, _) => Ordering::Greater,
        };
        let one = if order.is_le() { earlier.next() } else { None };
        let other = if order.is_ge() { later.next() } else { None };
        all.push(match (one, other) {
            (Some(one), Some(other)) => join(Sides::Both(one, other)),
            (Some(one), None) => join(Sides::Earlier(one)),
            (None, Some(other)) => join(Sides::Later(other)),
            (None, None) => return all,
        });
    }
}

/// A column of as many values as both parts have instants.
fn series_of(sides: Sides<Series>, own: usize, more: usize) -> Series {
    match sides {
        Sides::Earlier(mut one) => {
            one.values.append(repeat_n(ABSENT, more));
            one
        }
        Sides::Later(Series { labels, values: later }) => {
            let mut values = Vec::with_capacity(own + more);
            values.resize(own, ABSENT);
            values.extend_from_slice(&later);
            Series { labels, values: values.into() }
        }
        Sides::Both(mut one, later) => {
            one.values.append(later.values.iter().copied());
            one
        }
    }
}
