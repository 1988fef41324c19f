//! A stretch as bytes: how its columns are written, and whether one that was read is as all code expects it.

use std::fmt;

use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serializer};

use super::{Extent, HistogramSeries, Labels, Series, Stretch, has_sample};
use crate::prometheus::UNKNOWN_BOUNDARIES;

impl Stretch {
    /// Whether it has this step, a column of the right length for each series, and extents from the start to the end.
    pub fn is_sound(&self, step_ms: i64) -> bool {
        self.step_ms == step_ms
            && self.has_sound_ends()
            && self.has_sound_extents()
            && self.has_sound_columns()
    }

    fn has_sound_ends(&self) -> bool {
        let length = self.end_ms.checked_sub(self.start_ms).filter(|length| *length >= 0);
        let is_on_grid = |ms: i64| ms.checked_rem_euclid(self.step_ms) == Some(0);
        self.step_ms > 0 && is_on_grid(self.start_ms) && length.is_some_and(is_on_grid)
    }

    fn has_sound_extents(&self) -> bool {
        let mut next_ms = self.start_ms;
        for Extent { start_ms, end_ms, fetched } in &self.extents {
            let is_next = *start_ms == next_ms && *start_ms <= *end_ms && *end_ms <= self.end_ms;
            if !is_next || end_ms.rem_euclid(self.step_ms) != 0 || fetched.oldest > fetched.as_of {
                return false;
            }
            next_ms = end_ms.saturating_add(self.step_ms);
        }
        next_ms == self.end_ms.saturating_add(self.step_ms)
    }

    fn has_sound_columns(&self) -> bool {
        let is_instant = |at_ms: i64| {
            (self.start_ms..=self.end_ms).contains(&at_ms) && at_ms.rem_euclid(self.step_ms) == 0
        };
        let points = self.len();
        self.series.iter().all(|one| one.values.len() == points && has_sample(&one.values))
            && self.histograms.iter().all(|one| {
                one.points.iter().all(|(at_ms, _)| is_instant(*at_ms))
                    && one.points.is_sorted_by(|(at_ms, _), (next_ms, _)| at_ms < next_ms)
            })
    }
}

/// A list that is not empty. Empty ones would need more memory than they have bytes.
#[derive(Deserialize)]
#[serde(try_from = "Vec<T>", bound = "T: Deserialize<'de>")]
struct Filled<T>(Vec<T>);

impl<T> TryFrom<Vec<T>> for Filled<T> {
    type Error = &'static str;

    fn try_from(list: Vec<T>) -> Result<Self, &'static str> {
        if list.is_empty() { Err("an empty list") } else { Ok(Self(list)) }
    }
}

/// Reads a list in the order of its labels, each set once. A few bytes of one set, again and again, would need much memory, so
/// any other order ends the reading.
struct InOrder<F, T> {
    read: fn(Labels, F) -> Option<T>,
    labels: fn(&T) -> &Labels,
}

impl<'de, F: Deserialize<'de>, T> Visitor<'de> for InOrder<F, T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("series in the order of their labels")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<T>, A::Error> {
        let mut all: Vec<T> = Vec::new();
        while let Some((labels, form)) = list.next_element::<(Labels, F)>()? {
            if all.last().is_some_and(|last| (self.labels)(last) >= &labels) {
                return Err(A::Error::custom("series that are not in the order of their labels"));
            }
            all.push((self.read)(labels, form).ok_or_else(|| A::Error::custom(UNKNOWN_BOUNDARIES))?);
        }
        Ok(all)
    }
}

pub fn read_extents<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Extent>, D::Error> {
    Filled::deserialize(deserializer).map(|Filled(extents)| extents)
}

/// Series: the labels, and the bits of each value.
pub mod columns {
    use super::{Deserializer, Filled, InOrder, Serializer, Series};

    pub fn serialize<S: Serializer>(series: &[Series], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(series.iter().map(|one| (&one.labels, &*one.values)))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Series>, D::Error> {
        deserializer.deserialize_seq(InOrder {
            read: |labels, Filled(values)| Some(Series { labels, values: values.into() }),
            labels: |one| &one.labels,
        })
    }
}

/// Native histograms. Their other form is JSON, in which numbers are texts.
pub mod histograms {
    use super::{Deserializer, Filled, HistogramSeries, InOrder, Serializer};
    use crate::prometheus::{Boundaries, Bucket, Histogram};

    /// Boundaries, lower, upper, count.
    type BucketForm = (u8, f64, f64, f64);
    /// Epoch milliseconds, count, sum, buckets.
    type PointForm = (i64, f64, f64, Vec<BucketForm>);

    pub fn serialize<S: Serializer>(all: &[HistogramSeries], serializer: S) -> Result<S::Ok, S::Error> {
        let points = |one: &HistogramSeries| one.points.iter().map(written).collect::<Vec<PointForm>>();
        serializer.collect_seq(all.iter().map(|one| (&one.labels, points(one))))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<HistogramSeries>, D::Error> {
        deserializer.deserialize_seq(InOrder {
            read: |labels, Filled(points)| {
                let points = points.into_iter().map(read).collect::<Option<_>>()?;
                Some(HistogramSeries { labels, points })
            },
            labels: |one| &one.labels,
        })
    }

    fn written((at_ms, histogram): &(i64, Histogram)) -> PointForm {
        let buckets = histogram.buckets.iter();
        let buckets = buckets.map(|one| (one.boundaries as u8, one.lower, one.upper, one.count)).collect();
        (*at_ms, histogram.count, histogram.sum, buckets)
    }

    fn read((at_ms, count, sum, buckets): PointForm) -> Option<(i64, Histogram)> {
        let buckets = buckets.into_iter().map(|(number, lower, upper, count)| {
            Some(Bucket { boundaries: Boundaries::of(number)?, lower, upper, count })
        });
        Some((at_ms, Histogram { count, sum, buckets: buckets.collect::<Option<_>>()? }))
    }
}
