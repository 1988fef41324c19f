//! Evaluates the rules, and keeps what their alerts were: `ALERTS` is read from that, and never evaluated anew.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread;

use jiff::Timestamp;

use super::alert_states::{AlertHistory, StateBand};
use super::rules::{DemoGroup, DemoRule};
use super::waves::{DAY, Story};
use crate::clock;
use crate::engine::{ClosedSeries, Engine, EngineLabels, Evaluated};
use crate::prometheus::{Alert, AlertState, AlertingRule, Labels, RuleGroup, RuleHealth, Rules, SentTime};

/// The rules have been evaluated for so long when the demo begins.
const BEFORE_THE_DEMO: i64 = 25 * 3_600_000;
/// What ended longer ago is forgotten.
const KEPT: i64 = 48 * 3_600_000;
/// For so long a sample counts after it, until there is a newer one: the next evaluation may be late.
const LOOKBACK: i64 = 300_000;
/// The most evaluations of one query to the engine.
const CHUNK: i64 = 10_000;
const MOST_THREADS: usize = 4;
const MS: f64 = 1000.0;

/// An expression's result: each series with its values at instants of the evaluation.
type ResultSeries = Vec<(Labels, Vec<(i64, f64)>)>;

/// All rules, as last evaluated.
pub struct RuleEvaluation {
    groups: Arc<Vec<DemoGroup>>,
    /// Of each rule of each group, in their order.
    rules: Vec<EvaluatedRule>,
}

#[derive(Default)]
struct EvaluatedRule {
    /// Epoch milliseconds.
    next: i64,
    last: Option<i64>,
    error: Option<String>,
    /// In seconds.
    took: f64,
    /// By the alerts' labels.
    alerts: BTreeMap<Labels, AlertHistory>,
}

impl RuleEvaluation {
    /// Before the first evaluation.
    pub fn new(groups: Vec<DemoGroup>, story: Story) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "a time of today in milliseconds fits")]
        let began = (story.began() * MS) as i64;
        let rules = groups.iter().flat_map(|group| {
            // A rule that is evaluated once a day has not been evaluated yet when the demo begins.
            let is_rare = group.interval >= (DAY * MS) as i64;
            let first = if is_rare { began + group.interval } else { began - BEFORE_THE_DEMO };
            let next = first - first.rem_euclid(group.interval.max(1));
            group.rules.iter().map(move |_| EvaluatedRule { next, ..EvaluatedRule::default() })
        });
        Self { rules: rules.collect(), groups: Arc::new(groups) }
    }

    /// Evaluates all rules up to now (epoch milliseconds), unless it is stopped. The first time that is some work.
    pub fn advance(&mut self, engine: &Engine, now: i64, is_stopped: &AtomicBool) {
        let groups = self.groups.clone();
        let rules = groups.iter().flat_map(|group| group.rules.iter().map(|rule| (group.interval, rule)));
        let waiting = Mutex::new(rules.zip(&mut self.rules));
        let work = || {
            loop {
                let next = waiting.lock().ok().and_then(|mut waiting| waiting.next());
                let Some(((interval, rule), evaluated)) = next else { return };
                if is_stopped.load(Ordering::Relaxed) {
                    return;
                }
                let begun = clock::stopwatch();
                let ask = |steps| answer(engine.range(&rule.query, steps, now).map_err(|e| e.to_string())?);
                if evaluated.advance(rule, interval, now, &ask) {
                    evaluated.took = begun.elapsed().as_secs_f64();
                }
            }
        };
        let threads = thread::available_parallelism().map_or(1, usize::from).min(MOST_THREADS);
        thread::scope(|scope| {
            for _ in 1..threads {
                scope.spawn(work);
            }
            work();
        });
    }

    /// As `/rules` gives them.
    pub fn rules(&self) -> Rules {
        let mut all = Rules { ids: OnceLock::new(), ..Rules::default() };
        let mut evaluated = self.rules.iter();
        for group in self.groups.iter() {
            let first = all.rules.len();
            let own: Vec<&EvaluatedRule> = evaluated.by_ref().take(group.rules.len()).collect();
            all.rules.extend(group.rules.iter().zip(&own).map(|(rule, state)| state.written(group, rule)));
            all.groups.push(RuleGroup {
                name: group.name.clone(),
                file: group.file.clone(),
                interval: seconds(group.interval),
                limit: 0,
                evaluation_time: own.iter().map(|state| state.took).sum(),
                last_evaluation: own.iter().filter_map(|state| state.last).max().map(sent_time),
                rules: first..all.rules.len(),
            });
        }
        all
    }

    /// The series that a Prometheus writes of its alerts.
    pub fn series(&self) -> Vec<ClosedSeries> {
        let alerts = self.rules.iter().flat_map(|rule| rule.alerts.iter().map(move |alert| (rule, alert)));
        alerts.flat_map(|(rule, (labels, alert))| series_of(labels, alert, rule.next + LOOKBACK)).collect()
    }
}

