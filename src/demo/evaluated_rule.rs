//! One rule as it was evaluated: its alerts, its errors, and the series that a Prometheus writes of it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::alert_states::{AlertHistory, StateBand};
use super::rules::{DemoGroup, DemoRule};
use crate::engine::{ClosedSeries, EngineError, EngineLabels, LOOKBACK_MS};
use crate::prometheus::{Alert, AlertState, AlertingRule, Labels, RuleHealth, SentTime};
use crate::promql::METRIC_NAME;

/// What ended longer ago is forgotten.
pub const KEPT: i64 = 48 * 3_600_000;
/// The most evaluations of one query to the engine.
const CHUNK: i64 = 10_000;
/// How many failed queries of a chunk are asked again in halves.
const MOST_HALVINGS: usize = 128;
const MS: f64 = 1000.0;

/// An expression's result: each series with its values at instants of the evaluation.
pub type ResultSeries = Vec<(Labels, Vec<(i64, f64)>)>;
/// The first and the last instant of some evaluations, and the distance between them.
type Instants = (i64, i64, i64);
type AskedResult = Result<ResultSeries, EngineError>;

#[derive(Default)]
pub struct EvaluatedRule {
    /// Epoch milliseconds.
    next: i64,
    pub last: Option<i64>,
    /// Of the last evaluation.
    error: Option<String>,
    /// In seconds.
    pub took: f64,
    /// When the series of the alerts have samples: from an evaluation without an error until its samples no longer count,
    /// without what follows another such evaluation. In order; the second instant is exclusive.
    ///
    /// A Prometheus writes a sample at each evaluation only. Here every scrape in between has one, so a rule that is
    /// evaluated less often has more samples in a range. Between scrapes, alerts also end up to one scrape later here.
    sampled: Vec<(i64, i64)>,
    /// By the alerts' labels.
    alerts: BTreeMap<Labels, AlertHistory>,
}

impl EvaluatedRule {
    /// Before its first evaluation.
    pub fn before(next: i64) -> Self {
        Self { next, ..Self::default() }
    }

    /// False: there is nothing to evaluate yet.
    pub fn advance(
        &mut self,
        rule: &DemoRule,
        interval: i64,
        now: i64,
        ask: &dyn Fn(Instants) -> AskedResult,
    ) -> bool {
        let first = self.next;
        // After a long sleep, what would be forgotten is not evaluated.
        self.next = self.next.max((now - KEPT) - (now - KEPT).rem_euclid(interval));
        while self.next <= now {
            let steps = ((now - self.next) / interval).min(CHUNK);
            let last = self.next + steps * interval;
            self.evaluate(rule, (self.next, last, interval), ask);
            self.last = Some(last);
            self.next = last + interval;
        }
        self.alerts.retain(|_, alert| alert.forget(now - KEPT));
        self.sampled.retain(|(_, until)| *until >= now - KEPT);
        self.next > first
    }

    fn evaluate(&mut self, rule: &DemoRule, instants: Instants, ask: &dyn Fn(Instants) -> AskedResult) {
        for part in EvaluatedPart::all(instants, ask) {
            match part.result {
                Ok(series) => self.take(rule, &series, (part.from, part.to, instants.2)),
                Err(error) => self.error = Some(error.to_string()),
            }
        }
    }

    /// Takes the expression's result at each of some evaluations.
    fn take(&mut self, rule: &DemoRule, series: &ResultSeries, (from, to, interval): Instants) {
        let mut results: BTreeMap<Labels, Vec<(i64, f64, &Labels)>> = BTreeMap::new();
        for (sample, points) in series {
            let own = results.entry(rule.alert_labels(sample)).or_default();
            own.extend(points.iter().map(|(at, value)| (*at, *value, sample)));
        }
        let mut ambiguous = BTreeSet::new();
        for (labels, points) in &mut results {
            points.sort_by_key(|(at, ..)| *at);
            let pairs = points.iter().zip(points.iter().skip(1));
            ambiguous.extend(pairs.filter(|(one, next)| one.0 == next.0).map(|(one, _)| one.0));
            self.alerts.entry(labels.clone()).or_default();
        }
        let instants = || (0..=(to - from) / interval).map(|i| from + i * interval);
        for at in instants().filter(|at| !ambiguous.contains(at)) {
            self.add_samples(at);
        }
        for (labels, alert) in &mut self.alerts {
            let mut points = results.get(labels).map_or(&[][..], Vec::as_slice).iter().peekable();
            for at in instants() {
                if alert.active_at.is_none() && points.peek().is_none() {
                    break;
                }
                let mut sample = None;
                while let Some((_, value, labels)) = points.next_if(|(point, ..)| *point == at) {
                    sample = Some((*value, *labels));
                }
                if !ambiguous.contains(&at) {
                    alert.evaluate(at, sample, rule.delays);
                }
            }
        }
        let same_labels = "vector contains metrics with the same labelset after applying alert labels";
        self.error = ambiguous.contains(&to).then(|| same_labels.to_owned());
    }

    fn add_samples(&mut self, at: i64) {
        // A sample counts up to and including the end of the lookback.
        let until = at + LOOKBACK_MS + 1;
        match self.sampled.last_mut().filter(|last| at <= last.1) {
            Some(last) => last.1 = until,
            None => self.sampled.push((at, until)),
        }
    }

