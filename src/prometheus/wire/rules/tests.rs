//! Rules, as Prometheus sends them, and as others do.

mod damaged;

use super::*;
use crate::prometheus::wire::read_all_rules;

fn answer(groups: &str) -> String {
    format!(r#"{{"status":"success","data":{{"groups":{groups}}}}}"#)
}

fn rules(groups: &str) -> Vec<AlertingRule> {
    read_all_rules(answer(groups).as_bytes()).unwrap().rules
}

/// The names of the rules, the state of their alerts, and the warnings.
fn summary(groups: &str) -> (Vec<String>, Vec<&'static str>, Vec<String>) {
    let rules = read_all_rules(answer(groups).as_bytes()).unwrap();
    let alerts = rules.rules.iter().flat_map(|rule| &rule.alerts).map(|alert| alert.state.as_str()).collect();
    (rules.rules.iter().map(|rule| rule.name.clone()).collect(), alerts, rules.warnings)
}

#[test]
fn reads_a_rule_of_prometheus() {
    let all = rules(
        r#"[{"name":"g","file":"f.yml","interval":15,"limit":0,"evaluationTime":0.1,"rules":[
        {"state":"firing","name":"HighLatency","query":"x > 1","duration":600,"keepFiringFor":30,
         "labels":{"severity":"page"},"annotations":{"summary":"slow"},"health":"err","lastError":"boom",
         "evaluationTime":0.2,"lastEvaluation":"2026-11-23T10:00:00.1Z","type":"alerting",
         "alerts":[{"labels":{"alertname":"HighLatency","z":"1","a":"<b>"},"annotations":{"summary":"slow"},
           "state":"firing","activeAt":"2026-11-23T09:00:00.5Z","value":"1e+00","partialResponseStrategy":"WARN"}]},
        {"name":"job:x:sum","query":"sum(x)","health":"ok","type":"recording"}]}]"#,
    );
    let [rule] = all.as_slice() else { panic!("{all:?}") };
    assert_eq!((rule.group.as_str(), rule.file.as_str(), rule.name.as_str()), ("g", "f.yml", "HighLatency"));
    assert_eq!((rule.duration, rule.keep_firing_for), (600.0, 30.0));
    assert_eq!((rule.state, &rule.health), (AlertState::Firing, &RuleHealth::Err));
    assert_eq!(rule.last_error.as_deref(), Some("boom"));
    assert_eq!(rule.labels.get("severity"), Some("page"));
    assert_eq!(rule.alerts[0].value, Some(1.0));
    assert_eq!(rule.alerts[0].labels.get("a"), Some("<b>"));
    assert_eq!(rule.alerts[0].active_at.as_ref().map(SentTime::as_str), Some("2026-11-23T09:00:00.5Z"));
}

