//! What an instance knows about metrics by name, what it adds to its alerts, and what it is.

use super::labels::Labels;

/// What the targets of an instance say of a metric.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metadata {
    /// The unit's own word (untrusted); None when no target says one, or two differ.
    pub unit: Option<String>,
    /// True for histograms and summaries too: their series are counts and sums.
    pub is_counter: bool,
}

impl Metadata {
    /// Bytes in memory, about.
    pub fn weight(&self) -> usize {
        self.unit.as_ref().map_or(0, String::len) + 64
    }
}

/// The names of an instance's metrics.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MetricNames {
    /// Sorted.
    names: Vec<Box<str>>,
    /// False: the instance has more than the request allows.
    is_complete: bool,
}

impl MetricNames {
    pub fn of(mut names: Vec<Box<str>>, is_complete: bool) -> Self {
        names.sort_unstable();
        Self { names, is_complete }
    }

    /// Whether there is a metric of that name; None when that cannot be said.
    pub fn has(&self, name: &str) -> Option<bool> {
        let found = self.names.binary_search_by(|known| (**known).cmp(name)).is_ok();
        (found || self.is_complete).then_some(found)
    }

    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(|name| &**name)
    }

    /// Bytes that they hold in memory, about.
    pub fn weight(&self) -> usize {
        self.names.iter().map(|name| name.len() + 32).sum::<usize>() + 64
    }
}

/// The external labels of an instance that sends alerts to Alertmanager, as its own configuration has them.
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

/// The program that an instance is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildInfo {
    /// As `Grafana Mimir`; Prometheus itself sends none.
    pub application: Option<String>,
    pub version: String,
}

impl BuildInfo {
    /// Bytes in memory, about.
    pub fn weight(&self) -> usize {
        self.version.len() + self.application.as_ref().map_or(0, String::len) + 64
    }
}
