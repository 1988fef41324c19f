//! The series colours: a series keeps its own when others come and go.

#[cfg(test)]
mod sight;
#[cfg(test)]
mod tests;

use crate::monitoring::is_named_by_values;
use crate::prometheus::Labels;

/// How many colours there are; a series' colour is an index below it.
pub const COLOURS: usize = 10;

/// Steps that reach every colour: they have no divisor with [`COLOURS`] in common.
const STRIDES: [usize; 4] = [1, 3, 7, 9];

/// The style sheet's colours, for pictures that cannot refer to it.
pub(super) struct Colours {
    pub(super) surface: &'static str,
    pub(super) text: &'static str,
    pub(super) muted: &'static str,
    pub(super) grid: &'static str,
    pub(super) series: [&'static str; COLOURS],
}

include!(concat!(env!("OUT_DIR"), "/colours.rs"));

/// The colours that a series prefers, which depend on nothing but itself.
#[derive(Clone, Copy, Debug)]
pub struct Preference {
    first: usize,
    stride: usize,
    /// Of two series that prefer the same colour, the lower one gets it.
    rank: u64,
}

impl Preference {
    /// By the name where the annotation or the query says which labels tell series apart, so that `checkout-0` has one
    /// colour in all graphs. Else by the labels: such a name gets longer when other series come. The metric's name
    /// does not count: a rate of a metric has the colour of the metric.
    pub fn of(name: &str, labels: &Labels, query: &str) -> Self {
        let identity = if is_named_by_values(name, labels, query) {
            hash([("", name)].into_iter())
        } else {
            hash(labels.iter().filter(|(name, _)| *name != "__name__"))
        };
        let pick = |bits: u64, of: usize| usize::try_from(bits % of as u64).unwrap_or(0);
        let stride = STRIDES.get(pick(identity >> 60, STRIDES.len())).copied().unwrap_or(1);
        Self { first: pick(identity >> 8, COLOURS), stride, rank: hash(labels.iter()) }
    }

    fn nth(self, n: usize) -> usize {
        (self.first + n * self.stride) % COLOURS
    }
}

/// One colour for each series, in their order.
///
/// All first preferences are granted before any second one, and the order of the series decides nothing. So a series that
/// comes or goes changes only the colours of those that prefer the same one. When every colour is in use, the rest get
/// their first.
pub fn colours(series: &[Preference]) -> Vec<usize> {
    let mut colours: Vec<usize> = series.iter().map(|series| series.first).collect();
    let mut waiting: Vec<(usize, Preference)> = series.iter().copied().enumerate().collect();
    waiting.sort_by_key(|(_, series)| series.rank);
    let mut free = [true; COLOURS];
    for n in 0..COLOURS {
        waiting.retain(|(place, series)| {
            let colour = series.nth(n);
            let is_free = free.get_mut(colour).is_some_and(|free| std::mem::replace(free, false));
            if is_free && let Some(granted) = colours.get_mut(*place) {
                *granted = colour;
            }
            !is_free
        });
    }
    colours
}

/// FNV-1a, which stays the same from one release to the next, with its bits mixed.
fn hash<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for (name, value) in pairs {
        for byte in name.bytes().chain([0xff]).chain(value.bytes()).chain([0xfe]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    let mixed = (hash ^ (hash >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed ^ (mixed >> 29)
}
