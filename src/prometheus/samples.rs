//! Samples in columns: one `f64` per step and series, where "absent" differs from NaN.

use jiff::Timestamp;

use super::shared_column::OF_SERIES;
use super::{HistogramSeries, InstantAnswer, InstantValue, Labels, SharedColumn, Window, remarks};

/// The place of a missing sample: a NaN with a payload of its own, which no number from JSON has.
pub const ABSENT: f64 = f64::from_bits(0x7ff8_ab5e_0000_0000);

/// Whether there is no sample, as opposed to a sample that is NaN.
pub fn is_absent(value: f64) -> bool {
    value.to_bits() == ABSENT.to_bits()
}

/// One series; `values` has one entry per instant of the matrix' window.
#[derive(Clone, Debug)]
pub struct Series {
    pub labels: Labels,
    pub values: SharedColumn<f64>,
}

impl Series {
    /// Bytes that this series holds in memory, about.
    pub fn weight(&self) -> usize {
        self.values.held_bytes() + self.labels.weight() + OF_SERIES
    }
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
    /// When the samples at its end came, by the portal's clock; None: they all came just now.
    pub as_of: Option<Timestamp>,
    /// Some samples, or that there are none, may have changed since they came.
    pub may_change: bool,
    /// How many bytes the instance sends for it, about.
    pub wire_bytes: usize,
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
            as_of: None,
            may_change: false,
            wire_bytes: 0,
            warnings,
            infos,
        }
    }

    /// The value at one instant, in the place of samples.
    pub fn of_instant(window: Window, answer: &InstantAnswer) -> Self {
        let (warnings, infos) = (answer.warnings.clone(), answer.infos.clone());
        Self { instant: Some(answer.value.clone()), warnings, infos, ..Self::of(window, Vec::new()) }
    }

    /// Bytes that this answer holds in memory, about. Columns count in full, although others may hold them too: nobody knows
    /// who holds them longest.
    pub fn weight(&self) -> usize {
        let series = self.series.iter().map(Series::weight).sum::<usize>();
        let histograms = self.histograms.iter().map(HistogramSeries::weight).sum::<usize>();
        series + histograms + self.weight_beside_samples()
    }

    /// The same without columns that others hold too.
    pub fn weight_beside_shared(&self) -> usize {
        let series =
            self.series.iter().map(|one| if one.values.is_shared() { OF_SERIES } else { one.weight() });
        let histograms =
            self.histograms.iter().map(|one| if one.points.is_shared() { OF_SERIES } else { one.weight() });
        series.sum::<usize>() + histograms.sum::<usize>() + self.weight_beside_samples()
    }

    fn weight_beside_samples(&self) -> usize {
        let remarks = remarks::weight(&self.warnings) + remarks::weight(&self.infos);
        self.instant.as_ref().map_or(0, InstantValue::weight) + remarks + 256
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
}
