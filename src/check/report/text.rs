//! The report for people: each finding with its line and a caret, then what it comes to.

use std::collections::BTreeMap;

use super::Report;
use super::excerpt::Sources;
use crate::check::finding::Finding;
use crate::problem::Severity;

/// Reads the files again for the lines that are shown.
pub fn text(report: &Report) -> String {
    let mut sources = Sources::default();
    let mut all = String::new();
    for finding in &report.findings {
        all += &plain(&head(finding));
        all += &sources.excerpt(finding).unwrap_or_default();
        if let Some(meant) = &finding.suggestion {
            all += &plain(&format!("  = did you mean `{meant}`?\n"));
        }
        all.push('\n');
    }
    all + &summary(report) + &plain(&instances(report))
}

fn head(finding: &Finding) -> String {
    let numbers = [finding.line, finding.column].into_iter().flatten().map(|n| format!(":{n}"));
    let place = finding.file.iter().cloned().chain(numbers).collect::<String>();
    let place = if place.is_empty() { place } else { format!("{place}: ") };
    let severity = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let key = finding.key.as_ref().map_or(String::new(), |key| format!("{key}: "));
    let about: Vec<&str> = finding.entity.iter().chain(&finding.annotation).map(String::as_str).collect();
    let about = if about.is_empty() { String::new() } else { format!("  in {}\n", about.join(", ")) };
    format!("{place}{severity}: {key}{}\n{about}", finding.message)
}

/// What comes from files and instances must not steer a terminal.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' { '\u{fffd}' } else { c }).collect()
}

fn count(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

/// How many entities ask each instance, and what led them there.
fn instances(report: &Report) -> String {
    let mut led: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for one in &report.instances {
        *led.entry((&one.instance, &one.why)).or_default() += 1;
    }
    let line = |((instance, why), entities): (&(&str, &str), &usize)| {
        format!("{} {instance}: {why}\n", count(*entities, "entity asks", "entities ask"))
    };
    led.iter().map(line).collect()
}

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
    format!("{found} in {entities} of {files}\n")
}
