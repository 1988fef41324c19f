//! How each unit is written.

use super::grafana;
use super::units::{GIB, KIB, MIB, Measure, PIB, TIB};
use crate::annotations::Unit;

impl Measure {
    pub fn of(unit: &Unit) -> Self {
        match unit {
            Unit::None => Self::plain(""),
            Unit::Bytes => Self::binary(1.0, "B"),
            Unit::BytesPerSecond => Self::binary(1.0, "B/s"),
            Unit::Kibibytes => Self::binary(KIB, "B"),
            Unit::Mebibytes => Self::binary(MIB, "B"),
            Unit::Gibibytes => Self::binary(GIB, "B"),
            Unit::Tebibytes => Self::binary(TIB, "B"),
            Unit::Pebibytes => Self::binary(PIB, "B"),
            Unit::DecimalBytes => Self::prefixed(1.0, "B"),
            Unit::DecimalBytesPerSecond => Self::prefixed(1.0, "B/s"),
            Unit::Kilobytes => Self::prefixed(1e3, "B"),
            Unit::Megabytes => Self::prefixed(1e6, "B"),
            Unit::Gigabytes => Self::prefixed(1e9, "B"),
            Unit::Terabytes => Self::prefixed(1e12, "B"),
            Unit::Petabytes => Self::prefixed(1e15, "B"),
            Unit::Bits => Self::binary(1.0, "b"),
            Unit::BitsPerSecond => Self::binary(1.0, "b/s"),
            Unit::DecimalBits => Self::prefixed(1.0, "b"),
            Unit::DecimalBitsPerSecond => Self::prefixed(1.0, "b/s"),
            Unit::Nanoseconds => Self::clock(1e-9),
            Unit::Microseconds => Self::clock(1e-6),
            Unit::Milliseconds => Self::clock(1e-3),
            Unit::Seconds => Self::clock(1.0),
            Unit::Minutes => Self::clock(60.0),
            Unit::Hours => Self::clock(3_600.0),
            Unit::Days => Self::clock(86_400.0),
            Unit::Timestamp => Self::time(1.0),
            Unit::TimestampMilliseconds => Self::time(1e-3),
            Unit::Ratio => Self::percent(100.0),
            Unit::Percent => Self::percent(1.0),
            Unit::PerSecond => Self::plain("/s"),
            Unit::PerMinute => Self::plain("/min"),
            Unit::Celsius => Self::unscaled("°C"),
            Unit::Fahrenheit => Self::unscaled("°F"),
            Unit::Kelvin => Self::unscaled("K"),
            Unit::Hertz => Self::metric(1.0, "Hz"),
            Unit::Volts => Self::metric(1.0, "V"),
            Unit::Amperes => Self::metric(1.0, "A"),
            Unit::Watts => Self::metric(1.0, "W"),
            Unit::Joules => Self::metric(1.0, "J"),
            Unit::Grams => Self::metric(1.0, "g"),
            Unit::Meters => Self::metric(1.0, "m"),
            Unit::Other(word) => grafana::measure(word).unwrap_or_else(|| Self::named(word)),
        }
    }
}
