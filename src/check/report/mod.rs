//! All findings of one run, in order, for people and for programs.

mod excerpt;
mod text;

use std::cmp::Ordering;

use serde::Serialize;

use super::entity::Led;
use super::finding::Finding;
use crate::problem::Severity;

pub use text::text;

/// What a run of the check came to. As JSON (the names are fixed, more may be added):
///
/// ```json
/// {
///   "findings": [{
///     "severity": "error", "message": "this ( is never closed; a ) is missing",
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
/// `instances` has the entities that ask for something, where it is known whom. `key` is that of a config. A place that is not known is null.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Those about the config first, then by file, line and column.
    findings: Vec<Finding>,
    instances: Vec<Led>,
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
        instances: Vec<Led>,
        failures: Vec<String>,
        (files, entities): (usize, usize),
        online: bool,
    ) -> Self {
        findings.sort_by(order);
        findings.dedup();
        let count = |severity| findings.iter().filter(|f| f.severity == severity).count();
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

fn order(a: &Finding, b: &Finding) -> Ordering {
    let place = |f: &Finding| (f.line, f.column);
    let config_first = b.confidential.cmp(&a.confidential);
    let by_place = config_first.then_with(|| a.file.cmp(&b.file)).then_with(|| place(a).cmp(&place(b)));
    by_place.then_with(|| a.message.cmp(&b.message)).then_with(|| a.entity.cmp(&b.entity))
}
