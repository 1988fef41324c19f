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
