//! The set against a map of samples.

mod machine;

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::prometheus::{ABSENT, Histogram, HistogramSeries, Series, is_absent};

const STEP: i64 = 15_000;
const TAIL: Duration = Duration::from_secs(600);
const RULES: RefetchRules =
    RefetchRules { unstable: Duration::from_secs(15), any: Duration::from_secs(3_600) };
const NOW: i64 = 1_700_000_010;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

/// From one instant to another, counted from an instant of the grid.
fn window(from: i64, to: i64) -> Window {
    Window::exact(from * STEP, to * STEP, Duration::from_millis(STEP as u64)).unwrap()
}

/// Fetched at that second.
fn fetched(second: i64) -> Fetched {
    let settled_ms = (second - 600) * 1_000;
    Fetched { begun: at(second), as_of: at(second), oldest: at(second), date: None, settled_ms }
}

fn label(name: usize) -> crate::prometheus::Labels {
    [("i", name.to_string())].into_iter().collect()
}

/// What an instance has: a value by series and instant; series from 4 on are native histograms.
type Samples = BTreeMap<(usize, i64), u64>;

fn histogram(count: u64) -> Histogram {
    Histogram { count: count as f64, sum: 0.0, buckets: Vec::new() }
}

fn answer(samples: &Samples, window: Window) -> Matrix {
    let (mut series, mut histograms) = (Vec::new(), Vec::new());
    for name in 0..6 {
        let value = |i: usize| samples.get(&(name, window.at(i))).copied();
        let all = (0..window.len()).map(|i| (i, value(i)));
        let found: Vec<_> = all.filter_map(|(i, value)| Some((i, value?))).collect();
        if found.is_empty() {
            continue;
        }
        if name >= 4 {
            let points = found.iter().map(|(i, value)| (window.at(*i), histogram(*value))).collect();
            histograms.push(HistogramSeries { labels: label(name), points });
            continue;
        }
        let mut values = vec![ABSENT; window.len()];
        found.iter().for_each(|(i, value)| values[*i] = f64::from_bits(*value));
        series.push(Series { labels: label(name), values: values.into() });
    }
    Matrix { histograms, ..Matrix::of(window, series) }
}

fn samples(matrix: &Matrix) -> Samples {
    let mut all = Samples::new();
    for one in &matrix.series {
        let name: usize = one.labels.get("i").unwrap().parse().unwrap();
        assert_eq!(one.values.len(), matrix.window.len());
        assert!(one.values.iter().any(|value| !is_absent(*value)), "an empty series");
        for (i, value) in one.values.iter().enumerate().filter(|(_, value)| !is_absent(**value)) {
            all.insert((name, matrix.window.at(i)), value.to_bits());
        }
    }
    for one in &matrix.histograms {
        let name: usize = one.labels.get("i").unwrap().parse().unwrap();
        assert!(one.points.is_sorted_by_key(|(at_ms, _)| *at_ms) && !one.points.is_empty());
        all.extend(one.points.iter().map(|(at_ms, one)| ((name, *at_ms), one.count as u64)));
    }
    assert!(matrix.series.is_sorted_by(|a, b| a.labels < b.labels));
    assert!(matrix.histograms.is_sorted_by(|a, b| a.labels < b.labels));
    all
}

fn within(samples: &Samples, window: &Window) -> Samples {
    let is_there = |at_ms: &i64| window.index_of(*at_ms).is_some();
    samples.iter().filter(|((_, at_ms), _)| is_there(at_ms)).map(|(key, value)| (*key, *value)).collect()
}

fn parts(parts: &[Window]) -> Vec<(i64, i64)> {
    parts.iter().map(|part| (part.start_ms() / STEP, part.end_ms() / STEP)).collect()
}

/// A set that has these parts, each fetched at its second.
fn set(all: &[(i64, i64, i64)]) -> SeriesSet {
    let mut set = SeriesSet::new();
    let everything: Samples = (0..2_000).map(|i| ((0, (NOW / 15 - 1_000 + i) * STEP), 1)).collect();
    for (from, to, second) in all {
        set.merge(answer(&everything, window(*from, *to)), fetched(*second), TAIL, TAIL);
    }
    set
}

