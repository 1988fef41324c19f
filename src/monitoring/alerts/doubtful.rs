//! Rules that do not say for sure which alerts they have.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::AlertRow;
use super::row::lists_too_few;
use crate::monitoring::skew::Skew;
use crate::monitoring::verdict::{Doubt, Doubts};
use crate::prometheus::{AlertState, AlertingRule, RuleHealth, Rules};

/// A rule is late after so many intervals without an evaluation.
const MOST_INTERVALS: f64 = 3.0;
/// And never before so many seconds.
const LEAST_SECS: f64 = 60.0;
/// The interval of a group that does not say its own: Prometheus' default `evaluation_interval`, in seconds.
const DEFAULT_INTERVAL: f64 = 60.0;
/// A longer interval counts as a week: else an absurd one would make no rule late.
const LONGEST_INTERVAL: f64 = 7.0 * 86_400.0;
/// An evaluation that is further ahead of the clock of its answer proves nothing.
const MOST_AHEAD: SignedDuration = SignedDuration::from_secs(60);

/// A rule, and what of its evidence is missing.
#[derive(Clone, Debug)]
pub struct DoubtfulRule {
    pub row: AlertRow,
    /// Never empty.
    pub doubts: Doubts,
}

impl DoubtfulRule {
    /// None: there is no such rule, or no doubt about it. `as_of`: the portal's clock when the answer came.
    pub(in crate::monitoring) fn of(rules: &Arc<Rules>, rule: usize, as_of: Timestamp) -> Option<Self> {
        let mut doubts = doubts_of(rules.rules.get(rule)?);
        doubts.add_if(is_late(rules.rules.get(rule)?, rules.date, as_of), Doubt::LateRule);
        let row = (!doubts.is_empty()).then(|| AlertRow::of_rule(rules, rule)).flatten()?;
        Some(Self { row, doubts })
    }
}

/// All but whether it is late.
fn doubts_of(rule: &AlertingRule) -> Doubts {
    let mut doubts = Doubts::default();
    doubts.add_if(rule.health == RuleHealth::Err, Doubt::FailingRule);
    doubts.add_if(rule.health == RuleHealth::Unknown, Doubt::UnevaluatedRule);
    doubts.add_if(lists_too_few(rule), Doubt::UnlistedAlert);
    let is_active = rule.alerts.iter().any(|alert| alert.state != AlertState::Inactive);
    let is_well = rule.health == RuleHealth::Ok;
    doubts.add_if(rule.state == AlertState::Unknown && is_well && !is_active, Doubt::UnknownState);
    doubts
}

/// Whether the last evaluation is not known to be recent: it is longer ago than it should be, ahead of the clock of the
/// answer, or a time that cannot be read.
fn is_late(rule: &AlertingRule, date: Option<Timestamp>, as_of: Timestamp) -> bool {
    let Some(last) = &rule.last_evaluation else { return false };
    let Some(last) = last.at() else { return true };
    let interval = if rule.interval > 0.0 { rule.interval.min(LONGEST_INTERVAL) } else { DEFAULT_INTERVAL };
    let most =
        SignedDuration::try_from_secs_f64((interval * MOST_INTERVALS).max(LEAST_SECS)).unwrap_or_default();
    let is_late = |at: Timestamp| at.duration_since(last) > most;
    // A `Date` that is off may be that of an answer from a cache: then both clocks count.
    let is_off = Skew::of_date(date, as_of).is_some();
    let at = date.unwrap_or(as_of);
    is_late(at) || (is_off && is_late(as_of)) || last.duration_since(at) > MOST_AHEAD
}
