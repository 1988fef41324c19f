//! The alert states of the entities of a snapshot.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::subscriptions::AlertSubscriptions;
use crate::catalog::Snapshot;
use crate::monitoring::alerts::Tally;
use crate::monitoring::{Doubt, Evidence, Silences, Verdict};
use crate::prometheus::{AlertState, Rules};
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

/// An entity's alerts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EntityAlerts {
    /// It selects none.
    #[default]
    None,
    /// Its instance has not answered recently, or is not configured.
    Unknown,
    Known {
        evidence: Evidence,
        /// The time of the answer, if it is stale.
        not_since: Option<Timestamp>,
    },
}

/// The alerts of every entity of a snapshot.
#[derive(Debug)]
pub struct Overview {
    /// In the snapshot's order.
    alerts: Vec<EntityAlerts>,
    marks: Vec<u8>,
    available: Vec<bool>,
    /// Rows: firing, pending, unknown, inactive, without alerts, with nothing to show; each by name.
    order: Vec<u32>,
    /// The oldest answer that is in it; None without any.
    pub as_of: Option<Timestamp>,
}

impl EntityAlerts {
    /// Its states as bits. An entity is inactive when everything is known and nothing is active. One that selects no
    /// rule has no state.
    fn marks(&self) -> u8 {
        match self {
            Self::None => 0,
            Self::Unknown => bit(AlertState::Unknown),
            Self::Known { evidence, .. } => {
                let active = [
                    (evidence.counts.firing, AlertState::Firing),
                    (evidence.counts.pending, AlertState::Pending),
                    (evidence.unknown(), AlertState::Unknown),
                ];
                let marks =
                    active.iter().filter(|(n, _)| *n > 0).fold(0, |all, (_, state)| all | bit(*state));
                if evidence.verdict() == Verdict::Quiet { bit(AlertState::Inactive) } else { marks }
            }
        }
    }

    /// The worst of its states; None without alerts.
    pub fn worst(&self) -> Option<AlertState> {
        BY_BIT.into_iter().find(|state| self.marks() & bit(*state) != 0)
    }
}

/// The states by their bits, worst first.
const BY_BIT: [AlertState; 4] =
    [AlertState::Firing, AlertState::Pending, AlertState::Unknown, AlertState::Inactive];

/// The bit of a state in [`Overview::marks`].
pub const fn bit(state: AlertState) -> u8 {
    match state {
        AlertState::Firing => 1,
        AlertState::Pending => 1 << 1,
        AlertState::Error | AlertState::Unknown => 1 << 2,
        AlertState::Inactive => 1 << 3,
    }
}

impl Overview {
    pub fn alerts(&self, row: u32) -> EntityAlerts {
        self.alerts.get(row as usize).copied().unwrap_or_default()
    }

    /// Whether an entity has anything to show.
    pub fn is_available(&self, row: u32) -> bool {
        self.available.get(row as usize).copied().unwrap_or_default()
    }

    /// The states of each entity as bits, in the snapshot's order.
    pub fn marks(&self) -> &[u8] {
        &self.marks
    }

    /// Some rows, the worst first: firing, pending, unknown, inactive, without alerts, with nothing to show; each by
    /// name.
    pub fn worst_first(&self, rows: &[u32]) -> Vec<u32> {
        let mut is_chosen = vec![false; self.order.len()];
        for row in rows {
            if let Some(chosen) = is_chosen.get_mut(*row as usize) {
                *chosen = true;
            }
        }
        self.order.iter().copied().filter(|row| is_chosen.get(*row as usize) == Some(&true)).collect()
    }

    pub(super) fn of(
        list: &AlertSubscriptions,
        instances: &[Option<InstanceAlerts>],
        now: Timestamp,
    ) -> Self {
        let tallies: Vec<Option<Tally<'_>>> =
            instances.iter().map(|instance| instance.as_ref().map(|alerts| alerts.tally(now))).collect();
        let mut counted = HashMap::new();
        let mut count = |place: u32, selector: u32| -> Option<Evidence> {
            let tally = tallies.get(place as usize)?.as_ref()?;
            let count = || list.selectors.get(selector as usize).map(|spec| tally.count(spec));
            *counted.entry((place, selector)).or_insert_with(count)
        };
        let mut alerts = vec![EntityAlerts::None; list.available.len()];
        for subscription in &list.subscriptions {
            let known = subscription.instance.and_then(|place| {
                let mut evidence = count(place, subscription.selector)?;
                let rules = &instances.get(place as usize)?.as_ref()?.rules;
                let not_since = rules.is_stale().then_some(rules.as_of);
                evidence.doubts.add_if(rules.is_stale(), Doubt::Stale);
                Some(EntityAlerts::Known { evidence, not_since })
            });
            if let Some(slot) = alerts.get_mut(subscription.row as usize) {
                *slot = known.unwrap_or(EntityAlerts::Unknown);
            }
        }
        for row in &list.unknown {
            if let Some(slot) = alerts.get_mut(*row as usize) {
                *slot = EntityAlerts::Unknown;
            }
        }
        let as_of = instances.iter().flatten().map(|alerts| alerts.rules.as_of).min();
        Self { as_of, ..Self::ordered(alerts, list) }
    }

    fn ordered(alerts: Vec<EntityAlerts>, list: &AlertSubscriptions) -> Self {
        let marks: Vec<u8> = alerts.iter().map(EntityAlerts::marks).collect();
        let rank = |row: &u32| {
            let mark = marks.get(*row as usize).copied().unwrap_or_default();
            let available = list.available.get(*row as usize).copied().unwrap_or_default();
            // The lowest bit is the worst state; an entity without alerts has none of the eight.
            if available { mark.trailing_zeros() } else { u8::BITS + 1 }
        };
        let mut order = list.by_name.clone();
        order.sort_by_key(rank);
        let available = list.available.clone();
        Self { alerts, marks, available, order, as_of: None }
    }

    /// Before anything is known.
    pub(super) fn unknown(snapshot: &Snapshot) -> Self {
        let rows = 0..u32::try_from(snapshot.entities.len()).unwrap_or(u32::MAX);
        let available = snapshot.entities.iter().map(|entity| crate::annotations::is_available(entity));
        let available: Vec<bool> = available.collect();
        let list = AlertSubscriptions { available, by_name: rows.collect(), ..AlertSubscriptions::default() };
        let unknown = |available: &bool| match available {
            true => EntityAlerts::Unknown,
            false => EntityAlerts::None,
        };
        Self::ordered(list.available.iter().map(unknown).collect(), &list)
    }
}
