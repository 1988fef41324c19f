//! Where a link from chat leads: from an alert's labels to the entities that show it, and to its row.

mod resolve;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use jiff::Timestamp;

use self::resolve::{Found, Joiner};
use super::alert_identity::same_alert;
use super::alert_index::{AlertIndex, Specificity};
use super::alerts::{chooses, is_named, order, selects};
use super::expressions::Expressions;
use super::firing::{self, Firing};
use super::{AlertRow, DoubtfulRule, Failure, Monitoring};
use crate::annotations::{AlertSpec, MonitoringSpec};
use crate::background::compute;
use crate::catalog::Entity;
use crate::prometheus::{AlertState, AlertingRule, Instance, InstanceName, Labels, Origin, Rules};
use crate::promql::{Matcher, PromQl};
use crate::store::{Answer, RangeQuery, Scope};

/// An instance that has not answered by then counts as unknown.
const PATIENCE: Duration = Duration::from_secs(3);
/// More rows of an instance that are meant are not looked at: labels that mean so many mean no row.
pub const MOST_ROWS: usize = 100;
/// More entities are not told, only counted.
pub const MOST_OWNERS: usize = 100;

/// What an address says of an alert.
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
    pub fit: Specificity,
    pub state: Activity,
    /// The alert's rows, worst first; when it is not active, those of its rules without any.
    pub rows: Vec<AlertRow>,
    /// What of an alert that is not active its annotations select.
    pub labels: Labels,
    /// When the instance said this, if it does not answer now.
    pub not_since: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activity {
    Active(AlertState),
    /// The instance says that it is not active.
    Resolved,
    /// The instance does not answer, or its answer does not say it.
    Unknown,
}

/// What was found.
pub struct Lookup {
    /// The closest first; at most [`MOST_OWNERS`].
    pub owners: Vec<MatchedEntity>,
    /// How many more there are.
    pub beyond: usize,
    /// The rows that nobody owns, on instances that are open to all.
    pub unowned: Vec<(InstanceName, Vec<AlertRow>)>,
    /// Instances that did not answer now.
    pub silent: Vec<InstanceName>,
    /// Instances that answered, and whose answer does not tell all that is active.
    pub unsure: Vec<InstanceName>,
    /// Whether an instance has more rows that are meant than are looked at.
    pub is_cut: bool,
    /// Whether some entities could not be looked at, because their regexes were too much work.
    pub is_partial: bool,
}

/// An instance's rules; None: they are not known.
type Known = BTreeMap<InstanceName, Option<Answer<Rules>>>;

impl Monitoring {
    /// The entities that would show the alert, and its rows. Routing looks at the entity alone.
    pub async fn look_up(&self, owners: &Arc<AlertIndex>, wanted: &AlertQuery, now: Timestamp) -> Lookup {
        let joiner = Joiner::new(self, owners, wanted);
        let by_labels = compute(joiner.work(Joiner::by_labels)).await;
        let routed = by_labels.placed.iter().map(|placed| &placed.routed.instance);
        let instances = self.instances().chain(routed).filter(|instance| wanted.is_on(instance.name()));
        let instances: BTreeMap<_, _> =
            instances.map(|instance| (instance.name().clone(), instance.clone())).collect();
        let known = Arc::new(self.rules_of(instances.values()).await);
        let mut found = compute(joiner.work_on(&known, |joiner, known| joiner.found(known, by_labels))).await;
        if found.owners.is_empty() && !found.is_active {
            let episodes = self.remembered(&found, &instances, wanted, now).await;
            let remember = move |joiner: &Joiner, _: &Known| joiner.remembered(found, episodes, now);
            found = compute(joiner.work_on(&known, remember)).await;
        }
        compute(joiner.work_on(&known, |joiner, known| joiner.landing(known, found))).await
    }

