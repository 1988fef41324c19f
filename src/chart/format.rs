//! Numbers for people: compact, with units, tabular.
//!
//! The script writes numbers by the same rules; `tests/fixtures/number-format.json` holds both to them.
//!
//! 1. A unit that is a multiple of another is multiplied first, and is that other from there: a ratio by 100 is a
//!    percentage, milliseconds by 0.001 are seconds.
//! 2. NaN is `NaN`, the infinities are `+Inf` and `-Inf`, without a unit. Zero, also below zero, is `0` in the
//!    unit's base. A negative number is `-` and its absolute value; the rest speaks of that.
//! 3. The unit has a ladder of rungs, each a divisor and a suffix. From the lowest rung up: divide (on every
//!    rung but the first, what is less than 1 is 1), make *digits*; if the digits are a number below the rung's
//!    limit, this is the rung. Beyond the last rung the undivided number is written in *exponent form*.
//! 4. *Digits* of x: 0.001 up to 1 has three significant digits (5, 4, 3 decimals below 0.01, 0.1, 1), from
//!    there 2 decimals below 10, 1 below 100 (2 of a percentage: services live between 99 and 100), else none;
//!    below 0.001 the exponent form. Trailing zeros go.
//! 5. *Exponent form*: two decimals, trailing zeros go, `e`, the exponent with a sign only if negative: `1.23e-7`.
//! 6. Exact halves are rounded up, as `toFixed` and `toExponential` do.

mod units;

use self::units::{Measure, Rung, measure};
use crate::annotations::Unit;
use crate::prometheus::Float;

/// `1.5k`, `1.5 MiB`, `350 ms`, `45.3%`: three significant digits and the unit.
pub fn number(value: f64, unit: &Unit) -> String {
    number_with(value, unit, 0)
}

/// With `more` decimals, so that close labels of an axis differ.
pub fn number_with(value: f64, unit: &Unit, more: usize) -> String {
    let Measure { factor, ladder, base, tail } = measure(unit);
    let value = value * factor;
    if !value.is_finite() {
        return Float(value).to_string();
    }
    let sign = if value < 0.0 { "-" } else { "" };
    let value = value.abs();
    let (digits, suffix) = climb(value, ladder, more).unwrap_or_else(|| (exponent_form(value), base));
    format!("{sign}{digits}{suffix}{tail}")
}

/// At most so many characters, the last an ellipsis when something was cut.
pub fn cut(text: &str, most: usize) -> String {
    if text.chars().nth(most).is_none() {
        return text.to_owned();
    }
    text.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}

fn climb(value: f64, ladder: &'static [Rung], more: usize) -> Option<(String, &'static str)> {
    if value == 0.0 {
        return None;
    }
    ladder.iter().enumerate().find_map(|(i, (divisor, limit, suffix))| {
        let scaled = if i == 0 { value / divisor } else { (value / divisor).max(1.0) };
        // The limit first: a number far beyond it has too many digits to round.
        let digits = (scaled < *limit).then(|| digits(scaled, *suffix == "%", more))?;
        digits.parse::<f64>().is_ok_and(|rounded| rounded < *limit).then_some((digits, *suffix))
    })
}

fn digits(x: f64, percent: bool, more: usize) -> String {
    let decimals = more
        + match x {
            x if x < 0.001 => return exponent_form(x),
            x if x < 0.01 => 5,
            x if x < 0.1 => 4,
            x if x < 1.0 => 3,
            x if x < 10.0 => 2,
            x if x < 100.0 => 1 + usize::from(percent),
            _ => 0,
        };
    // x is exactly between two roundings when it has exactly this many binary places.
    let half = x * f64::from(1_u32 << (decimals + 1));
    let tie = half.fract() == 0.0 && half % 2.0 == 1.0;
    let x = if tie { x.next_up() } else { x };
    trimmed(&format!("{x:.decimals$}")).to_owned()
}

fn exponent_form(x: f64) -> String {
    if x == 0.0 {
        return "0".to_owned();
    }
    // Twenty-five decimals hold every number that can lie exactly between two roundings.
    let exact = format!("{x:.25e}");
    let tie = exact
        .split_once('e')
        .is_some_and(|(m, _)| trimmed(m).len() == "1.125".len() && trimmed(m).ends_with('5'));
    let text = format!("{:.2e}", if tie { x.next_up() } else { x });
    match text.split_once('e') {
        Some((mantissa, exponent)) => format!("{}e{exponent}", trimmed(mantissa)),
        None => text,
    }
}

/// Without trailing zeros.
fn trimmed(number: &str) -> &str {
    if number.contains('.') { number.trim_end_matches('0').trim_end_matches('.') } else { number }
}

#[cfg(test)]
mod tests;
