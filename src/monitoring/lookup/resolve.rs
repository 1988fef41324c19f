//! Joins an alert's labels with the entities that own it and with what instances say: all of it in memory, and
//! too much for a thread that serves.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::Timestamp;

use super::{
    Activity, AlertQuery, Known, Lookup, MOST_OWNERS, MOST_ROWS, MatchedEntity, is_complete, is_cut,
    may_have, meant_rows, meant_rules, named_rules,
};
use crate::annotations::MonitoringSpec;
use crate::catalog::Entity;
use crate::monitoring::alert_index::{AlertIndex, IndexSearch, Match};
use crate::monitoring::alerts::{chooses, order};
use crate::monitoring::{AlertRow, Firing, Monitoring, Routed, RoutingInput};
use crate::prometheus::{Instance, InstanceName, Labels, Rules};

/// Everything that is joined for one request.
#[derive(Clone)]
pub(super) struct Joiner {
    monitoring: Monitoring,
    owners: Arc<AlertIndex>,
    wanted: Arc<AlertQuery>,
}

/// An entity that would show an alert, with its instance.
pub(super) struct Placed {
    found_match: Match,
    pub(super) routed: Routed,
}

/// Who would show an alert of the labels that are wanted.
pub(super) struct ByLabels {
    pub(super) placed: Vec<Placed>,
    is_partial: bool,
}

/// What was found so far.
#[derive(Default)]
pub(super) struct Found {
    pub(super) owners: Vec<MatchedEntity>,
    /// By the entity's address in memory.
    places: HashMap<usize, usize>,
    pub(super) said: BTreeMap<InstanceName, Said>,
    /// The alert is active on some instance.
    pub(super) is_active: bool,
    is_partial: bool,
}

/// What an instance says of the alert.
pub(super) struct Said {
    /// Its answer is none of an earlier time.
    is_fresh: bool,
    /// It tells all that is active now.
    is_complete: bool,
    /// It has more rows than are looked at.
    is_cut: bool,
    /// The rules of that name which have no active alert.
    pub(super) rule_rows: Vec<AlertRow>,
    /// The state of the alert if it is not active.
    ended: Activity,
}

/// Where the questions of entities go, each looked up once.
struct Routes<'j> {
    joiner: &'j Joiner,
    known: HashMap<usize, Option<Routed>>,
}

impl Joiner {
    pub(super) fn new(monitoring: &Monitoring, owners: &Arc<AlertIndex>, wanted: &AlertQuery) -> Self {
        Self { monitoring: monitoring.clone(), owners: owners.clone(), wanted: Arc::new(wanted.clone()) }
    }

    /// Work for another thread.
    pub(super) fn work<T, F>(&self, work: F) -> impl FnOnce() -> T + use<T, F>
    where
        F: FnOnce(&Self) -> T,
    {
        let own = self.clone();
        move || work(&own)
    }

    /// The same with the rules of instances.
    pub(super) fn work_on<T, F>(&self, known: &Arc<Known>, work: F) -> impl FnOnce() -> T + use<T, F>
    where
        F: FnOnce(&Self, &Known) -> T,
    {
        let (own, known) = (self.clone(), known.clone());
        move || work(&own, &known)
    }

    pub(super) fn by_labels(&self) -> ByLabels {
        let (mut lookup, mut routes) = (self.owners.search(), self.routes());
        let found = lookup.find(&self.wanted.labels).into_iter();
        let placed = found.filter_map(|found_match| {
            let routed = routes.of(&found_match.entity)?.clone();
            Some(Placed { found_match, routed })
        });
        ByLabels { placed: placed.collect(), is_partial: is_partial(&lookup) }
    }

    pub(super) fn found(&self, known: &Known, by_labels: ByLabels) -> Found {
        let wanted = &*self.wanted;
        let said = known.keys().map(|name| (name.clone(), Said::of(known, name, wanted))).collect();
        let mut found = Found { said, is_partial: by_labels.is_partial, ..Found::default() };
        let (mut lookup, mut routes) = (self.owners.search(), self.routes());
        for (instance, row) in active_rows(known, wanted) {
            found.is_active = true;
            for found_match in lookup.find(row.labels()) {
                if let Some(routed) = routes.of_instance(&found_match.entity, instance) {
                    let state = Activity::Active(row.state());
                    found.owner(found_match, &routed.instance, state).rows.push(row.clone());
                }
            }
        }
        found.is_partial |= is_partial(&lookup);
        found.add_inactive(by_labels.placed, wanted);
        found
    }

