//! Which of Alertmanager's alerts is a row's own, found for many rows without comparing each with each.

use std::collections::HashMap;
use std::sync::Arc;

use super::AlertmanagerStatus;
use crate::alertmanager::{AlertmanagerState, LabelNames, ReadTime, ReceivedAlert};
use crate::prometheus::{ExternalLabels, Labels};

/// The most sets of label names that alerts of one name may have, and the most pairs of such sets, of alerts and
/// of rows. Beyond them rows of that name are not looked up, so they fire.
const MOST_SHAPES: usize = 32;
const MOST_JOINS: usize = 128;

/// An answer of Alertmanager at one moment, beside the rows of one instance.
///
/// Alertmanager has an alert with the labels of its row and, beside them, external labels of the instance that
/// sent it. Another instance, of another cluster say, may send an alert that differs in nothing else. So an alert
/// is a row's own if it has every label of the row with the same value, and beside them
///
/// - all external labels of the instance, save those that the row has itself, and no other;
/// - where the instance relabels its alerts, external labels of the instance alone, but not necessarily all;
/// - where its external labels are not known, none. One with further labels may then be the row's or another's.
///
/// A row is suppressed if there is such an alert, and if all alerts are suppressed that are the row's or may be: what
/// is not known fires.
pub struct SuppressionMatcher<'h> {
    state: &'h AlertmanagerState,
    external: Option<&'h ExternalLabels>,
    at: ReadTime,
    joins: HashMap<&'h str, Joins<'h>>,
    /// How many label sets were looked at.
    pub looked_at: usize,
}

/// For each shape of alerts of one name, and each set of their labels that a row has: the alerts by the values of
/// those labels.
type Joins<'h> = HashMap<(usize, Vec<bool>), HashMap<Vec<&'h str>, JoinedAlert<'h>>>;

/// The alerts of one shape that have all labels of a row.
#[derive(Clone, Copy)]
struct JoinedAlert<'h> {
    /// One that is sent on if there is one.
    alert: &'h Arc<ReceivedAlert>,
    is_suppressed: bool,
}

impl<'h> SuppressionMatcher<'h> {
    pub fn new(state: &'h AlertmanagerState, external: Option<&'h ExternalLabels>, at: ReadTime) -> Self {
        Self { state, external, at, joins: HashMap::new(), looked_at: 0 }
    }

    /// The status of an alert of these labels. Without an alert in it: Alertmanager suppresses one that may be this one
    /// or that of another instance. None: it has no such alert, or not this instance's.
    pub fn find(&mut self, row: &Labels) -> Option<AlertmanagerStatus> {
        let name = row.get("alertname").unwrap_or_default();
        let (name, shapes) = self.state.label_names(name).filter(|(_, all)| all.len() <= MOST_SHAPES)?;
        let key: Vec<&str> = row.iter().map(|(_, value)| value).collect();
        let (mut own, mut others) = (Vec::new(), Vec::new());
        for (place, shape) in shapes.iter().enumerate() {
            let shared: Vec<bool> = shape.names.iter().map(|name| row.get(name).is_some()).collect();
            if shared.iter().filter(|is_shared| **is_shared).count() < key.len() {
                continue;
            }
            let is_own = self.is_own(row, shape);
            // With known labels, what is not the row's is another's.
            if !is_own && self.external.is_some() {
                continue;
            }
            let found = self.join(name, (place, shared), shape, is_own)?;
            let list = if is_own { &mut own } else { &mut others };
            list.extend(found.get(&key).copied());
        }
        // One that is sent on is enough to be paged by.
        let is_sent_on = |found: &&JoinedAlert<'_>| !found.is_suppressed;
        let sent = own.iter().find(is_sent_on).or_else(|| others.iter().find(is_sent_on));
        match (own.first(), sent) {
            (Some(own), sent) => Some(AlertmanagerStatus::of(sent.unwrap_or(own).alert, self.state, self.at)),
            (None, None) if !others.is_empty() => Some(AlertmanagerStatus::default()),
            (None, _) => None,
        }
    }

    /// Whether alerts of this shape that have all labels of a row may be its own, their values aside.
    fn is_own(&self, row: &Labels, shape: &LabelNames) -> bool {
        let added = shape.names.len().saturating_sub(row.iter().len());
        let Some(external) = self.external else { return added == 0 };
        let adds = external.labels.iter().filter(|(name, _)| row.get(name).is_none()).count();
        let has_others =
            shape.names.iter().any(|name| row.get(name).is_none() && external.labels.get(name).is_none());
        !has_others && (added == adds || external.is_relabelled)
    }