    /// The one entity whose alert rule has the expression, with the rule's rows that it shows. None: there are
    /// none or several, which an instance that does not answer may have too.
    pub async fn owner_of_expression(
        &self,
        owners: &Arc<AlertIndex>,
        expressions: &Expressions,
        query: &PromQl,
    ) -> Option<MatchedEntity> {
        let wanted = query.normal_form()?;
        let mut places = Vec::new();
        for (instance, answer) in self.rules_of(self.instances()).await {
            let Some(rules) = answer.map(|answer| answer.value) else { continue };
            let found = expressions.places(&instance, &rules, wanted).await;
            places.push((instance, rules, found));
        }
        let labels = Labels::default();
        let joiner =
            Joiner::new(self, owners, &AlertQuery { labels, at: None, instance: None, ad_hoc: false });
        compute(joiner.work(move |joiner| joiner.owner_of_rules(&places))).await
    }

    /// Whether an alert that the specification selects is known not to be active.
    pub async fn is_over(
        &self,
        instance: &Arc<Instance>,
        spec: &MonitoringSpec,
        wanted: &AlertQuery,
    ) -> bool {
        let Some(alerts) = spec.alerts.as_ref().filter(|alerts| selects(alerts, &wanted.labels)) else {
            return false;
        };
        match tokio::time::timeout(PATIENCE, self.rules(instance)).await {
            Ok(Ok(answer)) if says_all(&answer, wanted) => {
                let rules = answer.value;
                let has_rule = named_rules(&rules, wanted).any(|rule| is_named(&alerts.names, rule));
                has_rule && !meant_rows(&rules, wanted).any(|row| chooses(alerts, &row))
            }
            _ => false,
        }
    }

    /// When an alert fired last. None: the instance remembers no such firing in the window that is looked at.
    /// `own` chooses the alert.
    pub async fn last_firing(
        &self,
        instance: &Arc<Instance>,
        wanted: &AlertQuery,
        own: Option<&AlertSpec>,
        now: Timestamp,
    ) -> Result<Option<Firing>, Failure> {
        let labels = match wanted.ad_hoc {
            true => wanted.labels.clone(),
            false => self.known_labels(instance, wanted, own).await,
        };
        let Some((query, window)) = firing::question(&labels, wanted.at, now) else {
            return Ok(None);
        };
        // Anybody can write such labels.
        let origin = Origin::AdHoc;
        let asked = self.store.range(instance, Scope::Whole, RangeQuery { origin, query, window });
        let asked = tokio::time::timeout(PATIENCE, asked).await;
        let matrix = asked.map_err(|_| Failure::Late)?.map_err(Failure::Prometheus)?.value;
        Ok(firing::told(&matrix, &wanted.labels, wanted.at, now))
    }

    /// The labels that the instance or the entity has too: the name of a rule of the instance, and pairs that such a
    /// rule or the matchers of an entity have. Empty: it has no such rule.
    async fn known_labels(
        &self,
        instance: &Arc<Instance>,
        wanted: &AlertQuery,
        own: Option<&AlertSpec>,
    ) -> Labels {
        let answer = tokio::time::timeout(PATIENCE, self.rules(instance)).await;
        let (Ok(Ok(answer)), Some(_)) = (answer, wanted.alert_name()) else { return Labels::default() };
        let rules: Vec<&AlertingRule> = named_rules(&answer.value, wanted).collect();
        let matchers = own.and_then(|own| own.matchers.known()).unwrap_or_default();
        let is_known = |(label, value): &(&str, &str)| {
            let asks = |m: &Matcher| m.name == *label && m.only().is_some_and(|only| only.contains(value));
            *label == "alertname"
                || rules.iter().any(|rule| rule.labels.get(label) == Some(*value))
                || matchers.iter().any(asks)
        };
        if rules.is_empty() { Labels::default() } else { wanted.labels.iter().filter(is_known).collect() }
    }

    /// An alert that is over may have had more labels than the address has: its instance may remember them.
    async fn remembered(
        &self,
        found: &Found,
        instances: &BTreeMap<InstanceName, Arc<Instance>>,
        wanted: &AlertQuery,
        now: Timestamp,
    ) -> Vec<(InstanceName, Firing)> {
        let with_rule = found.said.iter().filter(|(_, said)| !said.rule_rows.is_empty());
        let with_rule = with_rule.filter_map(|(name, _)| instances.get(name));
        let asked = with_rule.map(|instance| async move {
            (instance.name(), self.last_firing(instance, wanted, None, now).await)
        });
        // All at once, so that they wait for no longer than one.
        let told = join_all(asked).await.into_iter();
        told.filter_map(|(name, episode)| Some((name.clone(), episode.ok()??))).collect()
    }

