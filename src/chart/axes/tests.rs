//! Axes by the table that the script shares, and their promises over all magnitudes.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use std::collections::{BTreeMap, HashSet};

use super::*;
use crate::annotations::{Scale, Unit};
use crate::chart::layout::{self, LABEL_CHARACTERS};

const TABLE: &str = include_str!("../../../tests/fixtures/axes.json");
const NUMBERS: &str = include_str!("../../../tests/fixtures/number-format.json");

fn values(case: &Value) -> Value {
    let number = |value: &Value| value.as_f64().unwrap();
    let unit = Unit::parse(case["unit"].as_str().unwrap()).unwrap();
    let extent = (number(&case["extent"][0]), number(&case["extent"][1]));
    let measure = Measure::of(&unit);
    let axis = ValueAxis::of(Some(extent), &measure, 5, case["fromZero"].as_bool().unwrap());
    let labels = AxisLabels::of(&axis, &measure, &TimeZone::UTC);
    let (_, left) = layout::gutter(labels.longest());
    let AxisLabels { head, ticks, .. } = labels;
    let labels: Vec<String> = ticks.into_iter().map(|(_, label)| label).collect();
    json!({
        "unit": case["unit"], "extent": case["extent"], "fromZero": case["fromZero"], "labels": labels,
        "head": head.unwrap_or_default(), "left": left,
    })
}

/// The units of both tables, as the script has them from the server.
fn measures(table: &Value) -> BTreeMap<String, Measure> {
    let numbers: Value = serde_json::from_str(NUMBERS).unwrap();
    let of_numbers = numbers.as_array().unwrap().iter().map(|row| &row[0]);
    let words = of_numbers.chain(table["values"].as_array().unwrap().iter().map(|case| &case["unit"]));
    let words = words.map(|word| word.as_str().unwrap().to_owned());
    words.map(|word| (word.clone(), Measure::of(&Unit::parse(&word).unwrap()))).collect()
}

fn times(case: &Value) -> Value {
    let zone = TimeZone::get(case["zone"].as_str().unwrap()).unwrap();
    let at = |value: &Value| value.as_str().unwrap().parse::<Timestamp>().unwrap().as_millisecond();
    let room = case["room"].as_u64().unwrap() as u32;
    let now = "2030-01-01T00:00:00Z".parse().unwrap();
    let ticks = time_ticks(at(&case["from"]), at(&case["to"]), room, &zone, now);
    let labelled: Vec<Value> = ticks
        .into_iter()
        .map(|tick| {
            let date = tick.date.map(|date| format!("\n{date}")).unwrap_or_default();
            json!([tick.at_ms, format!("{}{date}", tick.label)])
        })
        .collect();
    json!({"zone": case["zone"], "from": case["from"], "to": case["to"], "room": room, "ticks": labelled})
}

/// With `UPDATE_FIXTURES` set the table is written anew, to be read before it is kept.
#[test]
fn the_table_that_the_script_shares() {
    let table: Value = serde_json::from_str(TABLE).unwrap();
    let all = |part: &str, make: fn(&Value) -> Value| {
        table[part].as_array().unwrap().iter().map(make).collect::<Vec<_>>()
    };
    let found =
        json!({"values": all("values", values), "times": all("times", times), "measures": measures(&table)});
    if std::env::var_os("UPDATE_FIXTURES").is_some() {
        let lines = |part: &Value| {
            part.as_array().unwrap().iter().map(Value::to_string).collect::<Vec<_>>().join(",\n    ")
        };
        let named = |(word, measure): (&String, &Value)| format!("{}: {measure}", json!(word));
        let measures = found["measures"].as_object().unwrap().iter().map(named).collect::<Vec<_>>();
        let text = format!(
            "{{\n  \"values\": [\n    {}\n  ],\n  \"times\": [\n    {}\n  ],\n  \"measures\": {{\n    {}\n  }}\n}}\n",
            lines(&found["values"]),
            lines(&found["times"]),
            measures.join(",\n    ")
        );
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/axes.json");
        std::fs::write(path, text).unwrap();
        return;
    }
    // Read like the table, because reading rounds the last digit of a few numbers.
    let found: Value = serde_json::from_str(&found.to_string()).unwrap();
    for part in ["values", "times", "measures"] {
        assert!(
            found[part] == table[part],
            "{part} differ; look at the difference, and keep it by UPDATE_FIXTURES=1"
        );
    }
}

/// Every unit of the tables and more, at every size, spread, sign and shape.
#[test]
fn labels_differ_and_fit_and_the_axis_holds_all() {
    let words = "none bytes kbytes pbytes decbytes decpbytes bps KiBs Mibits seconds ms ns µs m h d ratio percent \
        per_second celsius volts mamp pfarad currencyUSD currencyCHF currencySEK orders requests_in_flight:eu \
        conngm3 flops yflops timeticks";
    for word in words.split_whitespace() {
        let measure = Measure::of(&Unit::parse(word).unwrap());
        // No clock tells parts of a femtosecond.
        let mut size = if measure.steps == StepKind::Clock { 1e-9 / measure.factor } else { 1e-9 };
        while size < 1e22 {
            for part in [0.0, 1e-9, 2e-6, 1e-5, 1e-3, 0.1, 0.9, 1.0] {
                for (least, most) in
                    [(size * (1.0 - part), size), (-size, -size * (1.0 - part)), (-size * part, size)]
                {
                    check_labels(&measure, word, least, most, part);
                }
            }
            size *= 7.3;
        }
    }
}

