//! `histogram_quantile` of classic buckets.

use std::collections::BTreeMap;

use super::column::{Column, merged};
use super::error::EngineError;
use super::labels::EngineLabels;

const BUCKET_LABEL: &str = "le";

/// The upper bound of a bucket, and how many observations are at or below it.
type BucketCount = (f64, f64);

/// `quantiles`: one for each step.
pub(super) fn histogram_quantile(quantiles: &[f64], columns: &[Column]) -> Result<Vec<Column>, EngineError> {
    let mut histograms: BTreeMap<EngineLabels, Vec<(f64, &Column)>> = BTreeMap::new();
    for column in columns {
        // A series without a readable bound is no bucket.
        let bound = column.labels.get(BUCKET_LABEL).and_then(|bound| bound.parse::<f64>().ok());
        if let Some(bound) = bound {
            histograms.entry(column.labels.without(BUCKET_LABEL)).or_default().push((bound, column));
        }
    }
    let columns = histograms.into_iter().map(|(labels, mut buckets)| {
        buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
        let values = quantiles.iter().enumerate().map(|(step, q)| {
            let counts = buckets.iter().filter_map(|(bound, column)| Some((*bound, column.at(step)?)));
            let counts: Vec<BucketCount> = counts.collect();
            (!counts.is_empty()).then(|| bucket_quantile(*q, counts))
        });
        Column { labels: labels.without_name(), values: values.collect() }
    });
    merged(columns.collect())
}

/// Of at least one bucket, in order of their bounds.
fn bucket_quantile(q: f64, buckets: Vec<BucketCount>) -> f64 {
    if q.is_nan() {
        return f64::NAN;
    }
    if !(0.0..=1.0).contains(&q) {
        return if q < 0.0 { f64::NEG_INFINITY } else { f64::INFINITY };
    }
    let buckets = rising(joined(buckets));
    let [below @ .., (last_bound, observations)] = buckets.as_slice() else { return f64::NAN };
    if *last_bound != f64::INFINITY || below.is_empty() || *observations == 0.0 {
        return f64::NAN;
    }
    let rank = q * observations;
    let index = first_at_least(below, rank);
    let before = index.checked_sub(1).and_then(|before| below.get(before));
    match (below.get(index), before) {
        // In the bucket without an upper bound.
        (None, _) => below.last().map_or(f64::NAN, |(bound, _)| *bound),
        (Some((bound, _)), None) if *bound <= 0.0 => *bound,
        (Some((bound, count)), before) => {
            let (start, counted) = before.copied().unwrap_or((0.0, 0.0));
            start + (bound - start) * ((rank - counted) / (count - counted))
        }
    }
}

/// Adds up buckets of the same bound.
fn joined(buckets: Vec<BucketCount>) -> Vec<BucketCount> {
    let mut joined: Vec<BucketCount> = Vec::with_capacity(buckets.len());
    for (bound, count) in buckets {
        match joined.last_mut() {
            Some((last, sum)) if *last == bound => *sum += count,
            _ => joined.push((bound, count)),
        }
    }
    joined
}

/// Buckets of different scrapes may contradict each other: no count is below one before.
fn rising(mut buckets: Vec<BucketCount>) -> Vec<BucketCount> {
    let mut most = buckets.first().map_or(f64::NAN, |(_, count)| *count);
    for (_, count) in &mut buckets {
        if *count > most {
            most = *count;
        } else if *count < most {
            *count = most;
        }
    }
    buckets
}

/// The place of the first bucket whose count reaches the rank, found as Go's `sort.Search` does, which matters if a
/// count is NaN.
fn first_at_least(buckets: &[BucketCount], rank: f64) -> usize {
    let (mut from, mut to) = (0, buckets.len());
    while from < to {
        let middle = (from + to) / 2;
        if buckets.get(middle).is_some_and(|(_, count)| *count >= rank) {
            to = middle;
        } else {
            from = middle + 1;
        }
    }
    from
}
