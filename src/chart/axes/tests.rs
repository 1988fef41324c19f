//! Axes by the table that the script shares, and their promises over all magnitudes.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::*;

const TABLE: &str = include_str!("../../../tests/fixtures/axes.json");

fn values(case: &Value) -> Value {
    let number = |value: &Value| value.as_f64().unwrap();
    let unit = Unit::parse(case["unit"].as_str().unwrap()).unwrap();
    let extent = (number(&case["extent"][0]), number(&case["extent"][1]));
    let axis = ValueAxis::of(Some(extent), &unit, 5, case["fromZero"].as_bool().unwrap());
    let labels: Vec<String> = axis.ticks(&unit).into_iter().map(|(_, label)| label).collect();
    json!({"unit": case["unit"], "extent": case["extent"], "fromZero": case["fromZero"], "labels": labels})
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
    let found = json!({"values": all("values", values), "times": all("times", times)});
    if std::env::var_os("UPDATE_FIXTURES").is_some() {
        let lines = |part: &Value| {
            part.as_array().unwrap().iter().map(Value::to_string).collect::<Vec<_>>().join(",\n    ")
        };
        let text = format!(
            "{{\n  \"values\": [\n    {}\n  ],\n  \"times\": [\n    {}\n  ]\n}}\n",
            lines(&found["values"]),
            lines(&found["times"])
        );
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/axes.json");
        std::fs::write(path, text).unwrap();
        return;
    }
    assert_eq!(found, table);
}

#[test]
fn labels_never_repeat_and_the_axis_holds_all() {
    let units = [Unit::None, Unit::Bytes, Unit::Seconds, Unit::Ratio, Unit::Percent, Unit::PerSecond];
    let mut size = 1e-9;
    while size < 1e15 {
        for part in [0.0, 1e-6, 1e-3, 0.1, 0.9, 1.0] {
            for unit in &units {
                for (least, most) in
                    [(size * (1.0 - part), size), (-size, -size * (1.0 - part)), (-size * part, size)]
                {
                    for from_zero in [false, true] {
                        let axis = ValueAxis::of(Some((least, most)), unit, 5, from_zero);
                        let case = format!("{least} {most} {unit:?} {axis:?}");
                        let slack = (axis.max - axis.min) * 1e-6;
                        assert!(axis.min <= least + slack && axis.max >= most - slack, "{case}");
                        assert!(!from_zero || (axis.min <= 0.0 && axis.max >= 0.0), "{case}");
                        let ticks = axis.ticks(unit);
                        // Three digits of an exponent form tell fewer numbers apart.
                        let least = if part == 0.0 || part >= 0.1 { 2 } else { 1 };
                        let distinct = ticks.iter().filter(|(_, label)| !label.is_empty()).count();
                        assert!((least..=9).contains(&distinct), "{distinct} labels: {case}");
                        let shown = || ticks.iter().map(|(_, label)| label).filter(|label| !label.is_empty());
                        assert_eq!(
                            shown().collect::<HashSet<_>>().len(),
                            shown().count(),
                            "{case} {ticks:?}"
                        );
                    }
                }
            }
        }
        size *= 7.3;
    }
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
        let axis = ValueAxis::of(Some(extent), &Unit::None, 5, false);
        assert!(axis.min < axis.max && !axis.ticks(&Unit::None).is_empty(), "{extent:?} {axis:?}");
        assert!((0.0..=1.0).contains(&axis.place(extent.0)) && (0.0..=1.0).contains(&axis.place(extent.1)));
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
