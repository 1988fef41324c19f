//! What the numbers of a graph measure, and the words for it.

/// What the numbers of a graph measure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unit {
    None,
    /// In powers of 1024, as for memory and disks.
    Bytes,
    /// In powers of 1000.
    DecimalBytes,
    BytesPerSecond,
    DecimalBytesPerSecond,
    /// Numbers of 1024 bytes, and of powers of it.
    Kibibytes,
    Mebibytes,
    Gibibytes,
    Tebibytes,
    Pebibytes,
    /// Powers of 1000 of bytes.
    Kilobytes,
    Megabytes,
    Gigabytes,
    Terabytes,
    Petabytes,
    Bits,
    DecimalBits,
    BitsPerSecond,
    DecimalBitsPerSecond,
    Nanoseconds,
    Microseconds,
    Milliseconds,
    Seconds,
    Minutes,
    Hours,
    Days,
    /// Instants: seconds since 1970, or milliseconds where no year of the calendar has so many seconds.
    Timestamp,
    /// Instants in milliseconds since 1970.
    TimestampMilliseconds,
    /// 0 to 1, shown as percent.
    Ratio,
    /// 0 to 100.
    Percent,
    PerSecond,
    PerMinute,
    Celsius,
    Fahrenheit,
    Kelvin,
    Hertz,
    Volts,
    Amperes,
    Watts,
    Joules,
    Grams,
    Meters,
    /// Any other word: an id of Grafana's that [`chart`](crate::chart) knows, else shown behind the number.
    Other(String),
}

/// The units and their words: the own one first, then Grafana's ids, OpenMetrics' names and short forms.
const WORDS: &[(Unit, &[&str])] = &[
    (Unit::None, &["none", "short", "sishort", "locale", "sci", "hex", "hex0x", "string"]),
    (Unit::Bytes, &["bytes"]),
    (Unit::DecimalBytes, &["decbytes"]),
    (Unit::BytesPerSecond, &["bytes_per_second", "bytes/s", "binBps"]),
    (Unit::DecimalBytesPerSecond, &["decbytes_per_second", "decbytes/s", "Bps"]),
    (Unit::Kibibytes, &["kbytes", "kibibytes", "KiB"]),
    (Unit::Mebibytes, &["mbytes", "mebibytes", "MiB"]),
    (Unit::Gibibytes, &["gbytes", "gibibytes", "GiB"]),
    (Unit::Tebibytes, &["tbytes", "tebibytes", "TiB"]),
    (Unit::Pebibytes, &["pbytes", "pebibytes", "PiB"]),
    (Unit::Kilobytes, &["deckbytes", "kilobytes", "kB"]),
    (Unit::Megabytes, &["decmbytes", "megabytes", "MB"]),
    (Unit::Gigabytes, &["decgbytes", "gigabytes", "GB"]),
    (Unit::Terabytes, &["dectbytes", "terabytes", "TB"]),
    (Unit::Petabytes, &["decpbytes", "petabytes", "PB"]),
    (Unit::Bits, &["bits"]),
    (Unit::DecimalBits, &["decbits"]),
    (Unit::BitsPerSecond, &["binbps"]),
    (Unit::DecimalBitsPerSecond, &["bits_per_second", "bits/s", "bps"]),
    (Unit::Nanoseconds, &["nanoseconds", "ns"]),
    (Unit::Microseconds, &["microseconds", "µs", "μs", "us"]),
    (Unit::Milliseconds, &["milliseconds", "ms", "dtdurationms", "clockms"]),
    (Unit::Seconds, &["seconds", "s", "dtdurations", "dthms", "dtdhms", "clocks"]),
    (Unit::Minutes, &["minutes", "m", "min"]),
    (Unit::Hours, &["hours", "h"]),
    (Unit::Days, &["days", "d"]),
    (
        Unit::Timestamp,
        &[
            "timestamp",
            "dateTimeAsIso",
            "dateTimeAsIsoNoDateIfToday",
            "dateTimeAsUS",
            "dateTimeAsUSNoDateIfToday",
            "dateTimeAsLocal",
            "dateTimeAsLocalNoDateIfToday",
            "dateTimeAsSystem",
            "dateTimeFromNow",
        ],
    ),
    (Unit::TimestampMilliseconds, &["timestamp_ms"]),
    (Unit::Ratio, &["ratio", "percentunit", "ratios"]),
    (Unit::Percent, &["percent", "%", "humidity"]),
    (
        Unit::PerSecond,
        &[
            "per_second",
            "/s",
            "ops",
            "reqps",
            "rps",
            "wps",
            "iops",
            "cps",
            "eps",
            "mps",
            "recps",
            "rowsps",
            "pps",
        ],
    ),
    (
        Unit::PerMinute,
        &["per_minute", "/min", "opm", "reqpm", "rpm", "wpm", "cpm", "epm", "mpm", "recpm", "rowspm"],
    ),
    (Unit::Celsius, &["celsius", "°C"]),
    (Unit::Fahrenheit, &["fahrenheit", "°F", "farenheit"]),
    (Unit::Kelvin, &["kelvin", "K"]),
    (Unit::Hertz, &["hertz", "Hz", "rothz"]),
    (Unit::Volts, &["volts", "V", "volt"]),
    (Unit::Amperes, &["amperes", "A", "amp"]),
    (Unit::Watts, &["watts", "W", "watt"]),
    (Unit::Joules, &["joules", "J", "joule"]),
    (Unit::Grams, &["grams", "g", "massg"]),
    (Unit::Meters, &["meters", "lengthm", "metres"]),
];

