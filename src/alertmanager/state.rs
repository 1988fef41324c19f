//! The alerts and silences of one Alertmanager, indexed once: which alerts it suppresses at a given time, and why.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::{Pairs, ReceivedAlert, Silence};

/// Alertmanager lists no alert whose `endsAt` is past, except by as much as its clock differs from ours.
const SKEW: SignedDuration = SignedDuration::from_secs(30);

/// The alerts of one name whose labels have the same names.
#[derive(Clone, Debug)]
pub struct LabelNames {
    /// The names of their labels, sorted.
    pub names: Vec<Box<str>>,
    places: Vec<usize>,
}

/// All alerts of an Alertmanager, and the silences that they name.
#[derive(Clone, Debug, Default)]
pub struct AlertmanagerState {
    alerts: Vec<Arc<ReceivedAlert>>,
    by_name: HashMap<Box<str>, Vec<LabelNames>>,
    by_fingerprint: HashMap<Box<str>, usize>,
    /// By id; each id should occur once.
    silences: HashMap<Box<str>, Vec<Arc<Silence>>>,
}

/// The time for which an answer is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadTime {
    pub now: Timestamp,
    /// When Alertmanager gave the answer.
    pub as_of: Timestamp,
    /// The newest request failed, and this answer is older.
    pub is_stale: bool,
}

/// Why an alert is suppressed at one time. Empty: Alertmanager sends notifications.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Suppression<'h> {
    pub silences: Vec<&'h Arc<Silence>>,
    /// The alerts that inhibit it.
    pub inhibited_by: Vec<&'h ReceivedAlert>,
    /// Names of time intervals.
    pub muted_by: Vec<&'h str>,
}

impl Suppression<'_> {
    pub fn is_empty(&self) -> bool {
        self.silences.is_empty() && self.inhibited_by.is_empty() && self.muted_by.is_empty()
    }
}

impl AlertmanagerState {
    pub fn new(alerts: Vec<ReceivedAlert>, silences: Vec<Silence>) -> Self {
        let mut shapes: HashMap<(&str, Vec<&str>), Vec<usize>> = HashMap::new();
        for (place, alert) in alerts.iter().enumerate() {
            let names = alert.labels.iter().map(|(name, _)| &**name).collect();
            let name = alert.label("alertname").unwrap_or_default();
            shapes.entry((name, names)).or_default().push(place);
        }
        let mut by_name: HashMap<Box<str>, Vec<LabelNames>> = HashMap::new();
        for ((name, names), places) in shapes {
            let names = names.into_iter().map(Box::from).collect();
            by_name.entry(name.into()).or_default().push(LabelNames { names, places });
        }
        let by_fingerprint = alerts.iter().enumerate().map(|(place, a)| (a.fingerprint.clone(), place));
        let by_fingerprint = by_fingerprint.filter(|(fingerprint, _)| !fingerprint.is_empty()).collect();
        let mut by_id: HashMap<Box<str>, Vec<Arc<Silence>>> = HashMap::new();
        for silence in silences {
            by_id.entry(silence.id.clone()).or_default().push(Arc::new(silence));
        }
        let alerts = alerts.into_iter().map(Arc::new).collect();
        Self { alerts, by_name, by_fingerprint, silences: by_id }
    }

    /// The alerts of that name, and the name; None: there are none.
    pub fn label_names(&self, name: &str) -> Option<(&str, &[LabelNames])> {
        self.by_name.get_key_value(name).map(|(name, shapes)| (&**name, shapes.as_slice()))
    }

    pub fn alerts_of<'h>(&'h self, shape: &'h LabelNames) -> impl Iterator<Item = &'h Arc<ReceivedAlert>> {
        shape.places.iter().filter_map(|place| self.alerts.get(*place))
    }

    pub fn len(&self) -> usize {
        self.alerts.len()
    }

    pub fn is_empty(&self) -> bool {
        self.alerts.is_empty()
    }

