//! Damaged answers: none passes for one in which fewer alerts fire, and reading an answer in one pass changes nothing.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::prometheus::AlertState;
use crate::prometheus::wire::read_all_rules;
use crate::prometheus::wire::rules::{MOST_ROWS, read, read_rules};

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

/// The names that a field may get.
const OTHER_NAMES: [&str; 5] = ["name", "alerts", "rules", "labels", "x"];

/// Something else at a place of the answer.
#[derive(Clone, Debug)]
enum Change {
    Value(Value),
    /// What another place has.
    Copy(prop::sample::Index),
    Missing,
}

fn change() -> impl Strategy<Value = Change> {
    let values = [
        json!(null),
        json!(7),
        json!(-1.5),
        json!(true),
        json!(""),
        json!("odd"),
        json!("Pending"),
        json!("recording"),
        json!("0001-01-01T00:00:00Z"),
        json!("\"\n\u{e9}"),
        json!([]),
        json!([null]),
        json!({}),
        json!({"a": 7}),
        json!({"alertname": "B", "": ""}),
    ];
    prop_oneof![
        4 => prop::sample::select(values.to_vec()).prop_map(Change::Value),
        2 => any::<prop::sample::Index>().prop_map(Change::Copy),
        1 => Just(Change::Missing),
    ]
}

fn make(answer: &mut Value, at: prop::sample::Index, change: Change) {
    let mut all = Vec::new();
    places(answer, "", &mut all);
    let place = at.get(&all).clone();
    let value = match change {
        Change::Value(value) => value,
        Change::Copy(from) => {
            let from: &String = from.get(&all);
            answer.pointer(from).unwrap().clone()
        }
        Change::Missing => {
            let (parent, name) = place.rsplit_once('/').unwrap_or_default();
            if let Some(Value::Object(fields)) = answer.pointer_mut(parent) {
                fields.remove(name);
            }
            return;
        }
    };
    *answer.pointer_mut(&place).unwrap() = value;
}

#[test]
fn an_answer_is_read_in_one_pass_unless_a_part_is_damaged() {
    assert!(read::<true>(whole().to_string().as_bytes(), None).is_ok());
    for place in
        ["/data/groups/0/rules/0/alerts/0/state", "/data/groups/0/rules/1/duration", "/data/groups/1/file"]
    {
        let mut answer = whole();
        *answer.pointer_mut(place).unwrap() = json!([7]);
        assert!(read::<true>(answer.to_string().as_bytes(), None).is_err(), "{place}");
    }
}

/// Each in an answer with one rule, in place of its alerts.
#[test]
fn one_pass_over_odd_alerts_says_what_their_parts_say() {
    let twice = r#"[{"labels":{"a":"1","a":"2"},"state":"firing"}]"#;
    let surrogate = r#"[{"labels":{"a":"\ud800"},"state":"firing"}]"#;
    let huge = r#"[{"labels":{"a":"1"},"state":"firing","value":1e999}]"#;
    let again = r#"[{"labels":{"a":"1"},"state":"firing","state":"pending"}]"#;
    let as_list = r#"[[{"a":"1"},null,"firing",null,null]]"#;
    let lists = format!("[{}]", vec!["[{},null,null,null,null]"; MOST_ROWS / 4].join(","));
    let many = format!("[{}]", vec![r#"{"labels":{}}"#; 50_001].join(","));
    let braces = format!("[{}]", vec![r#"{"labels":{}}"#; MOST_ROWS / 2 + 1].join(","));
    for alerts in [twice, surrogate, huge, again, as_list, &lists, &many, &braces] {
        let rule = format!(r#"{{"type":"alerting","name":"A","query":"up","alerts":{alerts}}}"#);
        let groups = format!(r#"[{{"name":"g","rules":[{rule}]}}]"#);
        let body = format!(r#"{{"status":"success","data":{{"groups":{groups}}}}}"#);
        let by_parts = format!("{:?}", read::<false>(body.as_bytes(), None));
        let start: String = alerts.chars().take(80).collect();
        assert!(format!("{:?}", read_rules(body.as_bytes(), None)) == by_parts, "{start}");
    }
}

#[test]
fn rows_that_are_written_as_lists_are_not_read_in_one_pass_without_a_limit() {
    let rule = "[null,null,null,null,null,null,null,null,null,null,null,null,null]";
    let rules = vec![rule; MOST_ROWS / 8].join(",");
    let group = format!("[null,null,null,null,null,null,[{rules}]]");
    let groups = vec![group; 9].join(",");
    let body = format!(r#"{{"status":"success","data":{{"groups":[{groups}]}}}}"#);
    let page = read_rules(body.as_bytes(), None).unwrap();
    assert_eq!(page.rows, MOST_ROWS);
    assert!(page.faults.beyond > 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn one_pass_over_an_answer_says_what_its_parts_say(
        changes in prop::collection::vec((any::<prop::sample::Index>(), change()), 0..6),
        names in prop::option::of((0_usize..14, prop::sample::select(OTHER_NAMES.to_vec()))),
        damage in prop::option::weighted(0.2, (any::<prop::sample::Index>(), any::<u8>())),
    ) {
        let mut answer = whole();
        changes.into_iter().for_each(|(at, change)| make(&mut answer, at, change));
        let mut text = answer.to_string();
        if let Some((nth, name)) = names {
            // One field gets the name of another, which may then be there twice.
            let fields = ["\"file\"", "\"state\"", "\"annotations\""];
            let mut all = fields.iter().flat_map(|field| text.match_indices(field));
            let at = all.nth(nth).map(|(at, field)| at..at + field.len());
            at.into_iter().for_each(|at| text.replace_range(at, &format!("{name:?}")));
        }
        let mut body = text.into_bytes();
        if let Some((at, byte)) = damage {
            let at = at.index(body.len());
            body[at] = byte;
        }
        let by_parts = format!("{:?}", read::<false>(&body, None));
        prop_assert_eq!(format!("{:?}", read_rules(&body, None)), by_parts);
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
