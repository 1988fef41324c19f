//! Which entities of a snapshot select which alerts of which instance: read once, counted often.

use std::collections::HashMap;
use std::sync::Arc;

use crate::annotations::{ALERT, AlertSpec, LABELS, MonitoringSpec, is_available};
use crate::catalog::Snapshot;
use crate::monitoring::{Monitoring, RoutingInput};
use crate::prometheus::{Instance, InstanceName};

/// No request is sent to further instances, so their alerts are unknown.
const MOST_INSTANCES: usize = 256;

/// An entity that selects alerts.
#[derive(Clone, Copy)]
pub struct Subscription {
    /// Its place in the snapshot.
    pub row: u32,
    /// A place in `selectors`.
    pub selector: u32,
    /// A place in `instances`; None: it has no instance.
    pub instance: Option<u32>,
}

pub struct AlertSubscriptions {
    pub(super) snapshot: Arc<Snapshot>,
    /// The distinct selectors.
    pub(super) selectors: Vec<AlertSpec>,
    pub subscriptions: Vec<Subscription>,
    /// Entities without alerts that may have some: what selects them cannot be read, or they have no instance.
    pub unknown: Vec<u32>,
    pub instances: Vec<Arc<Instance>>,
    /// Every entity: whether it has anything to show.
    pub available: Vec<bool>,
}

impl AlertSubscriptions {
    /// Reads every entity: too much work for a thread that serves requests.
    pub fn of(snapshot: Arc<Snapshot>, monitoring: &Monitoring, input: &RoutingInput) -> Self {
        let mut list = Self {
            available: snapshot.entities.iter().map(|entity| is_available(entity)).collect(),
            snapshot: snapshot.clone(),
            selectors: Vec::new(),
            subscriptions: Vec::new(),
            unknown: Vec::new(),
            instances: Vec::new(),
        };
        let (mut known, mut places) = (HashMap::new(), HashMap::new());
        for ((row, entity), available) in (0u32..).zip(&*snapshot.entities).zip(list.available.clone()) {
            if !available {
                continue;
            }
            let spec = MonitoringSpec::of_alerts(entity);
            let names_one = spec.service_name.is_some();
            if spec.alerts.is_none() && !names_one && !spec.unread {
                continue;
            }
            let routed = monitoring.route(entity, &spec, input).ok();
            if spec.alerts.is_none() {
                list.unknown.extend((spec.unread || routed.is_none()).then_some(row));
                continue;
            }
            let instance = routed.and_then(|routed| list.place_of(routed.instance, &mut places));
            let Some(alerts) = spec.alerts else { continue };
            // An annotation that cannot be read has no text.
            let texts = (entity.annotation(ALERT), entity.annotation(LABELS));
            let selector =
                *known.entry((texts, alerts.broken, alerts.chooses_nothing())).or_insert_with(|| {
                    list.selectors.push(alerts);
                    u32::try_from(list.selectors.len() - 1).unwrap_or(u32::MAX)
                });
            list.subscriptions.push(Subscription { row, selector, instance });
        }
        list.selectors.shrink_to_fit();
        list.subscriptions.shrink_to_fit();
        list
    }

    pub fn is_of(&self, snapshot: &Snapshot) -> bool {
        self.snapshot.has_entities_of(snapshot)
    }

    /// None: there are too many instances.
    fn place_of(
        &mut self,
        instance: Arc<Instance>,
        places: &mut HashMap<InstanceName, usize>,
    ) -> Option<u32> {
        let next = places.len();
        let place = *places.entry(instance.name().clone()).or_insert(next);
        if place == self.instances.len() && place < MOST_INSTANCES {
            self.instances.push(instance);
        }
        u32::try_from(place).ok().filter(|_| place < MOST_INSTANCES)
    }
}
