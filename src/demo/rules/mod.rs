//! Rules in every state, as a Prometheus has evaluated them.

mod payments;
mod rest;

use jiff::Timestamp;

use super::waves::Story;
use crate::prometheus::{Alert, AlertState, AlertingRule, Labels, RuleGroup, RuleHealth, Rules, SentTime};

/// How often every group is evaluated, in seconds.
const INTERVAL: f64 = 15.0;

type Pairs = &'static [(&'static str, &'static str)];

/// A rule group of one file.
struct DemoGroup {
    name: &'static str,
    file: &'static str,
    rules: Vec<DemoRule>,
}

/// A rule as its file has it, how its last evaluation went, and what it found.
struct DemoRule {
    name: &'static str,
    query: &'static str,
    duration: f64,
    keep_firing_for: f64,
    labels: Pairs,
    annotations: Pairs,
    health: RuleHealth,
    last_error: Option<&'static str>,
    active: Vec<ActiveAlert>,
}

/// Whether it fires follows from the rule's `for`.
struct ActiveAlert {
    labels: Vec<(&'static str, &'static str)>,
    annotations: Vec<(&'static str, String)>,
    /// Epoch seconds.
    since: f64,
    value: f64,
}

impl DemoRule {
    fn new(name: &'static str, query: &'static str, duration: f64) -> Self {
        Self {
            name,
            query,
            duration,
            keep_firing_for: 0.0,
            labels: &[],
            annotations: &[],
            health: RuleHealth::Ok,
            last_error: None,
            active: Vec::new(),
        }
    }

    fn labelled(self, labels: Pairs) -> Self {
        Self { labels, ..self }
    }

    fn annotated(self, annotations: Pairs) -> Self {
        Self { annotations, ..self }
    }

    fn found(self, active: impl IntoIterator<Item = ActiveAlert>) -> Self {
        Self { active: active.into_iter().collect(), ..self }
    }

    fn alert(&self, active: &ActiveAlert, at: f64) -> Alert {
        let own = active.labels.iter().copied();
        let labels = self.labels.iter().copied().chain(own).chain([("alertname", self.name)]);
        let is_firing = at - active.since >= self.duration;
        Alert {
            labels: labels.collect(),
            annotations: active.annotations.iter().map(|(name, text)| (*name, text.as_str())).collect(),
            state: if is_firing { AlertState::Firing } else { AlertState::Pending },
            active_at: Some(instant(active.since)),
            value: Some(active.value),
        }
    }

    fn evaluated(&self, group: &DemoGroup, at: f64) -> AlertingRule {
        let alerts: Vec<Alert> = self.active.iter().map(|active| self.alert(active, at)).collect();
        let was_evaluated = self.health != RuleHealth::Unknown;
        let quiet = if was_evaluated { AlertState::Inactive } else { AlertState::Unknown };
        let labels = |pairs: Pairs| pairs.iter().copied().collect::<Labels>();
        AlertingRule {
            group: group.name.to_owned(),
            file: group.file.to_owned(),
            interval: INTERVAL,
            name: self.name.to_owned(),
            query: self.query.to_owned(),
            duration: self.duration,
            keep_firing_for: self.keep_firing_for,
            labels: labels(self.labels),
            annotations: labels(self.annotations),
            state: alerts.iter().map(|alert| alert.state).min().unwrap_or(quiet),
            health: self.health.clone(),
            last_error: self.last_error.map(str::to_owned),
            evaluation_time: if was_evaluated { 0.000_412_6 } else { 0.0 },
            last_evaluation: was_evaluated.then(|| instant(at)),
            alerts,
        }
    }
}

/// The newest time that is a multiple of the interval.
fn last_evaluation(now: f64) -> f64 {
    (now / INTERVAL).floor() * INTERVAL
}

/// Every group, as last evaluated at that time (epoch seconds).
pub fn evaluated(story: Story, now: f64) -> Rules {
    let at = last_evaluation(now);
    let mut all = Rules::default();
    for group in [payments::group(story, at)].into_iter().chain(rest::groups(story, at)) {
        let first = all.rules.len();
        all.rules.extend(group.rules.iter().map(|rule| rule.evaluated(&group, at)));
        all.groups.push(RuleGroup {
            name: group.name.to_owned(),
            file: group.file.to_owned(),
            interval: INTERVAL,
            limit: 0,
            evaluation_time: 0.002_417_3,
            last_evaluation: Some(instant(at)),
            rules: first..all.rules.len(),
        });
    }
    all
}

fn instant(seconds: f64) -> SentTime {
    #[expect(clippy::cast_possible_truncation, reason = "a time of today in milliseconds fits")]
    let ms = (seconds * 1000.0) as i64;
    SentTime::of(Timestamp::from_millisecond(ms).unwrap_or_default().to_string())
}

#[cfg(test)]
mod tests;
