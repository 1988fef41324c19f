//! What a rule does with unusual answers. `tests/real/rule_states.rs` compares what it does with usual ones.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use super::{AskedResult, EvaluatedRule, KEPT};
use crate::demo::rules::{DemoRule, FILES, read};
use crate::engine::{Engine, EngineError, Evaluated, SampleHistory};
use crate::prometheus::Labels;

const INTERVAL: i64 = 15_000;
const DAY_S: i64 = 86_400;

fn fails_rule() -> DemoRule {
    let rules = read(&FILES).expect("the embedded rules").into_iter().flat_map(|group| group.rules);
    rules.into_iter().find(|rule| rule.name == "PaymentsHighErrorRatio").expect("the rule")
}

fn sample(labels: &[(&str, &str)], points: &[(i64, f64)]) -> (Labels, Vec<(i64, f64)>) {
    (labels.iter().copied().collect(), points.to_vec())
}

fn boom() -> EngineError {
    EngineError::Execution("boom".to_owned())
}

/// The instants at which there are `ALERTS`, in epoch seconds.
fn alerts_of(evaluated: &EvaluatedRule, now: i64) -> Vec<i64> {
    let history = SampleHistory { scrape_interval_ms: INTERVAL, retention_ms: KEPT };
    let engine = Engine::new(history, evaluated.series().collect());
    let range = engine.range("count(ALERTS)", (0, now, INTERVAL), now);
    let Ok(Evaluated::Matrix(series)) = range else { panic!("{range:?}") };
    series.into_iter().flat_map(|(_, points)| points).map(|point| point.at_ms / 1000).collect()
}

#[test]
fn an_error_leaves_the_alerts_as_they_are_and_their_samples_end() {
    let rule = fails_rule();
    let mut evaluated = EvaluatedRule::before(0);
    let ask = |_| -> AskedResult { Ok(vec![sample(&[("zone", "a")], &[(0, 1.0)])]) };
    assert!(evaluated.advance(&rule, INTERVAL, 0, &ask));
    assert!(!evaluated.advance(&rule, INTERVAL, 14_999, &ask), "it is not time yet");
    assert!(evaluated.advance(&rule, INTERVAL, 15_000, &|_| Err(boom())));
    assert_eq!((evaluated.error.as_deref(), evaluated.last), (Some("boom"), Some(15_000)));
    assert!(evaluated.alerts.values().all(|alert| alert.active_at == Some(0)));
    assert!(evaluated.advance(&rule, INTERVAL, 600_000, &|_| Err(boom())));
    assert_eq!(alerts_of(&evaluated, 600_000), (0..=300).step_by(15).collect::<Vec<i64>>());
    assert!(evaluated.alerts.values().all(|alert| alert.active_at == Some(0)));
    let again = |_| -> AskedResult { Ok(vec![sample(&[("zone", "a")], &[(615_000, 1.0)])]) };
    assert!(evaluated.advance(&rule, INTERVAL, 615_000, &again));
    assert_eq!(alerts_of(&evaluated, 615_000).last(), Some(&615));
    assert_eq!((alerts_of(&evaluated, 615_000).len(), &evaluated.error), (22, &None));
}

#[test]
fn one_instant_that_fails_does_not_take_the_others() {
    let rule = fails_rule();
    // Fails at 60 s. At 90 s two samples make one alert. At other times two series take turns.
    let ask = |(from, to, interval): (i64, i64, i64)| -> AskedResult {
        let instants: Vec<i64> =
            (0..=(to - from) / interval).map(|i| from + i * interval).filter(|at| *at >= 30_000).collect();
        if instants.contains(&60_000) {
            return Err(boom());
        }
        let of = |rest: &[i64]| -> Vec<(i64, f64)> {
            instants
                .iter()
                .filter(|at| rest.contains(&(*at % 30_000)) || **at == 90_000)
                .map(|at| (*at, 1.0))
                .collect()
        };
        Ok(vec![sample(&[("__name__", "a")], &of(&[0])), sample(&[("__name__", "b")], &of(&[15_000]))])
    };
    let mut evaluated = EvaluatedRule::before(0);
    assert!(evaluated.advance(&rule, INTERVAL, 90_000, &ask));
    assert!(evaluated.error.as_ref().is_some_and(|error| error.contains("same labelset")));
    assert!(evaluated.advance(&rule, INTERVAL, 150_000, &ask));
    assert_eq!(evaluated.error, None);
    let alert = evaluated.alerts.values().next().expect("an alert");
    assert_eq!((evaluated.alerts.len(), alert.active_at), (1, Some(30_000)));
    assert_eq!(alert.sample_labels.get("__name__"), Some("a"), "of the newest sample");
    assert_eq!(alerts_of(&evaluated, 150_000), (30..=150).step_by(15).collect::<Vec<i64>>());
}

