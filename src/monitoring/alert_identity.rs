//! Whether two label sets are of the same alert.

use crate::prometheus::Labels;

/// Whether the given labels are those of the alert that has `own`: the names are equal, and no label that both have
/// differs. There may be more or fewer: Alertmanager adds external labels, and a group of alerts has only the labels
/// that are common to all. Without a name, at least one label must be common.
pub fn same_alert(given: &Labels, own: &Labels) -> bool {
    let mut common = given.iter().filter(|(label, _)| own.get(label).is_some()).peekable();
    let named =
        given.get("alertname").map_or(common.peek().is_some(), |name| own.get("alertname") == Some(name));
    named && common.all(|(label, value)| own.get(label) == Some(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn external_and_missing_labels_do_not_count() {
        let labels =
            |text: &str| -> Labels { text.split(' ').filter_map(|pair| pair.split_once('=')).collect() };
        for (given, own, wanted) in [
            ("alertname=A i=1", "alertname=A i=1", true),
            ("alertname=A i=1 cluster=eu", "alertname=A i=1", true),
            ("alertname=A", "alertname=A i=1", true),
            ("alertname=A i=2", "alertname=A i=1", false),
            ("alertname=B i=1", "alertname=A i=1", false),
            ("i=1", "alertname=A i=1", true),
            ("cluster=eu", "alertname=A i=1", false),
            ("", "alertname=A i=1", false),
        ] {
            assert_eq!(same_alert(&labels(given), &labels(own)), wanted, "{given} and {own}");
        }
    }
}
