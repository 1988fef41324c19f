//! Ranges, refresh intervals and time zones.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use jiff::tz::TimeZone;

use crate::promql::parse_duration;

const DAY_SECS: u64 = 86_400;
const MAX_RANGE_YEARS: u64 = 50;
/// Browsers' timers overflow at 24 days.
const MAX_REFRESH_SECS: u64 = DAY_SECS;

/// How often a page asks again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refresh {
    Off,
    /// Whole seconds, from 1: htmx reads a fraction as zero.
    Every(u32),
}

impl Refresh {
    pub fn secs(self) -> Option<u32> {
        match self {
            Self::Off => None,
            Self::Every(secs) => Some(secs),
        }
    }
}

impl FromStr for Refresh {
    type Err = String;

    /// A duration, or `0`, `off`, `false` or the empty text for never.
    fn from_str(text: &str) -> Result<Self, String> {
        let number = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let is_zero = !number.is_empty() && number.bytes().all(|b| b == b'0');
        if is_zero || matches!(text, "" | "off" | "false") {
            return Ok(Self::Off);
        }
        let interval = parse_duration(text)?;
        match interval.as_millis().div_ceil(1000) {
            secs if secs > u128::from(MAX_REFRESH_SECS) => Err("is longer than a day".to_owned()),
            secs => Ok(Self::Every(u32::try_from(secs).unwrap_or(u32::MAX))),
        }
    }
}

/// As an address has it.
impl fmt::Display for Refresh {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => f.write_str("0"),
            Self::Every(secs) => write!(f, "{secs}s"),
        }
    }
}

/// The time zone of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Zone {
    /// The server writes UTC; the script rewrites times in the browser's zone.
    Browser,
    Named(TimeZone),
}

impl Zone {
    /// The zone that the server writes and rounds in.
    pub fn time_zone(&self) -> TimeZone {
        match self {
            Self::Browser => TimeZone::UTC,
            Self::Named(zone) => zone.clone(),
        }
    }

    /// `browser`, `utc` or an IANA name, as an address has it.
    pub fn name(&self) -> &str {
        match self {
            Self::Browser => "browser",
            Self::Named(zone) if *zone == TimeZone::UTC => "utc",
            Self::Named(zone) => zone.iana_name().unwrap_or("utc"),
        }
    }
}

impl FromStr for Zone {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.to_ascii_lowercase().as_str() {
            "browser" => return Ok(Self::Browser),
            "utc" | "etc/utc" => return Ok(Self::Named(TimeZone::UTC)),
            _ => {}
        }
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '+' | '/');
        let known =
            (text.len() <= 64 && text.chars().all(is_plain)).then(|| TimeZone::get(text).ok()).flatten();
        known.map(Self::Named).ok_or_else(|| {
            "is not a known time zone; use an IANA name such as Europe/Berlin, utc or browser".to_owned()
        })
    }
}

/// A range in whole seconds, from 1 second to 50 years. A fraction of a second is dropped.
pub fn read_range(text: &str) -> Result<Duration, String> {
    let secs = parse_duration(text)?.as_secs();
    if secs > MAX_RANGE_YEARS * 365 * DAY_SECS {
        return Err(format!("is longer than {MAX_RANGE_YEARS} years"));
    }
    Ok(Duration::from_secs(secs.max(1)))
}

/// `5400 s` -> `90m`: the largest unit that leaves no rest, because Grafana's times have one number for each unit.
pub fn in_one_unit(range: Duration) -> String {
    let secs = range.as_secs().max(1);
    let units = [(604_800, 'w'), (86_400, 'd'), (3_600, 'h'), (60, 'm')];
    let fits = units.iter().find(|(size, _)| secs.is_multiple_of(*size));
    fits.map_or_else(|| format!("{secs}s"), |(size, unit)| format!("{}{unit}", secs / size))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_written_in_one_unit() {
        for (secs, expected) in [(0, "1s"), (59, "59s"), (5400, "90m"), (21_600, "6h"), (604_800, "1w")] {
            assert_eq!(in_one_unit(Duration::from_secs(secs)), expected);
        }
    }

    #[test]
    fn zones_have_their_iana_names() {
        let name = |text: &str| text.parse::<Zone>().map(|zone| zone.name().to_owned());
        assert_eq!(name("UTC").unwrap(), "utc");
        assert_eq!(name("europe/berlin").unwrap(), "Europe/Berlin");
        assert!(name("Mars/Olympus").is_err() && name("../etc/passwd").is_err());
    }

    #[test]
    fn ranges_have_one_bound() {
        let secs = |text: &str| read_range(text).map(|range| range.as_secs());
        assert_eq!((secs("500ms"), secs("90s"), secs("50y")), (Ok(1), Ok(90), Ok(1_576_800_000)));
        assert!(secs("51y").unwrap_err().contains("50 years"));
    }
}