fn check_labels(measure: &Measure, word: &str, least: f64, most: f64, part: f64) {
    for from_zero in [false, true] {
        let axis = ValueAxis::of(Some((least, most)), measure, 5, from_zero);
        let labels = AxisLabels::of(&axis, measure, &TimeZone::UTC);
        let case = format!("{least} {most} {word} {axis:?} {labels:?}");
        let slack = (axis.max - axis.min) * 1e-6;
        assert!(axis.min <= least + slack && axis.max >= most - slack, "{case}");
        // A constant and an area include zero.
        let is_flat = most - least < most.abs().max(least.abs()) * 9e-7;
        assert!(!(from_zero || is_flat) || (axis.min <= 0.0 && axis.max >= 0.0), "{case}");
        let texts: Vec<&String> = labels.ticks.iter().map(|(_, label)| label).collect();
        let fewest = if part == 0.0 || part >= 0.1 { 3 } else { 2 };
        assert!((fewest..=9).contains(&texts.len()), "{case}");
        assert_eq!(texts.iter().collect::<HashSet<_>>().len(), texts.len(), "{case}");
        for text in &texts {
            assert!(!text.is_empty() && text.chars().count() <= LABEL_CHARACTERS, "{text:?} {case}");
        }
        assert!(labels.head.as_ref().is_none_or(|head| !head.is_empty() && head.len() < 60), "{case}");
        assert!(labels.ends.0 != labels.ends.1, "{case}");
    }
}

#[test]
fn a_constant_is_flat_below_the_end_of_its_axis() {
    let check = |word: &str, least: f64, most: f64, expected: (f64, f64)| {
        let axis = ValueAxis::of(Some((least, most)), &Measure::of(&Unit::parse(word).unwrap()), 5, false);
        assert_eq!((axis.min, axis.max), expected, "{word} {least} {most}");
    };
    check("none", 5.0, 5.0, (0.0, 6.0));
    check("none", -5.0, -5.0, (-6.0, 0.0));
    check("none", 0.0, 0.0, (0.0, 1.0));
    check("none", 0.25, 0.25 + 1e-9, (0.0, 0.4));
    check("none", 1e9, 1e9 + 999.0, (0.0, 1.25e9));
    // A spread of two millionths is no noise.
    check("none", 1e9, 1e9 + 2_000.0, (1e9, 1e9 + 2_000.0));
    check("ratio", 1.0, 1.0, (0.0, 1.0));
    check("percent", 99.9, 99.9, (0.0, 100.0));
    check("percent", 150.0, 150.0, (0.0, 200.0));
    check("bool", 1.0, 1.0, (0.0, 1.0));
    check("bytes", 23e15, 23e15, (0.0, 36_028_797_018_963_968.0));
}

#[test]
fn instants_have_an_axis_of_times() {
    let berlin = TimeZone::get("Europe/Berlin").unwrap();
    let check = |least: f64, most: f64, head: &str, expected: &[&str]| {
        let measure = Measure::of(&Unit::Timestamp).over([least, most]);
        let axis = ValueAxis::of(Some((least, most)), &measure, 5, true);
        let labels = AxisLabels::of(&axis, &measure, &berlin);
        let texts: Vec<&str> = labels.ticks.iter().map(|(_, text)| text.as_str()).collect();
        assert_eq!((labels.head.as_deref().unwrap(), texts.as_slice()), (head, expected));
    };
    // 27 November 2026, 19:46:40 there, in seconds and in milliseconds.
    check(
        1_795_805_200.0,
        1_795_805_200.0,
        "2026-11-27 UTC+1",
        &["19:15", "19:30", "19:45", "20:00", "20:15", "20:30"],
    );
    check(
        1_795_805_200_000.0,
        1_795_805_200_000.0,
        "2026-11-27 UTC+1",
        &["19:15", "19:30", "19:45", "20:00", "20:15", "20:30"],
    );
}

#[test]
fn the_largest_numbers_have_an_axis() {
    for extent in [
        (-f64::MAX, f64::MAX),
        (0.0, f64::MAX),
        (f64::MAX, f64::MAX),
        (-f64::MAX, -f64::MAX),
        (5e-324, 5e-324),
    ] {
        for word in ["none", "bytes", "pbytes", "ratio", "ms", "timestamp", "bool", "orders", "timeticks"] {
            let measure = Measure::of(&Unit::parse(word).unwrap()).over([extent.0, extent.1]);
            let axis = ValueAxis::of(Some(extent), &measure, 5, false);
            let labels = AxisLabels::of(&axis, &measure, &TimeZone::UTC);
            assert!(axis.min < axis.max && labels.ticks.len() >= 2, "{extent:?} {word} {axis:?}");
            assert!(
                (0.0..=1.0).contains(&axis.place(extent.0)) && (0.0..=1.0).contains(&axis.place(extent.1))
            );
        }
    }
}

