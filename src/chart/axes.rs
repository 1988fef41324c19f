//! Axes: ends, ticks and labels of values and of time.
//!
//! The script has the same rules for the reader's own zone and choice of series; `tests/fixtures/axes.json` holds
//! both to them.

mod labels;
mod time;

pub use labels::AxisLabels;
pub use time::{TimeTick, time_ticks};

use super::format::{Measure, StepKind};
use crate::annotations::Scale;

/// A value axis: `min < max`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ValueAxis {
    pub min: f64,
    pub max: f64,
    /// Between two ticks. None: only the ends have one, because the numbers are too large for any step, or the axis is
    /// logarithmic.
    pub interval: Option<f64>,
    /// Of a logarithmic axis: what the logarithms are to, 10 or for bytes 2. Its ends are powers of it in the base unit.
    pub log: Option<u32>,
}

/// Round fractions of a power of ten.
const DECIMAL: [f64; 5] = [1.0, 2.0, 2.5, 5.0, 10.0];
/// Up to five days.
const CLOCK: [f64; 20] = [
    1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, 7200.0, 10800.0,
    21600.0, 43200.0, 86400.0, 172_800.0, 432_000.0,
];
const DAY: f64 = 86_400.0;
/// A spread below this part of the value is noise.
const NOISE: f64 = 1e-6;
/// Above a constant, so that its line is not at the edge.
const PADDING: f64 = 1.2;
/// Instants that lie within so many seconds are one, with half an hour before and after it.
const ONE_INSTANT: f64 = 10.0;
const AROUND: f64 = 1_800.0;

/// Lines end so many heights of the chart beyond it.
const FARTHEST: f64 = 1e3;
/// The largest exponent of an end of a logarithmic axis. Values beyond have no place.
const LOG_MOST: f64 = 150.0;
/// A logarithmic axis has about so many ticks.
const LOG_TICKS: i32 = 6;

impl ValueAxis {
    /// As the reader wants it.
    pub fn scaled(
        extent: Option<(f64, f64)>,
        measure: &Measure,
        room: u32,
        from_zero: bool,
        scale: &Scale,
    ) -> Self {
        if scale.log {
            return Self::logarithmic(extent, measure, scale);
        }
        let Some((least, most)) = extent.or(Some((0.0, 1.0))).filter(|_| scale.is_fixed()) else {
            return Self::of(extent, measure, room, from_zero);
        };
        let data = Self::of(Some((least, most)), measure, room, from_zero);
        let (min, max) = (scale.min.unwrap_or(data.min), scale.max.unwrap_or(data.max));
        let (low, high) = match scale.max {
            // All values are beyond the one end.
            None if min >= max => (min, min + min.abs().max(1.0)),
            Some(max) if min >= max => (max - max.abs().max(1.0), max),
            _ => (min, max),
        };
        Self::between(low * measure.factor, high * measure.factor, measure, room).unwrap_or(data)
    }

    /// From a power to a power, with one between them at least.
    fn logarithmic(extent: Option<(f64, f64)>, measure: &Measure, scale: &Scale) -> Self {
        let log = if measure.steps == StepKind::Binary { 2 } else { 10 };
        let (least, most) = extent.unwrap_or((1.0, 10.0));
        let (least, most) =
            (scale.usable(scale.min).unwrap_or(least), scale.usable(scale.max).unwrap_or(most));
        let exponent = |value: f64| (value * measure.factor).ln() / f64::from(log).ln();
        let low = (exponent(least) + 1e-9).floor().clamp(-LOG_MOST, LOG_MOST) as i32;
        let high = (exponent(most) - 1e-9).ceil().clamp(-LOG_MOST, LOG_MOST) as i32;
        let (low, high) =
            if scale.usable(scale.max).is_some() && high <= low { (high - 1, high) } else { (low, high) };
        let end = |exponent| power(log, exponent) / measure.factor;
        Self { min: end(low), max: end(high.max(low + 1)), interval: None, log: Some(log) }
    }

    /// Over values from `least` to `most`, which are finite, with about `room` intervals.
    /// An axis of areas begins at zero; one of lines does where that leaves them at least a third of the height.
    pub fn of(extent: Option<(f64, f64)>, measure: &Measure, room: u32, from_zero: bool) -> Self {
        let (least, most) = extent.unwrap_or((0.0, 1.0));
        let factor = measure.factor;
        let (low, high) = ends((least * factor, most * factor), measure, from_zero);
        if let Some(axis) = Self::between(low, high, measure, room) {
            return axis;
        }
        let (low, high) = ends((least, most), measure, from_zero);
        Self { min: low, max: if high > low { high } else { low.next_up() }, interval: None, log: None }
    }

    /// From the tick below to the tick above, both in the base unit.
    fn between(low: f64, high: f64, measure: &Measure, room: u32) -> Option<Self> {
        let factor = measure.factor;
        let step = nice_step((high - low) / f64::from(room.max(1)), measure);
        let min = (low / step + 1e-9).floor() * step / factor;
        let max = (high / step - 1e-9).ceil() * step / factor;
        let is_axis =
            min.is_finite() && max.is_finite() && (max - min).is_finite() && max > min && step > 0.0;
        is_axis.then(|| Self { min, max, interval: Some(step / factor), log: None })
    }

