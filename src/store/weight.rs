//! The memory that questions and answers take, about: what every limit of the store counts.

use std::sync::Arc;

use super::Answer;
use crate::alertmanager::AlertmanagerState;
use crate::prometheus::{BuildInfo, ExternalLabels, InstantAnswer, Matrix, Metadata, MetricNames, Rules};
use crate::upstream::UpstreamError;

/// What the cache library allocates for an entry: a pointer to the key with two counts, the fields of the value, and
/// its places in the table, in the order of use and in the timers. With moka 0.12 an entry of a map of 1,000 takes 472
/// bytes, the allocator's rounding included, and one of a larger map 405.
const NODES: usize = 480;
/// The two counts in front of what an `Arc` points to.
const COUNTS: usize = 16;

/// What an entry takes beside what its key and its value point to: each is in an allocation of its own.
pub const fn entry<K, V>() -> usize {
    NODES + COUNTS + size_of::<K>() + COUNTS + size_of::<V>()
}

/// Bytes in memory, about.
pub trait Weigh {
    fn weight(&self) -> usize;
}

/// As caches count.
pub fn capped(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

impl<T: Weigh> Weigh for Arc<T> {
    fn weight(&self) -> usize {
        (**self).weight()
    }
}

impl Weigh for String {
    fn weight(&self) -> usize {
        self.len()
    }
}

impl Weigh for bool {
    fn weight(&self) -> usize {
        0
    }
}

impl<T: Weigh> Weigh for Option<T> {
    fn weight(&self) -> usize {
        self.as_ref().map_or(0, Weigh::weight)
    }
}

impl<T: Weigh> Weigh for Answer<T> {
    fn weight(&self) -> usize {
        self.value.weight() + self.failure.weight()
    }
}

macro_rules! by_own_weight {
    ($($answer:ty),*) => {
        $(impl Weigh for $answer {
            fn weight(&self) -> usize {
                <$answer>::weight(self)
            }
        })*
    };
}

by_own_weight!(
    Matrix,
    InstantAnswer,
    Rules,
    AlertmanagerState,
    Metadata,
    MetricNames,
    ExternalLabels,
    BuildInfo,
    UpstreamError
);
