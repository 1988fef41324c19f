//! Reads native histograms: `[1435781430.781,{"count":"3","sum":"4.5","buckets":[[0,"1","2","3"]]}]`.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::envelope::WireFault;
use super::result::incomplete;
use super::samples::{millis, number};
use crate::prometheus::{Boundaries, Bucket, Histogram};

#[derive(Deserialize)]
struct RawHistogramPoint<'a>(#[serde(borrow)] &'a RawValue, #[serde(borrow)] RawHistogram<'a>);

#[derive(Deserialize)]
struct RawHistogram<'a> {
    #[serde(borrow)]
    count: Cow<'a, str>,
    #[serde(borrow)]
    sum: Option<Cow<'a, str>>,
    #[serde(borrow)]
    buckets: Option<Vec<RawBucket<'a>>>,
}

/// Boundaries, lower, upper, count.
#[derive(Deserialize)]
struct RawBucket<'a>(
    u8,
    #[serde(borrow)] Cow<'a, str>,
    #[serde(borrow)] Cow<'a, str>,
    #[serde(borrow)] Cow<'a, str>,
);

/// A series' histograms with their times in epoch milliseconds, in the order of the list.
pub fn read_histograms(list: &RawValue) -> Result<Vec<(i64, Histogram)>, WireFault> {
    let raw: Vec<RawHistogramPoint<'_>> = serde_json::from_str(list.get()).map_err(|e| damaged(&e))?;
    raw.into_iter().map(point).collect()
}

/// One histogram with its time in epoch milliseconds.
pub fn read_histogram_at(raw: &RawValue) -> Result<(i64, Histogram), WireFault> {
    serde_json::from_str(raw.get()).map_err(|e| damaged(&e)).and_then(point)
}

fn point(RawHistogramPoint(at, raw): RawHistogramPoint<'_>) -> Result<(i64, Histogram), WireFault> {
    let figure = |text: &str| number(text.as_bytes()).ok_or_else(|| incomplete("a histogram is damaged"));
    let at_ms =
        millis(at.get().as_bytes()).ok_or_else(|| incomplete("the time of a histogram is damaged"))?;
    let mut buckets = Vec::new();
    for RawBucket(code, lower, upper, count) in raw.buckets.unwrap_or_default() {
        let boundaries = Boundaries::from_code(code)
            .ok_or_else(|| incomplete("a histogram has boundaries of an unknown kind"))?;
        let (lower, upper, count) = (figure(&lower)?, figure(&upper)?, figure(&count)?);
        buckets.push(Bucket { boundaries, lower, upper, count });
    }
    let sum = raw.sum.map_or(Ok(f64::NAN), |text| figure(&text))?;
    Ok((at_ms, Histogram { count: figure(&raw.count)?, sum, buckets }))
}

fn damaged(error: &serde_json::Error) -> WireFault {
    incomplete(&format!("the histograms of a series are damaged: {error}"))
}