    /// The ticks of a logarithmic axis: powers, and over few of them also twice and five times each.
    fn powers(&self, log: u32) -> Vec<f64> {
        let exponent = |value: f64| value.ln() / f64::from(log).ln();
        let count = (exponent(self.max) - exponent(self.min)).round().clamp(1.0, 2_000.0) as i32;
        let step = (count + LOG_TICKS - 1) / LOG_TICKS;
        let parts: &[f64] = if log == 10 && count <= 2 { &[1.0, 2.0, 5.0] } else { &[1.0] };
        let powers = (0..=count).step_by(usize::try_from(step).unwrap_or(1));
        let ticks = powers.flat_map(|n| parts.iter().map(move |part| part * power(log, n)));
        let ticks = ticks.map(|tick| self.min * tick).filter(|tick| *tick <= self.max * (1.0 + 1e-9));
        // ECharts leaves a tick out that is beyond the end by a rounding.
        ticks.map(|tick| tick.min(self.max)).collect()
    }

    fn values(&self) -> Vec<f64> {
        if let Some(log) = self.log {
            return self.powers(log);
        }
        let Some(step) = self.interval else { return vec![self.min, self.max] };
        let count = ((self.max - self.min) / step).round().min(100.0) as usize;
        let first = (self.min / step).round();
        (0..=count).map(|i| (first + i as f64) * step).collect()
    }

    /// The position of a value: 0 at the axis' lower end, 1 at its upper. Values beyond an end are at it.
    pub fn place(&self, value: f64) -> f64 {
        self.reach(value).clamp(0.0, 1.0)
    }

    /// The same for lines, which leave the chart to a value beyond an end.
    pub fn reach(&self, value: f64) -> f64 {
        if self.log.is_some() {
            let place = (value.max(f64::MIN_POSITIVE) / self.min).ln() / (self.max / self.min).ln();
            return place.clamp(-FARTHEST, FARTHEST);
        }
        let length = self.max - self.min;
        let place = match length.is_finite() {
            true => (value - self.min) / length,
            // Halves, because the length overflows.
            false => (value / 2.0 - self.min / 2.0) / (self.max / 2.0 - self.min / 2.0),
        };
        place.clamp(-FARTHEST, FARTHEST)
    }

    /// Whether a value has a place between the ends.
    pub fn holds(&self, value: f64) -> bool {
        (-1e-9..=1.0 + 1e-9).contains(&self.reach(value))
    }
}

/// Powers of ten are read as text, because they are not exact everywhere.
fn power(base: u32, exponent: i32) -> f64 {
    if base == 10 { format!("1e{exponent}").parse().unwrap_or(1.0) } else { f64::from(base).powi(exponent) }
}

/// In the base unit.
fn ends((least, most): (f64, f64), measure: &Measure, from_zero: bool) -> (f64, f64) {
    if measure.steps == StepKind::Time {
        let around = if most - least < ONE_INSTANT { AROUND } else { 0.0 };
        return (least - around, most + around);
    }
    let (mut low, mut high) = (least.min(0.0), most.max(0.0));
    let size = high.max(-low);
    if size == 0.0 {
        return (0.0, measure.factor);
    }
    if most - least < size * NOISE {
        let most = measure.cap.filter(|cap| size <= *cap).unwrap_or(f64::MAX);
        let padded = (size * PADDING).min(most);
        return if high > 0.0 { (0.0, padded) } else { (-padded, 0.0) };
    }
    // Far from zero and nearly flat: an axis from zero would hide its changes.
    if !from_zero && least > 0.0 && most - least < most / 3.0 {
        low = least;
    }
    if !from_zero && most < 0.0 && most - least < -least / 3.0 {
        high = most;
    }
    (low, high)
}

/// A round step in the base unit: powers of two for bytes, minutes and hours for times.
fn nice_step(rough: f64, measure: &Measure) -> f64 {
    match measure.steps {
        StepKind::Binary if rough >= 1.0 => 2_f64.powi((rough * 0.999).log2().ceil() as i32),
        StepKind::Clock | StepKind::Time if rough > 0.5 || measure.steps == StepKind::Time => {
            let step = CLOCK.into_iter().find(|step| *step >= rough * 0.999);
            step.unwrap_or_else(|| decimal_step(rough / DAY) * DAY)
        }
        _ if measure.words.is_some() => decimal_step(rough.max(1.0)),
        _ => decimal_step(rough),
    }
}

fn decimal_step(rough: f64) -> f64 {
    // Read as text, because powers are not exact everywhere.
    let power = format!("1e{}", (rough.log10() + 1e-9).floor()).parse().unwrap_or(0.0);
    DECIMAL.into_iter().map(|fraction| fraction * power).find(|step| *step >= rough * 0.999).unwrap_or(power)
}

#[cfg(test)]
mod tests;
