//! All findings of one run, in order, for people and for programs.

mod excerpt;
mod text;

use serde::Serialize;

use super::finding::Finding;
use crate::diagnostic::Severity;

pub use text::{plain, text};

/// What a run of the check came to. As JSON (the names are fixed, more may be added):
///
/// ```json
/// {
///   "findings": [{
///     "severity": "error", "message": "unclosed (",
///     "file": "catalog/payments.yaml", "line": 9, "column": 10, "endLine": 9, "endColumn": 11,
///     "entity": "component:default/payments", "annotation": "prometheus.io/rule",
///     "key": null, "suggestion": null
///   }],
///   "instances": [{"entity": "component:default/payments", "instance": "prod", "why": "named by ..."}],
///   "failures": ["what could not be looked at, as sentences"],
///   "summary": {"errors": 1, "warnings": 0, "infos": 0, "files": 12, "entities": 10000, "online": false}
/// }
/// ```
///
/// `instances` has the entities with monitoring whose instance is known. `key` is that of a config. An unknown place is null.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// Those about the config first, then by file, line and column.
    pub findings: Vec<Finding>,
    pub instances: Vec<RoutedEntity>,
    /// What kept the run from looking at everything.
    pub failures: Vec<String>,
    pub summary: Summary,
}

/// An entity with monitoring, its instance, and what chose the instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RoutedEntity {
    pub entity: String,
    pub instance: String,
    /// The end of a sentence: `chosen by rule 2 of promenade.routing, cells`.
    pub why: String,
}

#[derive(Debug, Default, Serialize)]
pub struct Summary {
    pub errors: usize,
    pub warnings: usize,
    infos: usize,
    files: usize,
    entities: usize,
    online: bool,
}

impl Report {
    /// Adds what another part of the run found.
    pub fn add(&mut self, other: Self) {
        self.findings.extend(other.findings);
        self.instances.extend(other.instances);
        self.failures.extend(other.failures);
    }

    /// Sorts the findings, leaves out repetitions, and counts.
    pub fn finish(mut self, files: usize, entities: usize, online: bool) -> Self {
        self.findings.sort_by_cached_key(order_key);
        self.findings.dedup();
        let count = |severity| self.findings.iter().filter(|f| f.diagnostic.severity == severity).count();
        let [errors, warnings, infos] = [Severity::Error, Severity::Warning, Severity::Info].map(count);
        self.summary = Summary { errors, warnings, infos, files, entities, online };
        self
    }
}

/// Those of the config first, then by place.
fn order_key(finding: &Finding) -> impl Ord + use<> {
    let diagnostic = &finding.diagnostic;
    let file = diagnostic.location.as_ref().map(|location| location.file.clone());
    let text = (diagnostic.message.clone(), diagnostic.entity.clone());
    (finding.diagnostic.config_key().is_none(), file, finding.diagnostic.position(), text)
}
