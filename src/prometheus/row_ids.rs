//! The ids of all rules and alerts of an answer: equal alerts have ids of their own.

use std::collections::{HashMap, HashSet};

use super::row_id::{RowId, RowIds, RuleIds};
use super::rules::{Alert, AlertState, AlertingRule, Rules};
use super::{Labels, SentTime};

impl Rules {
    /// The id of an alert, or of the rule itself. None without such a row.
    pub fn id_of(&self, rule: usize, alert: Option<usize>) -> Option<RowId> {
        self.ids.get_or_init(|| RowIds::of(&self.rules)).get((rule, alert))
    }

    /// Whether an id names the row as the copy of others, which are gone.
    pub fn was_copy(&self, rule: usize, alert: Option<usize>, id: RowId) -> bool {
        RowIds::was_copy(&self.rules, (rule, alert), id)
    }
}

/// The id of a row that has no copies.
fn base(rule: &AlertingRule, labels: &Labels) -> RowId {
    let named = [rule.group.as_str(), rule.name.as_str()].into_iter();
    RowId::of(named.chain(labels.iter().flat_map(|(name, value)| [name, value])))
}

/// The id of a copy: of an alert that equals another in group, name and labels, as three shards of one server have it.
/// A copy keeps this id when the others come and go.
fn of_copy(base: RowId, rule: &AlertingRule, alert: Option<&Alert>) -> RowId {
    let since = alert.and_then(|alert| alert.active_at.as_ref()).map_or("", SentTime::as_str);
    base.with([rule.file.as_str(), rule.query.as_str(), since].into_iter())
}

/// The place of a rule, and of one of its alerts, in an answer.
type RowPlace = (usize, Option<usize>);

impl RowIds {
    pub fn of(rules: &[AlertingRule]) -> Self {
        let ids = rules.iter().map(|rule| RuleIds {
            own: base(rule, &rule.own_labels()),
            alerts: rule.alerts.iter().map(|alert| base(rule, &alert.labels)).collect(),
        });
        let mut ids = Self(ids.collect());
        ids.tell_copies_apart(rules);
        ids
    }

    /// Of an alert, or of the rule itself.
    pub fn get(&self, (rule, alert): RowPlace) -> Option<RowId> {
        let ids = self.0.get(rule)?;
        alert.map_or(Some(ids.own), |alert| ids.alerts.get(alert).copied())
    }

    /// Whether a row is meant by an id that it had as a copy of others, which are gone.
    pub fn was_copy(rules: &[AlertingRule], (rule, alert): RowPlace, id: RowId) -> bool {
        let Some(rule) = rules.get(rule) else { return false };
        let alert = alert.and_then(|alert| rule.alerts.get(alert));
        let base = match alert {
            Some(alert) => base(rule, &alert.labels),
            None => base(rule, &rule.own_labels()),
        };
        of_copy(base, rule, alert) == id
    }

    /// Of equal rows the first keeps the id that it has alone: by file, expression and time, whatever the order of the
    /// answer is.
    fn tell_copies_apart(&mut self, rules: &[AlertingRule]) {
        let mut rows = self.rows(rules);
        rows.sort_unstable();
        for equal in rows.chunk_by(|a, b| a.0 == b.0).filter(|equal| equal.len() > 1) {
            let mut copies: Vec<_> =
                equal.iter().filter_map(|(_, is_last, place)| copy(rules, *is_last, *place)).collect();
            copies.sort();
            let mut taken: HashSet<RowId> = equal.iter().map(|(id, ..)| *id).collect();
            // How many rows are the same copy: thousands of them must not try one id after the other.
            let mut numbers: HashMap<RowId, usize> = HashMap::new();
            for (.., place) in copies.into_iter().skip(1) {
                let Some(id) = self.get_mut(place) else { continue };
                let alert = place.1.and_then(|alert| rules.get(place.0)?.alerts.get(alert));
                let copy = rules.get(place.0).map_or(*id, |rule| of_copy(*id, rule, alert));
                let number = numbers.entry(copy).or_default();
                *id = if *number == 0 { copy } else { copy.with([number.to_string().as_str()].into_iter()) };
                *number += 1;
                while !taken.insert(*id) {
                    *id = id.next();
                }
            }
        }
    }

    /// The rows of a table, each with whether it is the row of a rule with active alerts: such a row is seldom shown.
    fn rows(&self, rules: &[AlertingRule]) -> Vec<(RowId, bool, RowPlace)> {
        let mut rows = Vec::new();
        for (place, (rule, ids)) in rules.iter().zip(&self.0).enumerate() {
            let active = rule.alerts.iter().zip(&ids.alerts).enumerate();
            let active = active.filter(|(_, (alert, _))| alert.state != AlertState::Inactive);
            let before = rows.len();
            rows.extend(active.map(|(alert, (_, id))| (*id, false, (place, Some(alert)))));
            rows.push((ids.own, rows.len() > before, (place, None)));
        }
        rows
    }