    /// The alerts of a shape by the values of the labels that are shared with rows. None: there are too many such
    /// sets.
    fn join(
        &mut self,
        name: &'h str,
        (place, shared): (usize, Vec<bool>),
        shape: &'h LabelNames,
        is_own: bool,
    ) -> Option<&HashMap<Vec<&'h str>, JoinedAlert<'h>>> {
        let joins = self.joins.entry(name).or_default();
        let slot = (place, shared);
        if !joins.contains_key(&slot) {
            if joins.len() >= MOST_JOINS {
                return None;
            }
            let mut join: HashMap<Vec<&str>, JoinedAlert<'_>> = HashMap::new();
            for alert in self.state.alerts_of(shape) {
                self.looked_at += 1;
                if is_own && !has_values(alert, &slot.1, self.external) {
                    continue;
                }
                let shared = alert.labels.iter().zip(&slot.1).filter(|(_, is_shared)| **is_shared);
                let key = shared.map(|((_, value), _)| &**value).collect();
                let is_suppressed = !self.state.suppression(alert, self.at).is_empty();
                let found = join.entry(key).or_insert(JoinedAlert { alert, is_suppressed });
                if found.is_suppressed && !is_suppressed {
                    *found = JoinedAlert { alert, is_suppressed };
                }
            }
            joins.insert(slot.clone(), join);
        }
        joins.get(&slot)
    }
}