    async fn rules_of(&self, instances: impl Iterator<Item = &Arc<Instance>>) -> Known {
        let asked = instances.map(|instance| async {
            let rules = tokio::time::timeout(PATIENCE, self.rules(instance)).await;
            (instance.name().clone(), rules.ok().and_then(Result::ok))
        });
        join_all(asked).await.into_iter().collect()
    }
}

impl Lookup {
    /// The one entity to lead to. None: there is none, there are several or may be more, or its alert is not active
    /// and another instance may have it.
    pub fn only(&self) -> Option<&MatchedEntity> {
        let [owner] = self.owners.as_slice() else { return None };
        let is_active = matches!(owner.state, Activity::Active(_));
        let mut doubtful = self.silent.iter().chain(&self.unsure);
        let is_sure = is_active || doubtful.all(|name| name == owner.instance.name());
        Some(owner).filter(|_| is_sure && !self.is_partial && !self.is_cut)
    }
}

impl AlertQuery {
    fn is_on(&self, instance: &InstanceName) -> bool {
        self.instance.as_deref().is_none_or(|wanted| wanted == instance.as_str())
    }

    pub fn alert_name(&self) -> Option<&str> {
        self.labels.get("alertname")
    }
}

impl MatchedEntity {
    fn settle(&mut self) {
        self.rows = order::sorted(std::mem::take(&mut self.rows));
        if let Some(row) = self.rows.first().filter(|row| row.is_active()) {
            self.state = Activity::Active(row.state());
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

fn meant_rows<'r>(rules: &'r Arc<Rules>, wanted: &'r AlertQuery) -> impl Iterator<Item = AlertRow> + 'r {
    meant_rules(rules, wanted).filter(|row| row.alert().is_some() && same_alert(&wanted.labels, row.labels()))
}

fn named_rules<'r>(rules: &'r Rules, wanted: &'r AlertQuery) -> impl Iterator<Item = &'r AlertingRule> + 'r {
    rules.rules.iter().filter(|rule| is_wanted(rule, wanted))
}

/// Whether the rule has the wanted name; without one, every rule may be meant.
fn is_wanted(rule: &AlertingRule, wanted: &AlertQuery) -> bool {
    wanted.alert_name().is_none_or(|name| name == rule.name)
}

fn places<'r>(rules: &'r Rules, wanted: &'r AlertQuery) -> impl Iterator<Item = usize> + 'r {
    let all = rules.rules.iter().enumerate();
    all.filter(|(_, rule)| is_wanted(rule, wanted)).map(|(place, _)| place)
}

/// Whether all that is active now is known: the answer tells it, and all its rows are looked at.
fn says_all(answer: &Answer<Rules>, wanted: &AlertQuery) -> bool {
    is_complete(answer, wanted) && !is_cut(&answer.value, wanted)
}

fn is_cut(rules: &Arc<Rules>, wanted: &AlertQuery) -> bool {
    meant_rows(rules, wanted).nth(MOST_ROWS).is_some()
}

/// Whether the answer tells all that is active now: it is none of an earlier time, the instance did not warn of
/// it, and there is no doubt about a rule that may have the alert.
fn is_complete(answer: &Answer<Rules>, wanted: &AlertQuery) -> bool {
    let rules = &answer.value;
    let mut doubtful = places(rules, wanted).filter_map(|place| DoubtfulRule::of(rules, place, answer.as_of));
    !answer.is_stale()
        && rules.warnings.is_empty()
        && !doubtful.any(|doubtful| may_have(doubtful.row.rule(), wanted))
}

/// Whether no label of the rule differs from what was told.
fn may_have(rule: &AlertingRule, wanted: &AlertQuery) -> bool {
    rule.labels.iter().all(|(label, value)| {
        value.contains("{{") || wanted.labels.get(label).is_none_or(|told| told == value)
    })
}

/// The rows of the rules of that name; without one, of all.
fn meant_rules<'r>(rules: &'r Arc<Rules>, wanted: &'r AlertQuery) -> impl Iterator<Item = AlertRow> + 'r {
    places(rules, wanted).flat_map(|place| AlertRow::all_of(rules, place))
}
