//! What questions and answers cost in memory, about: what every bound of the store counts.

use std::sync::Arc;

use super::Answer;
use super::asides::{ExternalQuestion, MetadataQuestion, NamesQuestion};
use super::key::{Family, InstantQuestion, Question, RulesQuestion};
use crate::alertmanager::AlertmanagerState;
use crate::prometheus::{ExternalLabels, InstantAnswer, Matrix, Metadata, MetricNames, Rules};
use crate::upstream::UpstreamError;

/// What a cache itself needs for an entry: two counted pointers, its places in the order of use, in the table and
/// in the timers, and the question's own fields.
pub const ENTRY: usize = 640;

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

impl<T: Weigh> Weigh for Option<T> {
    fn weight(&self) -> usize {
        self.as_ref().map_or(0, Weigh::weight)
    }
}

// Names of instances are few, and shared.

impl Weigh for Question {
    fn weight(&self) -> usize {
        self.query.query.weight()
    }
}

impl Weigh for InstantQuestion {
    fn weight(&self) -> usize {
        self.query.query.weight()
    }
}

impl Weigh for Family {
    fn weight(&self) -> usize {
        self.query.weight()
    }
}

impl Weigh for MetadataQuestion {
    fn weight(&self) -> usize {
        self.metric.len()
    }
}

impl Weigh for RulesQuestion {
    fn weight(&self) -> usize {
        0
    }
}

impl Weigh for NamesQuestion {
    fn weight(&self) -> usize {
        0
    }
}

impl Weigh for ExternalQuestion {
    fn weight(&self) -> usize {
        0
    }
}
