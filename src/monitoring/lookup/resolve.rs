//! Joins an alert's labels with the entities that show it and with the evidence of every instance. Everything is in
//! memory; it is too much work for a thread that serves requests.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::Timestamp;

use super::evidence::InstanceEvidence;
use super::{AlertQuery, Lookup, MOST_ENTITIES, MatchedEntity, RulesByInstance};
use crate::annotations::MonitoringSpec;
use crate::catalog::Entity;
use crate::monitoring::alert_index::{AlertIndex, IndexSearch, Match};
use crate::monitoring::alerts::{chooses, order};
use crate::monitoring::{AlertRow, Monitoring, RoutingInput};
use crate::prometheus::{Instance, InstanceName, Labels, Rules};
use crate::store::Answer;

/// What each instance says. The default evidence: the instance did not answer.
pub(super) type AllEvidence = BTreeMap<InstanceName, InstanceEvidence>;

/// One lookup. It does no I/O.
pub(super) struct Resolver {
    pub(super) monitoring: Monitoring,
    pub(super) index: Arc<AlertIndex>,
    pub(super) alert: AlertQuery,
    pub(super) now: Timestamp,
}

/// Searches of the index, limited to entities of the instances that the alert may be on.
struct RoutedSearch<'r> {
    resolver: &'r Resolver,
    search: IndexSearch<'r>,
    /// The instance of each entity, by the entity's address in memory.
    routes: HashMap<usize, Option<Arc<Instance>>>,
}

/// The entities found so far, by their address in memory.
type Found = HashMap<usize, MatchedEntity>;

impl Resolver {
    /// The entities whose annotations select the labels of the address: they would show the alert if it were active.
    pub(super) fn candidates(&self) -> Lookup {
        let mut search = self.search();
        let found = search.search.find(&self.alert.labels);
        let entities = search.routed(found, |_| true).collect();
        Lookup { entities, is_partial: search.is_partial(), ..Lookup::default() }
    }

    pub(super) fn evidence(&self, answers: &RulesByInstance) -> AllEvidence {
        let of = |answer: &Answer<Rules>| InstanceEvidence::of(answer, &self.alert, None);
        let all = answers.iter();
        all.map(|(name, answer)| (name.clone(), answer.as_ref().map(of).unwrap_or_default())).collect()
    }

    pub(super) fn resolve(&self, candidates: Lookup, evidence: &AllEvidence) -> Lookup {
        let Lookup { entities: candidates, is_partial, .. } = candidates;
        let (mut search, mut found) = (self.search(), Found::new());
        self.add_active(&mut search, &mut found, evidence);
        self.add_candidates(&mut found, candidates, evidence);
        if found.is_empty() {
            self.add_remembered(&mut search, &mut found, evidence);
        }
        let unowned = if found.is_empty() { self.unowned(evidence) } else { Vec::new() };
        let mut entities: Vec<MatchedEntity> = found.into_values().collect();
        entities.sort_by(|a, b| {
            let closest = Reverse(a.specificity).cmp(&Reverse(b.specificity));
            closest.then_with(|| a.entity.reference.cmp(&b.entity.reference))
        });
        let beyond = entities.len().saturating_sub(MOST_ENTITIES);
        entities.truncate(MOST_ENTITIES);
        for entity in &mut entities {
            if let Some(evidence) = evidence.get(entity.instance.name()) {
                entity.finish(evidence, self.now);
            }
        }
        let incomplete = |is_fresh: bool| {
            let all = evidence.iter().filter(move |(_, e)| !e.is_complete && e.is_fresh == is_fresh);
            all.map(|(name, _)| name.clone()).collect()
        };
        Lookup {
            entities,
            beyond,
            unowned,
            silent: incomplete(false),
            unsure: incomplete(true),
            is_cut: evidence.values().any(|evidence| evidence.is_truncated),
            is_partial: is_partial || search.is_partial(),
            is_behind: false,
        }
    }

    /// The one entity that shows alerts of some rules of instances, with the rows that it shows. None: there are none
    /// or several.
    pub(super) fn entity_of_rules(
        &self,
        rules_by_instance: &[(InstanceName, Arc<Rules>, Vec<usize>)],
    ) -> Option<MatchedEntity> {
        let (mut search, mut all) = (self.search(), Found::new());
        for (instance, rules, places) in rules_by_instance {
            for place in places {
                let Some(rule) = rules.rules.get(*place) else { continue };
                for found in search.of_rule(&rule.name, &rule.labels, instance) {
                    let spec = MonitoringSpec::of_alerts(&found.entity);
                    let rows = AlertRow::all_of(rules, *place).into_iter();
                    let shown =
                        rows.filter(|row| spec.alerts.as_ref().is_some_and(|alerts| chooses(alerts, row)));
                    add(&mut all, found).rows.extend(shown);
                }
                if all.len() > 1 {
                    return None;
                }
            }
        }
        let mut entity = all.into_values().next().filter(|_| !search.is_partial())?;
        entity.finish(&InstanceEvidence::default(), self.now);
        Some(entity)
    }

