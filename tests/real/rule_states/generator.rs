//! Makes series that rise and fall, flap, have gaps and end, and alerting rules over them.

use promenade::engine::{ClosedSeries, EngineLabels};
use serde_json::{Value, json};

use crate::differential::Dice;

pub const INTERVAL_MS: i64 = 15_000;
/// Scrapes behind the first: a day.
pub const SCRAPES: i64 = 5_760;

/// Expressions. `T` is a number that no value equals. No two samples of one instant have equal labels without their name.
const EXPRESSIONS: [&str; 32] = [
    "load > T",
    "load > T",
    "load{zone='a'} < T",
    "load{zone=~'a|b'} % 50 > T",
    "flaps == 1",
    "flaps == 0",
    "flaps{zone!='c'} == 1",
    "holes > T / 10",
    "holes",
    "absent(holes{zone='b'})",
    "absent(late{path='x'})",
    "late",
    "rate(requests_total[2m]) > T / 40",
    "increase(requests_total[10m]) > T * 10",
    "resets(requests_total[1h]) > 0",
    "changes(flaps[5m]) > 8",
    "avg_over_time(load[10m]) > T",
    "max_over_time(holes[1h]) - min_over_time(holes[1h]) > 7",
    "count_over_time(holes[5m]) < 13",
    "up == 0",
    "count(up == 0) > 1",
    "up == 0 or absent(up{instance='x:1'})",
    "load > on (zone) flaps * T",
    "load unless on (zone) holes",
    "(holes and on (zone) load > T) or on (zone) flaps == 1",
    "sum by (zone) (load > bool T) == 1",
    "vector(time() % 3600) < 700",
    "vector(1) and on () (hour() >= 8 < 17)",
    "turns > 0",
    "{__name__=~'turns_left|turns_right'} > 0",
    "odd != 1",
    "max by (zone) (max_over_time(load[7m] offset 11m)) > T",
];
/// `for` and `keep_firing_for`, in seconds.
const DELAYS: [i64; 9] = [0, 0, 15, 20, 60, 300, 615, 2_820, 7_200];

fn pick(dice: &mut Dice, below: usize) -> usize {
    usize::try_from(dice.below(i64::try_from(below).unwrap())).unwrap()
}

/// Values that last for some scrapes, at most 2 to the power of `longest`, often fewer.
fn runs(dice: &mut Dice, longest: i64, value: impl Fn(&mut Dice) -> Option<f64>) -> Vec<Option<f64>> {
    let mut values = Vec::new();
    while values.len() <= usize::try_from(SCRAPES).unwrap() {
        let most = 1 << dice.below(longest + 1);
        let length = 1 + pick(dice, most);
        values.extend(std::iter::repeat_n(value(dice), length));
    }
    values.truncate(usize::try_from(SCRAPES).unwrap() + 1);
    values
}

fn whole(dice: &mut Dice, below: i64) -> f64 {
    dice.below(below) as f64
}

/// Grows by whole numbers, restarts from zero now and then, and has gaps.
fn counter(dice: &mut Dice) -> Vec<Option<f64>> {
    let (rates, gaps) = (runs(dice, 8, |dice| Some(whole(dice, 40))), runs(dice, 6, present));
    let mut count = 0.0;
    let values = rates.into_iter().zip(gaps).map(|(rate, gap)| {
        count = if dice.below(900) == 0 { 0.0 } else { count + rate.unwrap() };
        gap.map(|_| count)
    });
    values.collect()
}

/// Mostly.
fn present(dice: &mut Dice) -> Option<f64> {
    (dice.below(6) > 0).then_some(1.0)
}

/// Each series with its value at each scrape.
pub fn series(dice: &mut Dice) -> Vec<(EngineLabels, Vec<Option<f64>>)> {
    let mut all = Vec::new();
    let mut add = |name: &str, label: (&str, &str), values: Vec<Option<f64>>| {
        let pairs = [("__name__", name), label].map(|(name, value)| (name.to_owned(), value.to_owned()));
        all.push((EngineLabels::new(pairs), values));
    };
    for zone in ["a", "b", "c"] {
        let zone = ("zone", zone);
        add("load", zone, runs(dice, 9, |dice| Some(whole(dice, 100))));
        add("flaps", zone, runs(dice, 3, |dice| Some(whole(dice, 2))));
        add("holes", zone, runs(dice, 7, |dice| (dice.below(3) > 0).then(|| whole(dice, 10))));
        add("requests_total", zone, counter(dice));
        let odd = [f64::NAN, 1.0, f64::INFINITY, 1.0];
        add("odd", zone, runs(dice, 8, |dice| Some(odd[pick(dice, 4)])));
    }
    for instance in ["x:1", "y:1", "z:1"] {
        let up = |dice: &mut Dice| (dice.below(9) > 0).then(|| f64::from(dice.below(4) > 0));
        add("up", ("instance", instance), runs(dice, 8, up));
    }
    let late = |from: i64, to: i64| (0..=SCRAPES).map(|i| (from..to).contains(&i).then_some(3.0)).collect();
    add("late", ("path", "x"), late(700, 5_000));
    add("late", ("path", "y"), late(0, 33));
    // Either the one or the other.
    let side = runs(dice, 5, |dice| Some(whole(dice, 3)));
    let of_side = |own: f64| side.iter().map(|side| side.filter(|side| *side == own)).collect::<Vec<_>>();
    let [left, right] = [1.0, 2.0].map(of_side);
    add("turns", ("side", "left"), left.clone());
    add("turns", ("side", "right"), right.clone());
    add("turns_left", ("job", "t"), left);
    add("turns_right", ("job", "t"), right);
    all
}

/// For the engine, from the epoch on.
pub fn closed(series: &[(EngineLabels, Vec<Option<f64>>)]) -> Vec<ClosedSeries> {
    let closed = series.iter().cloned().map(|(labels, values)| ClosedSeries {
        labels,
        between: (0, SCRAPES * INTERVAL_MS),
        samples: Box::new(move |at| *values.get(usize::try_from(at / INTERVAL_MS).unwrap())?),
    });
    closed.collect()
}

/// A rule file with so many rules.
pub fn rule_file(dice: &mut Dice, count: usize, interval: i64) -> Value {
    let rules = (0..count).map(|i| {
        let threshold = format!("{}.37", dice.below(100));
        let expression = EXPRESSIONS[(i + pick(dice, 2)) % EXPRESSIONS.len()];
        let labels = match expression {
            "turns > 0" => json!({"side": "both"}),
            text if text.contains("zone='a'") => json!({"zone": "", "severity": "page"}),
            _ => json!({"severity": "info"}),
        };
        let mut rule = json!({
            "alert": format!("A{i}"),
            "expr": expression.replace('T', &threshold),
            "labels": labels,
            "annotations": {"summary": "{{ $labels.side }}{{ $labels.zone }} of {{ $labels.__name__ }}"},
        });
        for key in ["for", "keep_firing_for"] {
            match DELAYS[pick(dice, DELAYS.len())] {
                0 => {}
                seconds => rule[key] = json!(format!("{seconds}s")),
            }
        }
        rule
    });
    let rules: Vec<Value> = rules.collect();
    json!({"groups": [{"name": "generated", "interval": format!("{interval}s"), "rules": rules}]})
}