/// `ALERTS` by state, and `ALERTS_FOR_STATE`, of one alert. `until`: when what lasts is over without a new evaluation.
fn series_of(labels: &Labels, alert: &AlertHistory, until: i64) -> Vec<ClosedSeries> {
    let named = |own: &[(&str, &str)]| {
        let pairs = labels.iter().chain(own.iter().copied());
        EngineLabels::new(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())))
    };
    let interval = |band: &StateBand| (band.from, band.to.unwrap_or(until));
    let by_state = [AlertState::Pending, AlertState::Firing].into_iter().filter_map(|state| {
        let bands = alert.bands.iter().filter(|band| band.state == state).map(interval);
        let intervals: Vec<(i64, i64)> = bands.collect();
        let labels = named(&[("__name__", "ALERTS"), ("alertstate", state.as_str())]);
        (!intervals.is_empty()).then(|| ClosedSeries::of_intervals(labels, intervals))
    });
    let bands = alert.bands.clone();
    let for_state = ClosedSeries {
        labels: named(&[("__name__", "ALERTS_FOR_STATE")]),
        samples: Box::new(move |at| {
            let band = bands.iter().find(|band| band.from <= at && at < band.to.unwrap_or(until))?;
            Some(seconds(band.active_at))
        }),
    };
    by_state.chain([for_state]).collect()
}

impl EvaluatedRule {
    /// False: there is nothing to evaluate yet.
    fn advance(
        &mut self,
        rule: &DemoRule,
        interval: i64,
        now: i64,
        ask: &dyn Fn((i64, i64, i64)) -> Result<ResultSeries, String>,
    ) -> bool {
        let first = self.next;
        // After a long sleep, what would be forgotten is not evaluated.
        self.next = self.next.max((now - KEPT) - (now - KEPT).rem_euclid(interval));
        while self.next <= now {
            let steps = ((now - self.next) / interval).min(CHUNK);
            let last = self.next + steps * interval;
            self.error = match ask((self.next, last, interval)) {
                Ok(series) => self.take(rule, series, (self.next, last, interval)).err(),
                Err(error) => Some(error),
            };
            self.last = Some(last);
            self.next = last + interval;
        }
        self.alerts.retain(|_, alert| alert.forget(now - KEPT));
        self.next > first
    }

    /// Takes the expression's result at each of some evaluations.
    fn take(
        &mut self,
        rule: &DemoRule,
        series: ResultSeries,
        (from, to, interval): (i64, i64, i64),
    ) -> Result<(), String> {
        let mut results: BTreeMap<Labels, Vec<(i64, f64)>> = BTreeMap::new();
        for (sample, points) in series {
            let labels = rule.alert_labels(&sample);
            if results.insert(labels.clone(), points).is_some() {
                return Err(
                    "vector contains metrics with the same labelset after applying alert labels".to_owned()
                );
            }
            self.alerts.entry(labels).or_insert_with(|| AlertHistory::new(sample));
        }
        for (labels, alert) in &mut self.alerts {
            let mut points = results.get(labels).map_or(&[][..], Vec::as_slice).iter().peekable();
            let mut at = from;
            while at <= to && (alert.active_at.is_some() || points.peek().is_some()) {
                let value = points.next_if(|(point, _)| *point == at).map(|(_, value)| *value);
                alert.evaluate(at, value, rule.delays);
                at += interval;
            }
        }
        Ok(())
    }

    fn written(&self, group: &DemoGroup, rule: &DemoRule) -> AlertingRule {
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

/// The series of an evaluated range.
fn answer(evaluated: Evaluated) -> Result<ResultSeries, String> {
    let Evaluated::Matrix(series) = evaluated else {
        return Err("the expression of a rule is no vector".to_owned());
    };
    let series = series.into_iter().map(|(labels, points)| {
        (labels.iter().collect(), points.into_iter().map(|point| (point.at_ms, point.value)).collect())
    });
    Ok(series.collect())
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds of this age of the world fit")]
fn seconds(ms: i64) -> f64 {
    ms as f64 / MS
}

fn sent_time(ms: i64) -> SentTime {
    SentTime::of(Timestamp::from_millisecond(ms).unwrap_or_default().to_string())
}

#[cfg(test)]
mod tests;
