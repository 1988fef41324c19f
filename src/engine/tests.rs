//! Semantics. The values are those that `promtool test rules` of Prometheus 2.42 has for the same series.

use super::{ClosedSeries, Engine, EngineError, EngineLabels, Evaluated, SampleHistory};
use crate::promql::Matcher;

const DAY: i64 = 86_400_000;
const ALWAYS: (i64, i64) = (i64::MIN, i64::MAX);
/// The newest sample, in milliseconds.
const NOW: i64 = 90_000;

fn labels(name: &str, others: &[(&str, &str)]) -> EngineLabels {
    let pairs = [("__name__", name)];
    let pairs = others.iter().chain(&pairs);
    EngineLabels::new(pairs.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
}

/// A sample every 15 s from the epoch on.
fn series(name: &str, others: &[(&str, &str)], samples: &[f64]) -> ClosedSeries {
    let samples = samples.to_vec();
    // Missing, as after a scrape without it.
    let at = move |ms: i64| samples.get(usize::try_from(ms / 15_000).ok()?).copied().filter(|v| *v != -99.0);
    ClosedSeries { labels: labels(name, others), between: ALWAYS, samples: Box::new(at) }
}

fn engine() -> Engine {
    let history = SampleHistory { scrape_interval_ms: 15_000, retention_ms: 15 * DAY };
    let none = -99.0;
    let bucket = |le: &str, samples: &[f64]| series("h", &[("le", le)], samples);
    Engine::new(
        history,
        vec![
            series("c", &[("i", "a")], &[0.0, 10.0, 20.0, 30.0, 5.0, 15.0, 25.0]),
            series("c", &[("i", "b")], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]),
            series("g", &[("i", "a"), ("r", "x")], &[1.0, 3.0, 2.0, f64::NAN, 5.0]),
            series("s", &[], &[1.0, 2.0, 3.0, none, none, 4.0]),
            bucket("1", &[0.0, 5.0, 10.0]),
            bucket("2", &[0.0, 8.0, 16.0]),
            bucket("+Inf", &[0.0, 10.0, 20.0]),
        ],
    )
}

fn print(evaluated: &Evaluated) -> String {
    let mut lines = match evaluated {
        Evaluated::Scalar(value) => vec![value.to_string()],
        Evaluated::Text(text) => vec![text.clone()],
        Evaluated::Vector(all) => all.iter().map(|(labels, value)| format!("{labels} {value}")).collect(),
        Evaluated::Matrix(all) => {
            let points = all.iter().map(|(labels, points)| {
                let points = points.iter().map(|point| format!("{}@{}", point.value, point.at_ms / 1000));
                format!("{labels} {}", points.collect::<Vec<_>>().join(" "))
            });
            points.collect()
        }
    };
    lines.sort();
    lines.join("; ")
}

fn check(evaluated: Result<Evaluated, EngineError>, wanted: &str, query: &str) {
    let text = evaluated.map_or_else(|error| error.to_string(), |evaluated| print(&evaluated));
    assert_eq!(text.replace("__name__=", "="), wanted, "{query}");
}

