//! Rules as rows of the alert table: chosen, filtered, in a total order.

pub(super) mod order;
mod row;
mod tally;

use std::collections::HashSet;
use std::sync::Arc;

pub use row::AlertRow;
pub use tally::Tally;

use super::silences::{HeldCounts, Silences};
use crate::annotations::{AlertNames, AlertSpec};
use crate::prometheus::{AlertState, AlertingRule, InstanceName, Labels, PrometheusError, RuleHealth, Rules};
use crate::promql::Matcher;
use crate::store::Answer;

/// How many rows are in each state, inactive ones included whether shown or not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StateCounts {
    /// Those that are held back are counted apart.
    pub firing: usize,
    pub pending: usize,
    pub inactive: usize,
    pub unknown: usize,
    pub held: HeldCounts,
}

impl StateCounts {
    /// One more in this state.
    pub fn count(&mut self, state: AlertState) {
        *match state {
            AlertState::Firing => &mut self.firing,
            AlertState::Pending => &mut self.pending,
            AlertState::Inactive => &mut self.inactive,
            AlertState::Unknown => &mut self.unknown,
        } += 1;
    }
}

/// The alerts of an entity.
#[derive(Clone, Debug)]
pub struct AlertTable {
    pub instance: InstanceName,
    pub as_of: jiff::Timestamp,
    /// Why this is not the newest state.
    pub failure: Option<Arc<PrometheusError>>,
    pub warnings: Vec<String>,
    /// In the contract's total order.
    pub rows: Vec<AlertRow>,
    pub counts: StateCounts,
    /// Names of the annotation that no rule of the instance has, each once.
    pub unmatched_names: Vec<String>,
    /// One row for each chosen rule whose evaluation fails (health `err`), whether or not it is among `rows`:
    /// its state is not to be trusted, so a page without firing rows but with these is not well.
    pub unhealthy: Vec<AlertRow>,
    pub silences: Silences,
}

impl AlertTable {
    /// The rows that a specification chooses from all rules of an instance.
    ///
    /// A rule without active alerts is a row of its own, shown on request. One that calls itself
    /// firing or pending all the same is always shown: a contradiction must not hide an alarm.
    pub fn of(instance: InstanceName, spec: &AlertSpec, answer: Answer<Rules>, show_inactive: bool) -> Self {
        let rules = answer.value;
        let mut counts = StateCounts::default();
        let (mut rows, mut unhealthy) = (Vec::new(), Vec::new());
        for (i, rule) in rules.rules.iter().enumerate().filter(|(_, rule)| is_named(&spec.names, rule)) {
            let mut chosen = AlertRow::all_of(&rules, i);
            chosen.retain(|row| holds(&spec.matchers, row));
            if rule.health == RuleHealth::Err {
                let whole = AlertRow::of_rule(&rules, i);
                unhealthy.extend(whole.filter(|whole| !chosen.is_empty() || may_hold(spec, whole)));
            }
            for row in chosen {
                counts.count(row.state());
                if show_inactive || row.is_active() {
                    rows.push(row);
                }
            }
        }
        Self {
            instance,
            as_of: answer.as_of,
            failure: answer.failure,
            warnings: rules.warnings.clone(),
            rows: order::sorted(rows),
            counts,
            unmatched_names: unmatched(&spec.names, &rules),
            unhealthy: order::sorted(unhealthy),
            silences: Silences::NotAsked,
        }
    }
}

/// Whether a table of the specification has the row.
pub(super) fn chooses(spec: &AlertSpec, row: &AlertRow) -> bool {
    is_named(&spec.names, row.rule()) && holds(&spec.matchers, row)
}

/// Whether an alert of these labels would be in it.
pub(super) fn selects(spec: &AlertSpec, labels: &Labels) -> bool {
    let name = labels.get("alertname").unwrap_or_default();
    has_name(&spec.names, name) && spec.matchers.iter().all(|m| m.matches(labels.get(&m.name)))
}

pub(super) fn is_named(names: &AlertNames, rule: &AlertingRule) -> bool {
    has_name(names, &rule.name)
}

fn has_name(names: &AlertNames, name: &str) -> bool {
    match names {
        AlertNames::All | AlertNames::Unnamed => true,
        AlertNames::Named(names) => names.iter().any(|known| known == name),
    }
}

fn holds(matchers: &[Matcher], row: &AlertRow) -> bool {
    matchers.iter().all(|m| m.matches(row.labels().get(&m.name)))
}

/// Whether a failing rule's future alerts may match. Of a rule that is named, labels that it does not
/// set itself (or sets by a template) may still come from its series; of others that would be a guess.
fn may_hold(spec: &AlertSpec, rule: &AlertRow) -> bool {
    let named = matches!(spec.names, AlertNames::Named(_));
    spec.matchers.iter().all(|m| match rule.labels().get(&m.name) {
        Some(value) if !value.contains("{{") => m.matches(Some(value)),
        open => named || m.matches(open),
    })
}

fn unmatched(names: &AlertNames, rules: &Rules) -> Vec<String> {
    let AlertNames::Named(names) = names else { return Vec::new() };
    let mut seen: HashSet<&str> = rules.rules.iter().map(|r| r.name.as_str()).collect();
    names.iter().filter(|name| seen.insert(name)).cloned().collect()
}

#[cfg(test)]
mod tests;
