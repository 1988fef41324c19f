//! The states of the demo's alerts over a day, compared with Prometheus: generated rules with `for` and `keep_firing_for`
//! over generated series, evaluated by `promtool test rules` and by the demo. At each scrape of the day, the series of alerts
//! that begin and end there are the same, so all states at all scrapes are.
//!
//! Only scrapes are compared. Between them, the demo's `ALERTS` end up to one scrape later than those of Prometheus. The demo
//! has a sample at each scrape, where Prometheus has one for each evaluation.

mod generator;

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;
use std::sync::atomic::AtomicBool;

use promenade::demo::RuleEvaluation;
use promenade::engine::{Engine, Evaluated, SampleHistory};
use promenade::prometheus::{AlertState, Rules};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::differential::Dice;
use crate::prometheus::on_path;
use generator::{INTERVAL_MS, SCRAPES};

/// The day's last instant.
const END: i64 = SCRAPES * INTERVAL_MS;
/// The demo has evaluated its rules for so long when it begins: from the epoch on.
const BEGAN: i64 = 25 * 3_600_000;
/// What begins at a scrape, and what ends there, as -1.
const CHANGES: &str = "(ALERTS unless ALERTS offset 15s) or -(ALERTS offset 15s unless ALERTS)";
/// The same of `ALERTS_FOR_STATE`, and what has another value.
const CHANGES_FOR_STATE: &str = "(ALERTS_FOR_STATE unless ALERTS_FOR_STATE offset 15s) \
     or (ALERTS_FOR_STATE != ALERTS_FOR_STATE offset 15s) \
     or -(ALERTS_FOR_STATE offset 15s unless ALERTS_FOR_STATE)";

/// What a query has at each scrape of the day, as a test of promtool for each.
fn expected(engine: &Engine, query: &str) -> Vec<Value> {
    let mut samples: BTreeMap<i64, Vec<Value>> = BTreeMap::new();
    // An hour at a time: the work of one query is limited.
    for first in (0..=SCRAPES).step_by(240) {
        let last = SCRAPES.min(first + 239);
        let evaluated = engine.range(query, (first * INTERVAL_MS, last * INTERVAL_MS, INTERVAL_MS), END);
        let Ok(Evaluated::Matrix(series)) = evaluated else { panic!("{evaluated:?}") };
        for (labels, points) in series {
            for point in points {
                let sample = json!({"labels": labels.to_string(), "value": point.value});
                samples.entry(point.at_ms).or_default().push(sample);
            }
        }
    }
    let tests = (0..=SCRAPES).map(|i| {
        let at = i * INTERVAL_MS;
        let samples = samples.remove(&at).unwrap_or_default();
        json!({"expr": query, "eval_time": format!("{}s", at / 1000), "exp_samples": samples})
    });
    tests.collect()
}

/// The firing alerts of each rule with their annotations, as tests of promtool.
fn expected_alerts(rules: &Rules, at: i64) -> Vec<Value> {
    let tests = rules.rules.iter().map(|rule| {
        let firing = rule.alerts.iter().filter(|alert| alert.state == AlertState::Firing);
        let firing =
            firing.map(|alert| json!({"exp_labels": alert.labels, "exp_annotations": alert.annotations}));
        json!({
            "alertname": rule.name,
            "eval_time": format!("{}s", at / 1000),
            "exp_alerts": firing.collect::<Vec<_>>(),
        })
    });
    tests.collect()
}

/// The notation of promtool: `3x2` is 3 and two more of it, `_` no sample.
fn notation(values: &[Option<f64>]) -> String {
    let mut text = Vec::new();
    let mut was_there = false;
    for run in values.chunk_by(|one, next| one == next) {
        let more = run.len() - 1;
        text.push(match run[0] {
            Some(value) if value.is_finite() => format!("{value}x{more}"),
            Some(value) => vec![value.to_string().replace("inf", "Inf"); run.len()].join(" "),
            None if was_there => format!("stale _x{more}"),
            None => format!("_x{}", run.len()),
        });
        was_there = run[0].is_some();
    }
    text.join(" ")
}

/// Evaluates the same rules here and there, every `interval` seconds. Returns how many samples were compared.
fn compare(seed: u64, rules: usize, interval: i64) -> usize {
    let mut dice = Dice(seed);
    let series = generator::series(&mut dice);
    let file = generator::rule_file(&mut dice, rules, interval).to_string();
    let history = SampleHistory { scrape_interval_ms: INTERVAL_MS, retention_ms: 10 * END };
    let engine = Engine::new(history, generator::closed(&series));
    let mut evaluation = RuleEvaluation::read(&[("rules.yml", &file)], BEGAN).unwrap();
    let mut alerts = Vec::new();
    // In pieces, as the demo does: one evaluation, some, and many.
    for now in [0, 423_000, 7 * 900_000, 7 * 915_000, END / 2 + 9_000, END] {
        evaluation.advance(&engine, now, &AtomicBool::new(false));
        alerts.extend(expected_alerts(&evaluation.rules(), now - now % (interval * 1000)));
    }
    let engine = engine.with(evaluation.series());
    let tests = [expected(&engine, CHANGES), expected(&engine, CHANGES_FOR_STATE)].concat();
    let samples = tests.iter().map(|test| test["exp_samples"].as_array().unwrap().len()).sum();
    let input = series
        .iter()
        .map(|(labels, values)| json!({"series": labels.to_string(), "values": notation(values)}));
    let test = json!({
        "interval": format!("{}s", INTERVAL_MS / 1000),
        "input_series": input.collect::<Vec<_>>(),
        "alert_rule_test": alerts,
        "promql_expr_test": tests,
    });
    let all =
        json!({"rule_files": ["rules.yml"], "evaluation_interval": format!("{interval}s"), "tests": [test]});
    let dir = TempDir::new().unwrap();
    fs::write(dir.path().join("rules.yml"), &file).unwrap();
    fs::write(dir.path().join("tests.yml"), all.to_string()).unwrap();
    let output = Command::new(on_path("promtool"))
        .current_dir(dir.path())
        .args(["test", "rules", "tests.yml"])
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said: String = String::from_utf8_lossy(&said).chars().take(4_000).collect();
    assert!(output.status.success(), "every {interval} s: {said}");
    samples
}

#[test]
fn alerts_change_at_the_same_instants_of_a_day_as_in_prometheus() {
    let samples = compare(2026, 48, 15);
    assert!(samples > 10_000, "only {samples} changes");
}

#[test]
fn rules_that_are_evaluated_less_often_have_the_alerts_of_prometheus() {
    // Less often than samples count, too.
    for (interval, rules) in [(60_i64, 16), (420, 32)] {
        let samples = compare(interval.unsigned_abs(), rules, interval);
        assert!(samples > 1_000, "only {samples} changes every {interval} s");
    }
}
