//! Samples in columns: one `f64` per step and series, where "absent" differs from NaN.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::Serialize;
use serde::ser::SerializeMap;

use super::{HistogramSeries, InstantValue, Window, remarks};

/// The place of a missing sample: a NaN with a payload of its own, which no number from JSON has.
pub const ABSENT: f64 = f64::from_bits(0x7ff8_ab5e_0000_0000);

/// Whether there is no sample, as opposed to a sample that is NaN.
pub fn is_absent(value: f64) -> bool {
    value.to_bits() == ABSENT.to_bits()
}

/// A label set ordered by name, each name once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Labels(Vec<(Box<str>, Box<str>)>);

impl Labels {
    pub fn get(&self, name: &str) -> Option<&str> {
        let at = self.0.binary_search_by(|(n, _)| (**n).cmp(name)).ok()?;
        self.0.get(at).map(|(_, v)| &**v)
    }

    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.0.iter().map(|(n, v)| (&**n, &**v))
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The names, in their order, that not all sets have with one value.
    pub fn differing<'a>(sets: impl ExactSizeIterator<Item = &'a Self>) -> Vec<&'a str> {
        let all = sets.len();
        let mut seen: HashMap<&str, (&str, usize, bool)> = HashMap::new();
        for (name, value) in sets.flat_map(Self::iter) {
            let (first, count, differs) = seen.entry(name).or_insert((value, 0, false));
            *count += 1;
            *differs |= *first != value;
        }
        let differing = seen.into_iter().filter(|(_, (_, count, differs))| *differs || *count < all);
        let mut names: Vec<&str> = differing.map(|(name, _)| name).collect();
        names.sort_unstable();
        names
    }

    /// Bytes in memory, about.
    pub fn weight(&self) -> usize {
        self.iter().map(|(name, value)| name.len() + value.len() + 64).sum()
    }
}

/// Of two equal names the later value stays.
impl<N: Into<Box<str>>, V: Into<Box<str>>> FromIterator<(N, V)> for Labels {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        let mut all: Vec<(Box<str>, Box<str>)> =
            pairs.into_iter().map(|(n, v)| (n.into(), v.into())).collect();
        all.reverse();
        all.sort_by(|a, b| a.0.cmp(&b.0));
        all.dedup_by(|later, kept| later.0 == kept.0);
        Self(all)
    }
}

impl Serialize for Labels {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in self.iter() {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

/// One series; `values` has one entry per instant of the matrix' window.
#[derive(Clone, Debug)]
pub struct Series {
    pub labels: Labels,
    pub values: Vec<f64>,
}

/// A complete answer to a range query.
#[derive(Clone, Debug)]
pub struct Matrix {
    pub window: Window,
    /// In the order of their labels, so that equal answers are equal.
    pub series: Vec<Series>,
    /// The series that have native histograms, in the same order; one with floats too is in both lists.
    pub histograms: Vec<HistogramSeries>,
    /// The value of an instance that answers a range query with another type; there are no series then.
    pub instant: Option<InstantValue>,
    /// How many samples are off the grid and have no column.
    pub off_grid: usize,
    /// The instance's own time when it answered; None if it did not send one.
    pub date: Option<Timestamp>,
    pub warnings: Vec<String>,
    pub infos: Vec<String>,
}

impl Matrix {
    /// Series without warnings and infos.
    pub fn of(window: Window, series: Vec<Series>) -> Self {
        let (warnings, infos) = (Vec::new(), Vec::new());
        Self {
            window,
            series,
            histograms: Vec::new(),
            instant: None,
            off_grid: 0,
            date: None,
            warnings,
            infos,
        }
    }

    /// Bytes that this answer holds in memory, about.
    pub fn weight(&self) -> usize {
        let series = self.series.iter().map(|s| s.values.len() * 8 + s.labels.weight() + 64).sum::<usize>();
        let histograms = self.histograms.iter().map(HistogramSeries::weight).sum::<usize>();
        let remarks = remarks::weight(&self.warnings) + remarks::weight(&self.infos);
        series + histograms + self.instant.as_ref().map_or(0, InstantValue::weight) + remarks + 256
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absent_is_no_number_that_can_be_read() {
        assert!(is_absent(ABSENT) && ABSENT.is_nan());
        for value in [f64::NAN, -f64::NAN, f64::INFINITY, 0.0] {
            assert!(!is_absent(value));
        }
    }

    #[test]
    fn labels_are_a_set_ordered_by_name() {
        let labels: Labels = [("b", "1"), ("a", "2"), ("b", "3"), ("", "4")].into_iter().collect();
        assert_eq!(labels.iter().collect::<Vec<_>>(), [("", "4"), ("a", "2"), ("b", "3")]);
        assert_eq!((labels.get("b"), labels.get("c")), (Some("3"), None));
        assert_eq!(serde_json::to_string(&labels).unwrap(), r#"{"":"4","a":"2","b":"3"}"#);
    }
}
