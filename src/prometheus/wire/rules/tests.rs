//! Rules: as Prometheus sends them, as others do, and damaged.

use super::*;

fn answer(groups: &str) -> String {
    format!(r#"{{"status":"success","data":{{"groups":{groups}}}}}"#)
}

fn rules(groups: &str) -> Vec<AlertingRule> {
    read_rules(answer(groups).as_bytes()).unwrap().rules
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
    assert_eq!(rule.alerts[0].active_at.as_deref(), Some("2026-11-23T09:00:00.5Z"));
}

#[test]
fn tolerates_what_others_leave_out() {
    let all = rules(
        r#"[{"name":"g","rules":[{"name":"A","type":"alerting"},
        {"name":"B","state":"pending","alerts":[{"state":"odd"},{"value":3,"annotations":null},{"value":[]}]},
        {"name":"rec"}]}]"#,
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
fn values_that_are_no_numbers_survive() {
    let value = |v: &str| {
        let alert = format!(r#"{{"value":"{v}","state":"firing"}}"#);
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
fn what_must_be_there_is_missed() {
    for groups in [
        "null",
        r#"[{"rules":[]}]"#,
        r#"[{"name":"g"}]"#,
        r#"[{"name":"g","rules":[{"type":"alerting"}]}]"#,
        r#"[{"name":"g","rules":[{"type":"alerting","name":"A","labels":{"a":"1","a":"2"}}]}]"#,
        r#"[{"name":"g","rules":[{"type":"alerting","name":7}]}]"#,
    ] {
        let fault = read_rules(answer(groups).as_bytes()).unwrap_err();
        assert!(matches!(fault, WireFault::Incomplete(_)), "{groups}: {fault:?}");
    }
}