#[test]
fn an_alert_has_the_value_that_its_json_says() {
    for (json, value, warnings) in [
        (r#""1e+00""#, Some(1.0), 0),
        (r#""\u002bInf""#, Some(f64::INFINITY), 0),
        (r#""1e999""#, Some(f64::INFINITY), 0),
        (r#""""#, None, 0),
        ("-2.5", Some(-2.5), 0),
        ("1e999", None, 1),
        (r#""many""#, None, 1),
        ("[]", None, 1),
        ("null", None, 0),
    ] {
        let alert = format!(r#"{{"labels":{{"alertname":"A"}},"state":"firing","value":{json}}}"#);
        let groups =
            format!(r#"[{{"name":"g","rules":[{{"name":"A","type":"alerting","alerts":[{alert}]}}]}}]"#);
        let read = read_all_rules(answer(&groups).as_bytes()).unwrap();
        assert_eq!((read.rules[0].alerts[0].value, read.warnings.len()), (value, warnings), "{json}");
    }
}

#[test]
fn tolerates_what_others_leave_out() {
    let all = rules(
        r#"[{"name":"g","rules":[{"name":"A","type":"alerting"},
        {"name":"B","state":"pending","alerts":[{"labels":{"alertname":"B"},"state":"odd"},
        {"labels":{"alertname":"B"},"value":3,"annotations":null},{"labels":{"alertname":"B"},"value":[]}]},
        {"name":"rec","type":"recording"}]}]"#,
    );
    assert_eq!(all.iter().map(|r| r.name.as_str()).collect::<Vec<_>>(), ["A", "B"]);
    assert_eq!((all[0].state, &all[0].health), (AlertState::Unknown, &RuleHealth::Unknown));
    assert_eq!(all[1].alerts[0].state, AlertState::Unknown);
    assert_eq!(all[1].alerts.iter().map(|a| a.value).collect::<Vec<_>>(), [None, Some(3.0), None]);
    assert!(rules("[]").is_empty());
}

#[test]
fn a_rule_that_was_never_evaluated_is_unknown() {
    let of = |health: &str, at: &str| {
        let rule = format!(
            r#"{{"name":"A","type":"alerting","state":"inactive","health":"{health}","lastEvaluation":"{at}"}}"#
        );
        let rule = rules(&format!(r#"[{{"name":"g","rules":[{rule}]}}]"#)).remove(0);
        (rule.state, rule.last_evaluation.is_some())
    };
    assert_eq!(of("unknown", "0001-01-01T00:00:00Z"), (AlertState::Unknown, false));
    assert_eq!(of("ok", "2026-11-23T10:00:00Z"), (AlertState::Inactive, true));
}

#[test]
fn a_rule_that_is_well_was_evaluated_and_without_error() {
    let of = |of_group: &str, of_rule: &str| {
        let rule = format!(r#"{{"name":"A","type":"alerting","state":"inactive","health":"ok"{of_rule}}}"#);
        let rule = rules(&format!(r#"[{{"name":"g","rules":[{rule}]{of_group}}}]"#)).remove(0);
        (rule.health, rule.last_evaluation.map(|time| time.as_str().to_owned()))
    };
    let time = Some("2026-11-23T10:00:00Z".to_owned());
    let group = r#","lastEvaluation":"2026-11-23T10:00:00Z""#;
    for missing in ["", r#","lastEvaluation":null"#, r#","lastEvaluation":"""#] {
        assert_eq!(of(group, missing), (RuleHealth::Ok, time.clone()), "{missing}");
        assert_eq!(of("", missing), (RuleHealth::Unknown, None), "{missing}");
    }
    let never = r#","lastEvaluation":"0001-01-01T00:00:00Z""#;
    assert_eq!(of(group, never), (RuleHealth::Unknown, None));
    assert_eq!(of(never, ""), (RuleHealth::Unknown, None));
    assert_eq!(of("", group), (RuleHealth::Ok, time.clone()));
    assert_eq!(of(group, r#","lastError":"""#), (RuleHealth::Ok, time.clone()));
    assert_eq!(of(group, r#","lastError":"many-to-many""#), (RuleHealth::Err, time));
}

#[test]
fn an_alert_without_its_name_cannot_be_read() {
    for labels in [
        "",
        r#""labels":null,"#,
        r#""labels":{},"#,
        r#""labels":{"team":"x"},"#,
        r#""labels":{"alertname":""},"#,
    ] {
        let rule = format!(
            r#"{{"name":"A","type":"alerting","state":"firing","alerts":[{{{labels}"state":"firing"}}]}}"#
        );
        let (names, alerts, warnings) = summary(&format!(r#"[{{"name":"g","rules":[{rule}]}}]"#));
        assert_eq!((names.len(), alerts.len()), (1, 0), "{labels}");
        assert_eq!(warnings, ["1 alert cannot be read and is missing here"], "{labels}");
    }
}

#[test]
fn warnings_within_the_data_count_too() {
    for (more, count) in
        [(r#""isPartial":false"#, 0), (r#""isPartial":true"#, 1), (r#""warnings":["down"]"#, 1)]
    {
        let body = format!(r#"{{"status":"success","data":{{"groups":[],{more}}}}}"#);
        assert_eq!(read_all_rules(body.as_bytes()).unwrap().warnings.len(), count, "{more}");
        for data in [r#""resultType":"vector","result":[]"#, r#""resultType":"scalar","result":[1,"1"]"#] {
            let body = format!(r#"{{"status":"success","data":{{{data},{more}}}}}"#);
            let answer = crate::prometheus::wire::read_instant(
                body.as_bytes(),
                0,
                &crate::upstream::HeaderSecrets::default(),
            )
            .unwrap();
            assert_eq!(answer.warnings.len(), count, "{data} {more}");
        }
    }
}

#[test]
fn values_that_are_no_numbers_survive() {
    let value = |v: &str| {
        let alert = format!(r#"{{"labels":{{"alertname":"A"}},"value":"{v}","state":"firing"}}"#);
        rules(&format!(r#"[{{"name":"g","rules":[{{"name":"A","type":"alerting","alerts":[{alert}]}}]}}]"#))
            .remove(0)
            .alerts
            .remove(0)
            .value
    };
    assert!(value("NaN").unwrap().is_nan());
    assert_eq!(value("+Inf"), Some(f64::INFINITY));
    assert_eq!(value("-Inf"), Some(f64::NEG_INFINITY));
    assert_eq!(value("1.5e-07"), Some(1.5e-7));
    assert_eq!(value("many"), None);
}

#[test]
fn null_is_an_empty_list() {
    let (_, _, warnings) = summary("null");
    assert_eq!(warnings, [""; 0]);
    let some = r#"{"name":"some","rules":[{"type":"alerting","name":"Loud","state":"firing","labels":null,
        "annotations":null,"alerts":[{"state":"firing","labels":{"alertname":"Loud"},"annotations":null}]},
        {"type":"alerting","name":"Quiet","state":"inactive","alerts":null}]}"#;
    let (names, alerts, warnings) = summary(&format!(r#"[{{"name":"none","rules":null}},{some}]"#));
    assert_eq!((names, alerts, warnings), (vec!["Loud".into(), "Quiet".into()], vec!["firing"], vec![]));
}

#[test]
fn an_answer_without_its_groups_is_none() {
    for body in [
        r#"{"status":"success"}"#,
        r#"{"status":"success","data":null}"#,
        r#"{"status":"success","data":{}}"#,
        r#"{"status":"success","data":{"groups":{}}}"#,
        r#"{"status":"success","data":{"groups":7}}"#,
        r#"{"status":"success","data":{"groups":[],"groups":[]}}"#,
        r#"{"status":"success","data":{"groups":[{"name":"g","rules":["#,
    ] {
        let fault = read_rules(body.as_bytes(), None).unwrap_err();
        assert!(matches!(fault, WireFault::Incomplete(_)), "{body}: {fault:?}");
    }
}

#[test]
fn unreadable_parts_are_warnings_and_hide_no_neighbour() {
    let loud = r#"{"name":"ok","rules":[{"type":"alerting","name":"Loud","state":"firing",
        "alerts":[{"state":"firing","labels":{"alertname":"Loud"}}]}]}"#;
    let rule = |fields: &str| format!(r#"{{"name":"g","rules":[{{"type":"alerting",{fields}}}]}}"#);
    for (group, warning) in [
        ("null".to_owned(), "1 rule group cannot be read"),
        ("[]".to_owned(), "1 rule group cannot be read"),
        (r#"{"name":"g"}"#.to_owned(), "1 rule group cannot be read"),
        (r#"{"name":"g","rules":{}}"#.to_owned(), "1 rule group cannot be read"),
        (r#"{"rules":[]}"#.to_owned(), "1 field "),
        (r#"{"name":"g","rules":[null,7]}"#.to_owned(), "2 rules cannot be read"),
        (rule(r#""state":"inactive""#), "1 rule cannot be read"),
        (rule(r#""name":7"#), "1 rule cannot be read"),
        (rule(r#""name":"A","name":"B""#), "1 rule cannot be read"),
        (rule(r#""name":"A","alerts":[null,{"labels":{"a":"1","a":"2"}}]"#), "2 alerts cannot be read"),
        (rule(r#""name":"A","alerts":7"#), "1 field "),
        (rule(r#""name":"A","labels":{"a":"1","a":"2"},"duration":"5m","lastEvaluation":1"#), "3 fields "),
        (rule(r#""name":"A","alerts":[{"labels":{"alertname":"A"},"value":"many"}]"#), "1 field "),
    ] {
        let (names, alerts, warnings) = summary(&format!("[{group},{loud}]"));
        assert!(names.contains(&"Loud".to_owned()) && alerts.contains(&"firing"), "{group}: {names:?}");
        let is_warned = warnings.iter().any(|w| w.starts_with(warning));
        assert!(is_warned, "{group}: {warnings:?}");
    }
    let broken_labels = rule(r#""name":"A","labels":7,"state":"firing""#);
    assert_eq!(summary(&format!("[{broken_labels}]")).0, ["A"], "a rule stays without a field");
}

#[test]
fn rules_of_an_unknown_type_are_a_warning() {
    let rule = |kind: &str| format!(r#"{{"name":"A","type":{kind},"state":"firing"}}"#);
    let of = |kinds: &[&str]| {
        let rules: Vec<String> = kinds.iter().map(|kind| rule(kind)).collect();
        let (names, _, warnings) = summary(&format!(r#"[{{"name":"g","rules":[{}]}}]"#, rules.join(",")));
        (names.len(), warnings)
    };
    assert_eq!(of(&[r#""alerting""#, r#""Alerting""#, r#""ALERTING""#, r#""""#, "null"]), (5, vec![]));
    assert_eq!(of(&[r#""recording""#, r#""Recording""#]), (0, vec![]));
    let (rules, warnings) = of(&[r#""alarm""#, r#""other""#, r#""alerting""#]);
    assert_eq!(rules, 1);
    assert_eq!(warnings, [r#"2 rules have an unknown type ("alarm"); alerts are missing here"#]);
    assert_eq!(of(&["7"]).1, ["1 rule has an unknown type; alerts are missing here"]);
    for kind in ["", r#","type":null"#, r#","type":"""#] {
        let of = |more: &str| {
            let rule = format!(r#"{{"name":"A","query":"up","health":"ok"{kind}{more}}}"#);
            let (names, _, warnings) = summary(&format!(r#"[{{"name":"g","rules":[{rule}]}}]"#));
            (names.len(), warnings.len())
        };
        assert_eq!(of(""), (0, 1), "{kind}");
        for more in
            [r#","duration":0"#, r#","keepFiringFor":0"#, r#","annotations":{}"#, r#","state":"firing""#]
        {
            assert_eq!(of(more), (1, 0), "{kind} {more}");
        }
    }
}

#[test]
fn words_are_read_without_regard_to_case() {
    let all = rules(
        r#"[{"name":"g","rules":[{"name":"A","type":"alerting","state":"FIRING","health":"Err",
        "alerts":[{"state":"Firing","labels":{"alertname":"A"}},{"state":"PENDING","labels":{"alertname":"A"}},
        {"state":"alerting","labels":{"alertname":"A"}}]}]}]"#,
    );
    assert_eq!((all[0].state, &all[0].health), (AlertState::Firing, &RuleHealth::Err));
    let states: Vec<_> = all[0].alerts.iter().map(|alert| alert.state).collect();
    assert_eq!(states, [AlertState::Firing, AlertState::Pending, AlertState::Unknown]);
}

#[test]
fn rows_beyond_the_bound_are_a_warning() {
    let alert = r#"{"labels":{"alertname":"A"}}"#;
    let alerts = format!("[{}{alert}]", format!("{alert},").repeat(60_000));
    let rule = format!(r#"{{"name":"A","type":"alerting","state":"firing","alerts":{alerts}}}"#);
    let (names, alerts, warnings) = summary(&format!(r#"[{{"name":"g","rules":[{rule}]}}]"#));
    assert_eq!((names.len(), alerts.len()), (1, 50_000));
    assert_eq!(
        warnings,
        ["the answer has too many groups, rules and alerts: 10001 of them are missing here"]
    );
}

#[test]
fn the_next_page_is_named_by_a_text() {
    let next = |token: &str| {
        let data = format!(r#"{{"groups":[],"groupNextToken":{token}}}"#);
        let body = format!(r#"{{"status":"success","data":{data}}}"#);
        let page = read_rules(body.as_bytes(), None).unwrap();
        (page.next, page.faults.lost_page)
    };
    assert_eq!(next(r#""t2""#), (Some("t2".into()), false));
    assert_eq!(next(r#""""#), (None, false));
    assert_eq!(next("null"), (None, false));
    assert_eq!(next("7"), (None, true));
    assert_eq!(next(&format!("{:?}", "t".repeat(5_000))), (None, true));
}

#[test]
fn the_latest_time_is_that_of_a_rule_or_an_alert() {
    let latest = |active_at: &str, last: &str| {
        let alert = format!(r#"{{"labels":{{"alertname":"A"}},"state":"firing","activeAt":"{active_at}"}}"#);
        let rule =
            format!(r#"{{"name":"A","type":"alerting","lastEvaluation":"{last}","alerts":[{alert}]}}"#);
        let body = answer(&format!(r#"[{{"name":"g","rules":[{rule}]}}]"#));
        read_all_rules(body.as_bytes()).unwrap().latest.map(Timestamp::as_second)
    };
    assert_eq!(latest("1970-01-01T00:00:07Z", "1970-01-01T00:00:05+00:00"), Some(7));
    assert_eq!(latest("1970-01-01T00:00:07.9Z", "1970-01-01T01:00:00+00:59"), Some(60));
    assert_eq!(latest("yesterday", "0001-01-01T00:00:00Z"), None);
}
