//! Damaged answers: none passes for one in which fewer alerts fire.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::prometheus::AlertState;
use crate::prometheus::wire::read_all_rules;
use crate::prometheus::wire::rules::read_rules;

/// Three rules with three firing alerts, as Prometheus sends them.
fn whole() -> Value {
    let alert = |n: usize| {
        json!({"labels": {"alertname": "A", "n": n.to_string()}, "annotations": {"summary": "s"}, "state": "firing",
               "activeAt": "2026-11-23T09:00:00Z", "value": "1e+00"})
    };
    let rule = |n: usize| {
        json!({"state": "firing", "name": format!("R{n}"), "query": "up == 0", "duration": 60, "keepFiringFor": 0,
               "labels": {"severity": "page"}, "annotations": {}, "alerts": [alert(n)], "health": "ok",
               "evaluationTime": 0.1, "lastEvaluation": "2026-11-23T10:00:00Z", "type": "alerting"})
    };
    let group = |n: usize, rules: Vec<Value>| {
        json!({"name": format!("g{n}"), "file": "f", "interval": 15, "limit": 0, "evaluationTime": 0.1,
               "lastEvaluation": "2026-11-23T10:00:00Z", "rules": rules})
    };
    json!({"status": "success", "data": {"groups": [group(1, vec![rule(1), rule(2)]), group(2, vec![rule(3)])]}})
}

/// Every place in it, in the order in which they are written.
fn places(value: &Value, at: &str, all: &mut Vec<String>) {
    all.push(at.to_owned());
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, v)| places(v, &format!("{at}/{name}"), all)),
        Value::Array(list) => list.iter().enumerate().for_each(|(i, v)| places(v, &format!("{at}/{i}"), all)),
        _ => {}
    }
}

/// Whether an answer could pass for one in which fewer alerts fire.
fn is_quieter_in_silence(body: &[u8]) -> bool {
    let Ok(rules) = read_all_rules(body) else { return false };
    let firing = rules.rules.iter().filter(|rule| {
        rule.state == AlertState::Firing
            || rule.alerts.iter().any(|alert| alert.state != AlertState::Inactive)
    });
    firing.count() < 3 && rules.warnings.is_empty()
}

#[test]
fn no_value_of_another_shape_makes_an_answer_quieter_in_silence() {
    let mut all = Vec::new();
    places(&whole(), "", &mut all);
    for place in all {
        for other in [json!(7), json!("odd"), json!(true), json!({}), json!({"a": 7}), json!([7])] {
            let mut mutated = whole();
            *mutated.pointer_mut(&place).unwrap() = other.clone();
            assert!(!is_quieter_in_silence(mutated.to_string().as_bytes()), "{other} at {place:?}");
        }
    }
}

#[test]
fn no_field_that_is_left_out_makes_an_answer_quieter_in_silence() {
    let mut all = Vec::new();
    places(&whole(), "", &mut all);
    for place in all.iter().filter(|place| !place.is_empty()) {
        let (parent, name) = place.rsplit_once('/').unwrap();
        let mut mutated = whole();
        if let Value::Object(fields) = mutated.pointer_mut(parent).unwrap() {
            fields.remove(name);
            assert!(!is_quieter_in_silence(mutated.to_string().as_bytes()), "without {place:?}");
        }
    }
}

#[test]
fn no_cut_of_an_answer_is_one() {
    let whole = whole().to_string();
    for end in 0..whole.len() {
        assert!(read_rules(&whole.as_bytes()[..end], None).is_err(), "{end}");
    }
}

proptest! {
    #[test]
    fn no_damaged_byte_makes_an_answer_quieter_in_silence(at in any::<prop::sample::Index>(), byte: u8) {
        let mut body = whole().to_string().into_bytes();
        let at = at.index(body.len());
        body[at] = byte;
        prop_assert!(!is_quieter_in_silence(&body), "{byte} at {at}");
    }

    #[test]
    fn no_damage_makes_it_panic(
        at in any::<prop::sample::Index>(), len in 0_usize..40, bytes in prop::collection::vec(any::<u8>(), 0..6)
    ) {
        let mut body = whole().to_string().into_bytes();
        let at = at.index(body.len());
        let end = (at + len).min(body.len());
        body.splice(at..end, bytes);
        let _ = read_all_rules(&body);
    }
}
