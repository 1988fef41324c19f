//! The total order of the alert table: worst first, and the same whatever order Prometheus chose.

use std::cmp::Reverse;

use super::AlertRow;

/// State (firing, suppressed, pending, error, unknown, inactive), severity, newest `activeAt` (none comes last),
/// name, group, labels byte by byte; at last the rule's file.
pub fn sorted<T>(items: Vec<T>, row: impl Fn(&T) -> &AlertRow) -> Vec<T> {
    let key = |row: &AlertRow| {
        (row.state(), row.is_suppressed(), severity_rank(row.severity()), Reverse(row.active_at()))
    };
    let mut keyed: Vec<_> = items.into_iter().map(|item| (key(row(&item)), item)).collect();
    keyed.sort_by(|(key_a, a), (key_b, b)| {
        let (a, b) = (row(a), row(b));
        key_a
            .cmp(key_b)
            .then_with(|| a.name().cmp(b.name()))
            .then_with(|| a.rule().group.cmp(&b.rule().group))
            .then_with(|| a.labels().cmp(b.labels()))
            .then_with(|| a.rule().file.cmp(&b.rule().file))
    });
    keyed.into_iter().map(|(_, item)| item).collect()
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