    /// With the owners of what instances remember.
    pub(super) fn remembered(
        &self,
        mut found: Found,
        episodes: Vec<(InstanceName, Firing)>,
        now: Timestamp,
    ) -> Found {
        let (mut lookup, mut routes) = (self.owners.search(), self.routes());
        for (name, episode) in episodes {
            let Some(said) = found.said.get(&name) else { continue };
            let says_all = said.says_all() && !episode.is_open(now);
            let state = if says_all { Activity::Resolved } else { Activity::Unknown };
            let rows = said.rule_rows.clone();
            for found_match in lookup.find(&episode.labels) {
                if let Some(routed) = routes.of_instance(&found_match.entity, &name) {
                    let owner = found.owner(found_match, &routed.instance, state);
                    owner.rows.clone_from(&rows);
                    owner.labels.clone_from(&episode.labels);
                }
            }
        }
        found.is_partial |= is_partial(&lookup);
        found
    }

    pub(super) fn landing(&self, known: &Known, found: Found) -> Lookup {
        let unowned = if found.owners.is_empty() { self.unowned(known) } else { Vec::new() };
        let Found { mut owners, said, is_partial, .. } = found;
        owners.sort_by(|a, b| {
            let order = |owner: &MatchedEntity| Reverse(owner.fit);
            order(a).cmp(&order(b)).then_with(|| a.entity.reference.cmp(&b.entity.reference))
        });
        let beyond = owners.len().saturating_sub(MOST_OWNERS);
        owners.truncate(MOST_OWNERS);
        for owner in &mut owners {
            owner.settle();
            let answer = known.get(owner.instance.name()).and_then(Option::as_ref);
            owner.not_since = answer.filter(|answer| answer.is_stale()).map(|answer| answer.as_of);
        }
        let is_cut = said.values().any(|said| said.is_cut);
        let doubtful = said.into_iter().filter(|(_, said)| !said.is_complete);
        let (unsure, silent): (Vec<_>, Vec<_>) = doubtful.partition(|(_, said)| said.is_fresh);
        let names = |all: Vec<(InstanceName, Said)>| -> Vec<InstanceName> {
            all.into_iter().map(|(name, _)| name).collect()
        };
        let (unsure, silent) = (names(unsure), names(silent));
        Lookup { owners, beyond, unowned, silent, unsure, is_cut, is_partial }
    }

    /// The one owner of some rules of instances, with the rows that it shows. None: there are none or several.
    pub(super) fn owner_of_rules(
        &self,
        places: &[(InstanceName, Arc<Rules>, Vec<usize>)],
    ) -> Option<MatchedEntity> {
        let (mut lookup, mut routes) = (self.owners.search(), self.routes());
        let mut found = Found::default();
        let all =
            places.iter().flat_map(|(name, rules, places)| places.iter().map(move |at| (name, rules, *at)));
        for (instance, rules, place) in all {
            let Some(rule) = rules.rules.get(place) else { continue };
            for found_match in lookup.of_rule(&rule.name, &rule.labels, MOST_OWNERS) {
                let Some(routed) = routes.of_instance(&found_match.entity, instance) else { continue };
                let spec = MonitoringSpec::of_alerts(&found_match.entity);
                let rows = AlertRow::all_of(rules, place).into_iter();
                let shown =
                    rows.filter(|row| spec.alerts.as_ref().is_some_and(|alerts| chooses(alerts, row)));
                found.owner(found_match, &routed.instance, Activity::Resolved).rows.extend(shown);
            }
            if found.owners.len() > 1 {
                return None;
            }
        }
        let mut owner = found.owners.pop().filter(|_| !is_partial(&lookup))?;
        owner.settle();
        Some(owner)
    }

    fn routes(&self) -> Routes<'_> {
        Routes { joiner: self, known: HashMap::new() }
    }

    fn unowned(&self, known: &Known) -> Vec<(InstanceName, Vec<AlertRow>)> {
        let wanted = &self.wanted;
        let mut rows: BTreeMap<InstanceName, Vec<AlertRow>> = BTreeMap::new();
        for (instance, row) in active_rows(known, wanted) {
            rows.entry(instance.clone()).or_default().push(row);
        }
        if rows.is_empty() {
            for name in known.keys() {
                rows.insert(name.clone(), rule_rows(known, name, wanted));
            }
        }
        let open = |name: &InstanceName| self.monitoring.instance(Some(name.as_str())).is_ok();
        let told = rows.into_iter().filter(|(name, rows)| !rows.is_empty() && open(name));
        told.map(|(name, rows)| (name, order::sorted(rows))).collect()
    }
}

fn is_partial(lookup: &IndexSearch<'_>) -> bool {
    lookup.work().untried > 0
}

