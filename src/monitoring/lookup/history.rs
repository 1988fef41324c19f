//! When an alert fired last, for an alert that is not active.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::join_all;
use jiff::Timestamp;
use tokio::time::timeout;

use super::evidence::InstanceEvidence;
use super::resolve::AllEvidence;
use super::{Activity, AlertQuery};
use crate::annotations::{AlertSpec, MonitoringSpec};
use crate::monitoring::alerts::selects;
use crate::monitoring::firing::{self, Firing};
use crate::monitoring::{AlertRow, Failure, Monitoring, deadlines};
use crate::prometheus::{AlertingRule, Instance, InstanceName, Labels, Origin};
use crate::promql::Matcher;

impl Monitoring {
    /// Whether an alert that the specification selects is known not to be active.
    pub async fn is_resolved(
        &self,
        instance: &Arc<Instance>,
        spec: &MonitoringSpec,
        alert: &AlertQuery,
        now: Timestamp,
    ) -> bool {
        let Some(own) = spec.alerts.as_ref().filter(|own| selects(own, &alert.labels)) else {
            return false;
        };
        let Ok(Ok(answer)) = timeout(deadlines::LOOKUP, self.rules(instance)).await else { return false };
        let evidence = InstanceEvidence::of(&answer, alert, Some(own));
        let shown = evidence.active.first().map(AlertRow::state);
        evidence.activity(shown, now) == Activity::Resolved
    }

    /// The last firing of an alert. None: the instance remembers none in the window that the query covers. `own`: the
    /// selector of the entity that shows the alert.
    pub async fn last_firing(
        &self,
        instance: &Arc<Instance>,
        alert: &AlertQuery,
        own: Option<&AlertSpec>,
        now: Timestamp,
    ) -> Result<Option<Firing>, Failure> {
        let labels = match alert.ad_hoc {
            true => alert.labels.clone(),
            false => self.known_labels(instance, alert, own).await,
        };
        let Some((query, window)) = firing::query(&labels, alert.at, now) else {
            return Ok(None);
        };
        // Anybody can write such labels.
        let answer = self.range(Origin::AdHoc, instance, &query, window);
        let matrix = timeout(deadlines::LOOKUP, answer).await.map_err(|_| Failure::Late)??.value;
        Ok(firing::find(&matrix, &alert.labels, alert.at, now))
    }

    /// The labels of the address that a rule of the instance, or a matcher of the entity, has too. Empty: the instance
    /// has no rule of the alert's name.
    async fn known_labels(
        &self,
        instance: &Arc<Instance>,
        alert: &AlertQuery,
        own: Option<&AlertSpec>,
    ) -> Labels {
        let answer = timeout(deadlines::LOOKUP, self.rules(instance)).await;
        let (Ok(Ok(answer)), Some(_)) = (answer, alert.name()) else { return Labels::default() };
        let rules: Vec<&AlertingRule> = answer.value.rules.iter().filter(|rule| alert.names(rule)).collect();
        let matchers = own.and_then(|own| own.matchers.known()).unwrap_or_default();
        let is_known = |(label, value): &(&str, &str)| {
            let requires =
                |m: &Matcher| m.name == *label && m.only().is_some_and(|only| only.contains(value));
            *label == "alertname"
                || rules.iter().any(|rule| rule.labels.get(label) == Some(*value))
                || matchers.iter().any(requires)
        };
        if rules.is_empty() { Labels::default() } else { alert.labels.iter().filter(is_known).collect() }
    }

    /// Asks the instances that have the alert's rule when it fired last; all at once.
    pub(super) async fn add_last_firings(
        &self,
        instances: &BTreeMap<&InstanceName, &Arc<Instance>>,
        evidence: &mut AllEvidence,
        alert: &AlertQuery,
        now: Timestamp,
    ) {
        let with_rule = evidence.iter_mut().filter(|(_, evidence)| !evidence.inactive_rules.is_empty());
        let requests = with_rule.map(|(name, evidence)| async move {
            let Some(instance) = instances.get(name) else { return };
            evidence.last_firing = self.last_firing(instance, alert, None, now).await.ok().flatten();
        });
        join_all(requests).await;
    }
}