    fn search(&self) -> RoutedSearch<'_> {
        RoutedSearch { resolver: self, search: self.index.search(), routes: HashMap::new() }
    }

    fn add_active(&self, search: &mut RoutedSearch<'_>, all: &mut Found, evidence: &AllEvidence) {
        for (instance, evidence) in evidence {
            for row in &evidence.active {
                for found in search.find(row.labels(), instance) {
                    add(all, found).rows.push(row.clone());
                }
            }
        }
    }

    /// Adds those that would show the alert if it were active.
    fn add_candidates(&self, all: &mut Found, candidates: Vec<MatchedEntity>, evidence: &AllEvidence) {
        let is_active = !all.is_empty();
        let has_rule = |name: &InstanceName| evidence.get(name).is_some_and(|e| !e.inactive_rules.is_empty());
        let has_rule_somewhere = candidates.iter().any(|candidate| has_rule(candidate.instance.name()));
        for candidate in candidates {
            let name = candidate.instance.name();
            let Some(evidence) = evidence.get(name) else { continue };
            // The alert, or its rule, is known to be elsewhere.
            if evidence.lists_all() && (is_active || (has_rule_somewhere && !has_rule(name))) {
                continue;
            }
            let entity = add(all, candidate);
            if entity.rows.is_empty() {
                entity.labels = self.alert.labels.clone();
                if evidence.is_fresh {
                    entity.rows.clone_from(&evidence.inactive_rules);
                }
            }
        }
    }

    /// Adds those that show the firings that instances remember: an alert that is over may have had more labels than
    /// the address has.
    fn add_remembered(&self, search: &mut RoutedSearch<'_>, all: &mut Found, evidence: &AllEvidence) {
        for (instance, evidence) in evidence {
            let Some(firing) = &evidence.last_firing else { continue };
            for found in search.find(&firing.labels, instance) {
                let entity = add(all, found);
                entity.rows.clone_from(&evidence.inactive_rules);
                entity.labels.clone_from(&firing.labels);
            }
        }
    }

    /// The rows that no entity shows, on instances that are open to all.
    fn unowned(&self, evidence: &AllEvidence) -> Vec<(InstanceName, Vec<AlertRow>)> {
        let is_active = evidence.values().any(|evidence| !evidence.active.is_empty());
        let is_open = |name: &InstanceName| self.monitoring.instance(Some(name.as_str())).is_ok();
        let rows = evidence.iter().map(|(name, evidence)| {
            let rows = if is_active { &evidence.active } else { &evidence.inactive_rules };
            (name, rows)
        });
        let open = rows.filter(|(name, rows)| !rows.is_empty() && is_open(name));
        open.map(|(name, rows)| (name.clone(), order::sorted(rows.clone(), |row| row))).collect()
    }
}

fn add(all: &mut Found, found: MatchedEntity) -> &mut MatchedEntity {
    all.entry(Arc::as_ptr(&found.entity).addr()).or_insert(found)
}

impl RoutedSearch<'_> {
    fn find(&mut self, labels: &Labels, instance: &InstanceName) -> Vec<MatchedEntity> {
        let found = self.search.find(labels);
        self.on_instance(found, instance)
    }

    fn of_rule(&mut self, name: &str, labels: &Labels, instance: &InstanceName) -> Vec<MatchedEntity> {
        let found = self.search.of_rule(name, labels, MOST_ENTITIES);
        self.on_instance(found, instance)
    }

    fn on_instance(&mut self, found: Vec<Match>, instance: &InstanceName) -> Vec<MatchedEntity> {
        self.routed(found, |routed| routed.name() == instance).collect()
    }

    fn routed(
        &mut self,
        found: Vec<Match>,
        is_wanted: impl Fn(&Instance) -> bool,
    ) -> impl Iterator<Item = MatchedEntity> {
        found.into_iter().filter_map(move |found| {
            let instance = self.route(&found.entity).filter(|instance| is_wanted(instance))?.clone();
            Some(MatchedEntity::new(found, instance))
        })
    }

    /// None: the entity has no instance, or none that the alert may be on.
    fn route(&mut self, entity: &Arc<Entity>) -> Option<&Arc<Instance>> {
        let Resolver { monitoring, alert, .. } = self.resolver;
        let route = || {
            let spec = MonitoringSpec::of_service_name(entity);
            let routed = monitoring.route(entity, &spec, &RoutingInput::default()).ok()?;
            Some(routed.instance).filter(|instance| alert.is_on(instance.name()))
        };
        self.routes.entry(Arc::as_ptr(entity).addr()).or_insert_with(route).as_ref()
    }

    fn is_partial(&self) -> bool {
        self.search.work().untried > 0
    }
}
