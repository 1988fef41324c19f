//! The total order of the alert table: worst first, and the same whatever order Prometheus chose.

use std::cmp::Reverse;

use super::AlertRow;

/// State (firing, held back, pending, error, unknown, inactive), severity, newest `activeAt` (none comes last),
/// name, group, labels byte by byte; at last the rule's file.
pub fn sorted(rows: Vec<AlertRow>) -> Vec<AlertRow> {
    let mut keyed: Vec<_> = rows
        .into_iter()
        .map(|row| {
            ((row.state(), row.is_suppressed(), severity_rank(row.severity()), Reverse(row.active_at())), row)
        })
        .collect();
    keyed.sort_by(|(key_a, a), (key_b, b)| {
        key_a
            .cmp(key_b)
            .then_with(|| a.name().cmp(b.name()))
            .then_with(|| a.rule().group.cmp(&b.rule().group))
            .then_with(|| a.labels().cmp(b.labels()))
            .then_with(|| a.rule().file.cmp(&b.rule().file))
    });
    keyed.into_iter().map(|(_, row)| row).collect()
}

/// The ladder of severities, written without regard to case. Words of one rung are equal; other
/// words come after the ladder in alphabetical order, and rows without a severity come last.
const LADDER: [&[&str]; 7] = [
    &["critical", "page", "emergency", "disaster", "fatal"],
    &["high", "error", "major"],
    &["warning", "warn"],
    &["medium", "moderate", "minor"],
    &["low"],
    &["info", "information", "informational", "notice"],
    &["none"],
];

fn severity_rank(severity: Option<&str>) -> (usize, String) {
    let Some(word) = severity.map(str::to_lowercase).filter(|w| !w.is_empty()) else {
        return (LADDER.len() + 1, String::new());
    };
    match LADDER.iter().position(|rung| rung.contains(&word.as_str())) {
        Some(rung) => (rung, String::new()),
        None => (LADDER.len(), word),
    }
}
