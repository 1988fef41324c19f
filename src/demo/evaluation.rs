//! Evaluates the rules, and keeps what their alerts were: `ALERTS` is read from that, and never evaluated anew.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread;

use super::evaluated_rule::{EvaluatedRule, ResultSeries, seconds, sent_time};
use super::rules::{self, DemoGroup};
use crate::clock;
use crate::engine::{ClosedSeries, Engine, EngineError, Evaluated};
use crate::prometheus::{RuleGroup, Rules};

/// The rules have been evaluated for so long when the demo begins.
const BEFORE_THE_DEMO: i64 = 25 * 3_600_000;
const DAY: i64 = 86_400_000;
const MOST_THREADS: usize = 4;

/// All rules, as last evaluated.
pub struct RuleEvaluation {
    groups: Arc<Vec<DemoGroup>>,
    /// Of each rule of each group, in their order.
    rules: Vec<EvaluatedRule>,
}

impl RuleEvaluation {
    /// The rules of rule files, each a name and a text, before their first evaluation. The demo begins at epoch
    /// milliseconds.
    pub fn read(files: &[(&str, &str)], began_ms: i64) -> Result<Self, String> {
        let groups = rules::read(files)?;
        let rules = groups.iter().flat_map(|group| {
            // A rule that is evaluated once a day has not been evaluated yet when the demo begins.
            let first =
                if group.interval >= DAY { began_ms + group.interval } else { began_ms - BEFORE_THE_DEMO };
            let next = first - first.rem_euclid(group.interval);
            group.rules.iter().map(move |_| EvaluatedRule::before(next))
        });
        Ok(Self { rules: rules.collect(), groups: Arc::new(groups) })
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
                let ask = |steps| engine.range_of(&rule.tree, steps, now).and_then(answer);
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
        self.rules.iter().flat_map(EvaluatedRule::series).collect()
    }
}

/// The series of an evaluated range.
fn answer(evaluated: Evaluated) -> Result<ResultSeries, EngineError> {
    let Evaluated::Matrix(series) = evaluated else {
        return Err(EngineError::Invalid("the expression of a rule is no vector".to_owned()));
    };
    let series = series.into_iter().map(|(labels, points)| {
        (labels.iter().collect(), points.into_iter().map(|point| (point.at_ms, point.value)).collect())
    });
    Ok(series.collect())
}

#[cfg(test)]
mod tests;
