//! How each unit is written: its factor, its rungs, its name.

use std::borrow::Cow;

use crate::annotations::Unit;

/// A divisor, the number from which the next rung is used, and the suffix.
pub(super) type Rung = (f64, f64, &'static str);

const SI: &[Rung] = &[(1.0, 1e3, ""), (1e3, 1e3, "k"), (1e6, 1e3, "M"), (1e9, 1e3, "G"), (1e12, 1e3, "T")];

/// Before the name of a unit.
const PREFIXED: &[Rung] = &[
    (1.0, 1e3, " "),
    (1e3, 1e3, " k"),
    (1e6, 1e3, " M"),
    (1e9, 1e3, " G"),
    (1e12, 1e3, " T"),
    (1e15, 1e3, " P"),
];

const KIB: f64 = 1024.0;

const BINARY: &[Rung] = &[
    (1.0, KIB, " "),
    (KIB, KIB, " Ki"),
    (KIB * KIB, KIB, " Mi"),
    (KIB * KIB * KIB, KIB, " Gi"),
    (KIB * KIB * KIB * KIB, KIB, " Ti"),
    (KIB * KIB * KIB * KIB * KIB, KIB, " Pi"),
];

const SECONDS: &[Rung] = &[
    (1e-9, 1e3, " ns"),
    (1e-6, 1e3, " µs"),
    (1e-3, 1e3, " ms"),
    (1.0, 60.0, " s"),
    (60.0, 60.0, " min"),
    (3600.0, 24.0, " h"),
    (86_400.0, 1e6, " d"),
];

const PERCENT: &[Rung] = &[(1.0, 1e6, "%")];

/// For units that are never written in thousands.
const PLAIN: &[Rung] = &[(1.0, 1e6, " ")];

/// How a unit is written.
pub(super) struct Measure<'u> {
    pub(super) factor: f64,
    pub(super) ladder: &'static [Rung],
    /// The suffix of zero and of values beyond the rungs.
    pub(super) base: &'static str,
    /// What follows any suffix.
    pub(super) tail: Cow<'u, str>,
}

impl Measure<'static> {
    const fn new(factor: f64, ladder: &'static [Rung], base: &'static str, tail: &'static str) -> Self {
        Self { factor, ladder, base, tail: Cow::Borrowed(tail) }
    }

    const fn prefixed(name: &'static str) -> Self {
        Self::new(1.0, PREFIXED, " ", name)
    }

    const fn binary(factor: f64, name: &'static str) -> Self {
        Self::new(factor, BINARY, " ", name)
    }

    const fn seconds(factor: f64) -> Self {
        Self::new(factor, SECONDS, " s", "")
    }
}

pub(super) fn measure(unit: &Unit) -> Measure<'_> {
    match unit {
        Unit::None => Measure::new(1.0, SI, "", ""),
        Unit::Bytes => Measure::binary(1.0, "B"),
        Unit::BytesPerSecond => Measure::binary(1.0, "B/s"),
        Unit::Kibibytes => Measure::binary(KIB, "B"),
        Unit::Mebibytes => Measure::binary(KIB * KIB, "B"),
        Unit::Gibibytes => Measure::binary(KIB * KIB * KIB, "B"),
        Unit::Tebibytes => Measure::binary(KIB * KIB * KIB * KIB, "B"),
        Unit::DecimalBytes => Measure::prefixed("B"),
        Unit::DecimalBytesPerSecond => Measure::prefixed("B/s"),
        Unit::Kilobytes => Measure { factor: 1e3, ..Measure::prefixed("B") },
        Unit::Megabytes => Measure { factor: 1e6, ..Measure::prefixed("B") },
        Unit::Gigabytes => Measure { factor: 1e9, ..Measure::prefixed("B") },
        Unit::Terabytes => Measure { factor: 1e12, ..Measure::prefixed("B") },
        Unit::Bits => Measure::binary(1.0, "b"),
        Unit::BitsPerSecond => Measure::binary(1.0, "b/s"),
        Unit::DecimalBits => Measure::prefixed("b"),
        Unit::DecimalBitsPerSecond => Measure::prefixed("b/s"),
        Unit::Nanoseconds => Measure::seconds(1e-9),
        Unit::Microseconds => Measure::seconds(1e-6),
        Unit::Milliseconds => Measure::seconds(1e-3),
        Unit::Seconds => Measure::seconds(1.0),
        Unit::Minutes => Measure::seconds(60.0),
        Unit::Hours => Measure::seconds(3_600.0),
        Unit::Days => Measure::seconds(86_400.0),
        Unit::Ratio => Measure::new(100.0, PERCENT, "%", ""),
        Unit::Percent => Measure::new(1.0, PERCENT, "%", ""),
        Unit::PerSecond => Measure::new(1.0, SI, "", "/s"),
        Unit::PerMinute => Measure::new(1.0, SI, "", "/min"),
        Unit::Celsius => Measure::new(1.0, PLAIN, " ", "°C"),
        Unit::Fahrenheit => Measure::new(1.0, PLAIN, " ", "°F"),
        Unit::Kelvin => Measure::new(1.0, PLAIN, " ", "K"),
        Unit::Hertz => Measure::prefixed("Hz"),
        Unit::Volts => Measure::prefixed("V"),
        Unit::Amperes => Measure::prefixed("A"),
        Unit::Watts => Measure::prefixed("W"),
        Unit::Joules => Measure::prefixed("J"),
        Unit::Grams => Measure::prefixed("g"),
        Unit::Meters => Measure::prefixed("m"),
        Unit::Other(word) => {
            Measure { factor: 1.0, ladder: SI, base: "", tail: Cow::Owned(format!(" {word}")) }
        }
    }
}
