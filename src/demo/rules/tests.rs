//! Every state and health is there at any time, and stays what it is while it lasts.

use std::collections::BTreeSet;

use serde_json::Value;

use super::super::waves::Story;
use super::evaluated;
use crate::prometheus::wire::write_rules;

const NOW: f64 = 1_795_400_000.0;

fn rules_at(now: f64) -> Vec<Value> {
    let rules = evaluated(Story::beginning(NOW), now);
    let answer = serde_json::to_value(write_rules(&rules, &[], &[])).expect("JSON");
    let groups = answer["data"]["groups"].as_array().expect("groups");
    groups.iter().flat_map(|g| g["rules"].as_array().expect("rules").clone()).collect()
}

fn states_of(now: f64, name: &str) -> Vec<String> {
    let rule = rules_at(now).into_iter().find(|rule| rule["name"] == name).expect("the rule");
    let alerts = rule["alerts"].as_array().expect("alerts");
    alerts.iter().map(|alert| alert["state"].as_str().expect("a state").to_owned()).collect()
}

#[test]
fn rules_are_in_every_state_and_health_at_any_time() {
    for minutes in [0.0, 1.0, 33.0, 7.0 * 60.0, 40.0 * 24.0 * 60.0] {
        let rules = rules_at(NOW + minutes * 60.0);
        let words = |key: &str| -> BTreeSet<String> {
            rules.iter().filter_map(|rule| rule[key].as_str().map(str::to_owned)).collect()
        };
        assert_eq!(
            words("state").into_iter().collect::<Vec<_>>(),
            ["firing", "inactive", "pending", "unknown"]
        );
        assert_eq!(words("health").into_iter().collect::<Vec<_>>(), ["err", "ok", "unknown"]);
        for rule in &rules {
            let never = rule["lastEvaluation"] == "0001-01-01T00:00:00Z";
            assert_eq!(rule["health"] == "unknown", never, "{}", rule["name"]);
            assert_eq!(rule["health"] == "err", rule["lastError"].is_string(), "{}", rule["name"]);
        }
    }
}

#[test]
fn an_alert_keeps_its_beginning_while_it_lasts() {
    let active_at = |now| rules_at(now)[0]["alerts"][0]["activeAt"].clone();
    assert_eq!(active_at(NOW), active_at(NOW + 17.0));
    assert_eq!(active_at(NOW), active_at(NOW + 3600.0));
}

#[test]
fn siblings_can_be_told_apart_by_their_labels() {
    for rule in rules_at(NOW) {
        let alerts = rule["alerts"].as_array().expect("alerts");
        let labels: BTreeSet<String> = alerts.iter().map(|alert| alert["labels"].to_string()).collect();
        assert_eq!(labels.len(), alerts.len(), "{}", rule["name"]);
        assert!(alerts.iter().all(|alert| alert["labels"]["alertname"] == rule["name"]));
    }
}

#[test]
fn one_alert_flips_every_ten_minutes_and_others_stay_pending() {
    let cycle = 1_795_399_200.0;
    let cases = [(15.0, vec!["pending"]), (125.0, vec!["firing"]), (590.0, vec!["firing"]), (615.0, vec![])];
    for (after, states) in cases {
        assert_eq!(states_of(cycle + after, "CheckoutSlow"), states, "after {after} s");
    }
    for minute in 0..120 {
        let now = NOW + f64::from(minute) * 60.0;
        assert_eq!(states_of(now, "PaymentsUnusualRefunds"), ["pending"], "after {minute} min");
        assert_eq!(states_of(now, "PaymentsQueueBacklog"), ["firing", "pending"], "after {minute} min");
        assert_eq!(states_of(now, "OrdersDbDiskFills"), ["firing"], "after {minute} min");
    }
}
