//! The answers of one instance and its Alertmanager.

use std::sync::Arc;

use jiff::Timestamp;

use crate::monitoring::alerts::Tally;
use crate::monitoring::silences::Silences;
use crate::prometheus::Rules;
use crate::store::Answer;

/// An instance's rules, and what its Alertmanager suppresses.
#[derive(Clone)]
pub(super) struct InstanceAlerts {
    pub(super) rules: Answer<Rules>,
    pub(super) silences: Silences,
}

impl InstanceAlerts {
    pub(super) fn tally(&self, now: Timestamp) -> Tally<'_> {
        Tally::of(&self.rules.value, self.rules.as_of).silenced_by(&self.silences, now)
    }

    /// Whether both give the same counts.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        let silences = match (&self.silences, &other.silences) {
            (
                Silences::Known { answer, external, .. },
                Silences::Known { answer: other, external: other_external, .. },
            ) => is_same(answer, other) && external == other_external,
            (one, other) => one.answer().is_none() && other.answer().is_none(),
        };
        silences && is_same(&self.rules, &other.rules) && self.silences.is_sure() == other.silences.is_sure()
    }
}

fn is_same<T>(one: &Answer<T>, other: &Answer<T>) -> bool {
    Arc::ptr_eq(&one.value, &other.value) && one.is_stale() == other.is_stale()
}
