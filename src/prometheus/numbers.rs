//! Numbers and times as text and JSON: as readers see them, and as Prometheus reads and writes them.

use std::fmt;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

pub const NO_NUMBER: &str = "a value is no number";
pub const DAMAGED_TIME: &str = "a time is damaged";

/// Printed in full; NaN and the infinities as Prometheus writes them. In JSON, which has no word for those, a number
/// or else that text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Float(pub f64);

impl fmt::Display for Float {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            f64::INFINITY => f.write_str("+Inf"),
            f64::NEG_INFINITY => f.write_str("-Inf"),
            value => write!(f, "{value}"),
        }
    }
}

impl Serialize for Float {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.is_finite() { serializer.serialize_f64(self.0) } else { serializer.collect_str(self) }
    }
}

/// A sample's value, written as a text: the shortest that reads back as the same number, with an exponent
/// only beyond 21 digits and below a millionth (as Go's `strconv` and so Prometheus have it).
#[derive(Clone, Copy)]
pub struct SampleText(pub f64);

impl Serialize for SampleText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for SampleText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(NumberInText).map(Self)
    }
}

/// Reads a text with escapes too, and copies none without.
struct NumberInText;

impl Visitor<'_> for NumberInText {
    type Value = f64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<f64, E> {
        number(text.as_bytes()).ok_or_else(|| E::custom(NO_NUMBER))
    }
}

impl SampleText {
    /// For a field that is a plain number.
    pub fn write<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
        Self(*value).serialize(serializer)
    }

    pub fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
        Self::deserialize(deserializer).map(|Self(value)| value)
    }
}

impl fmt::Display for SampleText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let size = self.0.abs();
        if size.is_finite() && (size == 0.0 || (1e-6..1e21).contains(&size)) {
            write!(f, "{}", self.0)
        } else {
            Exponent(self.0).fmt(f)
        }
    }
}

/// A number that always has an exponent, of two digits at least.
pub struct Exponent(pub f64);

impl Exponent {
    pub fn write<S: Serializer>(value: &Option<f64>, serializer: S) -> Result<S::Ok, S::Error> {
        value.map(|value| Self(value).to_string()).serialize(serializer)
    }
}

impl fmt::Display for Exponent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            v if !v.is_finite() => write!(f, "{}", Float(v)),
            v => {
                let text = format!("{v:e}");
                let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
                let (sign, digits) = match exponent.strip_prefix('-') {
                    Some(digits) => ('-', digits),
                    None => ('+', exponent),
                };
                write!(f, "{mantissa}e{sign}{digits:0>2}")
            }
        }
    }
}

/// Epoch milliseconds, written as seconds with decimals where there are any.
#[derive(Clone, Copy)]
pub struct Seconds(pub i64);

impl Serialize for Seconds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 % 1000 {
            0 => serializer.serialize_i64(self.0 / 1000),
            _ => serializer.serialize_f64(self.0 as f64 / 1000.0),
        }
    }
}

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let ms = millis(<&RawValue>::deserialize(deserializer)?.get().as_bytes());
        ms.map(Self).ok_or_else(|| D::Error::custom(DAMAGED_TIME))
    }
}

/// A number without decimals where it has none.
pub fn write_whole<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    #[expect(clippy::cast_possible_truncation, reason = "whole and small, as just tested")]
    if value.fract() == 0.0 && value.abs() < 1e15 {
        serializer.serialize_i64(*value as i64)
    } else {
        serializer.serialize_f64(*value)
    }
}

/// A sample's value as Prometheus prints it. A NaN is always the same NaN, so never [`super::ABSENT`].
pub fn number(text: &[u8]) -> Option<f64> {
    let value: f64 = fast_float2::parse(text).ok()?;
    Some(if value.is_nan() { f64::NAN } else { value })
}

/// Seconds with decimals as whole milliseconds.
pub fn millis(text: &[u8]) -> Option<i64> {
    whole_millis(text).or_else(|| {
        let seconds: f64 = fast_float2::parse(text).ok()?;
        let ms = (seconds * 1000.0).round();
        // Beyond 2^53 neighbours are equal.
        #[expect(clippy::cast_possible_truncation, reason = "within 2^53, as just tested")]
        (ms.abs() < 9_007_199_254_740_992.0).then_some(ms as i64)
    })
}

/// The usual form without a detour over floats: digits, and at most three decimals.
fn whole_millis(text: &[u8]) -> Option<i64> {
    let mut ms: i64 = 0;
    let mut decimals: Option<u32> = None;
    for b in text {
        match b {
            b'0'..=b'9' => {
                ms = ms.checked_mul(10)?.checked_add(i64::from(b - b'0'))?;
                decimals = decimals.map(|d| d + 1);
            }
            b'.' if decimals.is_none() => decimals = Some(0),
            _ => return None,
        }
    }
    let missing = 3_u32.checked_sub(decimals.unwrap_or(0))?;
    if text.is_empty() { None } else { ms.checked_mul(10_i64.pow(missing)) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn values_are_printed_as_prometheus_writes_them() {
        for (value, text, json) in [
            (f64::NAN, "NaN", "\"NaN\""),
            (f64::INFINITY, "+Inf", "\"+Inf\""),
            (f64::NEG_INFINITY, "-Inf", "\"-Inf\""),
            (2_379_244_622.0, "2379244622", "2379244622.0"),
            (0.1, "0.1", "0.1"),
        ] {
            assert_eq!(Float(value).to_string(), text);
            assert_eq!(serde_json::to_string(&Float(value)).unwrap(), json);
        }
    }

    #[test]
    fn numbers_are_written_as_go_writes_them() {
        for (value, plain, exponent) in [
            (0.0, "0", "0e+00"),
            (-0.0, "-0", "-0e+00"),
            (1.0, "1", "1e+00"),
            (-1.5, "-1.5", "-1.5e+00"),
            (7_258_439_680.0, "7258439680", "7.25843968e+09"),
            (1.0 / 3.0, "0.3333333333333333", "3.333333333333333e-01"),
            (1e20, "100000000000000000000", "1e+20"),
            (1e21, "1e+21", "1e+21"),
            (1.25e100, "1.25e+100", "1.25e+100"),
            (1e-6, "0.000001", "1e-06"),
            (9.99e-7, "9.99e-07", "9.99e-07"),
            (5e-324, "5e-324", "5e-324"),
            (f64::MAX, "1.7976931348623157e+308", "1.7976931348623157e+308"),
            (f64::NAN, "NaN", "NaN"),
            (f64::INFINITY, "+Inf", "+Inf"),
            (f64::NEG_INFINITY, "-Inf", "-Inf"),
        ] {
            assert_eq!(
                (SampleText(value).to_string().as_str(), Exponent(value).to_string().as_str()),
                (plain, exponent)
            );
        }
    }

    proptest! {
        #[test]
        fn numbers_read_back_as_themselves(bits in any::<u64>()) {
            let value = f64::from_bits(bits);
            for text in [SampleText(value).to_string(), Exponent(value).to_string()] {
                let read: f64 = text.replace("Inf", "inf").parse().unwrap();
                prop_assert!(read.to_bits() == value.to_bits() || (read.is_nan() && value.is_nan()), "{}", text);
            }
        }
    }
}