/// Whether the labels that no row has are external labels of the instance, value for value.
fn has_values(alert: &ReceivedAlert, shared: &[bool], external: Option<&ExternalLabels>) -> bool {
    let mut added = alert.labels.iter().zip(shared).filter(|(_, is_shared)| !**is_shared);
    added.all(|((name, value), _)| external.is_some_and(|e| e.labels.get(name) == Some(&**value)))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::alertmanager::Silence;
    use crate::upstream::SentTime;

    fn pairs(text: &str) -> impl Iterator<Item = (&str, &str)> {
        text.split(' ').filter_map(|pair| pair.split_once('='))
    }

    fn labels(text: &str) -> Labels {
        pairs(text).collect()
    }

    fn at() -> ReadTime {
        let now = Timestamp::from_second(1_795_435_200).unwrap();
        ReadTime { now, as_of: now, is_stale: false }
    }

    /// Alerts as `- LABELS` or, silenced, `s LABELS`.
    fn state(alerts: impl IntoIterator<Item = String>) -> AlertmanagerState {
        let alert = |text: String| ReceivedAlert {
            labels: labels(&text).iter().map(|(n, v)| (n.into(), v.into())).collect(),
            fingerprint: "".into(),
            is_suppressed: text.starts_with('s'),
            ends: None,
            silenced_by: vec!["s".into()],
            inhibited_by: Vec::new(),
            muted_by: Vec::new(),
        };
        let silence = Silence {
            id: "s".into(),
            created_by: String::new(),
            comment: String::new(),
            starts: Some(Timestamp::MIN),
            ends: SentTime::of(Timestamp::MAX.to_string()),
            is_active: true,
        };
        AlertmanagerState::new(alerts.into_iter().map(alert).collect(), vec![silence])
    }

    #[test]
    fn a_row_is_suppressed_only_by_an_alert_of_its_own() {
        let none = None;
        let eu = Some(("cluster=eu", false));
        let relabelled = Some(("cluster=eu replica=a", true));
        for (external, alerts, wanted) in [
            (none, &["s alertname=A team=x"][..], "suppressed"),
            (none, &["- alertname=A team=x"], "sent"),
            (none, &["s alertname=A team=y"], "nothing"),
            (none, &["s alertname=B team=x"], "nothing"),
            (none, &["s alertname=A"], "nothing"),
            (none, &[], "nothing"),
            (none, &["s alertname=A team=x cluster=other"], "undecided"),
            (none, &["s alertname=A team=x cluster=other", "s alertname=A team=x cluster=eu"], "undecided"),
            (none, &["s alertname=A team=x cluster=other", "- alertname=A team=x cluster=eu"], "nothing"),
            (none, &["s alertname=A team=x", "s alertname=A team=x cluster=other"], "suppressed"),
            (none, &["s alertname=A team=x", "- alertname=A team=x cluster=other"], "sent"),
            (none, &["- alertname=A team=x", "s alertname=A team=x cluster=other"], "sent"),
            (eu, &["s alertname=A team=x cluster=eu"], "suppressed"),
            (eu, &["s alertname=A team=x cluster=us"], "nothing"),
            (eu, &["s alertname=A team=x"], "nothing"),
            (eu, &["s alertname=A cluster=eu"], "nothing"),
            (eu, &["s alertname=A team=x cluster=eu replica=a"], "nothing"),
            (eu, &["s alertname=A team=x cluster=eu", "- alertname=A team=x cluster=us"], "suppressed"),
            (eu, &["- alertname=A team=x cluster=eu", "s alertname=A team=x cluster=us"], "sent"),
            (Some(("team=z", false)), &["s alertname=A team=x"], "suppressed"),
            (Some(("", false)), &["s alertname=A team=x cluster=eu"], "nothing"),
            (relabelled, &["s alertname=A team=x cluster=eu"], "suppressed"),
            (relabelled, &["s alertname=A team=x"], "suppressed"),
            (relabelled, &["s alertname=A team=x cluster=us"], "nothing"),
            (relabelled, &["s alertname=A team=x cluster=eu env=p"], "nothing"),
            (relabelled, &["s alertname=A team=x cluster=eu", "- alertname=A team=x"], "sent"),
        ] {
            let external =
                external.map(|(text, is_relabelled)| ExternalLabels { labels: labels(text), is_relabelled });
            let all = state(alerts.iter().map(|text| (*text).to_owned()));
            let found = match SuppressionMatcher::new(&all, external.as_ref(), at())
                .find(&labels("alertname=A team=x"))
            {
                None => "nothing",
                Some(status) if status.alert.is_none() => "undecided",
                Some(status) if status.word().is_some() => "suppressed",
                Some(_) => "sent",
            };
            assert_eq!(found, wanted, "{external:?} {alerts:?}");
        }
    }

    #[test]
    fn of_two_equal_alerts_one_that_is_sent_on_is_enough() {
        for alerts in [["s alertname=A", "- alertname=A"], ["- alertname=A", "s alertname=A"]] {
            let all = state(alerts.map(str::to_owned));
            let found = SuppressionMatcher::new(&all, None, at()).find(&labels("alertname=A"));
            assert!(matches!(found, Some(status) if status.word().is_none()), "{alerts:?}");
        }
    }

    #[test]
    fn each_alert_is_looked_at_once_for_all_rows_of_its_name() {
        const ROWS: usize = 4_000;
        let external = ExternalLabels { labels: labels("cluster=eu"), is_relabelled: false };
        for external in [Some(&external), None] {
            let cluster = |i: usize| if i.is_multiple_of(2) { "eu" } else { "us" };
            let alert = |i| format!("s alertname=A cluster={} pod=p{i} team=x", cluster(i));
            let plain = (0..ROWS).map(|i| format!("s alertname=A pod=p{i} team=x"));
            let all = state((0..ROWS).map(alert).chain(plain));
            let mut marking = SuppressionMatcher::new(&all, external, at());
            let find = |i| marking.find(&labels(&format!("alertname=A pod=p{i} team=x")));
            let held = (0..ROWS).map(find).filter(|found| found.is_some()).count();
            assert_eq!(held, if external.is_some() { ROWS / 2 } else { ROWS });
            assert!(marking.looked_at <= 2 * ROWS, "{}", marking.looked_at);
        }
    }

    #[test]
    fn label_sets_beyond_all_measure_cost_a_bounded_time_and_suppress_nothing() {
        let alert = |i: usize| format!("s alertname=A l{i}=x");
        let few = state((0..MOST_SHAPES).map(alert));
        let mut marking = SuppressionMatcher::new(&few, None, at());
        assert!(marking.find(&labels("alertname=A l3=x")).is_some());
        let many = state((0..=MOST_SHAPES).map(alert));
        let mut marking = SuppressionMatcher::new(&many, None, at());
        assert!(marking.find(&labels("alertname=A l3=x")).is_none());
        // As many sets of labels of rows as there are sets of one wide alert.
        let wide: String = (0..12).map(|i| format!(" l{i}=x")).collect();
        let one = state((0..50).map(|i| format!("s alertname=A{wide} n={i}")));
        let mut marking = SuppressionMatcher::new(&one, None, at());
        for set in 0..4_096 {
            let own: String = (0..12).filter(|i| set >> i & 1 == 1).map(|i| format!(" l{i}=x")).collect();
            marking.find(&labels(&format!("alertname=A{own}")));
        }
        assert!(marking.looked_at <= MOST_JOINS * 50, "{}", marking.looked_at);
    }
}
