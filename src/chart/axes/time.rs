//! The time axis: round moments of a zone's wall clock, and their labels.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// A moment with its label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimeTick {
    pub at_ms: i64,
    /// `14:00`, or a date where ticks are days apart.
    pub label: String,
    /// Under the first label of each day, unless all that is shown is today.
    pub date: Option<String>,
}

const SECOND: i64 = 1_000;
const DAY: i64 = 86_400 * SECOND;
/// In seconds, up to half a day.
const SHORT_STEPS: [i64; 17] =
    [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200];
/// In days.
const LONG_STEPS: [i64; 11] = [1, 2, 7, 14, 28, 91, 182, 364, 728, 1_820, 3_640];
const MOST_TICKS: usize = 200;
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// At most about `room` of them. Midnight is midnight there, on both sides of a change of the clocks.
pub fn time_ticks(from_ms: i64, to_ms: i64, room: u32, zone: &TimeZone, now: Timestamp) -> Vec<TimeTick> {
    let (ticks, step) = moments(from_ms, to_ms, room, zone);
    labelled(&ticks, step, zone, now)
}

fn moments(from_ms: i64, to_ms: i64, room: u32, zone: &TimeZone) -> (Vec<i64>, i64) {
    let steps = SHORT_STEPS.map(|s| s * SECOND).into_iter().chain(LONG_STEPS.map(|d| d * DAY));
    let range = to_ms.saturating_sub(from_ms);
    let fits = |step: &i64| range as f64 / *step as f64 <= f64::from(room);
    let step = steps.clone().find(fits).or(steps.last()).unwrap_or(DAY);
    let monday = if step >= 7 * DAY { 4 * DAY } else { 0 };
    let mut ticks: Vec<i64> = Vec::new();
    if range <= 0 {
        return (ticks, step);
    }
    let mut wall = -(monday - from_ms - offset(from_ms, zone)).div_euclid(step) * step + monday;
    while ticks.len() < MOST_TICKS {
        let tick = at_wall(wall, zone);
        if tick > to_ms {
            break;
        }
        // A wall time that a change of the clocks skips is the same moment as the next one.
        if tick >= from_ms && ticks.last().is_none_or(|last| tick > *last) {
            ticks.push(tick);
        }
        wall += step;
    }
    (ticks, step)
}

/// How far the zone's wall clock is ahead of UTC.
fn offset(at_ms: i64, zone: &TimeZone) -> i64 {
    let at = Timestamp::from_millisecond(at_ms).unwrap_or_default();
    i64::from(zone.to_offset(at).seconds()) * SECOND
}

/// The moment at which the zone's wall clock shows `wall` (a time as if in UTC).
fn at_wall(wall: i64, zone: &TimeZone) -> i64 {
    let guess = wall - offset(wall, zone);
    wall - offset(guess, zone)
}

fn labelled(ticks: &[i64], step: i64, zone: &TimeZone, now: Timestamp) -> Vec<TimeTick> {
    let local = |ms: i64| Timestamp::from_millisecond(ms).unwrap_or_default().to_zoned(zone.clone());
    let today = now.to_zoned(zone.clone()).date();
    let is_dated = step < DAY && ticks.iter().any(|tick| local(*tick).date() != today);
    let mut last = None;
    let mut tick = |at_ms: i64| {
        let at = local(at_ms);
        let new_day = last.replace(at.date()) != Some(at.date());
        let month = MONTHS.get(usize::from(at.month().unsigned_abs()).wrapping_sub(1)).unwrap_or(&"");
        let day = format!("{} {month}", at.day());
        let label = match step {
            _ if step >= 28 * DAY => format!("{day} {}", at.year()),
            _ if step >= DAY => day.clone(),
            _ if step < 60 * SECOND => at.strftime("%H:%M:%S").to_string(),
            _ => at.strftime("%H:%M").to_string(),
        };
        TimeTick { at_ms, label, date: (is_dated && new_day).then_some(day) }
    };
    ticks.iter().map(|at_ms| tick(*at_ms)).collect()
}
