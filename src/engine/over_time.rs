//! Functions of the samples in a window.

use super::float::{CarefulSum, is_final_mean, quantile};
use super::rates;
use super::window::SampleWindow;

/// A function of a window and of its scalar argument, which is 0 for those without.
pub(super) type WindowFunction = fn(&SampleWindow<'_>, f64) -> Option<f64>;

pub(super) fn window_function(name: &str) -> Option<WindowFunction> {
    Some(match name {
        "rate" => |w, _| rates::extrapolated(w, true, w.seconds()),
        "increase" => |w, _| rates::extrapolated(w, true, 1.0),
        "delta" => |w, _| rates::extrapolated(w, false, 1.0),
        "irate" => |w, _| rates::last_change(w, true),
        "idelta" => |w, _| rates::last_change(w, false),
        "deriv" => |w, _| rates::slope(w),
        "predict_linear" => rates::predicted,
        "avg_over_time" => |w, _| Some(average(w)),
        "count_over_time" => |w, _| Some(count(w.points.len())),
        "last_over_time" => |w, _| w.values().last(),
        "max_over_time" => {
            |w, _| w.values().reduce(|most, v| if v > most || most.is_nan() { v } else { most })
        }
        "min_over_time" => {
            |w, _| w.values().reduce(|least, v| if v < least || least.is_nan() { v } else { least })
        }
        "present_over_time" => |_, _| Some(1.0),
        "quantile_over_time" => |w, q| Some(quantile(q, &mut w.values().collect::<Vec<_>>())),
        "stddev_over_time" => |w, _| Some(variance(w).sqrt()),
        "stdvar_over_time" => |w, _| Some(variance(w)),
        "sum_over_time" => |w, _| Some(sum(w)),
        "changes" => {
            |w, _| Some(changed(w, |before, after| after != before && !(after.is_nan() && before.is_nan())))
        }
        "resets" => |w, _| Some(changed(w, |before, after| after < before)),
        _ => return None,
    })
}

/// How many samples differ from the one before.
fn changed(window: &SampleWindow<'_>, differs: fn(f64, f64) -> bool) -> f64 {
    let pairs = window.values().zip(window.values().skip(1));
    count(pairs.filter(|(before, after)| differs(*before, *after)).count())
}

fn count(count: usize) -> f64 {
    count as f64
}

fn sum(window: &SampleWindow<'_>) -> f64 {
    let mut sum = CarefulSum::default();
    window.values().for_each(|value| sum.add(value));
    sum.total()
}

/// A running mean, which does not overflow.
fn average(window: &SampleWindow<'_>) -> f64 {
    let (mut mean, mut count) = (CarefulSum::default(), 0.0);
    for value in window.values() {
        count += 1.0;
        if !is_final_mean(mean.rough(), value) {
            mean.add(value / count - mean.rough() / count);
        }
    }
    mean.total()
}

fn variance(window: &SampleWindow<'_>) -> f64 {
    let (mut mean, mut squares, mut count) = (CarefulSum::default(), CarefulSum::default(), 0.0);
    for value in window.values() {
        count += 1.0;
        let distance = value - mean.exact();
        mean.add(distance / count);
        squares.add(distance * (value - mean.exact()));
    }
    squares.exact() / count
}
