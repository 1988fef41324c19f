//! Ranges, refresh intervals, time zones and fiscal years.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

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

    /// A zone other than UTC that the server writes in.
    pub fn other_than_utc(&self) -> Option<&TimeZone> {
        match self {
            Self::Named(zone) if *zone != TimeZone::UTC => Some(zone),
            _ => None,
        }
    }

    /// RFC 3339, with the zone's offset at that time: `2026-10-25T02:30:00+01:00`; in UTC with `Z`.
    pub fn rfc3339(&self, at: Timestamp) -> String {
        match self.other_than_utc() {
            None => at.to_string(),
            Some(zone) => at.display_with_offset(zone.to_offset(at)).to_string(),
        }
    }
}

/// `UTC`, `UTC+1`, `UTC-3:30`: unlike the abbreviation of a zone, the same in every browser and unambiguous.
pub fn offset(at: &Zoned) -> String {
    let minutes = at.offset().seconds() / 60;
    let sign = if minutes < 0 { '-' } else { '+' };
    match (minutes.abs() / 60, minutes.abs() % 60) {
        (0, 0) => "UTC".to_owned(),
        (hours, 0) => format!("UTC{sign}{hours}"),
        (hours, minutes) => format!("UTC{sign}{hours}:{minutes:02}"),
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

/// A year of twelve months that begins in a month of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FiscalYear {
    /// From 1 to 12.
    first_month: i8,
}

impl Default for FiscalYear {
    /// The calendar's year.
    fn default() -> Self {
        Self { first_month: 1 }
    }
}

impl FiscalYear {
    /// How many months before `month` (from 1) the year began.
    pub fn months_before(self, month: i8) -> i8 {
        (month - self.first_month).rem_euclid(12)
    }
}

/// As the config writes it.
impl fmt::Display for FiscalYear {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.first_month.fmt(f)
    }
}

impl FromStr for FiscalYear {
    type Err = String;

    /// The number of its first month.
    fn from_str(text: &str) -> Result<Self, String> {
        let first_month = text.parse().ok().filter(|month| (1..=12).contains(month));
        first_month
            .map(|first_month| Self { first_month })
            .ok_or_else(|| "is not the number of a month, from 1 to 12".to_owned())
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
    fn an_hour_that_occurs_twice_has_two_offsets() {
        let written = |zone: &str, at: &str| zone.parse::<Zone>().unwrap().rfc3339(at.parse().unwrap());
        assert_eq!(written("Europe/Berlin", "2026-10-25T00:30:00Z"), "2026-10-25T02:30:00+02:00");
        assert_eq!(written("Europe/Berlin", "2026-10-25T01:30:00Z"), "2026-10-25T02:30:00+01:00");
        assert_eq!(written("Europe/London", "2026-01-01T00:00:00.5Z"), "2026-01-01T00:00:00.5+00:00");
        for zone in ["utc", "browser", "UTC"] {
            assert_eq!(written(zone, "2026-10-25T01:30:00Z"), "2026-10-25T01:30:00Z");
        }
    }

    #[test]
    fn a_fiscal_year_begins_in_a_month() {
        let before = |first: &str, month| first.parse::<FiscalYear>().map(|year| year.months_before(month));
        for (first, month, months) in [("1", 1, 0), ("1", 12, 11), ("4", 3, 11), ("4", 4, 0), ("12", 11, 11)]
        {
            assert_eq!(before(first, month), Ok(months), "{first} {month}");
        }
        for text in ["0", "13", "-1", "1.5", "April", "", "4 "] {
            assert!(before(text, 1).is_err(), "{text}");
        }
    }

    #[test]
    fn ranges_have_one_bound() {
        let secs = |text: &str| read_range(text).map(|range| range.as_secs());
        assert_eq!((secs("500ms"), secs("90s"), secs("50y")), (Ok(1), Ok(90), Ok(1_576_800_000)));
        assert!(secs("51y").unwrap_err().contains("50 years"));
    }
}
