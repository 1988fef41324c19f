//! What an instance adds to its alerts on their way to Alertmanager.

use super::Labels;

/// The external labels of an instance that sends alerts, as its own configuration has them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExternalLabels {
    /// A label that an alert has itself keeps the alert's value.
    pub labels: Labels,
    /// Rules of the configuration (`alert_relabel_configs`) may then take labels away, or change them.
    pub is_relabelled: bool,
}

impl ExternalLabels {
    /// Bytes in memory, about.
    pub fn weight(&self) -> usize {
        self.labels.weight() + 64
    }
}
