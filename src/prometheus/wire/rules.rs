//! Reads the answer to `/rules?type=alert`.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::envelope::{Opened, WireFault, open};
use super::labels::StrictLabels;
use super::samples::number;
use crate::prometheus::{Alert, AlertState, AlertingRule, Labels, RuleGroup, RuleHealth, Rules};

#[derive(Deserialize)]
struct Data<'a> {
    #[serde(borrow)]
    groups: Option<Vec<RawGroup<'a>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawGroup<'a> {
    name: Option<String>,
    file: Option<String>,
    interval: Option<f64>,
    limit: Option<i64>,
    evaluation_time: Option<f64>,
    last_evaluation: Option<String>,
    #[serde(borrow)]
    rules: Option<Vec<RawRule<'a>>>,
}

/// Prometheus always sends all of it; others (vmalert, Thanos, Mimir) leave parts out.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawRule<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<Cow<'a, str>>,
    name: Option<String>,
    query: Option<String>,
    duration: Option<f64>,
    keep_firing_for: Option<f64>,
    labels: Option<StrictLabels>,
    annotations: Option<StrictLabels>,
    #[serde(borrow)]
    state: Option<Cow<'a, str>>,
    #[serde(borrow)]
    health: Option<Cow<'a, str>>,
    last_error: Option<String>,
    evaluation_time: Option<f64>,
    last_evaluation: Option<String>,
    #[serde(borrow)]
    alerts: Option<Vec<RawAlert<'a>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawAlert<'a> {
    labels: Option<StrictLabels>,
    annotations: Option<StrictLabels>,
    #[serde(borrow)]
    state: Option<Cow<'a, str>>,
    active_at: Option<String>,
    #[serde(borrow)]
    value: Option<RawNumber<'a>>,
}

/// A text in Prometheus, a number elsewhere.
#[derive(Deserialize)]
#[serde(untagged)]
enum RawNumber<'a> {
    Text(#[serde(borrow)] Cow<'a, str>),
    Number(f64),
    Other(IgnoredAny),
}

/// Reads all alerting rules, in the order of the answer; recording rules are passed over.
pub fn read_rules(body: &[u8]) -> Result<Rules, WireFault> {
    let Opened { data, warnings, infos } = open::<Data<'_>>(body)?;
    let raw = data.groups.ok_or_else(|| lacking("its groups"))?;
    let (mut rules, mut groups) = (Vec::new(), Vec::with_capacity(raw.len()));
    for group in raw {
        let name = group.name.ok_or_else(|| lacking("the name of a group"))?;
        let file = group.file.unwrap_or_default();
        let interval = group.interval.unwrap_or(0.0);
        let first = rules.len();
        for rule in group.rules.ok_or_else(|| lacking("the rules of a group"))? {
            if is_alerting(&rule) {
                rules.push(alerting_rule(rule, &name, &file, interval)?);
            }
        }
        groups.push(RuleGroup {
            name,
            file,
            interval,
            limit: group.limit.unwrap_or(0),
            evaluation_time: group.evaluation_time.unwrap_or(0.0),
            last_evaluation: time(group.last_evaluation),
            rules: first..rules.len(),
        });
    }
    Ok(Rules { rules, groups, date: None, warnings, infos })
}

fn is_alerting(rule: &RawRule<'_>) -> bool {
    match rule.kind.as_deref() {
        Some(kind) => kind == "alerting",
        // Only alerting rules have these.
        None => rule.state.is_some() || rule.alerts.is_some(),
    }
}

fn alerting_rule(
    raw: RawRule<'_>,
    group: &str,
    file: &str,
    interval: f64,
) -> Result<AlertingRule, WireFault> {
    let name = raw.name.ok_or_else(|| lacking("the name of a rule"))?;
    // vmalert calls a rule well before it has evaluated it.
    let never = raw.last_evaluation.as_deref().is_some_and(is_never);
    let health = match raw.health.as_deref() {
        Some("ok") if !never => RuleHealth::Ok,
        Some("err") => RuleHealth::Err,
        _ => RuleHealth::Unknown,
    };
    let last_evaluation = time(raw.last_evaluation);
    // Prometheus before 3 calls a rule inactive that it has not evaluated yet: nobody knows its state.
    let unevaluated = raw.health.as_deref() == Some("unknown") && last_evaluation.is_none();
    let state = match state(raw.state.as_deref()) {
        AlertState::Inactive if unevaluated => AlertState::Unknown,
        told => told,
    };
    Ok(AlertingRule {
        group: group.to_owned(),
        file: file.to_owned(),
        interval,
        name,
        query: raw.query.unwrap_or_default(),
        duration: raw.duration.unwrap_or(0.0),
        keep_firing_for: raw.keep_firing_for.unwrap_or(0.0),
        labels: labels(raw.labels),
        annotations: labels(raw.annotations),
        state,
        health,
        last_error: raw.last_error.filter(|e| !e.is_empty()),
        evaluation_time: raw.evaluation_time.unwrap_or(0.0),
        last_evaluation,
        alerts: raw.alerts.unwrap_or_default().into_iter().map(alert).collect(),
    })
}

fn alert(raw: RawAlert<'_>) -> Alert {
    Alert {
        labels: labels(raw.labels),
        annotations: labels(raw.annotations),
        state: state(raw.state.as_deref()),
        active_at: time(raw.active_at),
        value: match raw.value {
            Some(RawNumber::Text(text)) => number(text.as_bytes()),
            Some(RawNumber::Number(value)) => Some(value),
            Some(RawNumber::Other(_)) | None => None,
        },
    }
}

fn state(word: Option<&str>) -> AlertState {
    match word {
        Some("firing") => AlertState::Firing,
        Some("pending") => AlertState::Pending,
        Some("inactive") => AlertState::Inactive,
        _ => AlertState::Unknown,
    }
}

fn labels(raw: Option<StrictLabels>) -> Labels {
    raw.map(|StrictLabels(labels)| labels).unwrap_or_default()
}

/// Go's zero time, the year 1, means never.
fn time(raw: Option<String>) -> Option<String> {
    raw.filter(|t| !t.is_empty() && !is_never(t))
}

fn is_never(time: &str) -> bool {
    time.starts_with("0001-")
}

fn lacking(what: &str) -> WireFault {
    WireFault::Incomplete(format!("the answer lacks {what}"))
}

#[cfg(test)]
mod tests;
