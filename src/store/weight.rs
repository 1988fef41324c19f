//! The memory that questions and answers take, about: what every limit of the store counts.

use std::sync::Arc;

use super::Answer;
use crate::alertmanager::AlertmanagerState;
use crate::prometheus::{ExternalLabels, InstantAnswer, Matrix, Metadata, MetricNames, Rules};
use crate::upstream::UpstreamError;

/// What a cache itself needs for an entry: two counted pointers, its places in the order of use, in the table and
/// in the timers, and the question's own fields.
pub const ENTRY: usize = 640;

/// Bytes in memory, about.
pub trait Weigh {
    fn weight(&self) -> usize {
        0
    }
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
    UpstreamError
);
