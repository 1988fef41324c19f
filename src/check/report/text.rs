//! The report for people: each finding with its line and a caret, then what it comes to.

use std::collections::BTreeMap;

use super::Report;
use super::excerpt::{excerpt, file};
use crate::check::finding::Finding;
use crate::diagnostic::Severity;

/// Reads the files again for the lines that are shown.
pub fn text(report: &Report) -> String {
    let mut all = String::new();
    for of_file in report.findings.chunk_by(|a, b| file(a) == file(b)) {
        // Read at the first finding with a position.
        let mut read = None;
        for finding in of_file {
            all += &plain(&head(finding));
            all += &excerpt(finding, &mut read).unwrap_or_default();
            if let Some(suggestion) = &finding.diagnostic.suggestion {
                all += &plain(&format!("  = did you mean `{suggestion}`?\n"));
            }
            all.push('\n');
        }
    }
    all + &summary(report) + &plain(&instances(report))
}

fn head(finding: &Finding) -> String {
    let diagnostic = &finding.diagnostic;
    let place = diagnostic.location.as_ref().map_or_else(String::new, |location| format!("{location}: "));
    let severity = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "info",
    };
    let key = finding.diagnostic.config_key().filter(|key| !key.is_empty());
    let key = key.map_or_else(String::new, |key| format!("{key}: "));
    let about: Vec<&str> = diagnostic.entity.as_deref().into_iter().chain(diagnostic.annotation()).collect();
    let about = if about.is_empty() { String::new() } else { format!("  in {}\n", about.join(", ")) };
    format!("{place}{severity}: {key}{}\n{about}", diagnostic.message)
}

/// Text from files and instances must not control a terminal.
pub fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' { '\u{fffd}' } else { c }).collect()
}

fn count(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

/// How many entities each instance has, and what chose the instance.
fn instances(report: &Report) -> String {
    let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for one in &report.instances {
        *counts.entry((&one.instance, &one.why)).or_default() += 1;
    }
    let line = |((instance, why), entities): (&(&str, &str), &usize)| {
        format!("{} {instance}: {why}\n", count(*entities, "entity uses", "entities use"))
    };
    counts.iter().map(line).collect()
}

/// What the run came to. A run that could not look at everything never reads as a clean one.
fn summary(report: &Report) -> String {
    let summary = &report.summary;
    let entities = count(summary.entities, "entity", "entities");
    let files = count(summary.files, "file", "files");
    let found = match (summary.errors, summary.warnings) {
        (0, 0) => "no problems".to_owned(),
        (errors, 0) => count(errors, "error", "errors"),
        (0, warnings) => count(warnings, "warning", "warnings"),
        (errors, warnings) => {
            format!("{} and {}", count(errors, "error", "errors"), count(warnings, "warning", "warnings"))
        }
    };
    let remarks = match summary.infos {
        0 => String::new(),
        infos => format!("; {}", count(infos, "info", "infos")),
    };
    let all = format!("{found} in {entities} of {files}{remarks}\n");
    match report.failures.len() {
        0 => all,
        failures => format!("the check is incomplete ({}): {all}", count(failures, "failure", "failures")),
    }
}