/// How often a rule is asked for that fails at some instants of a day, and when it then has samples.
fn failing(fails: &dyn Fn(i64) -> bool, error: &EngineError) -> (usize, Vec<i64>, Option<String>) {
    let (rule, questions) = (fails_rule(), RefCell::new(0));
    let ask = |(from, to, interval): (i64, i64, i64)| -> AskedResult {
        *questions.borrow_mut() += 1;
        let instants: Vec<i64> = (0..=(to - from) / interval).map(|i| from + i * interval).collect();
        if instants.iter().any(|at| fails(at / 1000)) {
            return Err(error.clone());
        }
        Ok(vec![sample(&[], &instants.into_iter().map(|at| (at, 1.0)).collect::<Vec<_>>())])
    };
    let mut evaluated = EvaluatedRule::before(0);
    assert!(evaluated.advance(&rule, INTERVAL, DAY_S * 1000, &ask));
    let samples = alerts_of(&evaluated, DAY_S * 1000);
    (questions.into_inner(), samples, evaluated.error)
}

#[test]
fn failures_that_last_are_found_exactly_with_few_questions() {
    let fails = [3_000..16_000, 40_005..60_000, 70_020..80_025];
    let is_failed = |at| fails.iter().any(|stretch| stretch.contains(&at));
    let (questions, samples, error) = failing(&is_failed, &boom());
    // Samples count for as long as Prometheus looks back.
    let counts = |at: &i64| (*at - 300..=*at).step_by(15).any(|at| at >= 0 && !is_failed(at));
    let expected: Vec<i64> = (0..=DAY_S).step_by(15).filter(counts).collect();
    assert!(samples == expected && error.is_none(), "{error:?}: {samples:?}");
    assert!(questions <= 257, "{questions} questions");
}

#[test]
fn a_rule_that_always_fails_is_not_asked_for_at_every_instant() {
    let (questions, samples, error) = failing(&|_| true, &boom());
    assert_eq!((questions, samples.len(), error.as_deref()), (257, 0, Some("boom")));
    for fault in [EngineError::Unknown("f".to_owned()), EngineError::Invalid("f".to_owned())] {
        let (questions, samples, error) = failing(&|_| true, &fault);
        assert_eq!((questions, samples.len(), error), (1, 0, Some(fault.to_string())));
    }
}

#[test]
fn a_rule_that_is_seldom_evaluated_has_samples_for_as_long_as_prometheus_looks_back() {
    let rule = fails_rule();
    let ask = |_| -> AskedResult { Ok(vec![sample(&[], &[(0, 1.0), (1_200_000, 1.0), (2_400_000, 1.0)])]) };
    let mut evaluated = EvaluatedRule::before(0);
    assert!(evaluated.advance(&rule, 1_200_000, 3_000_000, &ask));
    let expected: BTreeSet<i64> =
        [0, 1200, 2400].into_iter().flat_map(|at| (at..=at + 300).step_by(15)).collect();
    assert_eq!(alerts_of(&evaluated, 3_000_000), expected.into_iter().collect::<Vec<_>>());
}

#[test]
fn a_long_sleep_is_made_up_for_in_pieces_and_the_past_is_forgotten() {
    let rule = fails_rule();
    let mut evaluated = EvaluatedRule::before(0);
    let ask = |_| Ok(vec![sample(&[], &[(0, 1.0)])]);
    evaluated.advance(&rule, INTERVAL, 30_000, &ask);
    assert_eq!(evaluated.alerts.len(), 1);
    let questions = RefCell::new(BTreeMap::new());
    let now = 10 * KEPT + 7;
    let ask = |(from, to, _)| {
        questions.borrow_mut().insert(from, to);
        Ok(Vec::new())
    };
    assert!(evaluated.advance(&rule, INTERVAL, now, &ask));
    assert_eq!(questions.borrow().iter().next(), Some((&(9 * KEPT), &(9 * KEPT + 10_000 * INTERVAL))));
    assert_eq!(questions.borrow().values().last(), Some(&(10 * KEPT)));
    assert!(evaluated.alerts.is_empty());
    assert_eq!(evaluated.sampled.len(), 1);
}
