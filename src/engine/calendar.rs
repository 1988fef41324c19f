//! The functions of the calendar, in UTC.

const DAY: i128 = 86_400;
/// Days from March 1 of the year 0 to the epoch.
const DAYS_TO_EPOCH: i128 = 719_468;
const DAYS_OF_400_YEARS: i128 = 146_097;
/// Seconds from the first instant of Go's calendar to the epoch.
const GO_TO_EPOCH: i128 = 9_223_372_028_715_321_600;

/// A function of an instant in epoch seconds.
pub(super) fn of_time(name: &str) -> Option<fn(f64) -> f64> {
    Some(match name {
        "minute" => |t| number(second_of_day(t) / 60 % 60),
        "hour" => |t| number(second_of_day(t) / 3600),
        "day_of_week" => |t| number((days(t) + 4).rem_euclid(7)),
        "day_of_month" => |t| number(CivilDate::of(t).day),
        "day_of_year" => |t| {
            let date = CivilDate::of(t);
            number(days(t) - days_before(date.year, 1) + 1)
        },
        "days_in_month" => |t| {
            let CivilDate { year, month, .. } = CivilDate::of(t);
            let (next_year, next) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
            number(days_before(next_year, next) - days_before(year, month))
        },
        "month" => |t| number(CivilDate::of(t).month),
        "year" => |t| number(CivilDate::of(t).year),
        _ => return None,
    })
}

fn number(whole: i128) -> f64 {
    whole as f64
}

/// Whole seconds. As on the processors that Prometheus runs on, a number that does not fit into 64 bits becomes the
/// smallest that does, and what is before Go's calendar comes again at its end.
fn seconds(t: f64) -> i128 {
    let seconds = if t.abs() < i64::MAX as f64 { t as i128 } else { i64::MIN.into() };
    if seconds < -GO_TO_EPOCH { seconds + (1 << 64) } else { seconds }
}

fn days(t: f64) -> i128 {
    seconds(t).div_euclid(DAY)
}

fn second_of_day(t: f64) -> i128 {
    seconds(t).rem_euclid(DAY)
}

struct CivilDate {
    year: i128,
    month: i128,
    day: i128,
}

impl CivilDate {
    /// The years of this calculation begin in March, so that leap days are at their ends.
    fn of(t: f64) -> Self {
        let days = days(t) + DAYS_TO_EPOCH;
        let (era, day) = (days.div_euclid(DAYS_OF_400_YEARS), days.rem_euclid(DAYS_OF_400_YEARS));
        let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
        let day_of_year = day - (365 * year + year / 4 - year / 100);
        let month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month + 2) / 5 + 1;
        let month = if month < 10 { month + 3 } else { month - 9 };
        Self { year: year + era * 400 + i128::from(month <= 2), month, day }
    }
}

/// Days from the epoch to the first day of a month.
fn days_before(year: i128, month: i128) -> i128 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year) = (year.div_euclid(400), year.rem_euclid(400));
    let month = if month > 2 { month - 3 } else { month + 9 };
    let day = (153 * month + 2) / 5;
    era * DAYS_OF_400_YEARS + year * 365 + year / 4 - year / 100 + day - DAYS_TO_EPOCH
}
