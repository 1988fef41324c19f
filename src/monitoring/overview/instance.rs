//! The answers of one instance and its Alertmanager.

use std::sync::Arc;

use jiff::Timestamp;

use crate::monitoring::alerts::Tally;
use crate::monitoring::silences::{AlertmanagerAnswer, Silences};
use crate::prometheus::Rules;
use crate::store::Answer;

/// An instance's rules, and what its Alertmanager suppresses.
#[derive(Clone)]
pub(super) struct InstanceAlerts {
    pub(super) rules: Answer<Rules>,
    pub(super) silences: Silences,
    pub(super) alertmanager: Option<AlertmanagerAnswer>,
}

impl InstanceAlerts {
    pub(super) fn tally(&self, now: Timestamp) -> Tally<'_> {
        let tally = Tally::of(&self.rules.value, self.rules.as_of);
        tally.silenced_by(&self.silences, self.alertmanager.as_ref(), now)
    }

    /// Whether both give the same counts.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        let alertmanager = match (&self.alertmanager, &other.alertmanager) {
            (Some(one), Some(other)) => is_same(&one.answer, &other.answer) && one.external == other.external,
            (None, None) => true,
            _ => false,
        };
        alertmanager
            && is_same(&self.rules, &other.rules)
            && self.silences.is_sure() == other.silences.is_sure()
    }
}

fn is_same<T>(one: &Answer<T>, other: &Answer<T>) -> bool {
    Arc::ptr_eq(&one.value, &other.value) && one.is_stale() == other.is_stale()
}
