//! Rules that do not say for sure which alerts they have.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::{AlertRow, order};
use crate::monitoring::verdict::{Doubt, Doubts};
use crate::prometheus::{AlertState, AlertingRule, RuleHealth, Rules};

/// A rule is late after so many intervals without an evaluation.
const MOST_INTERVALS: f64 = 3.0;
/// And never before so many seconds.
const LEAST_SECS: f64 = 60.0;
/// The interval of a group that does not say its own: Prometheus' default `evaluation_interval`, in seconds.
const DEFAULT_INTERVAL: f64 = 60.0;

/// A rule, and what of its evidence is missing.
#[derive(Clone, Debug)]
pub struct DoubtfulRule {
    pub row: AlertRow,
    /// Never empty.
    pub doubts: Doubts,
}

impl DoubtfulRule {
    /// None: there is no such rule, or no doubt about it. `at` is the time of the answer, by the
    /// instance's own clock where it is known.
    pub(in crate::monitoring) fn of(rules: &Arc<Rules>, rule: usize, at: Timestamp) -> Option<Self> {
        let doubts = doubts_of(rules.rules.get(rule)?, at);
        let row = (!doubts.is_empty()).then(|| AlertRow::of_rule(rules, rule)).flatten()?;
        Some(Self { row, doubts })
    }
}

pub(super) fn sorted(rules: Vec<DoubtfulRule>) -> Vec<DoubtfulRule> {
    let doubts: std::collections::HashMap<_, _> =
        rules.iter().map(|rule| (key(&rule.row), rule.doubts)).collect();
    let rows = order::sorted(rules.into_iter().map(|rule| rule.row).collect());
    rows.into_iter()
        .map(|row| DoubtfulRule { doubts: doubts.get(&key(&row)).copied().unwrap_or_default(), row })
        .collect()
}

fn key(row: &AlertRow) -> *const AlertingRule {
    std::ptr::from_ref(row.rule())
}

fn doubts_of(rule: &AlertingRule, at: Timestamp) -> Doubts {
    let mut doubts = Doubts::default();
    doubts.add_if(rule.health == RuleHealth::Err, Doubt::FailingRule);
    doubts.add_if(rule.health == RuleHealth::Unknown, Doubt::UnevaluatedRule);
    doubts.add_if(is_late(rule, at), Doubt::LateRule);
    doubts.add_if(lists_too_few(rule), Doubt::UnlistedAlert);
    doubts
}

/// Whether a rule calls itself firing or pending and lists no such alert.
pub(super) fn lists_too_few(rule: &AlertingRule) -> bool {
    let has = |states: &[AlertState]| rule.alerts.iter().any(|alert| states.contains(&alert.state));
    match rule.state {
        AlertState::Firing => !has(&[AlertState::Firing]),
        AlertState::Pending => !has(&[AlertState::Firing, AlertState::Pending]),
        _ => false,
    }
}

/// Whether the last evaluation is longer ago than it should be; a time that cannot be read is no recent one.
fn is_late(rule: &AlertingRule, at: Timestamp) -> bool {
    let Some(text) = rule.last_evaluation.as_deref() else { return false };
    let interval = if rule.interval > 0.0 { rule.interval } else { DEFAULT_INTERVAL };
    let most = SignedDuration::try_from_secs_f64((interval * MOST_INTERVALS).max(LEAST_SECS));
    let Ok(most) = most else { return false };
    text.parse::<Timestamp>().map_or(true, |last| at.duration_since(last) > most)
}
