//! Answers at one instant: vectors, scalars, strings, and the matrices of range selectors.

use super::{Histogram, Labels, remarks};

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

/// A series with samples at times of their own, not on a grid; times in epoch milliseconds.
#[derive(Clone, Debug, PartialEq)]
pub struct SeriesSamples {
    pub labels: Labels,
    pub floats: Vec<(i64, f64)>,
    pub histograms: Vec<(i64, Histogram)>,
}

/// The value of a query at one instant.
#[derive(Clone, Debug, PartialEq)]
pub enum InstantValue {
    /// In the order of the answer, which `sort` and `topk` mean something by.
    Vector(Vec<InstantSample>),
    /// Of a range selector.
    Matrix(Vec<SeriesSamples>),
    Scalar {
        at_ms: i64,
        value: f64,
    },
    String {
        at_ms: i64,
        text: String,
    },
}

/// A complete answer to an instant query.
#[derive(Clone, Debug)]
pub struct InstantAnswer {
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