#[test]
fn ranges_of_any_length_have_ticks() {
    let zone = TimeZone::get("Australia/Lord_Howe").unwrap();
    let mut range = 1_000_i64;
    while range < 60 * 365 * 86_400_000 {
        let ticks = time_ticks(1_700_000_000_123, 1_700_000_000_123 + range, 8, &zone, Timestamp::UNIX_EPOCH);
        assert!(ticks.len() <= 10, "{range}: {}", ticks.len());
        assert!(ticks.windows(2).all(|pair| pair[0].at_ms < pair[1].at_ms));
        range = range * 3 / 2;
    }
    assert_eq!(time_ticks(5, 5, 8, &TimeZone::UTC, Timestamp::UNIX_EPOCH), []);
    assert_eq!(time_ticks(i64::MAX, i64::MIN, 8, &TimeZone::UTC, Timestamp::UNIX_EPOCH), []);
}

#[test]
fn an_axis_that_the_reader_chose_ends_at_the_next_ticks() {
    let check = |word: &str, extent: (f64, f64), scale: Scale, expected: (f64, f64)| {
        let measure = Measure::of(&Unit::parse(word).unwrap());
        let axis = ValueAxis::scaled(Some(extent), &measure, 5, false, &scale);
        assert_eq!((axis.min, axis.max), expected, "{word} {extent:?} {scale:?}");
        let labels = AxisLabels::of(&axis, &measure, &TimeZone::UTC);
        assert!(labels.ticks.len() >= 2, "{labels:?}");
    };
    let ends = |min, max| Scale { min, max, ..Scale::default() };
    check("none", (3.0, 7.0), ends(Some(0.0), Some(100.0)), (0.0, 100.0));
    check("none", (3.0, 7.0), ends(Some(3.7), Some(9.1)), (2.0, 10.0));
    check("none", (3.0, 70.0), ends(None, Some(10.0)), (0.0, 10.0));
    check("percent", (3.0, 7.0), ends(None, Some(100.0)), (0.0, 100.0));
    check("bytes", (1e6, 3e9), ends(Some(0.0), Some(1e9)), (0.0, 1_073_741_824.0));
    // All of it is beyond the end.
    check("none", (3.0, 7.0), ends(Some(50.0), None), (50.0, 100.0));
    check("none", (3.0, 7.0), ends(None, Some(-50.0)), (-100.0, -50.0));
    check("none", (0.0, 0.0), ends(Some(0.0), None), (0.0, 1.0));
    let log = |min, max| Scale { log: true, min, max, ..Scale::default() };
    check("none", (0.004, 700.0), log(None, None), (0.001, 1_000.0));
    check("none", (10.0, 10.0), log(None, None), (10.0, 100.0));
    check("none", (0.004, 700.0), log(Some(0.5), Some(20.0)), (0.1, 100.0));
    check("none", (0.004, 0.005), log(Some(1.0), None), (1.0, 10.0));
    check("none", (7.0, 9.0), log(None, Some(0.1)), (0.01, 0.1));
    check("seconds", (0.2, 50.0), log(None, None), (0.1, 100.0));
    check("ms", (0.2, 50.0), log(None, None), (0.1, 100.0));
    check("bytes", (100.0, 5e9), log(None, None), (64.0, 8_589_934_592.0));
}

#[test]
fn labels_of_a_logarithmic_axis_differ_and_fit() {
    for word in
        ["none", "bytes", "decbytes", "seconds", "ms", "ns", "ratio", "percent", "orders", "timeticks"]
    {
        let measure = Measure::of(&Unit::parse(word).unwrap());
        for (least, most) in [(1e-9, 1e9), (0.5, 3.0), (1.0, 1e4), (3e5, 4e12), (f64::MIN_POSITIVE, f64::MAX)]
        {
            let scale = Scale { log: true, ..Scale::default() };
            let axis = ValueAxis::scaled(Some((least, most)), &measure, 5, false, &scale);
            let labels = AxisLabels::of(&axis, &measure, &TimeZone::UTC);
            let texts: HashSet<&String> = labels.ticks.iter().map(|(_, text)| text).collect();
            assert!((2..=9).contains(&texts.len()), "{word} {least} {most}: {labels:?}");
            assert_eq!(texts.len(), labels.ticks.len(), "{word} {least} {most}: {labels:?}");
            let places = labels.ticks.iter().map(|(value, _)| axis.place(*value));
            assert!(places.is_sorted_by(|a, b| a < b), "{word} {least} {most}: {labels:?}");
            assert!(
                labels.ticks.iter().all(|(tick, _)| *tick >= axis.min && *tick <= axis.max),
                "{axis:?} {labels:?}"
            );
        }
    }
}
