//! An alert table without an address: what `/go` selects.

use jiff::Timestamp;

use super::PageParams;
use crate::annotations::AlertNames;
use crate::monitoring::AlertRow;
use crate::prometheus::{InstanceName, Labels};
use crate::promql::{MatchOp, Matcher};

impl PageParams {
    /// Selects the alerts with a row's name on an instance, and opens the row. Of `labels`, those that the row has are
    /// matched too. The page's links keep the selection. `from`: None for the default window.
    pub fn select(
        mut self,
        instance: &InstanceName,
        row: &AlertRow,
        labels: &Labels,
        from: Option<Timestamp>,
    ) -> Self {
        let mut give = |name: &str, value: String| self.given.push((name.to_owned(), value));
        if let Some(from) = from {
            self.from = from.as_millisecond().to_string();
            give("from", self.from.clone());
            give("to", self.to.clone());
            self.period.from = from;
        }
        if !row.is_active() {
            give("showInactiveAlerts", "true".to_owned());
        }
        give("alert", row.id().to_string());
        give("instance", instance.to_string());
        give("alerts", row.name().to_owned());
        let shared = labels
            .iter()
            .filter(|(label, value)| *label != "alertname" && row.labels().get(label) == Some(value));
        let matchers: Vec<Matcher> =
            shared.filter_map(|(label, value)| Matcher::new(label, MatchOp::Equal, value).ok()).collect();
        if !matchers.is_empty() {
            give("labels", matchers.iter().map(ToString::to_string).collect::<Vec<_>>().join(","));
        }
        self.table.show_inactive |= !row.is_active();
        self.table.opened = vec![row.id()];
        self.custom.instance = Some(instance.to_string());
        self.custom.alerts = Some(AlertNames::Named(vec![row.name().to_owned()]));
        self.custom.matchers = Some(matchers).filter(|matchers| !matchers.is_empty());
        self
    }
}
