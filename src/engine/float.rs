//! Functions of one number as Go computes them.

use std::f64::consts::PI;

/// The function of PromQL that maps each value of a vector.
pub(super) fn of_value(name: &str) -> Option<fn(f64) -> f64> {
    Some(match name {
        "abs" => f64::abs,
        "ceil" => f64::ceil,
        "floor" => f64::floor,
        "exp" => f64::exp,
        "sqrt" => f64::sqrt,
        "ln" => f64::ln,
        "log2" => f64::log2,
        "log10" => f64::log10,
        "sin" => f64::sin,
        "cos" => f64::cos,
        "tan" => f64::tan,
        "asin" => f64::asin,
        "acos" => f64::acos,
        "atan" => f64::atan,
        "sinh" => f64::sinh,
        "cosh" => f64::cosh,
        "tanh" => f64::tanh,
        "asinh" => f64::asinh,
        "acosh" => f64::acosh,
        "atanh" => f64::atanh,
        "rad" => |v| v * PI / 180.0,
        "deg" => |v| v * 180.0 / PI,
        "sgn" => |v| {
            if v < 0.0 {
                -1.0
            } else if v > 0.0 {
                1.0
            } else {
                v
            }
        },
        _ => return None,
    })
}

/// NaN, unless one is +Inf.
pub(super) fn max(a: f64, b: f64) -> f64 {
    match (a, b) {
        (f64::INFINITY, _) | (_, f64::INFINITY) => f64::INFINITY,
        _ if a.is_nan() || b.is_nan() => f64::NAN,
        _ => a.max(b),
    }
}

/// NaN, unless one is -Inf.
pub(super) fn min(a: f64, b: f64) -> f64 {
    match (a, b) {
        (f64::NEG_INFINITY, _) | (_, f64::NEG_INFINITY) => f64::NEG_INFINITY,
        _ if a.is_nan() || b.is_nan() => f64::NAN,
        _ => a.min(b),
    }
}

/// The nearest multiple. Of two, the higher.
pub(super) fn round(value: f64, to_nearest: f64) -> f64 {
    let inverse = 1.0 / to_nearest;
    (value * inverse + 0.5).floor() / inverse
}

/// The shortest digits that mean the number, without an exponent.
pub(super) fn in_digits(value: f64) -> String {
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    value.to_string()
}

/// The sum that loses no low bits (Neumaier's variant of Kahan's).
#[derive(Clone, Copy, Default)]
pub(super) struct CarefulSum {
    sum: f64,
    lost: f64,
}

impl CarefulSum {
    pub(super) fn add(&mut self, value: f64) {
        let sum = self.sum + value;
        self.lost +=
            if self.sum.abs() >= value.abs() { (self.sum - sum) + value } else { (value - sum) + self.sum };
        self.sum = sum;
    }

    /// Without what was lost.
    pub(super) fn rough(self) -> f64 {
        self.sum
    }

    pub(super) fn exact(self) -> f64 {
        self.sum + self.lost
    }

    /// What was lost of an infinite sum is NaN.
    pub(super) fn total(self) -> f64 {
        if self.sum.is_infinite() { self.sum } else { self.exact() }
    }
}

/// Whether a mean that is infinite stays so: it would become NaN by the formula of running means.
pub(super) fn is_final_mean(mean: f64, value: f64) -> bool {
    mean.is_infinite() && (value.is_finite() || (value.is_infinite() && (mean > 0.0) == (value > 0.0)))
}

/// A quantile of values, in any order.
pub(super) fn quantile(q: f64, values: &mut [f64]) -> f64 {
    if values.is_empty() || q.is_nan() {
        return f64::NAN;
    }
    if !(0.0..=1.0).contains(&q) {
        return if q < 0.0 { f64::NEG_INFINITY } else { f64::INFINITY };
    }
    values.sort_by(|a, b| nan_first(*a, *b));
    let last = values.len() - 1;
    let rank = q * last as f64;
    // The rank is within the values.
    let lower = rank.floor() as usize;
    let weight = rank - rank.floor();
    let at = |index: usize| values.get(index.min(last)).copied().unwrap_or(f64::NAN);
    at(lower) * (1.0 - weight) + at(lower + 1) * weight
}

pub(super) fn nan_first(a: f64, b: f64) -> std::cmp::Ordering {
    a.partial_cmp(&b).unwrap_or_else(|| b.is_nan().cmp(&a.is_nan()))
}