    fn get_mut(&mut self, (rule, alert): RowPlace) -> Option<&mut RowId> {
        let ids = self.0.get_mut(rule)?;
        match alert {
            Some(alert) => ids.alerts.get_mut(alert),
            None => Some(&mut ids.own),
        }
    }
}

/// What orders equal rows.
fn copy(
    rules: &[AlertingRule],
    is_last: bool,
    place: RowPlace,
) -> Option<(bool, &str, &str, &str, RowPlace)> {
    let rule = rules.get(place.0)?;
    let alert = place.1.and_then(|alert| rule.alerts.get(alert));
    let since = alert.and_then(|alert| alert.active_at.as_ref()).map_or("", SentTime::as_str);
    Some((is_last, &rule.file, &rule.query, since, place))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::prometheus::wire::read_all_rules;

    /// A group of one rule, whose alert is active since that minute; None: it has no alert.
    fn shard(file: &str, since: Option<u32>) -> Value {
        let alert = |minute: u32| {
            json!({"labels": {"alertname": "A", "l": "x"}, "state": "firing",
                "activeAt": format!("2026-11-27T09:{minute:02}:00Z"), "value": "1"})
        };
        let rule = json!({"name": "A", "type": "alerting", "query": "up == 0", "labels": {"l": "x"},
            "alerts": since.map(alert).into_iter().collect::<Vec<_>>(), "state": "firing"});
        json!({"name": "g", "file": file, "rules": [rule]})
    }

    /// The ids of the active alerts, else of the rules.
    fn ids(groups: &[Value]) -> Vec<RowId> {
        let body = json!({"status": "success", "data": {"groups": groups}}).to_string();
        let rules = read_all_rules(body.as_bytes()).unwrap().rules;
        let ids = RowIds::of(&rules);
        let row =
            |(i, rule): (usize, &AlertingRule)| ids.get((i, (!rule.alerts.is_empty()).then_some(0))).unwrap();
        rules.iter().enumerate().map(row).collect()
    }

    #[test]
    fn equal_alerts_of_shards_have_ids_of_their_own() {
        let alone = ids(&[shard("a", Some(1))]);
        for groups in [
            [shard("a", Some(1)), shard("a", Some(1)), shard("a", Some(1))],
            [shard("a", Some(1)), shard("b", Some(1)), shard("c", Some(1))],
            [shard("a", Some(1)), shard("a", Some(2)), shard("a", Some(3))],
            [shard("a", None), shard("a", None), shard("a", None)],
            [shard("a", None), shard("a", Some(1)), shard("b", None)],
        ] {
            let found = ids(&groups);
            assert_eq!(found.iter().collect::<HashSet<_>>().len(), 3, "{groups:?}");
            assert!(found.contains(&alone[0]), "one keeps the id that it has alone: {groups:?}");
        }
    }

    #[test]
    fn ids_do_not_depend_on_the_order_of_an_answer() {
        let (a, b, c) = (shard("a", Some(1)), shard("b", Some(1)), shard("b", Some(2)));
        let [first, second, third] = ids(&[a.clone(), b.clone(), c.clone()])[..] else { panic!() };
        assert_eq!(ids(&[c.clone(), a.clone(), b.clone()]), [third, first, second]);
        assert_eq!(ids(&[b.clone(), c.clone(), a.clone()]), [second, third, first]);
        assert_eq!(ids(&[a.clone(), c.clone()]), [first, third], "one that ends takes no id from the others");
        let body = json!({"status": "success", "data": {"groups": [c]}}).to_string();
        let alone = read_all_rules(body.as_bytes()).unwrap().rules;
        assert!(
            RowIds::was_copy(&alone, (0, Some(0)), third),
            "a link to it still finds it when it is alone"
        );
        assert!(!RowIds::was_copy(&alone, (0, Some(0)), second));
    }

    #[test]
    fn thousands_of_equal_rows_have_ids_of_their_own() {
        let found = ids(&vec![shard("a", Some(1)); 20_000]);
        assert_eq!(found.iter().collect::<HashSet<_>>().len(), 20_000);
    }

    #[test]
    fn an_alert_keeps_the_id_of_its_rule_before_it_fired() {
        assert_eq!(ids(&[shard("a", None)]), ids(&[shard("a", Some(1))]));
    }
}
