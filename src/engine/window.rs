//! The samples of a series in a range.

use super::column::Point;

/// In milliseconds, as seconds.
pub(super) fn seconds(milliseconds: i64) -> f64 {
    milliseconds as f64 / 1000.0
}

/// The samples of a series in a range. There is at least one.
#[derive(Clone, Copy, Debug)]
pub(super) struct SampleWindow<'p> {
    pub points: &'p [Point],
    /// Of the range, in epoch milliseconds.
    pub start_ms: i64,
    pub end_ms: i64,
    /// The step that is evaluated.
    pub at_ms: i64,
}

impl SampleWindow<'_> {
    pub(super) fn values(&self) -> impl Iterator<Item = f64> {
        self.points.iter().map(|point| point.value)
    }

    /// The first and the last sample; None where there is only one.
    pub(super) fn ends(&self) -> Option<(Point, Point)> {
        match self.points {
            [first, .., last] => Some((*first, *last)),
            _ => None,
        }
    }

    /// The length of the range.
    pub(super) fn seconds(&self) -> f64 {
        seconds(self.end_ms - self.start_ms)
    }
}
