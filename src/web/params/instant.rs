//! Grafana's grammar of times: `now-6h`, `now/d`, `now-1Q/fQ`, epoch numbers, dates, RFC 3339, `2026-11-23||+1d/d`.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{RoundMode, Span, Timestamp, ToSpan, Unit, Zoned, ZonedRound};

use crate::page_params::FiscalYear;

/// A bare number below this is seconds since the epoch, from it on milliseconds.
const FIRST_MILLISECONDS: f64 = 1e11;
/// A number that begins with one of these years and is as long as a date is a date: `2023`, `20230901`.
const YEARS: std::ops::RangeInclusive<u16> = 1900..=2199;
/// How many digits a date has: down to the year, the month, the day, the minute, the second. Ten digits are seconds.
const DATE_DIGITS: [usize; 5] = [4, 6, 8, 12, 14];
/// The parts that a date leaves out.
const FIRST_OF_YEAR: &str = "00000101000000";

/// What a text is read in.
#[derive(Clone, Debug)]
pub(super) struct TimeReader {
    pub(super) zone: TimeZone,
    pub(super) fiscal_year: FiscalYear,
    pub(super) now: Timestamp,
}

/// Which end of a window a text describes: `now/d` is the day's first instant as `from`, its last as `to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    From,
    To,
}

/// What a time is moved by or rounded to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Quarter,
    Year,
    FiscalQuarter,
    FiscalYear,
}

impl TimeReader {
    pub(super) fn utc(now: Timestamp) -> Self {
        Self { zone: TimeZone::UTC, fiscal_year: FiscalYear::default(), now }
    }

    /// Reads one end of a window. The error completes the sentence `"TEXT" ...`.
    pub(super) fn instant(&self, text: &str, end: End) -> Result<Timestamp, String> {
        let moved = |from: Timestamp, by: &str| {
            self.relative(from.to_zoned(self.zone.clone()), by, end).map(|at| at.timestamp())
        };
        let at = match (text.strip_prefix("now"), text.split_once("||")) {
            (Some(by), _) => moved(self.now, by),
            (None, Some((from, by))) => self.absolute(from).and_then(|from| moved(from, by)),
            (None, None) => self.absolute(text),
        };
        match at {
            None => Err("is not a valid time; use now-6h, now/d, 2026-01-31, 2026-01-31T12:00:00Z or epoch \
                         milliseconds"
                .to_owned()),
            Some(at) if at < Timestamp::UNIX_EPOCH => Err("is before 1970".to_owned()),
            Some(at) => Ok(at),
        }
    }

    /// What follows `now` or `||`: any number of `-1d`, `+2h`, `/w`. Blanks around their parts do not count, but a plus that
    /// was not percent-encoded arrives as a blank.
    fn relative(&self, from: Zoned, text: &str, end: End) -> Option<Zoned> {
        let (mut at, mut rest) = (from, text);
        loop {
            let trimmed = rest.trim_start();
            let Some(first) = trimmed.chars().next() else { return Some(at) };
            let (operator, after) = match first {
                '+' | '-' | '/' => (first, trimmed.get(1..)?),
                _ if trimmed.len() < rest.len() => ('+', trimmed),
                _ => return None,
            };
            let (number, step, after) = amount(after)?;
            at = match operator {
                '-' => at.checked_sub(step.times(number)?).ok()?,
                '+' => at.checked_add(step.times(number)?).ok()?,
                _ if number == 1 => self.rounded(&at, step, end)?,
                _ => return None,
            };
            rest = after;
        }
    }

    /// The first instant of the step that `at` lies in or, as `to`, its last millisecond.
    fn rounded(&self, at: &Zoned, step: Step, end: End) -> Option<Zoned> {
        let (first, next) = match (step.clock_unit(), self.first_day(at.date(), step)) {
            (Some(unit), _) => {
                let first = at.round(ZonedRound::new().smallest(unit).mode(RoundMode::Trunc)).ok()?;
                (first.clone(), first.checked_add(step.times(1)?).ok()?)
            }
            (None, first) => {
                let first = first?;
                // A day may begin at one o'clock, so the next one is not 24 hours later on the clock.
                let next = first.checked_add(step.times(1)?).ok()?;
                (first.to_zoned(self.zone.clone()).ok()?, next.to_zoned(self.zone.clone()).ok()?)
            }
        };
        match end {
            End::From => Some(first),
            End::To => next.checked_sub(1.millisecond()).ok(),
        }
    }

    /// Weeks begin on Monday.
    fn first_day(&self, day: Date, step: Step) -> Option<Date> {
        let months_before = match step {
            Step::Second | Step::Minute | Step::Hour => return None,
            Step::Day => return Some(day),
            Step::Week => {
                return day.checked_sub(i64::from(day.weekday().to_monday_zero_offset()).days()).ok();
            }
            Step::Month => 0,
            Step::Quarter => FiscalYear::default().months_before(day.month()) % 3,
            Step::Year => FiscalYear::default().months_before(day.month()),
            Step::FiscalQuarter => self.fiscal_year.months_before(day.month()) % 3,
            Step::FiscalYear => self.fiscal_year.months_before(day.month()),
        };
        day.first_of_month().checked_sub(i64::from(months_before).months()).ok()
    }

