//! Alerting rules and their alerts, as an instance tells them.

use std::ops::Range;

use jiff::Timestamp;
use serde::Serialize;

use super::{Labels, remarks};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AlertState {
    Firing,
    Pending,
    /// A rule that cannot be evaluated and has no active alert; no alert is in this state.
    Error,
    /// A rule that was not evaluated yet, or a word that we do not know.
    Unknown,
    Inactive,
}

impl AlertState {
    /// Worst first.
    pub const ALL: [Self; 5] = [Self::Firing, Self::Pending, Self::Error, Self::Unknown, Self::Inactive];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Firing => "firing",
            Self::Pending => "pending",
            Self::Error => "error",
            Self::Unknown => "unknown",
            Self::Inactive => "inactive",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RuleHealth {
    Ok,
    Err,
    Unknown,
}

/// One alerting rule of one group.
#[derive(Clone, Debug)]
pub struct AlertingRule {
    pub group: String,
    pub file: String,
    /// Seconds between two evaluations, as its group has it; 0 where the instance does not say.
    pub interval: f64,
    pub name: String,
    pub query: String,
    /// `for`, in seconds.
    pub duration: f64,
    /// In seconds.
    pub keep_firing_for: f64,
    pub labels: Labels,
    pub annotations: Labels,
    pub state: AlertState,
    pub health: RuleHealth,
    pub last_error: Option<String>,
    /// How long the last evaluation took, in seconds.
    pub evaluation_time: f64,
    /// As Prometheus sends it (RFC 3339); None for the year 1, which means never.
    pub last_evaluation: Option<String>,
    pub alerts: Vec<Alert>,
}

/// One active alert of a rule.
#[derive(Clone, Debug)]
pub struct Alert {
    pub labels: Labels,
    pub annotations: Labels,
    pub state: AlertState,
    /// As Prometheus sends it.
    pub active_at: Option<String>,
    pub value: Option<f64>,
}

/// What is told of a group as a whole.
#[derive(Clone, Debug)]
pub struct RuleGroup {
    pub name: String,
    pub file: String,
    /// Seconds between two evaluations.
    pub interval: f64,
    /// The most alerts of one rule; 0 for no limit.
    pub limit: i64,
    /// How long the last evaluation took, in seconds.
    pub evaluation_time: f64,
    /// As Prometheus sends it (RFC 3339); None for the year 1, which means never.
    pub last_evaluation: Option<String>,
    /// The places of its alerting rules among all rules.
    pub rules: Range<usize>,
}

/// A complete answer to `/rules?type=alert`.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    pub rules: Vec<AlertingRule>,
    pub groups: Vec<RuleGroup>,
    /// What the instance's own clock said when it answered; None where it did not say.
    pub date: Option<Timestamp>,
    /// The latest time that a rule was evaluated or an alert became active at; None without any.
    pub latest: Option<Timestamp>,
    pub warnings: Vec<String>,
    pub infos: Vec<String>,
}

impl Rules {
    pub fn of_group(&self, group: &RuleGroup) -> &[AlertingRule] {
        self.rules.get(group.rules.clone()).unwrap_or_default()
    }

    /// Bytes that this answer holds in memory, about.
    pub fn weight(&self) -> usize {
        let alert = |a: &Alert| a.labels.weight() + a.annotations.weight() + 200;
        let rule = |r: &AlertingRule| {
            let error = r.last_error.as_ref().map_or(0, String::len);
            let texts = r.group.len() + r.file.len() + r.name.len() + r.query.len() + error;
            let alerts: usize = r.alerts.iter().map(alert).sum();
            texts + r.labels.weight() + r.annotations.weight() + alerts + 450
        };
        let groups = self.groups.iter().map(|g| g.name.len() + g.file.len() + 160).sum::<usize>();
        let told = remarks::weight(&self.warnings) + remarks::weight(&self.infos);
        self.rules.iter().map(rule).sum::<usize>() + groups + told + 256
    }
}
