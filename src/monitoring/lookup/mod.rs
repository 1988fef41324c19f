//! From an alert's labels, as a link from chat has them, to the entities that show the alert, and to its row.

mod evidence;
mod history;
mod rank;
mod resolve;

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::join_all;
use jiff::Timestamp;
use tokio::time::timeout;

use self::evidence::InstanceEvidence;
use self::resolve::Resolver;
use super::alert_index::{AlertIndex, AlertIndexer, Match, Specificity};
use super::alerts::{chooses, order};
use super::expressions::Expressions;
use super::{AlertRow, Monitoring, deadlines};
use crate::annotations::MonitoringSpec;
use crate::background::compute;
use crate::catalog::Entity;
use crate::prometheus::{AlertState, AlertingRule, Instance, InstanceName, Labels, Rules};
use crate::promql::PromQl;
use crate::store::Answer;

/// At most this many matching rows per instance are considered; labels that match more are not specific enough to
/// link to a row.
pub const MOST_ROWS: usize = 100;
/// Further entities are only counted.
const MOST_ENTITIES: usize = 100;

/// The alert that an address is about.
#[derive(Clone, Debug)]
pub struct AlertQuery {
    pub labels: Labels,
    /// When it fired.
    pub at: Option<Timestamp>,
    /// Only this instance, letter for letter.
    pub instance: Option<String>,
    /// Whether labels of the address may be sent to an instance as they are.
    pub ad_hoc: bool,
}

/// An entity that shows the alert.
pub struct MatchedEntity {
    pub entity: Arc<Entity>,
    pub instance: Arc<Instance>,
    specificity: Specificity,
    pub state: Activity,
    /// The alert's rows, worst first; of an inactive alert those of its rules.
    pub rows: Vec<AlertRow>,
    /// The labels of an inactive alert.
    pub labels: Labels,
    /// The time of the instance's answer, if it is stale.
    pub stale_since: Option<Timestamp>,
}

/// The state of an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activity {
    Active(AlertState),
    Resolved,
    /// The instance does not answer, or its answer leaves it open.
    Unknown,
}

/// The entities of an alert.
#[derive(Default)]
pub struct Lookup {
    /// Those where the alert is active first, components before others, then the closest; at most [`MOST_ENTITIES`].
    pub entities: Vec<MatchedEntity>,
    /// How many more there are.
    pub beyond: usize,
    /// The rows that no entity shows, on instances that are open to all.
    pub unowned: Vec<(InstanceName, Vec<AlertRow>)>,
    /// Instances that did not answer now.
    pub silent: Vec<InstanceName>,
    /// Instances whose answer may lack active alerts.
    pub unsure: Vec<InstanceName>,
    /// Whether an instance has more matching rows than [`MOST_ROWS`].
    pub is_cut: bool,
    /// Whether some entities were skipped, because their regexes were too much work.
    pub is_partial: bool,
    /// The catalog has just changed: entities that are new in it may be missing.
    pub is_behind: bool,
}

impl Monitoring {
    /// The entities that show the alert, and its rows. Routing sees only the entity. None: the catalog has not been
    /// read.
    ///
    /// When the catalog has just changed, the index before it answers for the one entity that it had and the catalog
    /// still has, while that entity's alert is active. Any other answer may miss entities, and waits for the new index.
    pub async fn look_up(
        &self,
        indexer: &AlertIndexer,
        alert: &AlertQuery,
        now: Timestamp,
    ) -> Option<Lookup> {
        let (mut answers, index) = (RulesByInstance::new(), indexer.index().await?);
        let is_newest = !indexer.is_behind(&index);
        let lookup = self.look_up_in(&index, is_newest, alert, &mut answers, now).await;
        let holds =
            |only: &MatchedEntity| matches!(only.state, Activity::Active(_)) && indexer.has(&only.entity);
        if is_newest || lookup.best().is_some_and(holds) {
            return Some(lookup);
        }
        let newest = indexer.newest(deadlines::INDEX).await?;
        let lookup = self.look_up_in(&newest, true, alert, &mut answers, now).await;
        Some(Lookup { is_behind: indexer.is_behind(&newest), ..lookup })
    }

