//! All findings of one run, in order, for people and for programs.

mod excerpt;
mod text;

use serde::Serialize;

use super::entity::RoutedEntity;
use super::finding::Finding;
use crate::diagnostic::Severity;

pub use text::text;

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
///   "summary": {"errors": 1, "warnings": 0, "files": 12, "entities": 10000, "online": false}
/// }
/// ```
///
/// `instances` has the entities with monitoring whose instance is known. `key` is that of a config. An unknown place is null.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Those about the config first, then by file, line and column.
    findings: Vec<Finding>,
    instances: Vec<RoutedEntity>,
    failures: Vec<String>,
    summary: Summary,
}

#[derive(Debug, Serialize)]
struct Summary {
    errors: usize,
    warnings: usize,
    files: usize,
    entities: usize,
    online: bool,
}

impl Report {
    /// Sorts the findings and leaves out repetitions.
    pub fn new(
        mut findings: Vec<Finding>,
        instances: Vec<RoutedEntity>,
        failures: Vec<String>,
        (files, entities): (usize, usize),
        online: bool,
    ) -> Self {
        findings.sort_by_cached_key(order_key);
        findings.dedup();
        let count = |severity| findings.iter().filter(|f| f.diagnostic.severity == severity).count();
        let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
        let summary = Summary { errors, warnings, files, entities, online };
        Self { findings, instances, failures, summary }
    }

    pub fn errors(&self) -> usize {
        self.summary.errors
    }

    pub fn warnings(&self) -> usize {
        self.summary.warnings
    }

    /// What kept the run from looking at everything.
    pub fn failures(&self) -> &[String] {
        &self.failures
    }
}

/// Those of the config first, then by place.
fn order_key(finding: &Finding) -> impl Ord + use<> {
    let diagnostic = &finding.diagnostic;
    let file = diagnostic.location.as_ref().map(|location| location.file.clone());
    let text = (diagnostic.message.clone(), diagnostic.entity.clone());
    (finding.diagnostic.config_key().is_none(), file, finding.diagnostic.position(), text)
}
