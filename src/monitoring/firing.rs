//! When an alert fired last, as its instance remembers it: the series `ALERTS`, over a bounded window.

use std::time::Duration;

use jiff::Timestamp;

use super::alert_identity::same_alert;
use crate::prometheus::{Labels, Matrix, Window, is_absent};
use crate::promql::{PromQl, quote};

/// How far back to look for an alert whose time is not given.
const BACK: Duration = Duration::from_secs(24 * 3600);
/// How long after an alert's time to look for its end.
const ON: Duration = Duration::from_secs(24 * 3600);
/// Clocks and evaluations differ by as much.
const TOLERANCE: Duration = Duration::from_secs(300);
/// Keeps a day within the points of one query.
const STEP: Duration = Duration::from_secs(60);
/// More labels hardly make the query narrower.
const MOST_LABELS: usize = 30;

/// One firing that has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Firing {
    /// The alert's own labels, without those that were added on the way.
    pub labels: Labels,
    /// When it fired first, to a minute.
    pub from: Timestamp,
    /// It fired before that too, beyond the window, or may have.
    pub is_cut: bool,
    /// When it fired last, to a minute; None: beyond the window.
    pub until: Option<Timestamp>,
}

impl Firing {
    /// Whether it may go on: it fired within the last minute.
    pub(super) fn is_open(&self, now: Timestamp) -> bool {
        let step = i64::try_from(STEP.as_millis()).unwrap_or(i64::MAX);
        self.until.is_some_and(|until| now.as_millisecond() - until.as_millisecond() <= step)
    }
}

/// The query for when an alert of these labels fired. The labels may be more or fewer than the alert has. None: they
/// name no alert, or the time is in the future.
pub fn query(labels: &Labels, at: Option<Timestamp>, now: Timestamp) -> Option<(PromQl, Window)> {
    let name = labels.get("alertname")?;
    let mut query = format!("ALERTS{{alertstate=\"firing\",alertname={}", quote(name));
    let others = labels.iter().filter(|(label, _)| *label != "alertname" && is_plain(label));
    for (label, value) in others.take(MOST_LABELS) {
        // An alert without the label matches too.
        query.push_str(&format!(",{label}=~{}", quote(&format!("{}|", regex::escape(value)))));
    }
    query.push('}');
    let from = at.map_or_else(|| now.checked_sub(BACK), |at| at.checked_sub(TOLERANCE)).ok()?;
    let to = at.and_then(|at| at.checked_add(ON).ok()).map_or(now, |to| to.min(now));
    let window = Window::aligned(from.as_millisecond(), to.as_millisecond(), STEP)?;
    PromQl::read(&query).0.map(|query| (query, window))
}

fn is_plain(label: &str) -> bool {
    let name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    !label.is_empty() && label.chars().all(name) && !label.starts_with(|c: char| c.is_ascii_digit())
}

/// The firing of the alert: the one at that time, else the last.
pub fn find(matrix: &Matrix, labels: &Labels, at: Option<Timestamp>, now: Timestamp) -> Option<Firing> {
    let own = |series: &Labels| -> Labels {
        series.iter().filter(|(label, _)| !matches!(*label, "__name__" | "alertstate")).collect()
    };
    let matching = matrix.series.iter().map(|series| (own(&series.labels), series));
    let matching = matching.filter(|(own, _)| same_alert(labels, own));
    let step = matrix.window.step_ms();
    let firings = matching.flat_map(|(own, series)| {
        let run = move |(first, last)| {
            let is_cut = first == 0;
            let (from, last) = (matrix.window.at(first), matrix.window.at(last));
            // The end of a firing that reaches the window's end is unknown, unless that is now.
            let open = last == matrix.window.end_ms() && now.as_millisecond() - last > step;
            let until = Timestamp::from_millisecond(last).ok().filter(|_| !open);
            let from = Timestamp::from_millisecond(from).ok()?;
            Some(Firing { labels: own.clone(), from, is_cut, until })
        };
        runs(&series.values).into_iter().filter_map(run).collect::<Vec<_>>()
    });
    let tolerance = i64::try_from(TOLERANCE.as_millis()).unwrap_or(i64::MAX);
    let holds = |firing: &Firing| {
        at.is_some_and(|at| {
            let at = at.as_millisecond();
            let until = firing.until.map_or(i64::MAX, Timestamp::as_millisecond);
            firing.from.as_millisecond() - tolerance <= at && at <= until.saturating_add(tolerance)
        })
    };
    firings.max_by_key(|firing| (holds(firing), firing.from))
}

/// The first and last place of each stretch of samples.
fn runs(values: &[f64]) -> Vec<(usize, usize)> {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for (place, _) in values.iter().enumerate().filter(|(_, value)| !is_absent(**value)) {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == place => *last = place,
            _ => runs.push((place, place)),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prometheus::{ABSENT, Series};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn labels(text: &str) -> Labels {
        text.split(' ').filter_map(|pair| pair.split_once('=')).collect()
    }

    #[test]
    fn the_query_matches_alerts_with_fewer_labels_too() {
        let now = at(1_700_000_000);
        let labels = labels("alertname=High\"Load instance=a.b:9100 k8s.pod=x");
        let (query, window) = super::query(&labels, None, now).unwrap();
        let wanted = r#"ALERTS{alertstate="firing",alertname="High\"Load",instance=~"a\\.b:9100|"}"#;
        assert_eq!(query.as_str(), wanted);
        assert_eq!((window.end_ms() - window.start_ms(), window.step_ms()), (86_400_000, 60_000));
        let (_, window) = super::query(&labels, Some(at(1_699_000_000)), now).unwrap();
        assert_eq!(window.start_ms(), 1_698_999_660_000);
        assert!(super::query(&self::labels("instance=a"), None, now).is_none());
        assert!(super::query(&labels, Some(at(1_700_001_000)), now).is_none(), "the future has not been");
    }

    /// Minutes: `x` fires.
    fn firing(minutes: &str, labels_text: &str) -> Matrix {
        let end = i64::try_from(minutes.len()).unwrap() - 1;
        let window = Window::aligned(0, end * 60_000, STEP).unwrap();
        let values = minutes.chars().map(|c| if c == 'x' { 1.0 } else { ABSENT }).collect();
        Matrix::of(window, vec![Series { labels: labels(labels_text), values }])
    }

    #[test]
    fn the_firing_at_the_given_time_is_found() {
        let own = "__name__=ALERTS alertstate=firing alertname=A i=1";
        let given = labels("alertname=A i=1 cluster=eu");
        for (minutes, around, now, wanted) in [
            ("..xxx...xx..", None, 11, Some((8, Some(9)))),
            ("..xxx...xx..", Some(2), 11, Some((2, Some(4)))),
            ("..xxx......", Some(9), 10, Some((2, Some(4)))),
            ("..xxx", None, 4, Some((2, Some(4)))),
            ("..xxx", Some(3), 90, Some((2, None))),
            (".....", None, 4, None),
        ] {
            let found = find(&firing(minutes, own), &given, around.map(|m: i64| at(m * 60)), at(now * 60));
            let minutes = |at: Timestamp| at.as_second() / 60;
            let found = found.map(|e| (minutes(e.from), e.until.map(minutes)));
            assert_eq!(found, wanted);
        }
        let cut = |minutes| find(&firing(minutes, own), &given, None, at(240)).unwrap().is_cut;
        assert!(cut("xx...") && !cut(".xx.."), "what fires at the window's edge began before");
        let other = firing("xxx", "__name__=ALERTS alertstate=firing alertname=A i=2");
        assert_eq!(find(&other, &given, None, at(120)), None);
    }
}
