//! Alerting rules and their alerts.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use jiff::Timestamp;
use serde::{Serialize, Serializer};

use super::labels::Labels;
use super::numbers::Exponent;
use super::remarks;
use super::row_id::RowIds;
use super::severity::Severities;
use crate::upstream::SentTime;

/// How Go writes a time that never was.
const NEVER: &str = "0001-01-01T00:00:00Z";

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AlertState {
    Firing,
    Pending,
    /// A rule that cannot be evaluated and has no active alert; no alert is in this state.
    Error,
    /// A rule before its first evaluation, or an unknown word.
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

impl RuleHealth {
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Err => "err",
            Self::Unknown => "unknown",
        }
    }
}

/// One alerting rule of one group.
#[derive(Clone, Debug)]
pub struct AlertingRule {
    pub group: String,
    pub file: String,
    /// The group's seconds between two evaluations; 0 if the instance does not send it.
    pub interval: f64,
    pub state: AlertState,
    pub name: String,
    pub query: String,
    /// `for`, in seconds.
    pub duration: f64,
    /// In seconds.
    pub keep_firing_for: f64,
    pub labels: Labels,
    pub annotations: Labels,
    pub alerts: Vec<Alert>,
    pub health: RuleHealth,
    pub last_error: Option<String>,
    /// How long the last evaluation took, in seconds.
    pub evaluation_time: f64,
    /// None for the year 1, which means never.
    pub last_evaluation: Option<SentTime>,
}

/// One active alert of a rule.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Alert {
    pub labels: Labels,
    pub annotations: Labels,
    pub state: AlertState,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "write_time")]
    pub active_at: Option<SentTime>,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "Exponent::write")]
    pub value: Option<f64>,
}

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
    /// None for the year 1, which means never.
    pub last_evaluation: Option<SentTime>,
    /// The places of its alerting rules among all rules.
    pub rules: Range<usize>,
}

/// A complete answer to `/rules?type=alert`.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    pub rules: Vec<AlertingRule>,
    pub groups: Vec<RuleGroup>,
    /// The instance's own time when it answered; None if it did not send one.
    pub date: Option<Timestamp>,
    /// The latest time that a rule was evaluated or an alert became active at; None without any.
    pub latest: Option<Timestamp>,
    pub warnings: Vec<String>,
    pub infos: Vec<String>,
    /// How their alerts say how bad they are.
    pub severities: Arc<Severities>,
    /// Made when they are first needed.
    pub ids: OnceLock<RowIds>,
}

pub fn write_time<S: Serializer>(time: &Option<SentTime>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(time.as_ref().map_or(NEVER, SentTime::as_str))
}

impl AlertingRule {
    /// The labels of the rule's own row: those that it sets, and its name.
    pub fn own_labels(&self) -> Labels {
        self.labels.iter().chain([("alertname", self.name.as_str())]).collect()
    }
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
        let remarks = remarks::weight(&self.warnings) + remarks::weight(&self.infos);
        self.rules.iter().map(rule).sum::<usize>() + groups + remarks + 256
    }
}
