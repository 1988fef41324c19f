//! Times and durations as text, with their zone.

use std::time::Duration;

use jiff::Timestamp;

use crate::page_params::{Zone, offset};
use crate::web::params::PageParams;

/// The ends of a shorter window have seconds.
const SHORT: Duration = Duration::from_secs(600);

/// An instant as text for readers, and exact for machines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// RFC 3339, for the `datetime` attribute.
    pub datetime: String,
    /// `14:02:15 UTC`, `15:02:15 UTC+1`; with its date when that is not the date of `near`.
    pub text: String,
}

impl Moment {
    /// The moment in the zone of a page.
    pub fn of(at: &Timestamp, params: &PageParams) -> Self {
        Self::near(*at, params.period.now, &params.zone)
    }

    /// The moment in a zone, with its date when that is not the date of `near`.
    pub fn near(at: Timestamp, near: Timestamp, zone: &Zone) -> Self {
        Self::shaped(at, near, zone, "%H:%M:%S", true)
    }

    /// The ends of the window of a page: `18:18` and `18:41 UTC+1`. Seconds only matter in a short window. The first
    /// shows its offset only if that is not the offset of now.
    pub fn ends(params: &PageParams) -> [Self; 2] {
        let (period, zone) = (params.period, &params.zone);
        let time = if params.range() < SHORT { "%H:%M:%S" } else { "%H:%M" };
        let is_odd = zone_at(period.from, zone) != zone_at(period.now, zone);
        [(period.from, is_odd), (period.to, true)]
            .map(|(at, with_zone)| Self::shaped(at, period.now, zone, time, with_zone))
    }

    fn shaped(at: Timestamp, near: Timestamp, zone: &Zone, time: &str, with_zone: bool) -> Self {
        let tz = zone.time_zone();
        let (here, today) = (at.to_zoned(tz.clone()), near.to_zoned(tz));
        let date = if here.date() == today.date() { "" } else { "%Y-%m-%d " };
        let mut text = here.strftime(&format!("{date}{time}")).to_string();
        if with_zone {
            text = format!("{text} {}", offset(&here));
        }
        Self { datetime: at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(), text }
    }

    /// The moment with its date, in UTC, for readers whose zone is unknown.
    pub fn utc(at: Timestamp) -> Self {
        let text = at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string();
        Self { datetime: at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(), text }
    }
}

/// A zone's offset from UTC at that moment, as every time shows it.
pub fn zone_at(at: Timestamp, zone: &Zone) -> String {
    offset(&at.to_zoned(zone.time_zone()))
}

/// `Europe/Berlin, UTC+1`
pub fn zone_words(at: Timestamp, zone: &Zone) -> String {
    match zone.name() {
        "browser" | "utc" => "UTC".to_owned(),
        name => format!("{name}, {}", zone_at(at, zone)),
    }
}

/// `45s`, `12m`, `2h 14m`, `3d 4h`: in two units at most, never negative.
pub fn span(seconds: i64) -> String {
    let s = seconds.max(0);
    let two = |big: i64, b: &str, small: i64, l: &str| match small {
        0 => format!("{big}{b}"),
        _ => format!("{big}{b} {small}{l}"),
    };
    match s {
        0..60 => format!("{s}s"),
        60..600 => two(s / 60, "m", s % 60, "s"),
        600..3600 => format!("{}m", s / 60),
        3600..86_400 => two(s / 3600, "h", s % 3600 / 60, "m"),
        _ => two(s / 86_400, "d", s % 86_400 / 3600, "h"),
    }
}

/// How long ago a time was.
pub fn since(at: Timestamp, now: Timestamp) -> String {
    span(now.as_second() - at.as_second())
}

/// A rule's `for` and the like, which Prometheus sends in seconds with a fraction.
pub fn seconds(value: f64) -> String {
    if value > 0.0 && value < 1.0 {
        return format!("{:.0}ms", value * 1000.0);
    }
    #[expect(clippy::cast_possible_truncation, reason = "the cast saturates, and no rule waits that long")]
    let whole = value as i64;
    span(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_have_two_units_at_most() {
        for (secs, text) in [
            (-5, "0s"),
            (45, "45s"),
            (60, "1m"),
            (305, "5m 5s"),
            (605, "10m"),
            (8040, "2h 14m"),
            (86_400, "1d"),
            (273_600, "3d 4h"),
        ] {
            assert_eq!(span(secs), text);
        }
        assert_eq!(seconds(0.5), "500ms");
        assert_eq!(seconds(f64::NAN), "0s");
        assert_eq!(seconds(300.0), "5m");
    }

    #[test]
    fn a_moment_says_its_zone_and_its_date_when_needed() {
        let now: Timestamp = "2026-11-23T14:02:15Z".parse().unwrap();
        let text = |at: &str, zone: &Zone| Moment::near(at.parse().unwrap(), now, zone).text;
        assert_eq!(text("2026-11-23T14:02:15.9Z", &Zone::Browser), "14:02:15 UTC");
        assert_eq!(text("2026-11-22T14:02:15Z", &Zone::Browser), "2026-11-22 14:02:15 UTC");
        let berlin = Zone::Named(jiff::tz::TimeZone::get("Europe/Berlin").unwrap());
        assert_eq!(text("2026-11-22T23:30:00Z", &berlin), "00:30:00 UTC+1");
        assert_eq!(zone_words(now, &berlin), "Europe/Berlin, UTC+1");
        assert_eq!(zone_at("2026-07-01T00:00:00Z".parse().unwrap(), &berlin), "UTC+2");
        for (name, expected) in
            [("Asia/Kolkata", "UTC+5:30"), ("America/St_Johns", "UTC-3:30"), ("UTC", "UTC")]
        {
            let zone = Zone::Named(jiff::tz::TimeZone::get(name).unwrap());
            assert_eq!(zone_at(now, &zone), expected);
        }
        assert_eq!(Moment::near(now, now, &berlin).datetime, "2026-11-23T14:02:15Z");
    }
}