    /// Why an alert of this answer is suppressed. An alert counts as suppressed only by evidence:
    ///
    /// - Alertmanager's state for it is `suppressed`, and its `endsAt` was not past then;
    /// - a silence must be listed as active, from its `startsAt` until its `endsAt`;
    /// - an inhibiting alert must be another alert, listed and not past its `endsAt`; in a stale answer its `endsAt`
    ///   must be in the future: until then Alertmanager takes it for firing without receiving it again;
    /// - Alertmanager does not send the end of a time interval, so in a stale answer no interval counts.
    pub fn suppression<'h>(&'h self, alert: &'h ReceivedAlert, at: ReadTime) -> Suppression<'h> {
        let was_over =
            |alert: &ReceivedAlert| alert.ends.is_some_and(|ends| at.as_of.duration_since(ends) > SKEW);
        if !alert.is_suppressed || was_over(alert) {
            return Suppression::default();
        }
        let others = alert.inhibited_by.iter().filter(|fingerprint| **fingerprint != alert.fingerprint);
        let sources =
            others.filter_map(|fingerprint| self.alerts.get(*self.by_fingerprint.get(fingerprint)?));
        let is_known = |source: &&Arc<ReceivedAlert>| match at.is_stale {
            true => source.ends.is_some_and(|ends| at.now < ends),
            false => !was_over(source),
        };
        let muted_by = alert.muted_by.iter().filter(|name| !at.is_stale && !name.is_empty());
        Suppression {
            silences: alert.silenced_by.iter().filter_map(|id| self.silence(id, at.now)).collect(),
            inhibited_by: sources.filter(is_known).map(|source| &**source).collect(),
            muted_by: muted_by.map(|name| &**name).collect(),
        }
    }

    /// The silence of that id if it is in force. If several have the id, all must be in force: the alert does not say
    /// which one suppresses it.
    fn silence(&self, id: &str, now: Timestamp) -> Option<&Arc<Silence>> {
        let copies = self.silences.get(id)?;
        let is_in_force = copies.iter().all(|silence| silence.is_in_force(now));
        copies.iter().filter(|_| is_in_force).min_by_key(|silence| silence.ends.at())
    }

    /// The first time after `now` when a suppression may end.
    pub fn changes_after(&self, now: Timestamp) -> Option<Timestamp> {
        let silences = self.silences.values().flatten().filter_map(|silence| silence.ends.at());
        let sources = self.alerts.iter().filter_map(|alert| alert.ends);
        silences.chain(sources).filter(|ends| now < *ends).min()
    }