impl Unit {
    /// The longest word of a unit, in characters.
    pub const MAX_CHARS: usize = 32;

    /// Reads a word of the table as it is written there (`Bps` are bytes and `bps` bits), else, if it is no single
    /// letter, without regard to capitals; any other word is itself. None when it is empty or too long to stand
    /// behind a number.
    pub fn parse(word: &str) -> Option<Self> {
        let word = word.trim();
        if word.is_empty() || word.chars().count() > Self::MAX_CHARS || word.chars().any(char::is_control) {
            return None;
        }
        let find = |is_it: &dyn Fn(&str) -> bool| {
            let found = WORDS.iter().find(|(_, words)| words.iter().any(|word| is_it(word)));
            found.map(|(unit, _)| unit.clone())
        };
        let alike = |known: &str| word.chars().nth(1).is_some() && known.eq_ignore_ascii_case(word);
        let found = find(&|known| known == word).or_else(|| find(&alike));
        Some(found.unwrap_or_else(|| Self::Other(word.to_owned())))
    }

    /// The machine word, which [`Unit::parse`] reads back.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Other(word) => word,
            known => {
                let words = WORDS.iter().find(|(unit, _)| unit == known);
                words.and_then(|(_, words)| words.first()).copied().unwrap_or("none")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_read_back_and_none_has_two_meanings() {
        let mut seen = std::collections::HashSet::new();
        for (unit, words) in WORDS {
            assert_eq!(unit.as_str(), words[0]);
            for word in *words {
                assert_eq!(Unit::parse(&format!(" {word} ")).as_ref(), Some(unit), "{word}");
                assert!(seen.insert(*word), "{word} stands twice");
            }
        }
        for (word, wanted) in [
            ("Seconds", Unit::Seconds),
            ("Bps", Unit::DecimalBytesPerSecond),
            ("bps", Unit::DecimalBitsPerSecond),
            ("mb", Unit::Megabytes),
            ("k", Unit::Other("k".to_owned())),
            ("orders", Unit::Other("orders".to_owned())),
        ] {
            assert_eq!(Unit::parse(word), Some(wanted));
        }
        for refused in ["", " ", "a\nb", &"x".repeat(33)] {
            assert_eq!(Unit::parse(refused), None, "{refused:?}");
        }
    }
}
