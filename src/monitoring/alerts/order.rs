//! The total order of the alert table: worst first, and the same whatever order Prometheus chose.

use std::cmp::Reverse;

use super::AlertRow;

/// State (firing, suppressed, pending, error, unknown, inactive), severity, newest `activeAt` (none comes last),
/// name, group, labels byte by byte; at last the rule's file.
pub fn sorted<T>(items: Vec<T>, row: impl Fn(&T) -> &AlertRow) -> Vec<T> {
    let key = |row: &AlertRow| {
        let (severity, since) = (severity_rank(row.severity()), Reverse(row.active_at()));
        (row.state(), row.is_suppressed(), severity, since)
    };
    let keyed = |item| {
        let row: &AlertRow = row(item);
        (key(row), &row.rule().name, &row.rule().group, row.labels(), &row.rule().file)
    };
    let mut order: Vec<_> = items.iter().map(keyed).zip(0..).collect();
    order.sort_unstable();
    let order: Vec<usize> = order.into_iter().map(|(_, place)| place).collect();
    debug_assert_eq!(order.len(), items.len(), "every row has a place");
    let mut items: Vec<Option<T>> = items.into_iter().map(Some).collect();
    order.into_iter().filter_map(|place| items.get_mut(place)?.take()).collect()
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
    let Some(word) = severity.filter(|word| !word.is_empty()) else {
        return (LADDER.len() + 1, String::new());
    };
    match LADDER.iter().position(|rung| rung.iter().any(|known| known.eq_ignore_ascii_case(word))) {
        Some(rung) => (rung, String::new()),
        None => (LADDER.len(), word.to_lowercase()),
    }
}
