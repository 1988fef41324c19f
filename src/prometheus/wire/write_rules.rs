//! Writes alerting rules as Prometheus' `/rules` writes them.

use serde::Serialize;

use super::write::Success;
use crate::prometheus::numbers::write_whole;
use crate::prometheus::rules::write_time;
use crate::prometheus::{Alert, AlertState, AlertingRule, Labels, RuleGroup, RuleHealth, Rules};
use crate::promql::Matcher;
use crate::upstream::SentTime;

/// Which rules an answer has. An empty list: all.
#[derive(Clone, Debug, Default, Serialize)]
pub struct RulesChoice {
    pub names: Vec<String>,
    pub groups: Vec<String>,
    pub files: Vec<String>,
    /// Each is the matchers of one selector. A rule's own labels satisfy all of one of them.
    pub selectors: Vec<Vec<Matcher>>,
    pub without_alerts: bool,
}

impl RulesChoice {
    fn takes(list: &[String], text: &str) -> bool {
        list.is_empty() || list.iter().any(|one| one == text)
    }

    fn has_rule(&self, rule: &AlertingRule) -> bool {
        let holds = |matcher: &Matcher| matcher.matches(rule.labels.get(&matcher.name));
        let is_selected = self.selectors.is_empty() || self.selectors.iter().any(|all| all.iter().all(holds));
        is_selected && Self::takes(&self.names, &rule.name)
    }
}

/// The answer to `/rules?type=alert`. `warnings` and `infos` take the place of the answer's own.
pub fn write_rules<'a>(
    rules: &'a Rules,
    choice: &'a RulesChoice,
    warnings: &'a [String],
    infos: &'a [String],
) -> impl Serialize + 'a {
    let of_choice = |group: &&RuleGroup| {
        RulesChoice::takes(&choice.groups, &group.name) && RulesChoice::takes(&choice.files, &group.file)
    };
    let groups = rules.groups.iter().filter(of_choice).map(|group| WrittenGroup::of(group, rules, choice));
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
    #[serde(serialize_with = "write_whole")]
    interval: f64,
    limit: i64,
    #[serde(serialize_with = "write_whole")]
    evaluation_time: f64,
    #[serde(serialize_with = "write_time")]
    last_evaluation: &'a Option<SentTime>,
}

impl<'a> WrittenGroup<'a> {
    fn of(group: &'a RuleGroup, all: &'a Rules, choice: &RulesChoice) -> Self {
        let chosen = all.of_group(group).iter().filter(|rule| choice.has_rule(rule));
        Self {
            name: &group.name,
            file: &group.file,
            rules: chosen.map(|rule| WrittenRule::of(rule, choice.without_alerts)).collect(),
            interval: group.interval,
            limit: group.limit,
            evaluation_time: group.evaluation_time,
            last_evaluation: &group.last_evaluation,
        }
    }
}

/// In the order of Prometheus' fields.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WrittenRule<'a> {
    state: AlertState,
    name: &'a str,
    query: &'a str,
    #[serde(serialize_with = "write_whole")]
    duration: f64,
    #[serde(serialize_with = "write_whole")]
    keep_firing_for: f64,
    labels: &'a Labels,
    annotations: &'a Labels,
    alerts: &'a [Alert],
    health: &'a RuleHealth,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_error: Option<&'a str>,
    #[serde(serialize_with = "write_whole")]
    evaluation_time: f64,
    #[serde(serialize_with = "write_time")]
    last_evaluation: &'a Option<SentTime>,
    #[serde(rename = "type")]
    kind: &'static str,
}

impl<'a> WrittenRule<'a> {
    fn of(rule: &'a AlertingRule, without_alerts: bool) -> Self {
        Self {
            state: rule.state,
            name: &rule.name,
            query: &rule.query,
            duration: rule.duration,
            keep_firing_for: rule.keep_firing_for,
            labels: &rule.labels,
            annotations: &rule.annotations,
            alerts: if without_alerts { &[] } else { &rule.alerts },
            health: &rule.health,
            last_error: rule.last_error.as_deref(),
            evaluation_time: rule.evaluation_time,
            last_evaluation: &rule.last_evaluation,
            kind: "alerting",
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
        assert_eq!(
            serde_json::to_string(&write_rules(
                &rules,
                &RulesChoice::default(),
                &rules.warnings,
                &rules.infos
            ))
            .unwrap(),
            body
        );
    }

    #[test]
    fn groups_without_alerting_rules_are_left_out() {
        let body =
            br#"{"status":"success","data":{"groups":[{"name":"g","rules":[{"name":"r","type":"recording"}]},
            {"name":"h","rules":[{"name":"r","type":"recording"},{"name":"A","type":"alerting"}]}]}}"#;
        let text = serde_json::to_string(&write_rules(
            &read_all_rules(body).unwrap(),
            &RulesChoice::default(),
            &[],
            &["i".to_owned()],
        ))
        .unwrap();
        assert!(
            !text.contains(r#""g""#) && text.contains(r#""h""#) && text.contains(r#""name":"A""#),
            "{text}"
        );
        assert!(text.ends_with(r#""infos":["i"]}"#), "{text}");
    }
}
