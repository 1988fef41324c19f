//! Answers at one instant: vectors, scalars, strings, and the matrices of range selectors.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::histogram::Histogram;
use super::labels::Labels;
use super::numbers::{SampleText, Seconds};
use super::remarks;

/// What a sample holds.
#[derive(Clone, Debug, PartialEq)]
pub enum SampleValue {
    Float(f64),
    Histogram(Histogram),
}

/// One element of a vector.
#[derive(Clone, Debug, PartialEq)]
pub struct InstantSample {
    pub labels: Labels,
    /// Epoch milliseconds.
    pub at_ms: i64,
    pub value: SampleValue,
}

impl Serialize for InstantSample {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let at = Seconds(self.at_ms);
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("metric", &self.labels)?;
        match &self.value {
            SampleValue::Float(value) => map.serialize_entry("value", &(at, SampleText(*value)))?,
            SampleValue::Histogram(histogram) => map.serialize_entry("histogram", &(at, histogram))?,
        }
        map.end()
    }
}

/// A series with samples at times of their own, not on a grid; times in epoch milliseconds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SeriesSamples {
    #[serde(rename = "metric")]
    pub labels: Labels,
    #[serde(rename = "values", skip_serializing_if = "Vec::is_empty", serialize_with = "write_floats")]
    pub floats: Vec<(i64, f64)>,
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "write_histograms")]
    pub histograms: Vec<(i64, Histogram)>,
}

fn write_floats<S: Serializer>(points: &[(i64, f64)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(points.iter().map(|(at_ms, value)| (Seconds(*at_ms), SampleText(*value))))
}

/// Histograms with their times in epoch milliseconds.
pub fn write_histograms<S: Serializer>(
    points: &[(i64, Histogram)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(points.iter().map(|(at_ms, histogram)| (Seconds(*at_ms), histogram)))
}

/// The value of a query at one instant. In JSON `{"resultType":"scalar","result":[1.5,"7"]}`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "resultType", content = "result", rename_all = "lowercase")]
pub enum InstantValue {
    /// In the order of the answer, which `sort` and `topk` determine.
    Vector(Vec<InstantSample>),
    /// Of a range selector.
    Matrix(Vec<SeriesSamples>),
    #[serde(serialize_with = "write_scalar")]
    Scalar { at_ms: i64, value: f64 },
    #[serde(serialize_with = "write_string")]
    String { at_ms: i64, text: String },
}

fn write_scalar<S: Serializer>(at_ms: &i64, value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    (Seconds(*at_ms), SampleText(*value)).serialize(serializer)
}

fn write_string<S: Serializer>(at_ms: &i64, text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    (Seconds(*at_ms), text).serialize(serializer)
}

/// A complete answer to an instant query.
#[derive(Clone, Debug)]
pub struct InstantAnswer {
    /// Epoch milliseconds: the instant of the question.
    pub at_ms: i64,
    pub value: InstantValue,
    pub warnings: Vec<String>,
    pub infos: Vec<String>,
}

impl InstantValue {
    /// Whether it has no element.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Vector(samples) => samples.is_empty(),
            Self::Matrix(series) => series.is_empty(),
            Self::Scalar { .. } | Self::String { .. } => false,
        }
    }

    /// Bytes that this value holds in memory, about.
    pub fn weight(&self) -> usize {
        let histograms = |all: &[(i64, Histogram)]| all.iter().map(|(_, h)| h.weight() + 8).sum::<usize>();
        match self {
            Self::Vector(samples) => samples.iter().map(InstantSample::weight).sum(),
            Self::Matrix(all) => all
                .iter()
                .map(|s| s.labels.weight() + s.floats.len() * 16 + histograms(&s.histograms) + 96)
                .sum(),
            Self::Scalar { .. } => 16,
            Self::String { text, .. } => text.len() + 32,
        }
    }
}

impl InstantSample {
    fn weight(&self) -> usize {
        let value = match &self.value {
            SampleValue::Float(_) => 0,
            SampleValue::Histogram(histogram) => histogram.weight(),
        };
        self.labels.weight() + value + 96
    }
}

impl InstantAnswer {
    /// Bytes that this answer holds in memory, about.
    pub fn weight(&self) -> usize {
        self.value.weight() + remarks::weight(&self.warnings) + remarks::weight(&self.infos) + 256
    }
}
