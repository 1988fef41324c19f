//! Counts alerts for entities: those that select the same alerts of an instance share one count.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::entity_alerts::EntityAlerts;
use super::subscriptions::AlertSubscriptions;
use crate::monitoring::alerts::Tally;
use crate::monitoring::{Doubt, Silences};
use crate::prometheus::Rules;
use crate::store::Answer;

/// The place of [`EntityAlerts::None`] in the alerts of every overview.
pub(super) const NONE: u32 = 0;
/// The place of [`EntityAlerts::Unknown`].
pub(super) const UNKNOWN: u32 = 1;

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

    /// Whether nothing is older or missing.
    pub(super) fn is_whole(&self) -> bool {
        !self.rules.is_stale() && self.silences.is_sure()
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

/// Counts the alerts of selectors, each once.
pub(super) struct AlertCounter<'c> {
    list: &'c AlertSubscriptions,
    /// The answers of each instance. None: it has none.
    tallies: Vec<Option<(Tally<'c>, &'c Answer<Rules>)>>,
    pub(super) kinds: AlertKinds,
    /// By instance and selector: places in `kinds`.
    counted: HashMap<(u32, u32), u32>,
}

impl<'c> AlertCounter<'c> {
    pub(super) fn of(
        list: &'c AlertSubscriptions,
        instances: &'c [Option<InstanceAlerts>],
        now: Timestamp,
    ) -> Self {
        let tally = |alerts: &'c InstanceAlerts| (alerts.tally(now), &alerts.rules);
        let tallies = instances.iter().map(|alerts| alerts.as_ref().map(tally)).collect();
        Self { list, tallies, kinds: AlertKinds::default(), counted: HashMap::new() }
    }

    /// None: the instance has not answered.
    pub(super) fn count(&mut self, instance: u32, selector: u32) -> Option<u32> {
        if let Some(known) = self.counted.get(&(instance, selector)) {
            return Some(*known);
        }
        let (tally, rules) = self.tallies.get(instance as usize)?.as_ref()?;
        let (mut evidence, worst_alerts) = tally.count(self.list.selectors.get(selector as usize)?);
        evidence.doubts.add_if(rules.is_stale(), Doubt::Stale);
        let (as_of, is_stale) = (rules.as_of, rules.is_stale());
        let known = EntityAlerts::Known { evidence, worst_alerts, as_of, is_stale };
        let place = self.kinds.place_of(known);
        self.counted.insert((instance, selector), place);
        Some(place)
    }
}

/// Distinct alerts, each once: most of 100,000 entities have equal ones.
pub(super) struct AlertKinds {
    pub(super) alerts: Vec<EntityAlerts>,
    places: HashMap<EntityAlerts, u32>,
}

impl Default for AlertKinds {
    fn default() -> Self {
        let alerts = vec![EntityAlerts::None, EntityAlerts::Unknown];
        Self { places: alerts.iter().copied().zip([NONE, UNKNOWN]).collect(), alerts }
    }
}

impl AlertKinds {
    fn place_of(&mut self, alerts: EntityAlerts) -> u32 {
        let next = u32::try_from(self.alerts.len()).unwrap_or(u32::MAX);
        let place = *self.places.entry(alerts).or_insert(next);
        if place == next {
            self.alerts.push(alerts);
        }
        place
    }
}