    fn absolute(&self, text: &str) -> Option<Timestamp> {
        if text.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
            return self.number(text);
        }
        // The plus of an offset that was not percent-encoded arrives as a blank.
        let with_plus = || text.rsplit_once(' ').map(|(head, tail)| format!("{head}+{tail}"));
        let instant = || text.parse::<Timestamp>().ok().or_else(|| with_plus()?.parse().ok());
        let month = || format!("{text}-01").parse::<Date>().ok().filter(|_| text.len() == "2023-09".len());
        let civil = || text.parse::<DateTime>().ok().or_else(|| Some(month()?.into()));
        instant().or_else(|| self.at(civil()?))
    }

    /// A date and time without an offset is read in the page's zone.
    fn at(&self, civil: DateTime) -> Option<Timestamp> {
        Some(civil.to_zoned(self.zone.clone()).ok()?.timestamp())
    }

    /// A date without separators, else an epoch number. One that begins like a date and is none is not read: it would
    /// be a moment of 1970.
    fn number(&self, text: &str) -> Option<Timestamp> {
        let year = || text.get(..4)?.parse().ok().filter(|year| YEARS.contains(year));
        let is_date = DATE_DIGITS.contains(&text.len()) && !text.contains('.') && year().is_some();
        if is_date {
            let all = format!("{text}{}", FIRST_OF_YEAR.get(text.len()..)?);
            return self.at(DateTime::strptime("%Y%m%d%H%M%S", all).ok()?);
        }
        let number: f64 = text.parse().ok()?;
        let milliseconds = if number < FIRST_MILLISECONDS { number * 1000.0 } else { number };
        // A float beyond the range saturates, and the timestamp refuses it.
        Timestamp::from_millisecond(milliseconds as i64).ok()
    }
}

/// `2d`, `d`, ` 1 fQ`: a number, which is 1 by default, a unit, and the text after them.
fn amount(text: &str) -> Option<(i64, Step, &str)> {
    let text = text.trim_start();
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at_checked(digits)?;
    let number = if number.is_empty() { 1 } else { number.parse().ok()? };
    let (step, after) = Step::first_of(unit.trim_start())?;
    Some((number, step, after))
}

impl Step {
    /// The unit that a text begins with, and the text after it.
    fn first_of(text: &str) -> Option<(Self, &str)> {
        const UNITS: [(&str, Step); 10] = [
            ("fQ", Step::FiscalQuarter),
            ("fy", Step::FiscalYear),
            ("s", Step::Second),
            ("m", Step::Minute),
            ("h", Step::Hour),
            ("d", Step::Day),
            ("w", Step::Week),
            ("M", Step::Month),
            ("Q", Step::Quarter),
            ("y", Step::Year),
        ];
        UNITS.into_iter().find_map(|(name, step)| Some((step, text.strip_prefix(name)?)))
    }

    fn times(self, number: i64) -> Option<Span> {
        let none = Span::new();
        match self {
            Self::Second => none.try_seconds(number),
            Self::Minute => none.try_minutes(number),
            Self::Hour => none.try_hours(number),
            Self::Day => none.try_days(number),
            Self::Week => none.try_weeks(number),
            Self::Month => none.try_months(number),
            Self::Quarter | Self::FiscalQuarter => none.try_months(number.checked_mul(3)?),
            Self::Year | Self::FiscalYear => none.try_years(number),
        }
        .ok()
    }

