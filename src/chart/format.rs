//! Numbers for people: compact, with units, tabular.
//!
//! The script writes numbers by the same rules; `tests/fixtures/number-format.json` holds both to them. It has each
//! unit's [`Measure`] from the server.
//!
//! 1. A unit that is a multiple of another is multiplied first, and is that other from there: a ratio by 100 is a
//!    percentage, milliseconds by 0.001 are seconds.
//! 2. NaN is `NaN`, the infinities are `+Inf` and `-Inf`, without a unit. Zero, also below zero, is `0` in the
//!    unit's base. A negative number is `-` and its absolute value; the rest speaks of that. A currency stands between
//!    the sign and the digits. Of a yes or no, 0 and 1 are words. An instant is a time.
//! 3. The unit has a ladder of rungs, each a divisor and a suffix. From the lowest rung up: divide (on every
//!    rung but the first, what is less than 1 is 1), make *digits*; if the digits are a number below the rung's
//!    limit, this is the rung. Beyond the last rung the undivided number is written in *exponent form*; of seconds as a
//!    *duration*, up to a million days.
//! 4. *Digits* of x: 0.001 up to 1 has three significant digits (5, 4, 3 decimals below 0.01, 0.1, 1), from
//!    there 2 decimals below 10, 1 below 100 (2 of a percentage: services live between 99 and 100), else none;
//!    below 0.001 the exponent form. Trailing zeros go.
//! 5. *Exponent form*: two decimals, trailing zeros go, `e`, the exponent with a sign only if negative: `1.23e-7`.
//! 6. *Duration*: days, hours, minutes, seconds, the two largest of them, without those that are 0: `10m 40s`.
//! 7. Exact halves are rounded up, as `toFixed` and `toExponential` do.
//! 8. With *more* digits: so many more decimals, or parts of a duration and then decimals of its seconds.

mod grafana;
mod known;
mod units;

use std::collections::HashSet;
use std::ops::Range;

use jiff::civil::{self, DateTime};
use jiff::{SignedDuration, Timestamp};

use crate::annotations::Unit;
use crate::prometheus::Float;

use self::units::Rung;
pub use self::units::{Measure, StepKind};

/// No more than this tells numbers apart that differ at all.
pub const MOST_DIGITS: usize = 13;
/// Two averages of one value over different numbers of samples differ by so much of it.
const ROUNDING: f64 = 4.0 * f64::EPSILON;
/// Parts of a duration: seconds, and the letter.
const PARTS: [(f64, &str); 4] = [(86_400.0, "d"), (3_600.0, "h"), (60.0, "m"), (1.0, "s")];
/// A million days.
const LONGEST: f64 = 86_400.0 * 1e6;
/// The seconds of the years 1 to 9999: those that have four digits.
const YEARS: Range<f64> = -62_135_596_800.0..253_402_300_800.0;
/// No more of them than this are needed to tell two numbers apart.
const ALL_DIGITS: usize = 16;

/// `1.5k`, `1.5 MiB`, `350 ms`, `45.3%`: three significant digits and the unit.
pub fn number(value: f64, unit: &Unit) -> String {
    Measure::of(unit).over([value]).text(value, 0)
}

/// At most so many characters, the last an ellipsis when something was cut.
pub fn cut(text: &str, most: usize) -> String {
    if text.chars().nth(most).is_none() {
        return text.to_owned();
    }
    text.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}

impl Measure {
    /// With `more` digits, so that close numbers differ.
    pub fn text(&self, value: f64, more: usize) -> String {
        let number = value * self.factor;
        if !number.is_finite() {
            return Float(number).to_string();
        }
        if let Some([no, yes]) = &self.words
            && let Some((_, word)) = [(0.0, no), (1.0, yes)].iter().find(|(of, _)| *of == number)
        {
            return word.as_ref().to_owned();
        }
        if let Some(at) = self.wall(value) {
            let form = if more == 0 { "%Y-%m-%d %H:%M:%S UTC" } else { "%Y-%m-%d %H:%M:%S%.f UTC" };
            return at.strftime(form).to_string();
        }
        let sign = if number < 0.0 { "-" } else { "" };
        let size = number.abs();
        let (digits, suffix) = climb(size, self.rungs, more)
            .or_else(|| Some((duration(size, more)?, "")).filter(|_| self.steps == StepKind::Clock))
            .unwrap_or_else(|| (exponent_form(size, more), self.base));
        let digits = self.comma.map_or_else(|| digits.clone(), |comma| grouped(&digits, comma));
        format!("{sign}{}{digits}{suffix}{}", self.prefix, self.tail)
    }

    /// For these numbers: instants are in seconds or in milliseconds, all alike, and plain numbers where no calendar has
    /// them.
    pub fn over(self, numbers: impl IntoIterator<Item = f64>) -> Self {
        if self.steps != StepKind::Time {
            return self;
        }
        let finite = numbers.into_iter().filter(|number| number.is_finite());
        let (least, most) =
            finite.fold((0.0_f64, 0.0_f64), |(least, most), number| (least.min(number), most.max(number)));
        let holds = |factor: f64| [least, most].iter().all(|number| YEARS.contains(&(number * factor)));
        match self.factor {
            factor if holds(factor) => self,
            1.0 if holds(1e-3) => Self { factor: 1e-3, ..self },
            _ => Self::plain(""),
        }
    }