#[test]
fn only_what_is_missing_or_unstable_is_fetched() {
    // An instant of the grid; everything is counted from it.
    let n = NOW / 15;
    let check = |have: &[(i64, i64, i64)], (from, to): (i64, i64), later: i64, wanted: &[(i64, i64)]| {
        let have: Vec<_> = have.iter().map(|(a, b, second)| (n + a, n + b, n * 15 + second)).collect();
        let found = set(&have).missing(&window(n + from, n + to), RULES, at(n * 15 + later));
        let found: Vec<_> = parts(&found).iter().map(|(a, b)| (a - n, b - n)).collect();
        assert_eq!(found, wanted, "{have:?} for {from} to {to}, {later} s later");
    };
    check(&[], (-240, 0), 0, &[(-240, 0)]);
    // The same window, and a part of it.
    check(&[(-240, 0, 0)], (-240, 0), 14, &[]);
    check(&[(-240, 0, 0)], (-100, -3), 14, &[]);
    // A step later: the new instant, and the last ten minutes before the fetch.
    check(&[(-240, 0, 1)], (-239, 1), 15, &[(-39, 1)]);
    // Also where those are young.
    check(&[(-240, 0, 14)], (-239, 1), 15, &[(-39, 1)]);
    // Two hours later: from ten minutes before the last fetch on.
    check(&[(-240, 0, 1)], (-480, 480), 3_599, &[(-480, -241), (-39, 480)]);
    // The same end, after the life of young samples.
    check(&[(-240, 0, 0)], (-240, 0), 15, &[(-40, 0)].map(|(a, b)| (a + 1, b)));
    // A longer window: the head alone.
    check(&[(-240, 0, 0)], (-1_440, 0), 5, &[(-1_440, -241)]);
    // Gaps.
    check(&[(-240, -200, 0), (-100, -80, 0)], (-300, -50), 5, &[(-300, -241), (-199, -101), (-79, -50)]);
    // What is an hour old is fetched again, the rest is not.
    check(&[(-300, -201, 0), (-200, -100, 1_000)], (-300, -100), 3_600, &[(-300, -201)]);
    // A clock that was ahead: nothing that it dated is trusted.
    check(&[(-240, 0, 900)], (-240, 0), 100, &[(-240, 0)]);
    check(&[(-240, 0, 1)], (-240, 0), 0, &[]);
}

#[test]
fn a_refresh_adds_no_extent_for_ever() {
    let n = NOW / 15;
    let mut set = set(&[(n - 240, n, n * 15)]);
    let everything: Samples = (-300..300).map(|i| ((0, (n + i) * STEP), 1)).collect();
    for later in 1..200 {
        let now = at((n + later) * 15);
        for part in set.missing(&window(n + later - 240, n + later), RULES, now) {
            assert!(part.len() <= 42, "{part:?}");
            set.merge(answer(&everything, part), fetched((n + later) * 15), TAIL, TAIL * 3);
        }
        set.keep_from((n + later - 300) * STEP, &window(n + later - 240, n + later));
    }
    let extents: usize = set.stretches.iter().map(|stretch| stretch.extents.len()).sum();
    assert!(extents <= 4 && set.len() <= 302, "{extents} extents of {} instants", set.len());
}

#[test]
fn an_empty_answer_where_samples_just_were_stays_unstable() {
    let n = NOW / 15;
    let mut set = set(&[(n - 240, n, n * 15)]);
    let now = (n + 1) * 15;
    set.merge(answer(&Samples::new(), window(n - 39, n + 1)), fetched(now), TAIL, TAIL);
    let shown = set.slice(&window(n - 240, n + 1)).unwrap();
    assert_eq!(samples(&shown).len(), 201, "what vanished is not shown");
    assert!(shown.may_change);
    assert!(!set.slice(&window(n - 240, n - 40)).unwrap().may_change, "it is older");
    let later = now + 1_200;
    let found = set.missing(&window(n - 240, n + 1), RULES, at(later));
    assert_eq!(parts(&found), [(n - 39, n + 1)], "although it is long ago");
    // Asked again, it is as empty.
    set.merge(answer(&Samples::new(), window(n - 39, n + 81)), fetched(later), TAIL, TAIL);
    let found = set.missing(&window(n - 240, n + 82), RULES, at(later + 15));
    assert_eq!(parts(&found), [(n + 42, n + 82)], "a metric that ended is not asked for as a whole for ever");
    // Before the first sample of all there is none.
    let mut set = SeriesSet::new();
    set.merge(answer(&Samples::new(), window(n - 240, n - 100)), fetched(now), TAIL, TAIL);
    assert!(set.missing(&window(n - 240, n - 100), RULES, at(later)).is_empty());
}