    /// An instance that `answers` has is not asked again. An older index needs no history: it answers for active alerts.
    async fn look_up_in(
        &self,
        index: &Arc<AlertIndex>,
        is_newest: bool,
        alert: &AlertQuery,
        answers: &mut RulesByInstance,
        now: Timestamp,
    ) -> Lookup {
        let resolver = self.resolver(index, alert.clone(), now);
        let own = resolver.clone();
        let candidates = compute(move || own.candidates()).await;
        let routed = candidates.entities.iter().map(|candidate| &candidate.instance);
        let instances = self.instances().chain(routed).filter(|instance| alert.is_on(instance.name()));
        let instances: BTreeMap<&InstanceName, &Arc<Instance>> =
            instances.map(|instance| (instance.name(), instance)).collect();
        let unasked = instances.values().filter(|instance| !answers.contains_key(instance.name()));
        answers.extend(self.rules_of(unasked.copied()).await);
        let mut own_answers = answers.clone();
        own_answers.retain(|name, _| instances.contains_key(name));
        let own = resolver.clone();
        let mut evidence = compute(move || own.evidence(&own_answers)).await;
        let is_inactive =
            candidates.entities.is_empty() && evidence.values().all(|evidence| evidence.active.is_empty());
        if is_newest && is_inactive {
            self.add_last_firings(&instances, &mut evidence, alert, now).await;
        }
        let mut lookup = compute(move || resolver.resolve(candidates, &evidence)).await;
        if lookup.entities.len() > 1 {
            self.mark_suppressed(&mut lookup, now).await;
        }
        lookup.entities.sort_by_key(MatchedEntity::rank);
        lookup
    }

    /// Marks the rows that Alertmanager suppresses.
    async fn mark_suppressed(&self, lookup: &mut Lookup, now: Timestamp) {
        let instances: BTreeMap<_, _> = lookup
            .entities
            .iter()
            .map(|entity| (entity.instance.name().clone(), entity.instance.clone()))
            .collect();
        let silences = instances
            .into_iter()
            .map(|(name, instance)| async move { (name, self.silences_at_once(&instance).await) });
        let silences: BTreeMap<_, _> = join_all(silences).await.into_iter().collect();
        for entity in &mut lookup.entities {
            if let Some(silences) = silences.get(entity.instance.name()) {
                AlertRow::mark_all(entity.rows.iter_mut(), silences, now);
                entity.rows = order::sorted(std::mem::take(&mut entity.rows), |row| row);
            }
        }
    }

    /// The one entity whose alert rule has the expression, with the rule's rows that it shows. None: there are none or
    /// several. An instance that does not answer may have more.
    pub async fn entity_of_expression(
        &self,
        index: &Arc<AlertIndex>,
        expressions: &Expressions,
        query: &PromQl,
    ) -> Option<MatchedEntity> {
        let form = query.normal_form();
        let mut found = Vec::new();
        for (instance, answer) in self.rules_of(self.instances()).await {
            let Some(rules) = answer.map(|answer| answer.value) else { continue };
            let places = expressions.places(&instance, &rules, form).await;
            found.push((instance, rules, places));
        }
        let any = AlertQuery { labels: Labels::default(), at: None, instance: None, ad_hoc: false };
        let resolver = self.resolver(index, any, Timestamp::UNIX_EPOCH);
        compute(move || resolver.entity_of_rules(&found)).await
    }

    async fn rules_of(&self, instances: impl Iterator<Item = &Arc<Instance>>) -> RulesByInstance {
        let requests = instances.map(|instance| async {
            let rules = timeout(deadlines::LOOKUP, self.rules(instance)).await;
            (instance.name().clone(), rules.ok().and_then(Result::ok))
        });
        join_all(requests).await.into_iter().collect()
    }

    fn resolver(&self, index: &Arc<AlertIndex>, alert: AlertQuery, now: Timestamp) -> Arc<Resolver> {
        Arc::new(Resolver { monitoring: self.clone(), index: index.clone(), alert, now })
    }
}

/// None: the instance did not answer.
type RulesByInstance = BTreeMap<InstanceName, Option<Answer<Rules>>>;

impl AlertQuery {
    fn is_on(&self, instance: &InstanceName) -> bool {
        self.instance.as_deref().is_none_or(|name| name == instance.as_str())
    }

    pub fn name(&self) -> Option<&str> {
        self.labels.get("alertname")
    }

    /// Whether the rule has the alert's name; without one, any rule may have the alert.
    fn names(&self, rule: &AlertingRule) -> bool {
        self.name().is_none_or(|name| name == rule.name)
    }
}

impl MatchedEntity {
    fn new(found: Match, instance: Arc<Instance>) -> Self {
        Self {
            entity: found.entity,
            instance,
            specificity: found.specificity,
            state: Activity::Unknown,
            rows: Vec::new(),
            labels: Labels::default(),
            stale_since: None,
        }
    }

    fn finish(&mut self, evidence: &InstanceEvidence, now: Timestamp) {
        self.rows = order::sorted(std::mem::take(&mut self.rows), |row| row);
        let shown = self.rows.first().filter(|row| row.is_active()).map(AlertRow::state);
        self.state = evidence.activity(shown, now);
        self.stale_since = evidence.stale_since;
    }

    /// The worst row.
    pub fn row(&self) -> Option<&AlertRow> {
        self.rows.first()
    }

    /// The worst row, if the entity's table has it: a rule without alerts may lack the labels of the address.
    pub fn shown_row(&self) -> Option<&AlertRow> {
        let spec = MonitoringSpec::of_alerts(&self.entity).alerts?;
        self.row().filter(|row| chooses(&spec, row))
    }
}
