//! What a reader has of a chart, and what of the next one that reader lacks.

use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Range;
use std::str::FromStr;
use std::time::Duration;

use serde::{Serialize, Serializer};

use crate::chart::Plot;

/// The chart that a reader has. The server does not remember it: the reader's script sends it with the next request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tick {
    start_ms: i64,
    /// How long each column is.
    slots: usize,
    /// A hash of everything that a tail does not contain: names, colours, unit, step.
    shape: u64,
    /// A hash of the samples that may still change, but those of the last bucket, which every tail contains.
    unstable: u64,
}

/// The slots of a chart that a reader lacks: `..head` and `kept..`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tail {
    /// The first bucket: it has lost the samples that left the window.
    pub head: usize,
    pub kept: usize,
}

/// The parts of a chart's columns.
struct Columns<'p> {
    plot: &'p Plot,
    slots: usize,
    slots_a_bucket: usize,
    /// In how many slots before the last bucket samples may still change.
    unstable: usize,
}

impl Tick {
    /// `unstable`: how long samples may change.
    pub(super) fn of(plot: &Plot, shape: u64, unstable: Duration) -> Self {
        let columns = Columns::of(plot, unstable);
        let end = columns.slots.saturating_sub(columns.slots_a_bucket);
        let unstable = columns.hash(end.saturating_sub(columns.unstable)..end);
        Self { start_ms: plot.grid.start_ms, slots: columns.slots, shape, unstable }
    }
}

impl Tail {
    /// What a reader who has `held` lacks of a plot with this shape. None: everything, or nearly everything.
    ///
    /// Samples that changed long after they were fetched are not noticed here. The script notices them by the sum of all
    /// columns, and requests everything.
    pub fn of(plot: &Plot, shape: u64, held: &Tick, unstable: Duration) -> Option<Self> {
        let columns = Columns::of(plot, unstable);
        let moved_ms = plot.grid.start_ms.checked_sub(held.start_ms)?;
        let is_aligned = moved_ms.checked_rem(plot.grid.step_ms) == Some(0);
        let gone = usize::try_from(moved_ms.checked_div(plot.grid.step_ms)?).ok()?;
        // Where the last bucket of the reader begins, and where samples before it may have changed.
        let end = held.slots.checked_sub(columns.slots_a_bucket)?.checked_sub(gone)?;
        let from = end.checked_sub(columns.unstable)?;
        let head = if plot.is_reduced() { columns.slots_a_bucket } else { 0 };
        let is_alike = is_aligned && held.shape == shape && head <= from && end <= columns.slots;
        let kept = if is_alike && columns.hash(from..end) == held.unstable { end } else { from };
        (is_alike && kept * 2 >= columns.slots).then_some(Self { head, kept })
    }
}

impl<'p> Columns<'p> {
    fn of(plot: &'p Plot, unstable: Duration) -> Self {
        let slots_a_bucket = if plot.is_reduced() { 2 } else { 1 };
        let step_ms = plot.grid.step_ms.unsigned_abs().max(1);
        let unstable = unstable.as_millis().div_ceil(u128::from(step_ms));
        let unstable = usize::try_from(unstable).unwrap_or(usize::MAX / 2).next_multiple_of(slots_a_bucket);
        let slots = plot.series.first().map_or(0, |series| series.values.len());
        Self { plot, slots, slots_a_bucket, unstable }
    }

    fn hash(&self, slots: Range<usize>) -> u64 {
        let mut hasher = DefaultHasher::new();
        for series in &self.plot.series {
            series
                .values
                .get(slots.clone())
                .unwrap_or_default()
                .iter()
                .copied()
                .map(bits)
                .for_each(|bits| bits.hash(&mut hasher));
        }
        hasher.finish()
    }
}

/// The sum of all columns, by the same rules as `checksum` in `static/js/portal/tail.js`: both halves of each sample,
/// the lower first.
pub(super) fn sum(plot: &Plot) -> u32 {
    let samples = plot.series.iter().flat_map(|series| &series.values);
    let halves = samples.flat_map(|value| [bits(*value) as u32, (bits(*value) >> 32) as u32]);
    halves.fold(0, |sum: u32, half| {
        let mixed = (sum ^ half).wrapping_mul(0x9e37_79b1);
        mixed ^ (mixed >> 15)
    })
}

/// Of a sample as the script reads it: a gap is an infinity, which no sample is, and minus zero is zero.
fn bits(value: f64) -> u64 {
    if value.is_finite() { (value + 0.0).to_bits() } else { f64::INFINITY.to_bits() }
}

impl fmt::Display for Tick {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{:x}.{:x}", self.start_ms, self.slots, self.shape, self.unstable)
    }
}

impl Serialize for Tick {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl FromStr for Tick {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut parts = text.split('.');
        let mut next = || parts.next().ok_or(());
        let hash = |text: &str| u64::from_str_radix(text, 16).map_err(|_| ());
        let tick = Self {
            start_ms: next()?.parse().map_err(|_| ())?,
            slots: next()?.parse().map_err(|_| ())?,
            shape: hash(next()?)?,
            unstable: hash(next()?)?,
        };
        if next().is_ok() { Err(()) } else { Ok(tick) }
    }
}

#[cfg(test)]
mod tests;
