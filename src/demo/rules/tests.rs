//! Every state and health is there at any time, and stays what it is while it lasts.

use std::collections::BTreeSet;

use serde_json::Value;

use super::super::waves::Story;
use super::{ALERTS, FILES, document, evaluated, list, pairs, read};
use crate::prometheus::RuleHealth;
use crate::prometheus::wire::{RulesChoice, write_rules};
use crate::promql::{PromQl, parse_duration};
use crate::yaml::Node;

const NOW: f64 = 1_795_400_000.0;

fn rules_at(now: f64) -> Vec<Value> {
    let rules = evaluated(&read().expect("the embedded rules"), Story::beginning(NOW), now);
    let answer = serde_json::to_value(write_rules(&rules, &RulesChoice::default(), &[], &[])).expect("JSON");
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

fn keys(node: &Node) -> Vec<&str> {
    node.as_map().expect("a mapping").iter().map(|entry| entry.key.as_str()).collect()
}

#[test]
fn rule_files_have_the_form_of_prometheus() {
    for (file, text) in FILES {
        let document = document(file, text).expect(file);
        assert_eq!(keys(&document), ["groups"], "{file}");
        for group in list(&document, "groups").expect(file) {
            assert_eq!(keys(group), ["name", "interval", "rules"], "{file}");
            assert_eq!(group.get("interval").and_then(Node::as_text), Some("15s"), "{file}");
            for rule in list(group, "rules").expect(file) {
                let known = ["alert", "expr", "for", "keep_firing_for", "labels", "annotations"];
                assert!(keys(rule).iter().all(|key| known.contains(key)), "{:?}", keys(rule));
                let text = |key: &str| rule.get(key).and_then(Node::as_text).expect(key);
                let (query, problems) = PromQl::read(text("expr"));
                assert!(query.is_some_and(|query| query.is_checked()), "{}: {problems:?}", text("alert"));
                assert!(parse_duration(text("for")).is_ok(), "{}", text("alert"));
                for key in ["labels", "annotations"] {
                    let texts = pairs(rule, key).expect(key).len();
                    assert_eq!(keys(rule.get(key).expect(key)).len(), texts, "{} {key}", text("alert"));
                }
            }
        }
    }
}

#[test]
fn alerts_belong_to_rules_and_have_their_annotations_filled_in() {
    let rules = rules_at(NOW);
    let names: Vec<&str> = rules.iter().map(|rule| rule["name"].as_str().expect("a name")).collect();
    let alerts = document(ALERTS.0, ALERTS.1).expect("alerts");
    assert!(keys(&alerts).iter().all(|name| names.contains(name)), "{:?}", keys(&alerts));
    let placeholder = regex::Regex::new(r"\{[a-z]+(:\d)?\}").expect("a regex");
    for rule in &rules {
        for alert in rule["alerts"].as_array().expect("alerts") {
            let annotations = alert["annotations"].as_object().expect("annotations");
            for text in annotations.values().filter_map(Value::as_str) {
                assert!(!placeholder.is_match(text), "{text}");
            }
        }
    }
}

/// The code finds a rule's alerts and health by the rule's name, so a renamed rule loses them.
#[test]
fn alerts_become_active_within_a_day_and_two_rules_have_no_good_health() {
    let rules = read().expect("the embedded rules");
    let found = document(ALERTS.0, ALERTS.1).expect("alerts");
    let mut idle: BTreeSet<&str> = keys(&found).into_iter().collect();
    for minute in (0..24 * 60).step_by(5) {
        let evaluated = evaluated(&rules, Story::beginning(NOW), NOW + f64::from(minute) * 60.0);
        for rule in &evaluated.rules {
            if !rule.alerts.is_empty() {
                idle.remove(rule.name.as_str());
            }
            let expected = match rule.name.as_str() {
                "OrdersDbReplicationLag" => RuleHealth::Err,
                "OrdersDbBackupMissing" => RuleHealth::Unknown,
                _ => RuleHealth::Ok,
            };
            assert!(rule.health == expected, "{}", rule.name);
        }
    }
    assert!(idle.is_empty(), "never active: {idle:?}");
    for name in ["OrdersDbReplicationLag", "OrdersDbBackupMissing"] {
        assert!(rules.rules.iter().any(|rule| rule.name == name), "{name}");
    }
}

#[test]
fn unreadable_parts_are_errors() {
    let node = document("test", "name: [a]\nlist: text\nlabels: {a: [b]}\nfor: soon").expect("a document");
    assert!(super::text_of(&node, "name").is_err() && super::text_of(&node, "absent").is_err());
    assert!(list(&node, "list").is_err() && list(&node, "absent").is_err());
    assert!(pairs(&node, "labels").is_err() && pairs(&node, "absent").is_ok());
    assert!(super::seconds(&node, "for").is_err());
    assert!(document("test", "a: [").is_err() && document("test", "").is_err());
}
