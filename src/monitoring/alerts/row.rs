//! One row of the alert table: an active alert with its rule, or a rule without any.

use std::sync::Arc;

use jiff::Timestamp;

use crate::monitoring::silences::{AlertmanagerStatus, Silences};
use crate::prometheus::{
    Alert, AlertState, AlertingRule, Labels, RowId, RuleHealth, Rules, Severities, SeverityRank,
};

/// One row: an active alert, or a rule without active alerts. The rule, and the alert if there is
/// one, exist in the rules that it holds.
#[derive(Clone, Debug)]
pub struct AlertRow {
    rules: Arc<Rules>,
    rule: usize,
    alert: Option<usize>,
    /// Of a row without an alert: the rule's own labels with `alertname` added.
    rule_labels: Labels,
    alertmanager: Option<Arc<AlertmanagerStatus>>,
}

impl AlertRow {
    /// The rows of one rule: its active alerts; the rule itself where there are none, or where it calls itself
    /// firing or pending and lists no such alert. Nothing without such a rule.
    pub(in crate::monitoring) fn all_of(rules: &Arc<Rules>, rule: usize) -> Vec<Self> {
        let Some(found) = rules.rules.get(rule) else { return Vec::new() };
        let row = |(i, _)| Self {
            rules: rules.clone(),
            rule,
            alert: Some(i),
            rule_labels: Labels::default(),
            alertmanager: None,
        };
        let active = found.alerts.iter().enumerate().filter(|(_, alert)| alert.state != AlertState::Inactive);
        let mut rows: Vec<Self> = active.map(row).collect();
        if rows.is_empty() || lists_too_few(found) {
            rows.extend(Self::of_rule(rules, rule));
        }
        rows
    }

    /// The rule itself. None without such a rule.
    pub(super) fn of_rule(rules: &Arc<Rules>, rule: usize) -> Option<Self> {
        let found = rules.rules.get(rule)?;
        let rule_labels = found.own_labels();
        Some(Self { rules: rules.clone(), rule, alert: None, rule_labels, alertmanager: None })
    }

    /// Marks what Alertmanager suppresses at `now` on rows that fire.
    pub(in crate::monitoring) fn mark_all<'r>(
        rows: impl Iterator<Item = &'r mut Self>,
        silences: &Silences,
        now: Timestamp,
    ) {
        let Some(mut matcher) = silences.matcher(now) else { return };
        for row in rows.filter(|row| row.state() == AlertState::Firing) {
            let Some(alert) = row.alert() else { continue };
            row.alertmanager = matcher.find(&alert.labels).map(Arc::new);
        }
    }

    #[expect(
        clippy::indexing_slicing,
        reason = "rows are built from indices that exist, and the rules never change"
    )]
    pub fn rule(&self) -> &AlertingRule {
        &self.rules.rules[self.rule]
    }

    /// No other row of the instance has it.
    pub fn id(&self) -> RowId {
        self.rules.id_of(self.rule, self.alert).unwrap_or_default()
    }

    /// Whether an id names this row as the copy of others, which are gone.
    pub(super) fn was_copy(&self, id: RowId) -> bool {
        self.rules.was_copy(self.rule, self.alert, id)
    }

    pub fn alert(&self) -> Option<&Alert> {
        self.alert.and_then(|i| self.rule().alerts.get(i))
    }

    pub fn name(&self) -> &str {
        &self.rule().name
    }

    /// The alert's state; of a rule without active alerts what the rule says, unless it could not be evaluated
    /// or never was.
    pub fn state(&self) -> AlertState {
        let rule = self.rule();
        match (self.alert(), rule.state, &rule.health) {
            (Some(alert), ..) => alert.state,
            (None, AlertState::Inactive | AlertState::Unknown, RuleHealth::Err) => AlertState::Error,
            (None, AlertState::Inactive, RuleHealth::Unknown) => AlertState::Unknown,
            (None, state, _) => state,
        }
    }

    /// Whether the row is of an active alert, listed or not.
    pub fn is_active(&self) -> bool {
        self.alert.is_some() || self.is_unlisted()
    }

    /// Whether it is of an active alert that its rule does not list, so that its labels are unknown.
    pub fn is_unlisted(&self) -> bool {
        self.alert.is_none() && matches!(self.state(), AlertState::Firing | AlertState::Pending)
    }

    /// Whether the row is shown by default: all but rules that are known to be inactive.
    pub fn is_shown(&self) -> bool {
        self.state() != AlertState::Inactive
    }

    /// The alert's labels; of a rule without alerts its own, with `alertname` added.
    pub fn labels(&self) -> &Labels {
        self.alert().map_or(&self.rule_labels, |alert| &alert.labels)
    }

    pub fn annotations(&self) -> &Labels {
        self.alert().map_or(&self.rule().annotations, |alert| &alert.annotations)
    }

    /// The value of the label that says how bad it is.
    pub fn severity(&self) -> Option<&str> {
        self.labels().get(self.rules.severities.label())
    }

    pub fn severity_rank(&self) -> SeverityRank {
        self.rules.severities.rank(self.severity())
    }

    /// How the instance's alerts say how bad they are.
    pub fn severities(&self) -> &Arc<Severities> {
        &self.rules.severities
    }

    /// Since when the alert is active; None when it is not, or when the time cannot be read.
    pub fn active_at(&self) -> Option<Timestamp> {
        self.alert()?.active_at.as_ref()?.at()
    }

    pub fn value(&self) -> Option<f64> {
        self.alert()?.value
    }

    /// The alert as its Alertmanager has it. None: it does not have it, or that is unknown.
    pub fn suppression(&self) -> Option<&AlertmanagerStatus> {
        self.alertmanager.as_deref().filter(|status| status.is_own())
    }

    /// Whether Alertmanager suppresses an alert that is this one or that of another instance.
    pub(in crate::monitoring) fn is_undecided(&self) -> bool {
        self.alertmanager.as_deref().is_some_and(|status| !status.is_own())
    }

    /// Whether Alertmanager sends no notifications for it.
    pub fn is_suppressed(&self) -> bool {
        self.suppression().and_then(AlertmanagerStatus::word).is_some()
    }
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