#[test]
fn a_set_that_is_too_long_keeps_the_window() {
    let n = 20_000;
    let mut set = SeriesSet::new();
    for k in 0..6 {
        let part = window(n - 10_000 * k, n - 10_000 * k + 9_000);
        set.merge(answer(&Samples::new(), part), fetched(NOW), TAIL, TAIL);
        set.keep_from(i64::MIN, &part);
        assert!(set.len() <= MOST_POINTS);
        assert_eq!(set.slice(&part).unwrap().window, part);
    }
}

/// One step of the state machine.
#[derive(Clone, Debug)]
enum Act {
    /// So many instants pass.
    Time(i64),
    /// Samples come or go: the series, how long ago the first of them is, how many, and the value of each.
    Change { name: usize, ago: i64, count: i64, value: Option<u64> },
    /// A reader of a window: how long ago it ends, and how long it is.
    Read { ago: i64, len: i64 },
}

fn acts() -> impl Strategy<Value = Act> {
    let value = prop_oneof![
        Just(None),
        any::<u32>().prop_map(|value| Some(f64::from(value).to_bits())),
        Just(Some(f64::NAN.to_bits())),
        Just(Some(f64::INFINITY.to_bits())),
        Just(Some((-0.0_f64).to_bits())),
    ];
    prop_oneof![
        (0_i64..30).prop_map(Act::Time),
        // Only samples of the last ten minutes still change.
        (0_usize..4, 0_i64..39, 1_i64..40, value).prop_map(|(name, ago, count, value)| Act::Change {
            name,
            ago,
            count,
            value
        }),
        (4_usize..6, 0_i64..39, 1_i64..40, prop::option::of(1_u64..1_000))
            .prop_map(|(name, ago, count, value)| Act::Change { name, ago, count, value }),
        (0_i64..3, 1_i64..300).prop_map(|(ago, len)| Act::Read { ago, len }),
        (0_i64..400, 1_i64..300).prop_map(|(ago, len)| Act::Read { ago, len }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Whoever reads after the life of young samples sees exactly what the instance has, and what is stable is fetched once.
    #[test]
    fn readers_see_what_the_instance_has(all in prop::collection::vec(acts(), 1..60)) {
        let (mut now, mut instance, mut set) = (1_000_000_i64, Samples::new(), SeriesSet::new());
        for act in all {
            match act {
                Act::Time(steps) => now += steps,
                Act::Change { name, ago, count, value } => {
                    for instant in (now - ago)..=(now - ago + count).min(now) {
                        match value {
                            Some(value) => instance.insert((name, instant * STEP), value),
                            None => instance.remove(&(name, instant * STEP)),
                        };
                    }
                }
                Act::Read { ago, len } => {
                    let window = window(now - ago - len, now - ago);
                    // No young sample is kept.
                    let rules = RefetchRules { unstable: Duration::ZERO, ..RULES };
                    for part in set.missing(&window, rules, at(now * 15)) {
                        set.merge(answer(&instance, part), fetched(now * 15), TAIL, TAIL * 3);
                    }
                    let shown = set.slice(&window).unwrap();
                    prop_assert_eq!(shown.window, window);
                    prop_assert_eq!(samples(&shown), within(&instance, &window));
                    // Parts that were joined are as old as the oldest of them.
                    let rules = RefetchRules { unstable: Duration::from_secs(1), any: RULES.any + TAIL * 3 };
                    let again = set.missing(&window, rules, at(now * 15));
                    prop_assert!(again.is_empty(), "{:?} is fetched again", again);
                    set.keep_from((now - 1_000) * STEP, &window);
                }
            }
        }
    }
}
