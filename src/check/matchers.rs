//! Matchers of labels that no alert of an instance can satisfy.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};

use super::finding::Finding;
use crate::annotations::{LABELS, MonitoringSpec};
use crate::catalog::Entity;
use crate::diagnostic::{Diagnostic, Span, nearest};
use crate::monitoring::PossibleAlerts;
use crate::prometheus::{AlertingRule, InstanceName};
use crate::promql::Matcher;

/// The alerts that the rules of an instance have or could have.
pub(super) struct KnownAlerts<'r> {
    rules: Vec<(&'r AlertingRule, PossibleAlerts<'r>)>,
    /// Whether a matcher has any, by its text.
    checked: RefCell<HashMap<String, bool>>,
}

impl<'r> KnownAlerts<'r> {
    pub(super) fn of(rules: &'r [AlertingRule]) -> Self {
        let rules = rules.iter().map(|rule| (rule, PossibleAlerts::of(rule))).collect();
        Self { rules, checked: RefCell::default() }
    }

    /// A warning for each matcher of an entity that chooses nothing by itself.
    pub(super) fn unmatched(
        &self,
        instance: &InstanceName,
        entity: &Entity,
        spec: &MonitoringSpec,
    ) -> Vec<Finding> {
        let value = entity.annotation(LABELS).unwrap_or_default();
        let matchers = spec.alerts.as_ref().and_then(|alerts| alerts.matchers.known()).unwrap_or_default();
        let unmatched = matchers.iter().filter(|matcher| !self.has(matcher)).map(|matcher| {
            let place = matcher.place_of_value(value);
            let message = format!("no rule and no alert of {instance} satisfies {matcher}");
            let near = nearest(&matcher.value, self.values(&matcher.name));
            let problem = Diagnostic::warning(place.unwrap_or(Span::whole(value)), message);
            Finding::of_value(entity, LABELS, problem.suggesting(near))
        });
        unmatched.collect()
    }

    fn has(&self, matcher: &Matcher) -> bool {
        let has = |(rule, possible): &(&AlertingRule, PossibleAlerts<'_>)| {
            let alert = || rule.alerts.iter().any(|alert| matcher.matches(alert.labels.get(&matcher.name)));
            possible.may_carry(matcher) || alert()
        };
        let mut checked = self.checked.borrow_mut();
        *checked.entry(matcher.to_string()).or_insert_with(|| self.rules.iter().any(has))
    }

    /// The values of a label that rules and alerts have.
    fn values(&self, label: &str) -> BTreeSet<&'r str> {
        let of_rule = |(rule, _): &(&'r AlertingRule, PossibleAlerts<'r>)| {
            let name = (label == "alertname").then_some(rule.name.as_str());
            let of_alerts = rule.alerts.iter().filter_map(|alert| alert.labels.get(label));
            name.into_iter().chain(rule.labels.get(label)).chain(of_alerts).collect::<Vec<_>>()
        };
        self.rules.iter().flat_map(of_rule).filter(|value| !value.contains("{{")).collect()
    }
}
