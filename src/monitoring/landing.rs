//! Where a link from chat leads: from an alert's labels to the entities that show it, and to its row.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use jiff::Timestamp;

use super::alerts::{chooses, is_named, order, selects};
use super::episode::{self, Episode};
use super::expressions::Expressions;
use super::meaning::is_meant;
use super::owners::{Fit, Owners, Owning};
use super::{AlertRow, Failure, Monitoring, RequestFacts, Routed};
use crate::annotations::MonitoringSpec;
use crate::catalog::{Entity, EntityRef};
use crate::prometheus::{AlertState, AlertingRule, InstanceName, Labels, Origin, RuleHealth, Rules};
use crate::promql::PromQl;
use crate::store::{Answer, Question, Scope};

/// An instance that has not answered by then counts as unknown.
const PATIENCE: Duration = Duration::from_secs(3);
/// More rows of an instance that are meant are not looked at: labels that mean so many mean no row.
const MOST_ROWS: usize = 100;
/// More entities are not told, only counted.
pub const MOST_OWNERS: usize = 100;

/// What an address says of an alert.
#[derive(Clone, Debug)]
pub struct Wanted {
    pub labels: Labels,
    /// When it fired.
    pub at: Option<Timestamp>,
    /// Only this instance, letter for letter.
    pub instance: Option<String>,
}

/// An entity that shows the alert.
pub struct Owner {
    pub entity: Arc<Entity>,
    pub instance: InstanceName,
    pub fit: Fit,
    pub state: OwnedState,
    /// The alert's rows, worst first; when it is not active, those of its rules without any.
    pub rows: Vec<AlertRow>,
    /// What of an alert that is not active its annotations select.
    pub labels: Labels,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OwnedState {
    Active(AlertState),
    /// The instance says that it is not active.
    Ended,
    /// The instance does not answer, or its answer does not say it.
    Unknown,
}

/// What was found.
pub struct Landing {
    /// The closest first; at most [`MOST_OWNERS`].
    pub owners: Vec<Owner>,
    /// How many more there are.
    pub beyond: usize,
    /// The rows that nobody owns, on instances that are open to all.
    pub unowned: Vec<(InstanceName, Vec<AlertRow>)>,
    /// Instances that did not answer now.
    pub silent: Vec<InstanceName>,
}

/// An instance's rules; None: they are not known.
type Known = BTreeMap<InstanceName, Option<Answer<Rules>>>;

impl Monitoring {
    /// The entities that would show the alert, and its rows. Routing looks at the entity alone.
    pub async fn land(&self, owners: &Owners, wanted: &Wanted, now: Timestamp) -> Landing {
        let by_labels = self.routed_owners(owners.find(&wanted.labels), wanted);
        // Held, so that the targets of rules stay known.
        let asked: BTreeSet<InstanceName> =
            by_labels.iter().map(|(_, routed)| routed.name().clone()).collect();
        let configured = self.instances().map(|settings| settings.name.clone());
        let known = self.rules_of(configured.chain(asked).filter(|name| wanted.is_on(name)).collect()).await;
        let mut found: BTreeMap<EntityRef, Owner> = BTreeMap::new();
        for (instance, row) in active_rows(&known, wanted) {
            for (owning, routed) in self.routed_owners(owners.find(row.labels()), wanted) {
                if routed.name() == instance {
                    Owner::of(&mut found, owning, instance, OwnedState::Active(row.state()))
                        .rows
                        .push(row.clone());
                }
            }
        }
        let is_active = !found.is_empty();
        let has_rule = |name: &InstanceName| !rule_rows(&known, name, wanted).is_empty();
        let anywhere = by_labels.iter().any(|(_, routed)| has_rule(routed.name()));
        for (owning, routed) in by_labels {
            let name = routed.name();
            let answered = is_fresh(&known, name);
            let says_all = answered && says_all(&known, name, wanted);
            // Where it is active elsewhere, or its rule is, one that is known not to have it is not meant.
            if says_all && (is_active || (anywhere && !has_rule(name))) {
                continue;
            }
            let state = if says_all { ended(&known, name, wanted) } else { OwnedState::Unknown };
            let rows = if answered { rule_rows(&known, name, wanted) } else { Vec::new() };
            let owner = Owner::of(&mut found, owning, name, state);
            if owner.rows.is_empty() {
                owner.rows = rows;
                owner.labels = wanted.labels.clone();
            }
        }
        if found.is_empty() && active_rows(&known, wanted).is_empty() {
            self.remembered(owners, &known, wanted, now, &mut found).await;
        }
        let unowned = if found.is_empty() { self.unowned(&known, wanted) } else { Vec::new() };
        let mut owners: Vec<Owner> = found.into_values().collect();
        owners.sort_by_key(|owner| std::cmp::Reverse(owner.fit));
        let beyond = owners.len().saturating_sub(MOST_OWNERS);
        owners.truncate(MOST_OWNERS);
        owners.iter_mut().for_each(Owner::settle);
        let silent = known.keys().filter(|name| !is_fresh(&known, name)).cloned().collect();
        Landing { owners, beyond, unowned, silent }
    }

