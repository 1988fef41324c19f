//! Rules in every state, as Prometheus' JSON tells them.

mod payments;
mod rest;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Serialize, Serializer};

use super::waves::Story;

/// How often every group is evaluated, in seconds.
const INTERVAL: f64 = 15.0;
/// What Prometheus sends for a time that never was.
const NEVER: &str = "0001-01-01T00:00:00Z";

type Pairs = &'static [(&'static str, &'static str)];

/// A rule group of one file.
pub struct Group {
    name: &'static str,
    file: &'static str,
    rules: Vec<Rule>,
}

/// A rule as its file has it, how its last evaluation went, and what it found.
pub struct Rule {
    name: &'static str,
    query: &'static str,
    duration: f64,
    keep_firing_for: f64,
    labels: Pairs,
    annotations: Pairs,
    health: Health,
    kind: Kind,
}

enum Kind {
    Alerting(Vec<Active>),
    Recording,
}

enum Health {
    Ok,
    Err(&'static str),
    NotYetEvaluated,
}

/// One active alert; whether it fires follows from the rule's `for`.
struct Active {
    labels: Vec<(&'static str, &'static str)>,
    annotations: Vec<(&'static str, String)>,
    /// Epoch seconds.
    since: f64,
    value: f64,
}

impl Rule {
    fn alerting(name: &'static str, query: &'static str, duration: f64) -> Self {
        Self {
            name,
            query,
            duration,
            keep_firing_for: 0.0,
            labels: &[],
            annotations: &[],
            health: Health::Ok,
            kind: Kind::Alerting(Vec::new()),
        }
    }

    fn recording(name: &'static str, query: &'static str, labels: Pairs) -> Self {
        Self { labels, kind: Kind::Recording, ..Self::alerting(name, query, 0.0) }
    }

    fn labelled(self, labels: Pairs) -> Self {
        Self { labels, ..self }
    }

    fn annotated(self, annotations: Pairs) -> Self {
        Self { annotations, ..self }
    }

    fn found(self, active: impl IntoIterator<Item = Active>) -> Self {
        Self { kind: Kind::Alerting(active.into_iter().collect()), ..self }
    }
}

/// Every group, as evaluated at that time (epoch seconds).
fn groups(story: Story, evaluated: f64) -> Vec<Group> {
    let mut all = vec![payments::group(story, evaluated)];
    all.extend(rest::groups(story, evaluated));
    all
}

/// The newest time that is a multiple of the interval.
fn last_evaluation(now: f64) -> f64 {
    (now / INTERVAL).floor() * INTERVAL
}

/// The `data` of an answer to `/api/v1/rules`.
#[derive(Serialize)]
pub struct RulesData {
    groups: Vec<GroupData>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct GroupData {
    name: &'static str,
    file: &'static str,
    rules: Vec<RuleData>,
    #[serde(serialize_with = "whole_or_not")]
    interval: f64,
    limit: u32,
    evaluation_time: f64,
    last_evaluation: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RuleData {
    name: &'static str,
    query: &'static str,
    labels: BTreeMap<&'static str, &'static str>,
    health: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_error: Option<&'static str>,
    evaluation_time: f64,
    last_evaluation: String,
    #[serde(flatten)]
    kind: KindData,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "lowercase", rename_all_fields = "camelCase")]
enum KindData {
    Alerting {
        state: &'static str,
        #[serde(serialize_with = "whole_or_not")]
        duration: f64,
        #[serde(serialize_with = "whole_or_not")]
        keep_firing_for: f64,
        annotations: BTreeMap<&'static str, &'static str>,
        alerts: Vec<AlertData>,
    },
    Recording,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AlertData {
    labels: BTreeMap<&'static str, &'static str>,
    annotations: BTreeMap<&'static str, String>,
    state: &'static str,
    active_at: String,
    value: String,
}

/// What an instance says of its rules at that time (epoch seconds).
pub fn data(story: Story, now: f64, alerting_only: bool) -> RulesData {
    let evaluated = last_evaluation(now);
    let wanted = |rule: &Rule| !alerting_only || matches!(rule.kind, Kind::Alerting(_));
    let group = |group: Group| GroupData {
        name: group.name,
        file: group.file,
        rules: group.rules.into_iter().filter(wanted).map(|rule| rule_data(rule, evaluated)).collect(),
        interval: INTERVAL,
        limit: 0,
        evaluation_time: 0.002_417_3,
        last_evaluation: instant(evaluated),
    };
    RulesData { groups: groups(story, evaluated).into_iter().map(group).collect() }
}

fn rule_data(rule: Rule, evaluated: f64) -> RuleData {
    let (health, last_error, never) = match rule.health {
        Health::Ok => ("ok", None, false),
        Health::Err(error) => ("err", Some(error), false),
        Health::NotYetEvaluated => ("unknown", None, true),
    };
    let kind = match rule.kind {
        Kind::Recording => KindData::Recording,
        Kind::Alerting(active) => {
            let alerts: Vec<AlertData> = active
                .into_iter()
                .map(|one| alert_data(rule.name, rule.labels, one, rule.duration, evaluated))
                .collect();
            let is = |state| alerts.iter().any(|alert| alert.state == state);
            let state = match () {
                () if never => "unknown",
                () if is("firing") => "firing",
                () if is("pending") => "pending",
                () => "inactive",
            };
            KindData::Alerting {
                state,
                duration: rule.duration,
                keep_firing_for: rule.keep_firing_for,
                annotations: rule.annotations.iter().copied().collect(),
                alerts,
            }
        }
    };
    RuleData {
        name: rule.name,
        query: rule.query,
        labels: rule.labels.iter().copied().collect(),
        health,
        last_error,
        evaluation_time: if never { 0.0 } else { 0.000_412_6 },
        last_evaluation: if never { NEVER.to_owned() } else { instant(evaluated) },
        kind,
    }
}

fn alert_data(name: &'static str, common: Pairs, active: Active, duration: f64, evaluated: f64) -> AlertData {
    let mut labels: BTreeMap<_, _> = common.iter().copied().chain(active.labels).collect();
    labels.insert("alertname", name);
    AlertData {
        labels,
        annotations: active.annotations.into_iter().collect(),
        state: if evaluated - active.since >= duration { "firing" } else { "pending" },
        active_at: instant(active.since),
        value: scientific(active.value),
    }
}

fn instant(seconds: f64) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "a time of today in milliseconds fits")]
    let ms = (seconds * 1000.0) as i64;
    Timestamp::from_millisecond(ms).unwrap_or_default().to_string()
}

/// As Go writes a number in JSON: without a fraction where there is none.
fn whole_or_not<S: Serializer>(seconds: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    if seconds.fract() != 0.0 {
        return serializer.serialize_f64(*seconds);
    }
    #[expect(clippy::cast_possible_truncation, reason = "whole, and a few days at most")]
    serializer.serialize_i64(*seconds as i64)
}

/// As Prometheus writes an alert's value: `1.5e+00`.
fn scientific(value: f64) -> String {
    let text = format!("{value:e}");
    match text.split_once('e') {
        Some((digits, exponent)) => {
            let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |e| ('-', e));
            format!("{digits}e{sign}{exponent:0>2}")
        }
        None if value.is_nan() => text,
        None => if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned(),
    }
}

#[cfg(test)]
mod tests;