    /// None for what is longer than an hour: its length depends on the calendar.
    fn clock_unit(self) -> Option<Unit> {
        match self {
            Self::Second => Some(Unit::Second),
            Self::Minute => Some(Unit::Minute),
            Self::Hour => Some(Unit::Hour),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Computed with Grafana's `datemath.ts` and its library moment, in which weeks begin on Monday.
    const GRAFANA: &str = include_str!("../../../tests/fixtures/grafana-times.csv");

    fn reader(now: &str, zone: &str, fiscal_year: &str) -> TimeReader {
        TimeReader {
            zone: TimeZone::get(zone).unwrap(),
            fiscal_year: fiscal_year.parse().unwrap(),
            now: now.parse().unwrap(),
        }
    }

    #[test]
    fn relative_times_are_those_of_grafana() {
        let mut rows = 0;
        for row in GRAFANA.lines().skip(1) {
            let [now, zone, text, end, fiscal_year, expected] =
                <[&str; 6]>::try_from(row.split(',').collect::<Vec<_>>()).unwrap();
            let end = if end == "to" { End::To } else { End::From };
            let found = reader(now, zone, fiscal_year).instant(text, end).unwrap();
            assert_eq!(found, expected.parse::<Timestamp>().unwrap(), "{row}");
            rows += 1;
        }
        assert!(rows > 300, "{rows}");
    }

    #[test]
    fn blanks_do_not_count_but_for_a_plus() {
        let reader = reader("2026-11-23T14:02:15Z", "UTC", "1");
        for (text, expected) in [
            ("now - 2d", "now-2d"),
            ("now -2d / d", "now-2d/d"),
            ("now- 2 d", "now-2d"),
            ("now / d", "now/d"),
            ("now\u{a0}-\t2d", "now-2d"),
            ("now + 2d", "now+2d"),
            ("now 2d", "now+2d"),
            ("now-1d/d 8h", "now-1d/d+8h"),
            ("now - 1 fQ / fQ", "now-1Q/fQ"),
        ] {
            for end in [End::From, End::To] {
                assert_eq!(reader.instant(text, end), reader.instant(expected, end), "{text}");
                assert!(reader.instant(text, end).is_ok(), "{text}");
            }
        }
        for text in
            ["now -", "now - - 2d", "now-1 2d", "now/fd", "now/fM", "now-5f", "now-0", "now-00", "now/2Q"]
        {
            assert!(reader.instant(text, End::From).is_err(), "{text}");
        }
    }

    #[test]
    fn a_date_may_have_arithmetic_behind_two_bars() {
        let berlin = reader("2026-11-23T14:02:15Z", "Europe/Berlin", "1");
        for (text, from, to) in [
            ("2026-11-23||+1d/d", "2026-11-23T23:00:00Z", "2026-11-24T22:59:59.999Z"),
            ("2026-11-23T10:00:00Z||-1M/M", "2026-09-30T22:00:00Z", "2026-10-31T22:59:59.999Z"),
        ] {
            assert_eq!(berlin.instant(text, End::From), Ok(from.parse().unwrap()), "{text}");
            assert_eq!(berlin.instant(text, End::To), Ok(to.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn dates_are_that_day_and_never_a_moment_of_1970() {
        let berlin = reader("2026-11-23T14:02:15Z", "Europe/Berlin", "1");
        for (text, expected) in [
            ("20230901", "2023-08-31T22:00:00Z"),
            ("2023-09-01", "2023-08-31T22:00:00Z"),
            ("20230901T101112", "2023-09-01T08:11:12Z"),
            ("20230901T1011", "2023-09-01T08:11:00Z"),
            ("20230901T101112Z", "2023-09-01T10:11:12Z"),
            ("20230901 101112", "2023-09-01T08:11:12Z"),
            ("202309011011", "2023-09-01T08:11:00Z"),
            ("20230901101112", "2023-09-01T08:11:12Z"),
            ("2023-09-01T10", "2023-09-01T08:00:00Z"),
            ("2023-09-01 10:11", "2023-09-01T08:11:00Z"),
            ("2023-09-01T10:11:12.345", "2023-09-01T08:11:12.345Z"),
            ("2023-09-01T10:11:12+0530", "2023-09-01T04:41:12Z"),
            ("2023-09-01T10:11:12 05:30", "2023-09-01T04:41:12Z"),
            ("2023-09", "2023-08-31T22:00:00Z"),
            ("202309", "2023-08-31T22:00:00Z"),
            ("2023", "2022-12-31T23:00:00Z"),
            ("1693559700", "2023-09-01T09:15:00Z"),
            ("1693559700000", "2023-09-01T09:15:00Z"),
            ("1693559700.5", "2023-09-01T09:15:00.5Z"),
            ("0", "1970-01-01T00:00:00Z"),
            ("2000000000", "2033-05-18T03:33:20Z"),
            ("2024-02-29", "2024-02-28T23:00:00Z"),
            ("2026-11-23||+1d", "2026-11-23T23:00:00Z"),
            ("2026-11-23|| 1d", "2026-11-23T23:00:00Z"),
            ("2026-11-23||", "2026-11-22T23:00:00Z"),
        ] {
            let expected = expected.parse::<Timestamp>().unwrap();
            for end in [End::From, End::To] {
                assert_eq!(berlin.instant(text, end), Ok(expected), "{text}");
            }
        }
        for text in [
            "||+1d",
            "now||+1d",
            "2026-11-23||x",
            "2026-11-23||+1d||+1d",
            "20231301",
            "20230931",
            "20149999",
            "202313",
            "2023-13",
            "2023-9",
            "2023-09-",
            "202309019911",
            "20230229",
            "2023-02-29",
            "20230901T",
            "20230901T2511",
            "2023.09.01",
            "09/01/2023",
            "2023-09-01T10:11:12X",
            "1970-13",
            "19691231",
            "2023-W35",
            "20230901T101112+99:00",
        ] {
            assert!(berlin.instant(text, End::From).is_err(), "{text}");
        }
    }
}