#[test]
fn selectors_look_back_and_know_stale_series() {
    for (query, seconds, wanted) in [
        ("c", 91, r#"{="c", i="a"} 25; {="c", i="b"} 7"#),
        ("c", 390, r#"{="c", i="a"} 25; {="c", i="b"} 7"#),
        ("c", 391, ""),
        ("s", 44, r#"{="s"} 3"#),
        ("s", 45, ""),
        ("s", 60, ""),
        ("s", 75, r#"{="s"} 4"#),
        ("count_over_time(s[1m])", 75, "{} 3"),
        ("last_over_time(s[1m])", 60, r#"{="s"} 3"#),
        ("g", 45, r#"{="g", i="a", r="x"} NaN"#),
        ("c offset 30s", 90, r#"{="c", i="a"} 5; {="c", i="b"} 5"#),
        ("c @ 30", 90, r#"{="c", i="a"} 20; {="c", i="b"} 3"#),
        ("timestamp(c)", 95, r#"{i="a"} 90; {i="b"} 90"#),
        ("scalar(s)", 30, "3"),
        ("s[40s]", 75, r#"{="s"} 4@75"#),
        ("absent(x{a='b', c!='d'})", 30, r#"{a="b"} 1"#),
    ] {
        check(engine().instant(query, seconds * 1000, NOW), wanted, query);
    }
}

#[test]
fn functions_of_windows() {
    for (query, seconds, wanted) in [
        ("rate(c[1m])", 90, r#"{i="a"} 0.5833333333333334; {i="b"} 0.06666666666666667"#),
        ("increase(c[1m])", 100, r#"{i="a"} 33.33333333333333; {i="b"} 4"#),
        ("irate(c[1m])", 60, r#"{i="a"} 0.3333333333333333; {i="b"} 0.06666666666666667"#),
        ("delta(c[45s])", 45, r#"{i="a"} 30; {i="b"} 3"#),
        ("resets(c[2m])", 90, r#"{i="a"} 1; {i="b"} 0"#),
        ("changes(g[2m])", 90, r#"{i="a", r="x"} 4"#),
        ("max_over_time(g[1m])", 60, r#"{i="a", r="x"} 5"#),
        ("avg_over_time(g[30s])", 30, r#"{i="a", r="x"} 2"#),
        ("stddev_over_time(g[30s])", 30, r#"{i="a", r="x"} 0.816496580927726"#),
        ("quantile_over_time(0.25, g[30s])", 30, r#"{i="a", r="x"} 1.5"#),
        ("deriv(c[1m])", 90, r#"{i="a"} -0.03333333333333333; {i="b"} 0.06666666666666667"#),
        ("predict_linear(c[1m], 60)", 90, r#"{i="a"} 16; {i="b"} 11"#),
        ("max_over_time(c[1m:30s])", 90, r#"{i="a"} 25; {i="b"} 7"#),
    ] {
        check(engine().instant(query, seconds * 1000, NOW), wanted, query);
    }
}

#[test]
fn operations_and_aggregations() {
    for (query, seconds, wanted) in [
        ("sum(c)", 90, "{} 32"),
        ("stddev(c)", 90, "{} 9"),
        ("quantile(0.3, c)", 90, "{} 12.399999999999999"),
        ("topk(1, c)", 90, r#"{="c", i="a"} 25"#),
        ("count_values('v', c)", 30, r#"{v="20"} 1; {v="3"} 1"#),
        ("c / on (i) g", 60, r#"{i="a"} 1"#),
        ("c > bool 6", 90, r#"{i="a"} 1; {i="b"} 1"#),
        ("6 < c", 90, r#"{="c", i="a"} 25; {="c", i="b"} 7"#),
        ("g and on (i) c", 60, r#"{="g", i="a", r="x"} 5"#),
        ("c unless on (i) g", 60, r#"{="c", i="b"} 5"#),
        ("g or c", 60, r#"{="c", i="a"} 5; {="c", i="b"} 5; {="g", i="a", r="x"} 5"#),
        ("{__name__=~'c|g'} + 1", 60, r#"{i="a", r="x"} 6; {i="a"} 6; {i="b"} 6"#),
        ("c * on () group_left () s", 30, r#"{i="a"} 60; {i="b"} 9"#),
        ("c * on (i) group_left (r) g", 60, r#"{i="a", r="x"} 25"#),
        ("histogram_quantile(0.5, h)", 30, "{} 1"),
        ("histogram_quantile(0.99, h)", 30, "{} 2"),
        ("histogram_quantile(0.1, h)", 30, "{} 0.2"),
        ("label_replace(c, 'n', '$1', 'i', '(.)')", 30, r#"{="c", i="a", n="a"} 20; {="c", i="b", n="b"} 3"#),
        ("-1 ^ 2", 0, "-1"),
        ("day_of_year(vector(951782400))", 0, "{} 60"),
        ("clamp(c, 6, 10)", 90, r#"{i="a"} 10; {i="b"} 7"#),
        ("round(c / 4)", 90, r#"{i="a"} 6; {i="b"} 2"#),
        ("avg by (i) ({__name__=~'c|g'})", 60, r#"{i="a"} 5; {i="b"} 5"#),
    ] {
        check(engine().instant(query, seconds * 1000, NOW), wanted, query);
    }
}

#[test]
fn failures_have_the_words_of_prometheus() {
    let many = "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)";
    for (query, seconds, wanted) in [
        (
            "c * on () c",
            90,
            "found duplicate series for the match group {} on the right hand-side of the operation: \
             [{=\"c\", i=\"b\"}, {=\"c\", i=\"a\"}];many-to-many matching not allowed: matching labels must \
             be unique on one side",
        ),
        ("c * on () s", 30, many),
        ("topk(NaN, c)", 90, "Scalar value NaN overflows int64"),
        ("sum(c) or vector(1) + label_replace(c, 'i', '', '', '')", 90, SAME),
        ("label_replace(c, 'n', '', 'i', '(')", 90, "invalid regular expression in label_replace(): ("),
        ("label_join(c, '1', '', 'i')", 90, "invalid destination label name in label_join(): 1"),
        ("count_values('a b', c)", 90, "invalid label name \"a b\""),
        ("{a=~'b*'}", 90, "vector selector must contain at least one non-empty matcher"),
    ] {
        check(engine().instant(query, seconds * 1000, NOW), wanted, query);
    }
    let steps = (0, NOW, 15_000);
    let wanted = "invalid expression type \"range vector\" for range query, must be Scalar or instant Vector";
    check(engine().range("c[1m]", steps, NOW), wanted, "a range");
}

const SAME: &str = "vector cannot contain metrics with the same labelset";

#[test]
fn a_range_has_the_value_of_each_step() {
    for (query, wanted) in [
        ("s", r#"{="s"} 1@10 2@25 3@40 4@85"#),
        ("sum(c) > 10", "{} 12@25 23@40 34@55 21@85"),
        ("time()", "{} 10@10 25@25 40@40 55@55 70@70 85@85"),
        ("s or vector(0)", r#"{="s"} 1@10 2@25 3@40 4@85; {} 0@55 0@70"#),
        ("s @ 30 + vector(1)", "{} 4@10 4@25 4@40 4@55 4@70 4@85"),
        ("sum_over_time(s[30s])", "{} 1@10 3@25 5@40 3@55 4@85"),
    ] {
        let wanted: Vec<&str> = wanted.split("; ").collect();
        let own = engine().range(query, (10_000, 85_000, 15_000), NOW).unwrap();
        let own = print(&own).replace("__name__=", "=");
        assert_eq!(own.split("; ").collect::<Vec<_>>(), wanted, "{query}");
    }
}

#[test]
fn intervals_are_series_too() {
    let alert =
        ClosedSeries::of_intervals(labels("ALERTS", &[]), vec![(0, 30_000, 1.0), (60_000, 75_000, 1.0)]);
    let engine = engine().with(vec![alert]);
    let wanted = r#"{="ALERTS"} 1@0 1@15 1@60"#;
    check(engine.range("ALERTS", (0, NOW, 15_000), NOW), wanted, "ALERTS");
    let selectors = Matcher::read_selectors(["ALERTS", "{i=~'a|z'}"].into_iter()).unwrap();
    let found = engine.select(&selectors, (0, NOW), NOW).unwrap();
    assert_eq!(format!("{found:?}").matches("__name__").count(), 3, "{found:?}");
    assert_eq!(engine.select(&[], (75_001, NOW), NOW).unwrap().len(), 2);
}

#[test]
fn what_is_not_known_is_refused_by_name() {
    for (query, name) in [
        ("holt_winters(c[1m], 0.5, 0.5)", "holt_winters"),
        ("double_exponential_smoothing(c[1m], 0.5, 0.5)", "double_exponential_smoothing"),
        ("histogram_count(c)", "histogram_count"),
        ("histogram_fraction(0, 1, c)", "histogram_fraction"),
        ("mad_over_time(c[1m])", "mad_over_time"),
        ("first_over_time(c[1m])", "first_over_time"),
        ("sort_by_label(c, 'i')", "sort_by_label"),
        ("info(c)", "info"),
        ("limitk(1, c)", "limitk"),
        ("limit_ratio(0.5, c)", "limit_ratio"),
        ("c + on (i) fill (0) g", "fill"),
        ("step()", "step"),
        ("c{i=\"\\x01a\"}", "control character"),
    ] {
        let error = engine().instant(query, NOW, NOW).expect_err(query);
        assert!(matches!(&error, EngineError::Unknown(text) if text.contains(name)), "{query}: {error:?}");
    }
    for query in
        ["rollup(c)", "c[5m] keep_metric_names", "rate(c[5m + 1m])", "WITH (x = c) x", "c{i=\"\\d\"}"]
    {
        let error = engine().instant(query, NOW, NOW).expect_err(query);
        assert!(matches!(error, EngineError::Invalid(_)), "{query}: {error:?}");
    }
}

#[test]
fn the_work_of_a_query_is_limited() {
    let doubling =
        (0..20).fold("c".to_owned(), |inner, _| format!("label_replace({inner}, 'i', '$1$1', 'i', '(.*)')"));
    let now = 20 * DAY;
    for query in ["count_over_time(c[15d:1s])", "c[200y:1ms]", doubling.as_str()] {
        let error = engine().instant(query, NOW, NOW).expect_err(query);
        assert!(matches!(error, EngineError::TooLarge(_)), "{query}: {error:?}");
    }
    let counts = "count_values('v', vector(time()))";
    for query in [
        format!("{counts} + on () {counts}"),
        [counts; 6].join(" or "),
        format!("label_replace(c, 'i', 'x', 'i', '{}')", "a".repeat(1025)),
    ] {
        let error = engine().range(&query, (0, 1999, 1), NOW).expect_err(&query);
        assert!(matches!(error, EngineError::TooLarge(_)), "{query}: {error:?}");
    }
    let forever = |_| Some(1.0);
    let endless = (0..100).map(|i| ClosedSeries {
        labels: labels("x", &[("i", &i.to_string())]),
        between: ALWAYS,
        samples: Box::new(forever),
    });
    let engine = engine().with(endless.collect());
    for (query, steps) in [
        ("count_over_time(x[15d])", (now - DAY, now, 60_000)),
        ("count_over_time(x{i=~'1.'}[1d])", (now - 15 * DAY, now, 120_000)),
    ] {
        let error = engine.range(query, steps, now).expect_err(query);
        assert!(matches!(error, EngineError::TooLarge(_)), "{query}: {error:?}");
    }
    assert!(engine.range("1", (0, 11_000_000, 1_000), now).is_ok());
    assert!(matches!(engine.range("1", (0, 11_001_000, 1_000), now), Err(EngineError::TooManySteps)));
    // The samples between the windows cost nothing.
    let Ok(Evaluated::Matrix(series)) =
        engine.range("count_over_time(x[5m])", (6 * DAY, now, 3_600_000), now)
    else {
        panic!("a matrix");
    };
    let counts: Vec<f64> = series.iter().flat_map(|(_, points)| points).map(|point| point.value).collect();
    assert_eq!((counts.len(), counts.iter().all(|count| *count == 21.0)), (33_700, true));
}

#[test]
fn the_largest_come_first() {
    let of = |name: &str, value: i64| format!("label_replace(vector({value}), 'a', '{name}', '', '')");
    let three = [of("x", 3), of("y", 1), of("z", 5)].join(" or ");
    for (query, wanted) in [("topk(2", [5.0, 3.0]), ("bottomk(2", [1.0, 3.0])] {
        let Ok(Evaluated::Vector(own)) = engine().instant(&format!("{query}, {three})"), 0, NOW) else {
            panic!("a vector");
        };
        assert_eq!(own.iter().map(|(_, value)| *value).collect::<Vec<_>>(), wanted, "{query}");
    }
}

#[test]
fn the_deepest_and_longest_queries_are_evaluated() {
    let nested = |open: &str, inner: &str, close: &str, n: usize| {
        format!("{}{inner}{}", open.repeat(n), close.repeat(n))
    };
    for (query, wanted) in [
        (nested("abs(", "s", ")", 128), "{} 3"),
        (nested("-", "s", "", 128), "{} 3"),
        (nested("sum(", "s", ")", 128), "{} 3"),
        (nested("(1 + ", "s", ")", 127), "{} 130"),
        (nested("max_over_time(", "s", "[15s:15s])", 60), "{} 3"),
        (format!("s{}", " + 1".repeat(256)), "{} 259"),
        (format!("s{}", " or s".repeat(256)), r#"{="s"} 3"#),
        (format!("2{}", " ^ 1".repeat(256)), "2"),
    ] {
        check(engine().instant(&query, 30_000, NOW), wanted, &query);
    }
}
