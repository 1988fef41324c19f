//! The total order of the alert table: worst first, and the same whatever order Prometheus chose.

use std::cmp::Reverse;

use super::AlertRow;

/// State (firing, suppressed, pending, error, unknown, inactive), severity, newest `activeAt` (none comes last),
/// name, group, labels byte by byte; at last the rule's file.
pub fn sorted<T>(items: Vec<T>, row: impl Fn(&T) -> &AlertRow) -> Vec<T> {
    let key = |row: &AlertRow| {
        let (severity, since) = (row.severity_rank(), Reverse(row.active_at()));
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