impl Routes<'_> {
    /// None: nobody answers for the entity, or none that is meant.
    fn of(&mut self, entity: &Arc<Entity>) -> Option<&Routed> {
        let Joiner { monitoring, wanted, .. } = self.joiner;
        let route = || {
            let spec = MonitoringSpec::of_service_name(entity);
            let routed = monitoring.route(entity, &spec, &RoutingInput::default()).ok()?;
            Some(routed).filter(|routed| wanted.is_on(routed.name()))
        };
        self.known.entry(Arc::as_ptr(entity).addr()).or_insert_with(route).as_ref()
    }

    /// None also where another instance answers for the entity.
    fn of_instance(&mut self, entity: &Arc<Entity>, name: &InstanceName) -> Option<&Routed> {
        self.of(entity).filter(|routed| routed.name() == name)
    }
}

impl Found {
    fn owner(&mut self, found_match: Match, instance: &Arc<Instance>, state: Activity) -> &mut MatchedEntity {
        let Match { entity, fit } = found_match;
        let next = self.owners.len();
        let place = *self.places.entry(Arc::as_ptr(&entity).addr()).or_insert(next);
        if place == next {
            let (rows, labels) = (Vec::new(), Labels::default());
            let instance = instance.clone();
            self.owners.push(MatchedEntity { entity, instance, fit, state, rows, labels, not_since: None });
        }
        #[expect(
            clippy::indexing_slicing,
            reason = "a place is one of an owner, and owners only become more"
        )]
        &mut self.owners[place]
    }

    /// Those that would show the alert, were it active.
    fn add_inactive(&mut self, by_labels: Vec<Placed>, wanted: &AlertQuery) {
        let is_active = !self.owners.is_empty();
        let said = std::mem::take(&mut self.said);
        let has_rule = |name: &InstanceName| said.get(name).is_some_and(|said| !said.rule_rows.is_empty());
        let anywhere = by_labels.iter().any(|placed| has_rule(placed.routed.name()));
        for Placed { found_match, routed } in by_labels {
            let name = routed.name();
            let Some(said) = said.get(name) else { continue };
            let says_all = said.says_all();
            // Where it is active elsewhere, or its rule is, one that is known not to have it is not meant.
            if says_all && (is_active || (anywhere && !has_rule(name))) {
                continue;
            }
            let state = if says_all { said.ended } else { Activity::Unknown };
            let owner = self.owner(found_match, &routed.instance, state);
            if owner.rows.is_empty() {
                owner.rows = if said.is_fresh { said.rule_rows.clone() } else { Vec::new() };
                owner.labels = wanted.labels.clone();
            }
        }
        self.said = said;
    }
}

impl Said {
    fn of(known: &Known, name: &InstanceName, wanted: &AlertQuery) -> Self {
        let answer = known.get(name).and_then(Option::as_ref);
        Self {
            is_fresh: answer.is_some_and(|answer| !answer.is_stale()),
            is_complete: answer.is_some_and(|answer| is_complete(answer, wanted)),
            is_cut: answer.is_some_and(|answer| is_cut(&answer.value, wanted)),
            rule_rows: rule_rows(known, name, wanted),
            ended: ended(known, name, wanted),
        }
    }

    /// All that is active now is known.
    fn says_all(&self) -> bool {
        self.is_complete && !self.is_cut
    }
}

/// The active alerts that are meant.
fn active_rows<'k>(known: &'k Known, wanted: &AlertQuery) -> Vec<(&'k InstanceName, AlertRow)> {
    let rows = known.iter().flat_map(|(name, rules)| {
        let rules = rules.as_ref().map(|answer| &answer.value);
        let rows = rules.into_iter().flat_map(|rules| meant_rows(rules, wanted));
        rows.take(MOST_ROWS).map(move |row| (name, row))
    });
    rows.collect()
}

/// The state of an alert that is not active: unknown if its rule is gone.
fn ended(known: &Known, name: &InstanceName, wanted: &AlertQuery) -> Activity {
    let rules = known.get(name).and_then(Option::as_ref).map(|answer| &answer.value);
    let has_rule = rules.is_some_and(|rules| named_rules(rules, wanted).next().is_some());
    if has_rule { Activity::Resolved } else { Activity::Unknown }
}

/// The rules of that name on an instance which have no active alert.
fn rule_rows(known: &Known, name: &InstanceName, wanted: &AlertQuery) -> Vec<AlertRow> {
    let rules = known.get(name).and_then(Option::as_ref).map(|answer| &answer.value);
    let rows = rules.into_iter().flat_map(|rules| meant_rules(rules, wanted));
    let is_own = |row: &AlertRow| row.alert().is_none() && may_have(row.rule(), wanted);
    rows.filter(|row| wanted.alert_name().is_some() && is_own(row)).take(MOST_ROWS).collect()
}
