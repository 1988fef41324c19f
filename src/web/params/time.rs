//! Grafana's grammar of times: `now-6h`, `now/d`, `now-1d/d`, epoch numbers, RFC 3339.

use std::time::Duration;

use jiff::civil::{DateTime, Weekday};
use jiff::tz::TimeZone;
use jiff::{RoundMode, Span, Timestamp, ToSpan, Unit, Zoned, ZonedRound};

use super::pairs::Pairs;
use crate::page_params::{in_one_unit, quoted, read_range};

/// A bare number below this is seconds since the epoch, from it on milliseconds.
const FIRST_MILLISECONDS: f64 = 1e11;

/// The two ends of a page's window, as texts and as instants. `from < to`.
pub(super) struct PageWindow {
    pub(super) from_text: String,
    pub(super) to_text: String,
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
}

/// Which end of a window a text describes: `now/d` is the day's first instant as `from`, its last as `to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    From,
    To,
}

impl PageWindow {
    /// Reads `from` and `to`, or `range`. The default range replaces what cannot be used.
    pub(super) fn read(pairs: &mut Pairs, default: Duration, zone: &TimeZone, now: Timestamp) -> Self {
        let from = pairs.value("from", |t| instant(t, End::From, zone, now).map(|at| (t.to_owned(), at)));
        let to = pairs.value("to", |t| instant(t, End::To, zone, now).map(|at| (t.to_owned(), at)));
        let range = pairs.value("range", read_range);
        if range.is_some() && (from.is_some() || to.is_some()) {
            pairs.refuse("range", "ignored, because from or to is given".to_owned());
        } else if let Some(range) = range {
            return Self::until_now(range, now);
        }
        let (to_text, to) = to.unwrap_or_else(|| ("now".to_owned(), now));
        // A window that ends in the future starts before now, so that it shows something.
        let (past_text, past) = if to > now { ("now", now) } else { (to_text.as_str(), to) };
        let (from_text, from) = from.unwrap_or_else(|| back_from(past_text, past, default));
        if from < to {
            return Self { from_text, to_text, from, to };
        }
        pairs.refuse("from", format!("{} is not before {}", quoted(&from_text), quoted(&to_text)));
        Self::until_now(default, now)
    }

    fn until_now(range: Duration, now: Timestamp) -> Self {
        let (from_text, from) = back_from("now", now, range);
        Self { from_text, to_text: "now".to_owned(), from, to: now }
    }
}

fn back_from(to_text: &str, to: Timestamp, range: Duration) -> (String, Timestamp) {
    let from = to.checked_sub(range).unwrap_or(Timestamp::UNIX_EPOCH).max(Timestamp::UNIX_EPOCH);
    let text = match to_text {
        "now" => format!("now-{}", in_one_unit(range)),
        _ => from.as_millisecond().to_string(),
    };
    (text, from)
}

/// Reads one end of a window, rounded in `zone`. The error completes the sentence `"TEXT" ...`.
pub(super) fn instant(text: &str, end: End, zone: &TimeZone, now: Timestamp) -> Result<Timestamp, String> {
    let at = match text.strip_prefix("now") {
        Some(rest) => relative(rest, end, now.to_zoned(zone.clone())).map(|at| at.timestamp()),
        None => absolute(text, zone),
    };
    match at {
        None => {
            Err("is not a valid time; use now-6h, now/d, 2026-01-31T12:00:00Z or epoch milliseconds"
                .to_owned())
        }
        Some(at) if at < Timestamp::UNIX_EPOCH => Err("is before 1970".to_owned()),
        Some(at) => Ok(at),
    }
}

/// What follows `now`: any number of `-1d`, `+2h`, `/w`. A plus arrives as a blank unless it was percent-encoded.
fn relative(text: &str, end: End, now: Zoned) -> Option<Zoned> {
    let mut at = now;
    let mut rest = text;
    while let Some(operator) = rest.chars().next() {
        rest = rest.get(operator.len_utf8()..)?;
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, after) = rest.split_at_checked(digits)?;
        let number: i64 = if number.is_empty() { 1 } else { number.parse().ok()? };
        let unit = after.chars().next()?;
        rest = after.get(unit.len_utf8()..)?;
        at = match operator {
            '-' => at.checked_sub(distance(number, unit)?).ok()?,
            '+' | ' ' => at.checked_add(distance(number, unit)?).ok()?,
            '/' if number == 1 => round(&at, unit, end)?,
            _ => return None,
        };
    }
    Some(at)
}

fn distance(number: i64, unit: char) -> Option<Span> {
    let none = Span::new();
    match unit {
        's' => none.try_seconds(number),
        'm' => none.try_minutes(number),
        'h' => none.try_hours(number),
        'd' => none.try_days(number),
        'w' => none.try_weeks(number),
        'M' => none.try_months(number),
        'y' => none.try_years(number),
        _ => return None,
    }
    .ok()
}

/// The first instant of the unit that `at` lies in or, as `to`, its last millisecond. Weeks begin on Monday.
fn round(at: &Zoned, unit: char, end: End) -> Option<Zoned> {
    let floor = |unit| at.round(ZonedRound::new().smallest(unit).mode(RoundMode::Trunc)).ok();
    let first = match unit {
        's' => floor(Unit::Second)?,
        'm' => floor(Unit::Minute)?,
        'h' => floor(Unit::Hour)?,
        'd' => at.start_of_day().ok()?,
        'w' => {
            let since_monday = i64::from(at.weekday().since(Weekday::Monday));
            at.checked_sub(since_monday.days()).ok()?.start_of_day().ok()?
        }
        'M' => at.first_of_month().ok()?.start_of_day().ok()?,
        'y' => at.first_of_year().ok()?.start_of_day().ok()?,
        _ => return None,
    };
    match end {
        End::From => Some(first),
        End::To => first.checked_add(distance(1, unit)?).ok()?.checked_sub(1.millisecond()).ok(),
    }
}

fn absolute(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    if text.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        return epoch(text);
    }
    // The plus of an offset that was not percent-encoded arrives as a blank.
    let with_plus = || text.rsplit_once(' ').map(|(head, tail)| format!("{head}+{tail}"));
    let instant = || text.parse::<Timestamp>().ok().or_else(|| with_plus()?.parse().ok());
    let civil = || text.parse::<DateTime>().ok()?.to_zoned(zone.clone()).ok();
    // A date and time without an offset is read in the page's zone, as Grafana does.
    instant().or_else(|| Some(civil()?.timestamp()))
}

fn epoch(text: &str) -> Option<Timestamp> {
    let number: f64 = text.parse().ok()?;
    let milliseconds = if number < FIRST_MILLISECONDS { number * 1000.0 } else { number };
    // A float beyond the range saturates, and the timestamp refuses it.
    Timestamp::from_millisecond(milliseconds as i64).ok()
}
