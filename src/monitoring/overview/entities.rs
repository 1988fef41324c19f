//! The alert states of the entities of a snapshot.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::subscriptions::{AlertSubscriptions, Subscription};
use crate::annotations::is_available;
use crate::catalog::{Entity, Snapshot};
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum EntityAlerts {
    /// It selects none.
    #[default]
    None,
    /// Its instance has not answered recently, or is not configured.
    Unknown,
    Known {
        evidence: Evidence,
        /// The time of the answer.
        as_of: Timestamp,
        is_stale: bool,
    },
}

/// The alerts of every entity of a snapshot. Clones share the lists.
#[derive(Clone, Debug)]
pub struct Overview {
    /// The distinct alerts of entities, beginning with those at [`NONE`] and [`UNKNOWN`].
    alerts: Arc<[EntityAlerts]>,
    /// The alerts of each entity, in the snapshot's order: places in `alerts`.
    places: Arc<[u32]>,
    marks: Arc<[u8]>,
    available: Arc<[bool]>,
    /// Rows: firing, pending, unknown, inactive, without alerts, with nothing to show; each by name.
    order: Arc<[u32]>,
    /// The oldest answer that is in it; None without any.
    pub as_of: Option<Timestamp>,
    /// A newer one is being made, because this one is old, or of another snapshot.
    pub is_late: bool,
}

/// Older counts say too little about now.
pub(super) const OLDEST: SignedDuration = SignedDuration::from_mins(15);
/// The place of [`EntityAlerts::None`] in the alerts of every overview.
const NONE: u32 = 0;
/// The place of [`EntityAlerts::Unknown`].
const UNKNOWN: u32 = 1;

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

    /// The time of the answer, if it is stale.
    pub fn not_since(&self) -> Option<Timestamp> {
        match self {
            Self::Known { as_of, is_stale, .. } => is_stale.then_some(*as_of),
            Self::None | Self::Unknown => None,
        }
    }

    /// What is left of it when the answer is no longer the newest one.
    fn old(self, now: Timestamp) -> Self {
        match self {
            Self::Known { as_of, .. } if now.duration_since(as_of) >= OLDEST => Self::Unknown,
            Self::Known { mut evidence, as_of, .. } => {
                evidence.doubts.add(Doubt::Stale);
                Self::Known { evidence, as_of, is_stale: true }
            }
            other => other,
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
        let place = self.places.get(row as usize);
        place.and_then(|place| self.alerts.get(*place as usize)).copied().unwrap_or_default()
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
        let mut counter = AlertCounter::of(list, instances, now);
        let mut places = vec![NONE; list.available.len()];
        for Subscription { row, selector, instance } in &list.subscriptions {
            let known = instance.and_then(|place| counter.count(place, *selector));
            if let Some(slot) = places.get_mut(*row as usize) {
                *slot = known.unwrap_or(UNKNOWN);
            }
        }
        for row in &list.unknown {
            if let Some(slot) = places.get_mut(*row as usize) {
                *slot = UNKNOWN;
            }
        }
        let as_of = instances.iter().flatten().map(|alerts| alerts.rules.as_of).min();
        let (alerts, available) = (counter.kinds.alerts.into(), list.available.clone().into());
        Self { as_of, is_late: false, ..Self::ordered(alerts, places.into(), available, &list.snapshot) }
    }

    fn ordered(
        alerts: Arc<[EntityAlerts]>,
        places: Arc<[u32]>,
        available: Arc<[bool]>,
        snapshot: &Snapshot,
    ) -> Self {
        let marks_of: Vec<u8> = alerts.iter().map(EntityAlerts::marks).collect();
        let mark = |place: &u32| marks_of.get(*place as usize).copied().unwrap_or_default();
        let marks: Arc<[u8]> = places.iter().map(mark).collect();
        let rank = |row: &u32| {
            let mark = marks.get(*row as usize).copied().unwrap_or_default();
            let available = available.get(*row as usize).copied().unwrap_or_default();
            // The lowest bit is the worst state; an entity without alerts has none of the eight.
            if available { mark.trailing_zeros() } else { u8::BITS + 1 }
        };
        let mut order = snapshot.by_name().to_vec();
        order.sort_by_key(rank);
        Self { alerts, places, marks, available, order: order.into(), as_of: None, is_late: true }
    }

    /// Before anything is known.
    pub(super) fn unknown(snapshot: &Snapshot) -> Self {
        let available: Arc<[bool]> = snapshot.entities.iter().map(|entity| is_available(entity)).collect();
        let places = available.iter().map(|available| if *available { UNKNOWN } else { NONE }).collect();
        Self::ordered(AlertKinds::default().alerts.into(), places, available, snapshot)
    }

    /// The same while newer counts are made.
    pub(super) fn late(&self) -> Self {
        Self { is_late: true, ..self.clone() }
    }

    /// What is left of it when its answers have expired. Counts are those of another time, and no state is calm.
    pub(super) fn old(&self, snapshot: &Snapshot, now: Timestamp) -> Self {
        let alerts = self.alerts.iter().map(|alerts| alerts.old(now)).collect();
        let (places, available) = (self.places.clone(), self.available.clone());
        Self { as_of: self.as_of, ..Self::ordered(alerts, places, available, snapshot) }
    }

    /// The same for another snapshot. Entities that are new or changed are unknown.
    pub(super) fn carried(&self, from: &Snapshot, to: &Snapshot) -> Self {
        let mut before = self.places.iter().zip(&*self.available).zip(&*from.entities).peekable();
        let (mut places, mut available) = (Vec::new(), Vec::new());
        for entity in &*to.entities {
            let is_before =
                |other: &Arc<Entity>| !Arc::ptr_eq(other, entity) && other.reference < entity.reference;
            while before.next_if(|(_, other)| is_before(other)).is_some() {}
            let is_same = |other: &Arc<Entity>| Arc::ptr_eq(other, entity) || other.is_alike(entity);
            let (place, shows) = match before.next_if(|(_, other)| is_same(other)) {
                Some(((place, shows), _)) => (*place, *shows),
                None if is_available(entity) => (UNKNOWN, true),
                None => (NONE, false),
            };
            places.push(place);
            available.push(shows);
        }
        let ordered = Self::ordered(self.alerts.clone(), places.into(), available.into(), to);
        Self { as_of: self.as_of, ..ordered }
    }
}

