//! The alert states of the entities of a snapshot.

use std::ops::Range;
use std::sync::Arc;

use jiff::Timestamp;

use super::counter::{AlertCounter, AlertKinds, InstanceAlerts, NONE, UNKNOWN};
use super::entity_alerts::{EntityAlerts, OLDEST};
use super::subscriptions::{AlertSubscriptions, Subscription};
use crate::annotations::is_available;
use crate::catalog::{Entity, Snapshot};
use crate::prometheus::{Severities, SeverityRank};

/// The alerts of every entity of a snapshot. Clones share the lists.
#[derive(Clone, Debug)]
pub struct Overview {
    /// The distinct alerts of entities, beginning with those at [`NONE`] and [`UNKNOWN`].
    alerts: Arc<[EntityAlerts]>,
    /// The alerts of each entity, in the snapshot's order: places in `alerts`.
    places: Arc<[u32]>,
    marks: Arc<[u8]>,
    available: Arc<[bool]>,
    /// Rows: firing, pending, unknown, inactive, without alerts, with nothing to show; firing and pending ones by their
    /// worst alerts, equal ones by name.
    order: Arc<[u32]>,
    severities: Arc<Severities>,
    /// The oldest answer that is in it; None without any.
    pub as_of: Option<Timestamp>,
    /// A newer one is being made, because this one is old, or of another snapshot.
    pub is_late: bool,
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

    /// The word of a severity. None for alerts without one, and for words that are not in the order.
    pub fn severity(&self, rank: SeverityRank) -> Option<&str> {
        self.severities.word(rank)
    }

    /// Some rows, the worst first: firing, pending, unknown, inactive, without alerts, with nothing to show. Firing and
    /// pending ones are in the order of their worst alerts; equal ones by name.
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
        // The config has one order for all instances.
        let answered = instances.iter().flatten().next();
        let severities = answered.map(|alerts| alerts.rules.value.severities.clone()).unwrap_or_default();
        let ordered = Self::ordered(alerts, places.into(), available, &list.snapshot);
        Self { as_of, is_late: false, severities, ..ordered }
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
        let ranks = EntityAlerts::ranks(&alerts);
        let rank = |row: &u32| {
            let available = available.get(*row as usize).copied().unwrap_or_default();
            let place = places.get(*row as usize).filter(|_| available);
            place.and_then(|place| ranks.get(*place as usize)).copied().unwrap_or(u32::MAX)
        };
        let mut order = snapshot.by_name().to_vec();
        order.sort_by_key(rank);
        let (order, severities) = (order.into(), Arc::default());
        Self { alerts, places, marks, available, order, severities, as_of: None, is_late: true }
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
        let severities = self.severities.clone();
        Self { as_of: self.as_of, severities, ..Self::ordered(alerts, places, available, snapshot) }
    }

    /// When [`Self::old`] says the same as at `now`.
    pub(super) fn times_like(&self, now: Timestamp) -> Range<Timestamp> {
        let mut times = Timestamp::MIN..Timestamp::MAX;
        for alerts in &*self.alerts {
            let EntityAlerts::Known { as_of, .. } = alerts else { continue };
            let end = as_of.checked_add(OLDEST).unwrap_or(Timestamp::MAX);
            if end <= now {
                times.start = times.start.max(end);
            } else {
                times.end = times.end.min(end);
            }
        }
        times
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
        Self { as_of: self.as_of, severities: self.severities.clone(), ..ordered }
    }
}
