//! Writes alerting rules as Prometheus' `/rules` writes them.

use serde::{Serialize, Serializer};

use super::write::{Exponent, Success};
use crate::prometheus::{Alert, AlertState, AlertingRule, Labels, RuleGroup, RuleHealth, Rules};
use crate::upstream::SentTime;

/// How Go writes a time that never was.
const NEVER: &str = "0001-01-01T00:00:00Z";

/// The answer to `/rules?type=alert`. `warnings` and `infos` take the place of the answer's own.
pub fn write_rules<'a>(rules: &'a Rules, warnings: &'a [String], infos: &'a [String]) -> impl Serialize + 'a {
    let groups = rules.groups.iter().map(|group| WrittenGroup::of(group, rules));
    Success::of(WrittenRules { groups: groups.filter(|g| !g.rules.is_empty()).collect() }, warnings, infos)
}

#[derive(Serialize)]
struct WrittenRules<'a> {
    groups: Vec<WrittenGroup<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WrittenGroup<'a> {
    name: &'a str,
    file: &'a str,
    rules: Vec<WrittenRule<'a>>,
    interval: WholeFloat,
    limit: i64,
    evaluation_time: WholeFloat,
    last_evaluation: &'a str,
}

impl<'a> WrittenGroup<'a> {
    fn of(group: &'a RuleGroup, all: &'a Rules) -> Self {
        Self {
            name: &group.name,
            file: &group.file,
            rules: all.of_group(group).iter().map(WrittenRule::of).collect(),
            interval: WholeFloat(group.interval),
            limit: group.limit,
            evaluation_time: WholeFloat(group.evaluation_time),
            last_evaluation: group.last_evaluation.as_ref().map_or(NEVER, SentTime::as_str),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WrittenRule<'a> {
    state: AlertState,
    name: &'a str,
    query: &'a str,
    duration: WholeFloat,
    keep_firing_for: WholeFloat,
    labels: &'a Labels,
    annotations: &'a Labels,
    alerts: Vec<WrittenAlert<'a>>,
    health: &'a RuleHealth,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_error: Option<&'a str>,
    evaluation_time: WholeFloat,
    last_evaluation: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
}

impl<'a> WrittenRule<'a> {
    fn of(rule: &'a AlertingRule) -> Self {
        Self {
            state: rule.state,
            name: &rule.name,
            query: &rule.query,
            duration: WholeFloat(rule.duration),
            keep_firing_for: WholeFloat(rule.keep_firing_for),
            labels: &rule.labels,
            annotations: &rule.annotations,
            alerts: rule.alerts.iter().map(WrittenAlert::of).collect(),
            health: &rule.health,
            last_error: rule.last_error.as_deref(),
            evaluation_time: WholeFloat(rule.evaluation_time),
            last_evaluation: rule.last_evaluation.as_ref().map_or(NEVER, SentTime::as_str),
            kind: "alerting",
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WrittenAlert<'a> {
    labels: &'a Labels,
    annotations: &'a Labels,
    state: AlertState,
    #[serde(skip_serializing_if = "Option::is_none")]
    active_at: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<Exponent>,
}

impl<'a> WrittenAlert<'a> {
    fn of(alert: &'a Alert) -> Self {
        Self {
            labels: &alert.labels,
            annotations: &alert.annotations,
            state: alert.state,
            active_at: alert.active_at.as_ref().map(SentTime::as_str),
            value: alert.value.map(Exponent),
        }
    }
}

/// A figure as a JSON number, without decimals where it has none.
struct WholeFloat(f64);

impl Serialize for WholeFloat {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[expect(clippy::cast_possible_truncation, reason = "whole and small, as just tested")]
        if self.0.fract() == 0.0 && self.0.abs() < 1e15 {
            serializer.serialize_i64(self.0 as i64)
        } else {
            serializer.serialize_f64(self.0)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prometheus::wire::read_all_rules;

    #[test]
    fn rules_come_out_as_they_went_in() {
        let alert = r#"{"labels":{"alertname":"A","z":"<b>"},"annotations":{"summary":"slow"},"state":"firing","activeAt":"2026-11-23T09:00:00.5Z","value":"7.25843968e+09"}"#;
        let rule = |name: &str, alerts: &str, rest: &str| {
            format!(
                r#"{{"state":"firing","name":"{name}","query":"x > 1","duration":600,"keepFiringFor":0.5,"labels":{{"severity":"page"}},"annotations":{{}},"alerts":[{alerts}],{rest},"type":"alerting"}}"#
            )
        };
        let ok = r#""health":"ok","evaluationTime":0.000231,"lastEvaluation":"2026-11-23T10:00:00.1Z""#;
        let err =
            r#""health":"err","lastError":"boom","evaluationTime":0,"lastEvaluation":"0001-01-01T00:00:00Z""#;
        let body = format!(
            r#"{{"status":"success","data":{{"groups":[{{"name":"g","file":"f.yml","rules":[{},{}],"interval":15,"limit":0,"evaluationTime":0.1,"lastEvaluation":"2026-11-23T10:00:00Z"}},{{"name":"h","file":"","rules":[{}],"interval":0.5,"limit":3,"evaluationTime":0,"lastEvaluation":"0001-01-01T00:00:00Z"}}]}}}}"#,
            rule("A", alert, ok),
            rule("A, B", "", err),
            rule("C", &format!("{alert},{alert}"), ok),
        );
        let rules = read_all_rules(body.as_bytes()).unwrap();
        assert_eq!(serde_json::to_string(&write_rules(&rules, &rules.warnings, &rules.infos)).unwrap(), body);
    }

    #[test]
    fn groups_without_alerting_rules_are_left_out() {
        let body =
            br#"{"status":"success","data":{"groups":[{"name":"g","rules":[{"name":"r","type":"recording"}]},
            {"name":"h","rules":[{"name":"r","type":"recording"},{"name":"A","type":"alerting"}]}]}}"#;
        let text =
            serde_json::to_string(&write_rules(&read_all_rules(body).unwrap(), &[], &["i".to_owned()]))
                .unwrap();
        assert!(
            !text.contains(r#""g""#) && text.contains(r#""h""#) && text.contains(r#""name":"A""#),
            "{text}"
        );
        assert!(text.ends_with(r#""infos":["i"]}"#), "{text}");
    }
}