    /// The series that a Prometheus writes of the alerts: `ALERTS` by state, and `ALERTS_FOR_STATE`.
    pub fn series(&self) -> impl Iterator<Item = ClosedSeries> {
        self.alerts.iter().flat_map(|(labels, alert)| self.series_of(labels, alert))
    }

    fn series_of(&self, labels: &Labels, alert: &AlertHistory) -> impl Iterator<Item = ClosedSeries> {
        let named = |own: &[(&str, &str)]| {
            let pairs = labels.iter().chain(own.iter().copied());
            EngineLabels::new(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())))
        };
        let by_state = [AlertState::Pending, AlertState::Firing].map(|state| {
            let labels = named(&[(METRIC_NAME, "ALERTS"), ("alertstate", state.as_str())]);
            let bands = alert.bands.iter().filter(|band| band.state == state);
            ClosedSeries::of_intervals(labels, bands.flat_map(|band| self.samples_of(band, 1.0)).collect())
        });
        let labels = named(&[(METRIC_NAME, "ALERTS_FOR_STATE")]);
        let since = alert.bands.iter().flat_map(|band| self.samples_of(band, seconds(band.active_at)));
        let all = by_state.into_iter().chain([ClosedSeries::of_intervals(labels, since.collect())]);
        all.filter(|series| series.between.0 < series.between.1)
    }

    /// When a series has a value in a band.
    fn samples_of(&self, band: &StateBand, value: f64) -> impl Iterator<Item = (i64, i64, f64)> {
        let (from, to) = (band.from, band.to.unwrap_or(i64::MAX));
        let within = self.sampled.iter().map(move |sampled| (sampled.0.max(from), sampled.1.min(to), value));
        within.filter(|(from, to, _)| from < to)
    }

    /// As `/rules` gives it.
    pub fn written(&self, group: &DemoGroup, rule: &DemoRule) -> AlertingRule {
        let alerts: Vec<Alert> =
            self.alerts.iter().filter_map(|(labels, alert)| written_alert(rule, labels, alert)).collect();
        let state = match self.last {
            None => AlertState::Unknown,
            Some(_) => alerts.iter().map(|alert| alert.state).min().unwrap_or(AlertState::Inactive),
        };
        AlertingRule {
            group: group.name.clone(),
            file: group.file.clone(),
            interval: seconds(group.interval),
            state,
            name: rule.name.clone(),
            query: rule.query.clone(),
            duration: seconds(rule.delays.hold),
            keep_firing_for: seconds(rule.delays.keep_firing),
            labels: rule.labels.clone(),
            annotations: rule.annotations.clone(),
            alerts,
            health: match (&self.error, self.last) {
                (Some(_), _) => RuleHealth::Err,
                (None, Some(_)) => RuleHealth::Ok,
                (None, None) => RuleHealth::Unknown,
            },
            last_error: self.error.clone(),
            evaluation_time: self.took,
            last_evaluation: self.last.map(sent_time),
        }
    }
}

/// The result of one query for some evaluations.
struct EvaluatedPart {
    from: i64,
    to: i64,
    result: AskedResult,
}

impl EvaluatedPart {
    /// One query for all instants fails where one of them does. Then its halves are asked for, as long as that is little
    /// work. What still fails then counts as failed at all its instants. In order of time.
    fn all((from, to, interval): Instants, ask: &dyn Fn(Instants) -> AskedResult) -> Vec<Self> {
        let part = |from, to| Self { from, to, result: ask((from, to, interval)) };
        let mut parts = vec![part(from, to)];
        for _ in 0..MOST_HALVINGS {
            let Some((i, from, to)) = Self::next_to_halve(&parts) else { break };
            let middle = from + (to - from) / interval / 2 * interval;
            parts.splice(i..=i, [part(from, middle), part(middle + interval, to)]);
        }
        parts
    }

    /// First those that touch a success: there failures begin or end. Of those the widest.
    fn next_to_halve(parts: &[Self]) -> Option<(usize, i64, i64)> {
        let is_success = |i: usize| parts.get(i).is_some_and(|part| part.result.is_ok());
        let failed = parts.iter().enumerate().filter(|(_, part)| part.can_be_halved());
        let first = failed.max_by_key(|(i, part)| {
            (is_success(i + 1) || i.checked_sub(1).is_some_and(is_success), part.to - part.from)
        });
        first.map(|(i, part)| (i, part.from, part.to))
    }

    /// Other errors are of the query, and the same at each instant.
    fn can_be_halved(&self) -> bool {
        self.from < self.to
            && matches!(self.result, Err(EngineError::Execution(_) | EngineError::TooLarge(_)))
    }
}

/// None: it is inactive.
fn written_alert(rule: &DemoRule, labels: &Labels, alert: &AlertHistory) -> Option<Alert> {
    let fill = |(name, template): &(String, super::templates::AnnotationTemplate)| {
        (name.clone(), template.fill(&alert.sample_labels, alert.value))
    };
    Some(Alert {
        labels: labels.clone(),
        annotations: rule.templates.iter().map(fill).collect(),
        state: alert.state()?,
        active_at: Some(sent_time(alert.active_at?)),
        value: Some(alert.value),
    })
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds of this age of the world fit")]
pub fn seconds(ms: i64) -> f64 {
    ms as f64 / MS
}

pub fn sent_time(ms: i64) -> SentTime {
    SentTime::of(Timestamp::from_millisecond(ms).unwrap_or_default().to_string())
}

#[cfg(test)]
mod tests;
