//! Rules as rows of the alert table: chosen, filtered, in a total order.

use std::sync::Arc;

use crate::prometheus::{Alert, AlertState, AlertingRule, InstanceName, Labels, PrometheusError, Rules};

/// How many rows are in each state, inactive ones included whether shown or not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StateCounts {
    pub firing: usize,
    pub pending: usize,
    pub inactive: usize,
    pub unknown: usize,
}

/// One row: an active alert, or a rule without active alerts.
#[derive(Clone, Debug)]
pub struct AlertRow {
    rules: Arc<Rules>,
    rule: usize,
    alert: Option<usize>,
}

impl AlertRow {
    pub fn rule(&self) -> &AlertingRule {
        let _ = (&self.rules, self.rule);
        todo!()
    }
    pub fn alert(&self) -> Option<&Alert> {
        let _ = self.alert;
        todo!()
    }
    pub fn state(&self) -> AlertState {
        todo!()
    }
    /// The alert's labels; of a rule without alerts its own, with `alertname` added.
    pub fn labels(&self) -> &Labels {
        todo!()
    }
    pub fn annotations(&self) -> &Labels {
        todo!()
    }
    pub fn severity(&self) -> Option<&str> {
        todo!()
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
    pub rows: Vec<AlertRow>,
    pub counts: StateCounts,
    /// Names of the annotation that no rule of the instance has.
    pub unmatched_names: Vec<String>,
    /// One row for each chosen rule whose evaluation fails (health `err`), whether or not it is among `rows`:
    /// its state is not to be trusted, so a page without firing rows but with these is not well.
    pub unhealthy: Vec<AlertRow>,
}
