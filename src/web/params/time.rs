//! Grafana's grammar of times: `now-6h`, `now/d`, `now-1d/d`, epoch numbers, RFC 3339.

use std::time::Duration;

use jiff::civil::{DateTime, Weekday};
use jiff::tz::TimeZone;
use jiff::{RoundMode, Span as Distance, Timestamp, ToSpan, Unit, Zoned, ZonedRound};

use super::pairs::{Pairs, shown};
use crate::promql::parse_duration;

/// A bare number below this is seconds since the epoch, from it on milliseconds.
const FIRST_MILLISECONDS: f64 = 1e11;

/// The two ends of a window: as texts, and settled. `from < to`.
pub(super) struct Span {
    pub(super) from_text: String,
    pub(super) to_text: String,
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
}

/// Which end of a window a text stands for: `now/d` is the day's first instant as `from`, its last as `to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    From,
    To,
}

impl Span {
    /// Reads `from` and `to`, or `range`. What cannot be used leaves the default in its place.
    pub(super) fn read(pairs: &mut Pairs, default: Duration, zone: &TimeZone, now: Timestamp) -> Self {
        let from = pairs.value("from", |t| instant(t, End::From, zone, now).map(|at| (t.to_owned(), at)));
        let to = pairs.value("to", |t| instant(t, End::To, zone, now).map(|at| (t.to_owned(), at)));
        let range = pairs.value("range", |text| read_range(text, now));
        if range.is_some() && (from.is_some() || to.is_some()) {
            pairs.refuse("range", "stands beside from or to, which say the same; it is left out".to_owned());
        } else if let Some(range) = range {
            return Self::until_now(range, now);
        }
        let (to_text, to) = to.unwrap_or_else(|| ("now".to_owned(), now));
        // Of a window that ends later, what has passed is looked at.
        let (past_text, past) = if to > now { ("now", now) } else { (to_text.as_str(), to) };
        let (from_text, from) = from.unwrap_or_else(|| back_from(past_text, past, default));
        if from < to {
            return Self { from_text, to_text, from, to };
        }
        pairs.refuse("from", format!("{} is not before {}", shown(&from_text), shown(&to_text)));
        Self::until_now(default, now)
    }

    fn until_now(range: Duration, now: Timestamp) -> Self {
        let (from_text, from) = back_from("now", now, range);
        Self { from_text, to_text: "now".to_owned(), from, to: now }
    }
}

fn back_from(to_text: &str, to: Timestamp, range: Duration) -> (String, Timestamp) {
    let from = to.checked_sub(range).unwrap_or(Timestamp::UNIX_EPOCH);
    let text = match to_text {
        "now" => format!("now-{}", in_one_unit(range)),
        _ => from.as_millisecond().to_string(),
    };
    (text, from)
}

/// A range in whole seconds that does not reach behind 1970.
fn read_range(text: &str, now: Timestamp) -> Result<Duration, String> {
    let range = parse_duration(text).map_err(|fault| fault.to_string())?;
    let range = Duration::from_secs(range.as_secs().max(1));
    let from = now.checked_sub(range).ok().filter(|from| *from >= Timestamp::UNIX_EPOCH);
    from.map(|_| range).ok_or_else(|| format!("{} reaches back before 1970", shown(text)))
}

/// `5400 s` -> `90m`: the largest unit that leaves no rest, as Grafana's grammar has one number for each unit.
pub(in crate::web) fn in_one_unit(range: Duration) -> String {
    let secs = range.as_secs().max(1);
    let units = [(604_800, 'w'), (86_400, 'd'), (3_600, 'h'), (60, 'm')];
    units
        .iter()
        .find(|(size, _)| secs.is_multiple_of(*size))
        .map_or_else(|| format!("{secs}s"), |(size, unit)| format!("{}{unit}", secs / size))
}

/// Settles one text. Rounding is done in `zone`. Errors are the end of a sentence.
pub(super) fn instant(text: &str, end: End, zone: &TimeZone, now: Timestamp) -> Result<Timestamp, String> {
    let settled = match text.strip_prefix("now") {
        Some(rest) => relative(rest, end, now.to_zoned(zone.clone())).map(|at| at.timestamp()),
        None => absolute(text, zone),
    };
    let settled = settled.ok_or_else(|| {
        format!("{} is no time; try now-6h, now/d, 2026-01-31T12:00:00Z or epoch milliseconds", shown(text))
    })?;
    if settled < Timestamp::UNIX_EPOCH {
        return Err(format!("{} lies before 1970", shown(text)));
    }
    Ok(settled)
}

/// What follows `now`: any number of `-1d`, `+2h`, `/w`. A plus that came as a blank is a plus.
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

fn distance(number: i64, unit: char) -> Option<Distance> {
    let none = Distance::new();
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
    let settled = || text.parse::<Timestamp>().ok().or_else(|| with_plus()?.parse().ok());
    let civil = || text.parse::<DateTime>().ok()?.to_zoned(zone.clone()).ok();
    // A date and time without an offset is read in the page's zone, as Grafana does.
    settled().or_else(|| Some(civil()?.timestamp()))
}

fn epoch(text: &str) -> Option<Timestamp> {
    let number: f64 = text.parse().ok()?;
    let milliseconds = if number < FIRST_MILLISECONDS { number * 1000.0 } else { number };
    // A float beyond the range saturates, and the timestamp refuses it.
    Timestamp::from_millisecond(milliseconds as i64).ok()
}