    /// Bytes in memory, about.
    pub fn weight(&self) -> usize {
        let pairs = |labels: &Pairs| labels.iter().map(|(n, v)| n.len() + v.len() + 32).sum::<usize>();
        let alerts = self.alerts.iter().map(|alert| {
            let ids = [&alert.silenced_by, &alert.inhibited_by, &alert.muted_by];
            let ids = ids.into_iter().flatten().map(|id| id.len() + 16).sum::<usize>();
            pairs(&alert.labels) + ids + 2 * alert.fingerprint.len() + 300
        });
        let names = |shape: &LabelNames| shape.names.iter().map(|name| name.len() + 16).sum::<usize>() + 64;
        let shapes = self.by_name.values().flatten().map(names).sum::<usize>();
        let silences = self
            .silences
            .values()
            .flatten()
            .map(|s| s.comment.len() + s.created_by.len() + 300)
            .sum::<usize>();
        alerts.sum::<usize>() + shapes + silences + 256
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::upstream::SentTime;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_795_435_200 + seconds).unwrap()
    }

    fn alert(fingerprint: &str) -> ReceivedAlert {
        ReceivedAlert {
            labels: vec![("alertname".into(), fingerprint.into())],
            fingerprint: fingerprint.into(),
            is_suppressed: true,
            ends: Some(at(120)),
            silenced_by: Vec::new(),
            inhibited_by: Vec::new(),
            muted_by: Vec::new(),
        }
    }

    fn silence(id: &str, ends: Option<Timestamp>) -> Silence {
        let ends = SentTime::of(ends.map_or_else(String::new, |ends| ends.to_string()));
        let (created_by, comment) = (String::new(), String::new());
        Silence { id: id.into(), created_by, comment, starts: Some(at(-60)), ends, is_active: true }
    }

    /// How many silences, alerts and intervals suppress the first alert, by an answer of that time or, if it is stale,
    /// of the beginning.
    fn counts(state: &AlertmanagerState, seconds: i64, is_stale: bool) -> [usize; 3] {
        let as_of = if is_stale { at(0) } else { at(seconds) };
        let reasons = state.suppression(&state.alerts[0], ReadTime { now: at(seconds), as_of, is_stale });
        [reasons.silences.len(), reasons.inhibited_by.len(), reasons.muted_by.len()]
    }

    #[test]
    fn what_is_over_or_not_listed_suppresses_nothing() {
        let suppressed = ReceivedAlert {
            silenced_by: ["s", "gone", "expired", "unread", "twice"].map(Into::into).into(),
            inhibited_by: ["f", "gone", "", "suppressed"].map(Into::into).into(),
            muted_by: ["nights", ""].map(Into::into).into(),
            ends: Some(at(400)),
            ..alert("suppressed")
        };
        let expired = Silence { is_active: false, ..silence("expired", Some(at(600))) };
        // Whichever comes first, one that is not in force is enough.
        let twice = [silence("twice", Some(at(-1))), silence("twice", Some(at(600)))];
        let mut silences = vec![silence("s", Some(at(60))), expired, silence("unread", None)];
        let nameless = ReceivedAlert { fingerprint: "".into(), ..alert("nameless") };
        for twice in [twice.clone(), {
            let [a, b] = twice;
            [b, a]
        }] {
            silences.truncate(3);
            silences.extend(twice);
            let state = AlertmanagerState::new(
                vec![suppressed.clone(), alert("f"), nameless.clone()],
                silences.clone(),
            );
            for (seconds, is_stale, wanted) in [
                (0, false, [1, 1, 1]),
                (59, false, [1, 1, 1]),
                (60, false, [0, 1, 1]),
                // Alertmanager lists the source now, and its clock may be a little behind.
                (150, false, [0, 1, 1]),
                (151, false, [0, 0, 1]),
                (430, false, [0, 0, 1]),
                (431, false, [0, 0, 0]),
                (0, true, [1, 1, 0]),
                (60, true, [0, 1, 0]),
                (119, true, [0, 1, 0]),
                (120, true, [0, 0, 0]),
            ] {
                assert_eq!(counts(&state, seconds, is_stale), wanted, "{seconds} {is_stale}");
            }
            assert_eq!(state.changes_after(at(0)), Some(at(60)));
            assert_eq!(state.changes_after(at(60)), Some(at(120)));
        }
        let sent = ReceivedAlert { is_suppressed: false, ..suppressed };
        let state = AlertmanagerState::new(vec![sent, alert("f")], silences);
        assert_eq!(counts(&state, 0, false), [0, 0, 0], "its state is not suppressed");
    }

    #[test]
    fn a_silence_of_two_equal_ids_ends_with_the_first() {
        let suppressed = ReceivedAlert { silenced_by: vec!["s".into()], ..alert("suppressed") };
        let silences = vec![silence("s", Some(at(90))), silence("s", Some(at(60)))];
        let state = AlertmanagerState::new(vec![suppressed], silences);
        let reasons =
            state.suppression(&state.alerts[0], ReadTime { now: at(0), as_of: at(0), is_stale: false });
        assert_eq!(reasons.silences.iter().map(|s| s.ends.at()).collect::<Vec<_>>(), [Some(at(60))]);
    }
}
