//! Axes: ends, ticks and labels of values and of time.
//!
//! The script has the same rules for the reader's own zone and choice of series; `tests/fixtures/axes.json` holds
//! both to them.

mod time;

pub use time::{TimeTick, time_ticks};

use std::collections::HashSet;

use serde::Serialize;

use super::format;
use super::layout::LABEL_CHARACTERS;
use crate::annotations::Unit;

/// A value axis: `min < max`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ValueAxis {
    pub min: f64,
    pub max: f64,
    /// Between two ticks. None: only the ends have one, because the numbers are too large for any step.
    pub interval: Option<f64>,
    /// How many more decimals make the labels differ.
    pub more: usize,
}

/// Round fractions of a power.
const DECIMAL: [f64; 5] = [1.0, 2.0, 2.5, 5.0, 10.0];
const BINARY: [f64; 11] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0];
const CLOCK: [f64; 12] =
    [60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, 7200.0, 10800.0, 21600.0, 43200.0, 86400.0];
const MOST_DECIMALS: usize = 9;

impl ValueAxis {
    /// Over values from `least` to `most`, which are finite, with about `room` intervals.
    /// An axis of areas begins at zero; one of lines does where that leaves them at least a third of the height.
    pub fn of(extent: Option<(f64, f64)>, unit: &Unit, room: u32, from_zero: bool) -> Self {
        let (low, high) = ends(extent.unwrap_or((0.0, 1.0)), from_zero);
        let step = nice_step((high - low) / f64::from(room.max(1)), unit);
        let min = (low / step + 1e-9).floor() * step;
        let max = (high / step - 1e-9).ceil() * step;
        if !(min + max).is_finite() || !(max - min).is_finite() || max <= min || step <= 0.0 {
            let max = if high > low { high } else { low.next_up() };
            return Self { min: low, max, interval: None, more: 0 };
        }
        let axis = Self { min, max, interval: Some(step), more: 0 };
        Self { more: axis.more_decimals(step, unit), ..axis }
    }

    fn more_decimals(&self, step: f64, unit: &Unit) -> usize {
        let largest = self.min.abs().max(self.max.abs());
        let digits = ((largest / step).log10().ceil() - 1.0).clamp(0.0, MOST_DECIMALS as f64);
        let least = digits as usize;
        let distinct = |more: &usize| {
            let labels: Vec<String> =
                self.values().iter().map(|v| format::number_with(*v, unit, *more)).collect();
            labels.iter().collect::<HashSet<_>>().len() == labels.len()
        };
        (least..MOST_DECIMALS).find(distinct).unwrap_or(MOST_DECIMALS)
    }

    fn values(&self) -> Vec<f64> {
        let Some(step) = self.interval else { return vec![self.min, self.max] };
        let count = ((self.max - self.min) / step).round().min(100.0) as usize;
        let first = (self.min / step).round();
        (0..=count).map(|i| (first + i as f64) * step).collect()
    }

    /// From the lowest up, with labels that fit the gutter. No two labels are equal: where no number of decimals that
    /// fits makes them differ, only the first is written, and the rest are empty.
    pub fn ticks(&self, unit: &Unit) -> Vec<(f64, String)> {
        let mut seen = HashSet::new();
        let mut label = |value: f64| {
            let label = format::cut(&format::number_with(value, unit, self.more), LABEL_CHARACTERS);
            if seen.insert(label.clone()) { label } else { String::new() }
        };
        self.values().into_iter().map(|value| (value, label(value))).collect()
    }

    /// The position of a value: 0 at the axis' lower end, 1 at its upper.
    pub fn place(&self, value: f64) -> f64 {
        let length = self.max - self.min;
        let place = match length.is_finite() {
            true => (value - self.min) / length,
            // Halves, because the length overflows.
            false => (value / 2.0 - self.min / 2.0) / (self.max / 2.0 - self.min / 2.0),
        };
        place.clamp(0.0, 1.0)
    }
}

fn ends((least, most): (f64, f64), from_zero: bool) -> (f64, f64) {
    let (mut low, mut high) = (least.min(0.0), most.max(0.0));
    // Far from zero and nearly flat: an axis from zero would hide its changes.
    if !from_zero && least > 0.0 && most - least < most / 3.0 {
        low = least;
    }
    if !from_zero && most < 0.0 && most - least < -least / 3.0 {
        high = most;
    }
    if high == low {
        let half = Some(high.abs() / 2.0).filter(|half| *half > 0.0).unwrap_or(1.0);
        (low, high) =
            (if low == 0.0 { 0.0 } else { (low - half).max(-f64::MAX) }, (high + half).min(f64::MAX));
    }
    (low, high)
}

/// A round step in the unit: powers of two for bytes, minutes and hours for long times.
fn nice_step(rough: f64, unit: &Unit) -> f64 {
    if *unit == Unit::Seconds
        && rough > 30.0
        && let Some(step) = CLOCK.into_iter().find(|step| *step >= rough)
    {
        return step;
    }
    let is_binary =
        matches!(unit, Unit::Bytes | Unit::BytesPerSecond | Unit::Bits | Unit::BitsPerSecond) && rough >= 1.0;
    let (base, fractions): (f64, &[f64]) = if is_binary { (1024.0, &BINARY) } else { (10.0, &DECIMAL) };
    let power = base.powf((rough.ln() / base.ln() + 1e-9).floor());
    fractions.iter().find(|fraction| **fraction * power >= rough * 0.999).unwrap_or(&base) * power
}

#[cfg(test)]
mod tests;