    /// The one entity whose alert rule has the expression, with the rule's rows that it shows. None: there are
    /// none or several, which an instance that does not answer may have too.
    pub async fn owner_of_expression(
        &self,
        owners: &Owners,
        expressions: &Expressions,
        query: &PromQl,
    ) -> Option<Owner> {
        let wanted = query.normal_form()?;
        let names = self.instances().map(|settings| settings.name.clone()).collect();
        let mut found: BTreeMap<EntityRef, Owner> = BTreeMap::new();
        for (instance, answer) in self.rules_of(names).await {
            let Some(rules) = answer.map(|answer| answer.value) else { continue };
            for place in expressions.places(&instance, &rules, wanted).await {
                let Some(rule) = rules.rules.get(place) else { continue };
                let owning = owners.of_rule(&rule.name, &rule.labels, MOST_OWNERS);
                for (owning, routed) in self.routed(owning) {
                    if *routed.name() != instance {
                        continue;
                    }
                    let spec = MonitoringSpec::of_alerts(&owning.entity);
                    let rows = AlertRow::all_of(&rules, place).into_iter();
                    let shown =
                        rows.filter(|row| spec.alerts.as_ref().is_some_and(|alerts| chooses(alerts, row)));
                    Owner::of(&mut found, owning, &instance, OwnedState::Ended).rows.extend(shown);
                }
                if found.len() > 1 {
                    return None;
                }
            }
        }
        let mut owner = found.into_values().next()?;
        owner.settle();
        Some(owner)
    }

    /// Whether an alert that the specification selects is known not to be active.
    pub async fn is_over(&self, instance: &InstanceName, spec: &MonitoringSpec, wanted: &Wanted) -> bool {
        let Some(alerts) = spec.alerts.as_ref().filter(|alerts| selects(alerts, &wanted.labels)) else {
            return false;
        };
        match tokio::time::timeout(PATIENCE, self.rules(instance)).await {
            Ok(Ok(answer)) if !answer.is_stale() => {
                let rules = answer.value;
                let named = || named_rules(&rules, wanted).filter(|rule| is_named(&alerts.names, rule));
                let is_doubtful = named().any(|rule| is_doubtful(rule, wanted));
                let mut active = meant_rows(&rules, wanted).filter(|row| chooses(alerts, row));
                named().next().is_some() && !is_doubtful && active.next().is_none()
            }
            _ => false,
        }
    }

    /// When an alert fired last. None: the instance remembers no such firing in the window that is looked at.
    pub async fn last_firing(
        &self,
        instance: &InstanceName,
        wanted: &Wanted,
        now: Timestamp,
    ) -> Result<Option<Episode>, Failure> {
        let Some((query, window)) = episode::question(&wanted.labels, wanted.at, now) else {
            return Ok(None);
        };
        // Anybody can write such labels.
        let origin = Origin::AdHoc;
        let question = Question { instance: instance.clone(), scope: Scope::Whole, origin, query, window };
        let asked = tokio::time::timeout(PATIENCE, self.store.ask(question)).await;
        let matrix = asked.map_err(|_| Failure::Late)?.map_err(Failure::Prometheus)?.value;
        Ok(episode::told(&matrix, &wanted.labels, wanted.at, now))
    }

