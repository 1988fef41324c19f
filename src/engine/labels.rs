//! The labels of a series.

use std::fmt;
use std::sync::Arc;

use crate::promql::tree::LabelChoice;
use crate::promql::{METRIC_NAME, quote};

/// Names and values in order of the names. No value is empty: an empty label is no label.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EngineLabels(Arc<[(String, String)]>);

impl EngineLabels {
    pub fn new(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut pairs: Vec<_> = pairs.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        pairs.sort();
        Self(pairs.into())
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(own, _)| *own == name).map(|(_, value)| value)
    }

    pub(super) fn kept(&self, is_kept: impl Fn(&str) -> bool) -> Self {
        Self(self.0.iter().filter(|(name, _)| is_kept(name)).cloned().collect())
    }

    pub(super) fn without(&self, dropped: &str) -> Self {
        self.kept(|name| name != dropped)
    }

    pub(super) fn without_name(&self) -> Self {
        self.without(METRIC_NAME)
    }

    /// `without` never keeps the metric's name.
    pub(super) fn chosen(&self, choice: &LabelChoice) -> Self {
        match choice {
            LabelChoice::Only(names) => self.kept(|own| names.iter().any(|name| name == own)),
            LabelChoice::Without(names) => {
                self.kept(|own| own != METRIC_NAME && names.iter().all(|name| name != own))
            }
        }
    }

    /// With another value of one label. An empty value takes the label away.
    pub(super) fn with(&self, name: &str, value: &str) -> Self {
        let others = self.0.iter().filter(|(own, _)| own != name).cloned();
        Self::new(others.chain([(name.to_owned(), value.to_owned())]))
    }
}

impl Default for EngineLabels {
    fn default() -> Self {
        Self::new([])
    }
}

/// As Prometheus prints them in errors.
impl fmt::Display for EngineLabels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pairs: Vec<String> =
            self.iter().map(|(name, value)| format!("{name}={}", quote(value))).collect();
        write!(f, "{{{}}}", pairs.join(", "))
    }
}

impl fmt::Debug for EngineLabels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Whether a label may have this name, as before Prometheus 3.
pub fn is_label_name(name: &str) -> bool {
    name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        && name.starts_with(|c: char| !c.is_ascii_digit())
}
