//! Reduces samples to the number of pixels: each bucket of a grid keeps its minimum and its maximum, in order of time.

use crate::prometheus::{ABSENT, Window};

/// The instants of drawn columns: `start_ms + i * step_ms`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grid {
    pub start_ms: i64,
    pub step_ms: i64,
    /// How many samples share two slots; 1: every slot is a sample at its own time.
    pub bucket: usize,
}

/// Columns over a grid, all equally long. Every value is finite or [`ABSENT`].
#[derive(Clone, Debug)]
pub struct Reduced {
    pub grid: Grid,
    pub columns: Vec<Vec<f64>>,
    /// For each column the slots whose samples include an infinity, and whether that is positive.
    pub infinite: Vec<Vec<(usize, bool)>>,
}

/// Buckets at multiples of their own length, so that a moving window does not move them.
struct BucketGrid {
    /// Samples of a bucket.
    size: usize,
    /// Places of the first bucket before the first sample.
    lead: usize,
    samples: usize,
}

impl BucketGrid {
    fn count(&self) -> usize {
        (self.lead + self.samples).div_ceil(self.size)
    }

    fn bounds(&self, bucket: usize) -> (usize, usize) {
        let start = (bucket * self.size).saturating_sub(self.lead);
        (start, ((bucket + 1) * self.size).saturating_sub(self.lead).min(self.samples))
    }

    fn of<'v>(&self, bucket: usize, values: &'v [f64]) -> &'v [f64] {
        let (start, end) = self.bounds(bucket);
        values.get(start..end.min(values.len())).unwrap_or_default()
    }
}

/// How many samples share a pixel where `range_ms` is `width` pixels wide.
/// Depends on the range and not on the answer's length, so that it is stable while the range is.
pub fn samples_a_pixel(range_ms: i64, step_ms: i64, width: u32) -> usize {
    let samples = range_ms.max(0) / step_ms.max(1) + 1;
    usize::try_from(samples).unwrap_or(usize::MAX).div_ceil(width.max(1) as usize)
}

/// `size` samples share a bucket. Two slots hold up to two samples, so those are kept.
///
/// A bucket's first slot has the earlier of its minimum and its maximum, its second the later; a sample that is both
/// fills both. When stacked, all series use the same two instants, those of the minimum and the maximum total,
/// because a sum of samples of different times never existed.
pub fn reduce(window: &Window, columns: &[&[f64]], size: usize, stacked: bool) -> Reduced {
    if size <= 2 {
        return plain(window, columns);
    }
    // Half a bucket is a whole number of milliseconds.
    let odd = !size.is_multiple_of(2) && window.step_ms() % 2 == 1;
    let size = size + usize::from(odd);
    let length = window.step_ms().saturating_mul(i64::try_from(size).unwrap_or(i64::MAX)).max(2);
    let start_ms = window.start_ms().div_euclid(length) * length;
    let lead = usize::try_from((window.start_ms() - start_ms) / window.step_ms()).unwrap_or(0);
    let buckets = BucketGrid { size, lead, samples: window.len() };
    let columns_of = if stacked { by_totals } else { by_extremes };
    let infinite = |values: &&[f64]| {
        let slot = |bucket| infinities(buckets.of(bucket, values)).map(move |up| (bucket * 2, up));
        (0..buckets.count()).flat_map(slot).collect()
    };
    Reduced {
        grid: Grid { start_ms, step_ms: length / 2, bucket: size },
        columns: columns_of(&buckets, columns),
        infinite: columns.iter().map(infinite).collect(),
    }
}

fn plain(window: &Window, columns: &[&[f64]]) -> Reduced {
    let infinite = |values: &&[f64]| {
        let up = |(i, v): (usize, &f64)| v.is_infinite().then_some((i, *v > 0.0));
        values.iter().enumerate().filter_map(up).collect()
    };
    Reduced {
        grid: Grid { start_ms: window.start_ms(), step_ms: window.step_ms(), bucket: 1 },
        columns: columns.iter().map(|values| values.iter().map(|v| finite(*v)).collect()).collect(),
        infinite: columns.iter().map(infinite).collect(),
    }
}

fn finite(value: f64) -> f64 {
    if value.is_finite() { value } else { ABSENT }
}

fn infinities(values: &[f64]) -> impl Iterator<Item = bool> + use<> {
    let has = |infinity: f64| values.contains(&infinity);
    let (up, down) = (has(f64::INFINITY), has(f64::NEG_INFINITY));
    up.then_some(true).into_iter().chain(down.then_some(false))
}

fn by_extremes(buckets: &BucketGrid, columns: &[&[f64]]) -> Vec<Vec<f64>> {
    let column = |values: &&[f64]| {
        let mut slots = Vec::with_capacity(buckets.count() * 2);
        for bucket in 0..buckets.count() {
            let (first, second) = extremes(buckets.of(bucket, values).iter().copied());
            let value = |found: Option<(usize, f64)>| found.map_or(ABSENT, |(_, value)| value);
            slots.extend([value(first), value(second)]);
        }
        slots
    };
    columns.iter().map(column).collect()
}

fn by_totals(buckets: &BucketGrid, columns: &[&[f64]]) -> Vec<Vec<f64>> {
    let mut reduced = vec![Vec::with_capacity(buckets.count() * 2); columns.len()];
    for bucket in 0..buckets.count() {
        let (start, end) = buckets.bounds(bucket);
        let (first, second) = extremes((start..end).map(|at| total(columns, at)));
        for (slots, values) in reduced.iter_mut().zip(columns) {
            let value = |found: Option<(usize, f64)>| {
                found.and_then(|(at, _)| values.get(start + at)).map_or(ABSENT, |value| finite(*value))
            };
            slots.extend([value(first), value(second)]);
        }
    }
    reduced
}

/// NaN where no series has a value.
fn total(columns: &[&[f64]], at: usize) -> f64 {
    let values = columns.iter().filter_map(|values| values.get(at)).filter(|value| value.is_finite());
    values.fold(f64::NAN, |sum, value| if sum.is_nan() { *value } else { sum + value })
}

type Place = Option<(usize, f64)>;

/// The least and the greatest finite value with their places, the earlier one first.
fn extremes(values: impl Iterator<Item = f64>) -> (Place, Place) {
    let (mut least, mut greatest): (Place, Place) = (None, None);
    for (at, value) in values.enumerate().filter(|(_, value)| value.is_finite()) {
        if least.is_none_or(|(_, least)| value < least) {
            least = Some((at, value));
        }
        if greatest.is_none_or(|(_, greatest)| value > greatest) {
            greatest = Some((at, value));
        }
    }
    if least.map(|(at, _)| at) <= greatest.map(|(at, _)| at) { (least, greatest) } else { (greatest, least) }
}

#[cfg(test)]
mod tests;