    /// The time that a number is, if it is one.
    pub fn instant(&self, value: f64) -> Option<Timestamp> {
        self.milliseconds(value).and_then(|ms| Timestamp::from_millisecond(ms).ok())
    }

    /// Whether what lies between two numbers can be written. Only times have an end.
    pub(super) fn holds(&self, least: f64, most: f64) -> bool {
        self.steps != StepKind::Time || [least, most].iter().all(|end| self.instant(*end).is_some())
    }

    /// The same in UTC, up to the last day of a year 9999, which has no instant in some zones.
    fn wall(&self, value: f64) -> Option<DateTime> {
        let since = SignedDuration::from_millis(self.milliseconds(value)?);
        civil::date(1970, 1, 1).at(0, 0, 0, 0).checked_add(since).ok()
    }

    fn milliseconds(&self, value: f64) -> Option<i64> {
        let seconds = value * self.factor;
        let is_time = self.steps == StepKind::Time && YEARS.contains(&seconds);
        // Multiplied once, because milliseconds are whole.
        is_time.then(|| (value * (self.factor * 1e3)).floor() as i64)
    }

    /// How many more digits tell numbers apart that differ by more than the rounding of a sum. 0 where no digits do.
    pub fn telling_apart(&self, numbers: impl Iterator<Item = f64>) -> usize {
        let mut different: Vec<f64> = numbers.map(|number| number + 0.0).collect();
        different.sort_by(f64::total_cmp);
        different.dedup_by(|next, kept| next == kept || (*next - *kept).abs() <= ROUNDING * next.abs());
        (0..ALL_DIGITS).find(|more| self.tells_apart(&different, *more)).unwrap_or(0)
    }

    /// As many more digits as make all texts differ, from `least` on.
    pub(super) fn distinct(&self, numbers: &[f64], least: usize) -> usize {
        (least..MOST_DIGITS).find(|more| self.tells_apart(numbers, *more)).unwrap_or(MOST_DIGITS)
    }

    fn tells_apart(&self, numbers: &[f64], more: usize) -> bool {
        let texts: HashSet<String> = numbers.iter().map(|number| self.text(*number, more)).collect();
        texts.len() == numbers.len()
    }
}

/// `1,234.5`
fn grouped(digits: &str, comma: &str) -> String {
    let whole = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    let mut text = String::with_capacity(digits.len() * 2);
    for (at, c) in digits.char_indices() {
        if at > 0 && at < whole && (whole - at).is_multiple_of(3) {
            text.push_str(comma);
        }
        text.push(c);
    }
    text
}

fn climb(size: f64, rungs: &'static [Rung], more: usize) -> Option<(String, &'static str)> {
    if size == 0.0 {
        return None;
    }
    rungs.iter().enumerate().find_map(|(i, (divisor, limit, suffix))| {
        let scaled = if i == 0 { size / divisor } else { (size / divisor).max(1.0) };
        // The limit first: a number far beyond it has too many digits to round.
        let digits = (scaled < *limit).then(|| digits(scaled, *suffix == "%", more))?;
        digits.parse::<f64>().is_ok_and(|rounded| rounded < *limit).then_some((digits, *suffix))
    })
}

/// `10m 40s`. None: it is no time, or too long for one.
fn duration(size: f64, more: usize) -> Option<String> {
    if size == 0.0 || size >= LONGEST {
        return None;
    }
    let first = PARTS.iter().position(|(length, _)| size >= *length).unwrap_or(2).min(2);
    let decimals = (first + 1 + more).saturating_sub(3);
    let fraction = 10_f64.powi(i32::try_from(decimals).unwrap_or(0));
    let quantum = PARTS.get(first + 1 + more).map_or(1.0, |(length, _)| *length) / fraction;
    let mut rest = (size / quantum + 0.5).floor() * quantum;
    let mut parts = Vec::new();
    for (length, letter) in PARTS {
        let whole = (rest / length).floor();
        let text =
            if letter == "s" { trimmed(&format!("{rest:.decimals$}")).to_owned() } else { whole.to_string() };
        rest -= whole * length;
        if text != "0" {
            parts.push(format!("{text}{letter}"));
        }
    }
    Some(parts.join(" "))
}

fn digits(x: f64, percent: bool, more: usize) -> String {
    let decimals = more
        + match x {
            x if x < 0.001 => return exponent_form(x, more),
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

fn exponent_form(x: f64, more: usize) -> String {
    if x == 0.0 {
        return "0".to_owned();
    }
    let decimals = 2 + more;
    // So many decimals hold every number that can lie exactly between two roundings.
    let exact = format!("{x:.40e}");
    let tie = exact
        .split_once('e')
        .is_some_and(|(m, _)| trimmed(m).len() == "1.5".len() + decimals && trimmed(m).ends_with('5'));
    let text = format!("{:.decimals$e}", if tie { x.next_up() } else { x });
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