    /// An alert that is over may have had more labels than the address has: its instance may remember them.
    async fn remembered(
        &self,
        owners: &Owners,
        known: &Known,
        wanted: &Wanted,
        now: Timestamp,
        found: &mut BTreeMap<EntityRef, Owner>,
    ) {
        let rules = known.keys().map(|name| (name, rule_rows(known, name, wanted)));
        let asked = rules
            .filter(|(_, rows)| !rows.is_empty())
            .map(|(name, rows)| async move { (name, rows, self.last_firing(name, wanted, now).await) });
        // All at once, so that they wait for no longer than one.
        for (name, rows, episode) in join_all(asked).await {
            let Ok(Some(episode)) = episode else { continue };
            let says_all = is_fresh(known, name) && says_all(known, name, wanted) && !episode.is_open(now);
            let state = if says_all { OwnedState::Ended } else { OwnedState::Unknown };
            for (owning, routed) in self.routed_owners(owners.find(&episode.labels), wanted) {
                if routed.name() == name {
                    let owner = Owner::of(found, owning, name, state);
                    owner.rows.clone_from(&rows);
                    owner.labels.clone_from(&episode.labels);
                }
            }
        }
    }

    fn routed(&self, found: Vec<Owning>) -> Vec<(Owning, Routed)> {
        let facts = RequestFacts::default();
        let routed = found.into_iter().filter_map(|owning| {
            let spec = MonitoringSpec::of_alerts(&owning.entity);
            let routed = self.route(&owning.entity, &spec, &facts).ok()?;
            Some((owning, routed))
        });
        routed.collect()
    }

    fn routed_owners(&self, found: Vec<Owning>, wanted: &Wanted) -> Vec<(Owning, Routed)> {
        let mut routed = self.routed(found);
        routed.retain(|(_, routed)| wanted.is_on(routed.name()));
        routed
    }

    async fn rules_of(&self, names: BTreeSet<InstanceName>) -> Known {
        let asked = names.into_iter().map(|name| async {
            let rules = tokio::time::timeout(PATIENCE, self.rules(&name)).await;
            (name, rules.ok().and_then(Result::ok))
        });
        join_all(asked).await.into_iter().collect()
    }

    fn unowned(&self, known: &Known, wanted: &Wanted) -> Vec<(InstanceName, Vec<AlertRow>)> {
        let mut rows: BTreeMap<InstanceName, Vec<AlertRow>> = BTreeMap::new();
        for (instance, row) in active_rows(known, wanted) {
            rows.entry(instance.clone()).or_default().push(row);
        }
        if rows.is_empty() {
            for name in known.keys() {
                rows.insert(name.clone(), rule_rows(known, name, wanted));
            }
        }
        let open = |name: &InstanceName| self.instance(Some(name.as_str())).is_ok();
        let told = rows.into_iter().filter(|(name, rows)| !rows.is_empty() && open(name));
        told.map(|(name, rows)| (name, order::sorted(rows))).collect()
    }
}

impl Wanted {
    fn is_on(&self, instance: &InstanceName) -> bool {
        self.instance.as_deref().is_none_or(|wanted| wanted == instance.as_str())
    }

    pub fn alert_name(&self) -> Option<&str> {
        self.labels.get("alertname")
    }
}

impl Owner {
    fn of<'f>(
        found: &'f mut BTreeMap<EntityRef, Self>,
        owning: Owning,
        instance: &InstanceName,
        state: OwnedState,
    ) -> &'f mut Self {
        let Owning { entity, fit } = owning;
        let reference = entity.reference.clone();
        let (rows, labels) = (Vec::new(), Labels::default());
        let new = || Self { entity, instance: instance.clone(), fit, state, rows, labels };
        found.entry(reference).or_insert_with(new)
    }

    fn settle(&mut self) {
        self.rows = order::sorted(std::mem::take(&mut self.rows));
        if let Some(row) = self.rows.first().filter(|row| row.is_active()) {
            self.state = OwnedState::Active(row.state());
        }
    }

    /// The row that says most.
    pub fn row(&self) -> Option<&AlertRow> {
        self.rows.first()
    }

    /// The same, if the entity's table has it: a rule without alerts may lack the labels that are asked for.
    pub fn shown_row(&self) -> Option<&AlertRow> {
        let spec = MonitoringSpec::of_alerts(&self.entity).alerts?;
        self.row().filter(|row| chooses(&spec, row))
    }
}