/// Counts the alerts of selectors, each once.
struct AlertCounter<'c> {
    list: &'c AlertSubscriptions,
    /// The answers of each instance. None: it has none.
    tallies: Vec<Option<(Tally<'c>, &'c Answer<Rules>)>>,
    kinds: AlertKinds,
    /// By instance and selector: places in `kinds`.
    counted: HashMap<(u32, u32), u32>,
}

impl<'c> AlertCounter<'c> {
    fn of(list: &'c AlertSubscriptions, instances: &'c [Option<InstanceAlerts>], now: Timestamp) -> Self {
        let tally = |alerts: &'c InstanceAlerts| (alerts.tally(now), &alerts.rules);
        let tallies = instances.iter().map(|alerts| alerts.as_ref().map(tally)).collect();
        Self { list, tallies, kinds: AlertKinds::default(), counted: HashMap::new() }
    }

    /// None: the instance has not answered.
    fn count(&mut self, instance: u32, selector: u32) -> Option<u32> {
        if let Some(known) = self.counted.get(&(instance, selector)) {
            return Some(*known);
        }
        let (tally, rules) = self.tallies.get(instance as usize)?.as_ref()?;
        let mut evidence = tally.count(self.list.selectors.get(selector as usize)?);
        evidence.doubts.add_if(rules.is_stale(), Doubt::Stale);
        let known = EntityAlerts::Known { evidence, as_of: rules.as_of, is_stale: rules.is_stale() };
        let place = self.kinds.place_of(known);
        self.counted.insert((instance, selector), place);
        Some(place)
    }
}

/// Distinct alerts, each once: most of 100,000 entities have equal ones.
struct AlertKinds {
    alerts: Vec<EntityAlerts>,
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
