//! How samples change over a window.

use super::column::Point;
use super::float::CarefulSum;
use super::window::{SampleWindow, seconds};

/// Farther from an end of the window than this many distances between samples, a series is thought to begin or end.
const NEAR: f64 = 1.1;

/// How much the samples rise (a counter) or change (a gauge) over the whole range, as its samples suggest,
/// divided by `by`.
pub(super) fn extrapolated(window: &SampleWindow<'_>, is_counter: bool, by: f64) -> Option<f64> {
    let (first, last) = window.ends()?;
    let mut change = last.value - first.value;
    if is_counter {
        for (before, after) in window.values().zip(window.values().skip(1)) {
            // A reset: the counter began at zero again.
            if after < before {
                change += before;
            }
        }
    }
    let sampled = seconds(last.at_ms - first.at_ms);
    let distance = sampled / (window.points.len() - 1) as f64;
    let mut to_start = seconds(first.at_ms - window.start_ms);
    let to_end = seconds(window.end_ms - last.at_ms);
    if is_counter && change > 0.0 && first.value >= 0.0 {
        // A counter is never below zero.
        let to_zero = sampled * (first.value / change);
        if to_zero < to_start {
            to_start = to_zero;
        }
    }
    let beyond = |gap: f64| if gap < distance * NEAR { gap } else { distance / 2.0 };
    let covered = sampled + beyond(to_start) + beyond(to_end);
    Some(change * (covered / sampled / by))
}

/// The difference of the last two samples: for a counter by the second.
pub(super) fn last_change(window: &SampleWindow<'_>, is_counter: bool) -> Option<f64> {
    let [.., before, last] = window.points else { return None };
    if !is_counter {
        return Some(last.value - before.value);
    }
    let rise = if last.value < before.value { last.value } else { last.value - before.value };
    Some(rise / seconds(last.at_ms - before.at_ms))
}

/// By the second, of the line with the least squares.
pub(super) fn slope(window: &SampleWindow<'_>) -> Option<f64> {
    let (first, _) = window.ends()?;
    Some(regression(window.points, first.at_ms).0)
}

/// The value of the line with the least squares so many seconds after the step.
pub(super) fn predicted(window: &SampleWindow<'_>, seconds_ahead: f64) -> Option<f64> {
    window.ends()?;
    let (slope, now) = regression(window.points, window.at_ms);
    Some(slope * seconds_ahead + now)
}

/// The slope of the line with the least squares, and its value at an instant.
fn regression(points: &[Point], at_ms: i64) -> (f64, f64) {
    let first = points.first().map_or(f64::NAN, |point| point.value);
    if points.iter().skip(1).all(|point| point.value == first) {
        return if first.is_infinite() { (f64::NAN, f64::NAN) } else { (0.0, first) };
    }
    let n = points.len() as f64;
    let (mut x_sum, mut y_sum) = (CarefulSum::default(), CarefulSum::default());
    let (mut xy_sum, mut xx_sum) = (CarefulSum::default(), CarefulSum::default());
    for point in points {
        let (x, y) = (seconds(point.at_ms - at_ms), point.value);
        x_sum.add(x);
        y_sum.add(y);
        xy_sum.add(x * y);
        xx_sum.add(x * x);
    }
    let (x, y) = (x_sum.exact(), y_sum.exact());
    let slope = (xy_sum.exact() - x * y / n) / (xx_sum.exact() - x * x / n);
    (slope, y / n - slope * x / n)
}
