//! Reads the answer to a range query.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::envelope::{Opened, WireFault, open};
use super::labels::StrictLabels;
use super::samples::read_samples;
use crate::prometheus::{ABSENT, Matrix, Series, Window};

/// The most series that are looked at.
const MAX_SERIES: usize = 50_000;
/// The most bytes that one answer may take once decoded. JSON within the body's cap can ask for a thousand
/// times more: a series of one sample needs a whole column.
const MAX_DECODED: usize = 64 << 20;

#[derive(Deserialize)]
struct Data<'a> {
    #[serde(borrow, rename = "resultType")]
    result_type: Option<Cow<'a, str>>,
    #[serde(borrow)]
    result: Option<Bounded<RawSeries<'a>>>,
}

#[derive(Deserialize)]
struct RawSeries<'a> {
    #[serde(borrow)]
    metric: &'a RawValue,
    #[serde(borrow)]
    values: Option<&'a RawValue>,
    #[serde(borrow)]
    histograms: Option<&'a RawValue>,
}

/// Reads a complete matrix onto the window's grid, its series in the order of their labels.
pub fn read_matrix(body: &[u8], window: Window) -> Result<Matrix, WireFault> {
    let Opened { data, warnings, infos } = open::<Data<'_>>(body)?;
    let (Some(result_type), Some(Bounded { first: raw, more })) = (data.result_type, data.result) else {
        return Err(incomplete("the answer lacks its result"));
    };
    if result_type != "matrix" {
        return Err(WireFault::NotPrometheus("the answer to a range query is no matrix".into()));
    }
    let decoded: usize = raw.iter().map(|s| window.len() * 8 + s.metric.get().len() * 16).sum();
    if more > 0 || decoded > MAX_DECODED {
        let series = raw.len() + more;
        return Err(WireFault::TooLarge(format!(
            "the answer has {series} series of {} points",
            window.len()
        )));
    }
    let mut matrix = Matrix {
        window,
        series: Vec::with_capacity(raw.len()),
        histogram_series: 0,
        off_grid: 0,
        warnings,
        infos,
    };
    for series in raw {
        read_series(&series, &mut matrix)?;
    }
    matrix.series.sort_unstable_by(|a, b| a.labels.cmp(&b.labels));
    if matrix.series.array_windows().any(|[a, b]| a.labels == b.labels) {
        return Err(incomplete("two series have the same labels"));
    }
    Ok(matrix)
}

fn read_series(raw: &RawSeries<'_>, matrix: &mut Matrix) -> Result<(), WireFault> {
    matrix.histogram_series += usize::from(raw.histograms.is_some());
    let Some(values) = raw.values else {
        // A series of nothing but histograms has no line.
        return raw.histograms.map(|_| ()).ok_or_else(|| incomplete("a series has no values"));
    };
    let StrictLabels(labels) = serde_json::from_str(raw.metric.get())
        .map_err(|e| incomplete(&format!("the labels of a series are damaged: {e}")))?;
    let mut column = vec![ABSENT; matrix.window.len()];
    matrix.off_grid += read_samples(values.get(), &matrix.window, &mut column)
        .map_err(|_| incomplete("the samples of a series are damaged"))?;
    matrix.series.push(Series { labels, values: column });
    Ok(())
}

fn incomplete(detail: &str) -> WireFault {
    WireFault::Incomplete(detail.to_owned())
}

/// The first [`MAX_SERIES`] of a list, and how many more there were.
struct Bounded<T> {
    first: Vec<T>,
    more: usize,
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Bounded<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(BoundedVisitor(PhantomData))
    }
}

struct BoundedVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for BoundedVisitor<T> {
    type Value = Bounded<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Bounded<T>, A::Error> {
        let mut list = Bounded { first: Vec::new(), more: 0 };
        while list.first.len() < MAX_SERIES {
            match seq.next_element()? {
                Some(next) => list.first.push(next),
                None => return Ok(list),
            }
        }
        while seq.next_element::<IgnoredAny>()?.is_some() {
            list.more += 1;
        }
        Ok(list)
    }
}

#[cfg(test)]
mod tests;
