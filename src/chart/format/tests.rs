//! Numbers by the table that the script shares, and over all magnitudes.

use super::*;

/// `[unit, value, text]`; values that JSON has no number for are words.
const TABLE: &str = include_str!("../../../tests/fixtures/number-format.json");

fn unit(word: &str) -> Unit {
    Unit::parse(word).unwrap()
}

#[test]
fn the_table_that_the_script_shares() {
    let rows: Vec<(String, serde_json::Value, String)> = serde_json::from_str(TABLE).unwrap();
    assert!(rows.len() > 100);
    let mut differing = Vec::new();
    for (word, value, text) in rows {
        let value = match value.as_str() {
            Some("NaN") => f64::NAN,
            Some("+Inf") => f64::INFINITY,
            Some("-Inf") => f64::NEG_INFINITY,
            _ => value.as_f64().unwrap(),
        };
        let found = number(value, &unit(&word));
        if found != text {
            differing.push((word, value, text, found));
        }
    }
    assert!(differing.is_empty(), "{differing:#?}");
}

#[test]
fn every_number_is_short_and_close() {
    // A multiplicative walk over all magnitudes, both signs.
    let mut x = 1e-320_f64;
    while x.is_finite() {
        for word in ["none", "bytes", "seconds", "percent"] {
            let text = number(x, &unit(word));
            assert!(text.chars().count() <= 12, "{text}");
            assert_eq!(number(-x, &unit(word)), format!("-{text}"));
        }
        let plain = number(x, &Unit::Percent);
        let read: f64 = plain.trim_end_matches('%').parse().unwrap();
        assert!(x < 1e-300 || (read / x - 1.0).abs() < 0.006, "{x} {plain}");
        x *= 1.37;
    }
}

#[test]
fn instants_are_seconds_then_milliseconds_then_plain_numbers() {
    for (word, value, text) in [
        ("timestamp", 253_402_300_799.0, "9999-12-31 23:59:59 UTC"),
        ("timestamp", -62_135_596_800.0, "0001-01-01 00:00:00 UTC"),
        ("timestamp", 100_000_000_000.0, "5138-11-16 09:46:40 UTC"),
        ("dateTimeAsIso", 1_795_800_000_000.0, "2026-11-27 17:20:00 UTC"),
        ("time:YYYY", 253_402_300_800.0, "1978-01-11 21:31:40 UTC"),
        ("timestamp_ms", 253_402_300_799.0, "1978-01-11 21:31:40 UTC"),
        ("timestamp", 253_402_300_799_999.0, "9999-12-31 23:59:59 UTC"),
        // Microseconds and nanoseconds.
        ("timestamp", 1.796e15, "1.8e15"),
        ("dateTimeAsIso", 1.796e18, "1.8e18"),
        ("timestamp", f64::NAN, "NaN"),
        ("timestamp", f64::INFINITY, "+Inf"),
    ] {
        assert_eq!(number(value, &unit(word)), text, "{word} {value}");
    }
    // All of one graph are alike.
    let measure = Measure::of(&Unit::Timestamp).over([1_795_800_000.0, 1_795_800_000_000.0, f64::NAN]);
    assert_eq!(measure.text(1_795_800_000_000.0, 0), "2026-11-27 17:20:00 UTC");
    assert_eq!(measure.text(1_795_800_000.0, 0), "1970-01-21 18:50:00 UTC");
}

#[test]
fn as_many_digits_as_tell_numbers_apart() {
    for (word, numbers, texts) in [
        ("none", [1e15, 1e15 + 1.0], ["1e15", "1.000000000000001e15"]),
        ("bytes", [1e15, 1e15 + 1.0], ["909.494701772928 TiB", "909.494701772929 TiB"]),
        (
            "timestamp",
            [1_795_800_000.0, 1_795_800_000.5],
            ["2026-11-27 17:20:00 UTC", "2026-11-27 17:20:00.5 UTC"],
        ),
        ("none", [0.5, 0.5 + f64::EPSILON], ["0.5", "0.5"]),
        ("none", [5.0, 5.0], ["5", "5"]),
    ] {
        let measure = Measure::of(&unit(word));
        let more = measure.telling_apart(numbers.into_iter());
        assert_eq!(numbers.map(|number| measure.text(number, more)), texts, "{word}");
    }
}