/// The active alerts that are meant.
fn active_rows<'k>(known: &'k Known, wanted: &Wanted) -> Vec<(&'k InstanceName, AlertRow)> {
    let rows = known.iter().flat_map(|(name, rules)| {
        let rules = rules.as_ref().map(|answer| &answer.value);
        let rows = rules.into_iter().flat_map(|rules| meant_rows(rules, wanted));
        rows.take(MOST_ROWS).map(move |row| (name, row))
    });
    rows.collect()
}

fn meant_rows<'r>(rules: &'r Arc<Rules>, wanted: &'r Wanted) -> impl Iterator<Item = AlertRow> + 'r {
    meant_rules(rules, wanted).filter(|row| row.alert().is_some() && is_meant(&wanted.labels, row.labels()))
}

/// An older answer does not say that an alert is over.
fn is_fresh(known: &Known, name: &InstanceName) -> bool {
    known.get(name).and_then(Option::as_ref).is_some_and(|answer| !answer.is_stale())
}

/// Whether the answer tells all that is active: each rule was evaluated, and all its rows were looked at.
fn says_all(known: &Known, name: &InstanceName, wanted: &Wanted) -> bool {
    let rules = known.get(name).and_then(Option::as_ref).map(|answer| &answer.value);
    rules.is_some_and(|rules| {
        !named_rules(rules, wanted).any(|rule| is_doubtful(rule, wanted))
            && meant_rows(rules, wanted).nth(MOST_ROWS).is_none()
    })
}

/// The state of an alert that is not active. Of one whose rule is gone nobody says that it is over.
fn ended(known: &Known, name: &InstanceName, wanted: &Wanted) -> OwnedState {
    let rules = known.get(name).and_then(Option::as_ref).map(|answer| &answer.value);
    let has_rule = rules.is_some_and(|rules| named_rules(rules, wanted).next().is_some());
    if has_rule { OwnedState::Ended } else { OwnedState::Unknown }
}

fn named_rules<'r>(rules: &'r Rules, wanted: &'r Wanted) -> impl Iterator<Item = &'r AlertingRule> + 'r {
    rules.rules.iter().filter(|rule| wanted.alert_name().is_none_or(|wanted| wanted == rule.name))
}

/// Whether a rule that may have the alert does not say which it has: it was not evaluated, or in vain.
fn is_doubtful(rule: &AlertingRule, wanted: &Wanted) -> bool {
    rule.health != RuleHealth::Ok && may_have(rule, wanted)
}

/// Whether no label of the rule differs from what was told.
fn may_have(rule: &AlertingRule, wanted: &Wanted) -> bool {
    rule.labels.iter().all(|(label, value)| {
        value.contains("{{") || wanted.labels.get(label).is_none_or(|told| told == value)
    })
}

/// The rules of that name on an instance which have no active alert.
fn rule_rows(known: &Known, name: &InstanceName, wanted: &Wanted) -> Vec<AlertRow> {
    let rules = known.get(name).and_then(Option::as_ref).map(|answer| &answer.value);
    let rows = rules.into_iter().flat_map(|rules| meant_rules(rules, wanted));
    let is_own = |row: &AlertRow| row.alert().is_none() && may_have(row.rule(), wanted);
    rows.filter(|row| wanted.alert_name().is_some() && is_own(row)).take(MOST_ROWS).collect()
}

/// The rows of the rules of that name; without one, of all.
fn meant_rules<'r>(rules: &'r Arc<Rules>, wanted: &'r Wanted) -> impl Iterator<Item = AlertRow> + 'r {
    let named = move |name: &str| wanted.alert_name().is_none_or(|wanted| wanted == name);
    let places = rules.rules.iter().enumerate().filter(move |(_, rule)| named(&rule.name));
    places.flat_map(|(place, _)| AlertRow::all_of(rules, place))
}
