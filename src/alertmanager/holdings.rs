//! One answer of Alertmanager, indexed once: what is held back, and by what, at a given time.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::{HeldAlert, Pairs, Silence};

/// The alerts of one name whose labels have the same names.
#[derive(Clone, Debug)]
pub struct Shape {
    /// The names of their labels, sorted.
    pub names: Vec<Box<str>>,
    places: Vec<usize>,
}

/// A complete answer: every alert that Alertmanager has, and the silences that they name.
#[derive(Clone, Debug, Default)]
pub struct Holdings {
    alerts: Vec<Arc<HeldAlert>>,
    by_name: HashMap<Box<str>, Vec<Shape>>,
    by_fingerprint: HashMap<Box<str>, usize>,
    silences: HashMap<Box<str>, Arc<Silence>>,
}

/// When an answer is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    pub now: Timestamp,
    /// The newest attempt failed, and this is what Alertmanager said before.
    pub is_old: bool,
}

/// What holds an alert back at one moment. Empty: it is sent on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reasons<'h> {
    pub silences: Vec<&'h Arc<Silence>>,
    /// The alerts on whose account it is held back.
    pub inhibited_by: Vec<&'h HeldAlert>,
    /// Names of time intervals.
    pub muted_by: Vec<&'h str>,
}

impl Reasons<'_> {
    pub fn is_empty(&self) -> bool {
        self.silences.is_empty() && self.inhibited_by.is_empty() && self.muted_by.is_empty()
    }
}

impl Holdings {
    pub fn new(alerts: Vec<HeldAlert>, silences: Vec<Silence>) -> Self {
        let mut shapes: HashMap<(&str, Vec<&str>), Vec<usize>> = HashMap::new();
        for (place, alert) in alerts.iter().enumerate() {
            let names = alert.labels.iter().map(|(name, _)| &**name).collect();
            let name = alert.label("alertname").unwrap_or_default();
            shapes.entry((name, names)).or_default().push(place);
        }
        let mut by_name: HashMap<Box<str>, Vec<Shape>> = HashMap::new();
        for ((name, names), places) in shapes {
            let names = names.into_iter().map(Box::from).collect();
            by_name.entry(name.into()).or_default().push(Shape { names, places });
        }
        let by_fingerprint = alerts.iter().enumerate().map(|(place, a)| (a.fingerprint.clone(), place));
        let by_fingerprint = by_fingerprint.filter(|(fingerprint, _)| !fingerprint.is_empty()).collect();
        let silences = silences.into_iter().map(|silence| (silence.id.clone(), Arc::new(silence))).collect();
        let alerts = alerts.into_iter().map(Arc::new).collect();
        Self { alerts, by_name, by_fingerprint, silences }
    }

    /// The alerts of that name, and the name; None: there are none.
    pub fn shapes(&self, name: &str) -> Option<(&str, &[Shape])> {
        self.by_name.get_key_value(name).map(|(name, shapes)| (&**name, shapes.as_slice()))
    }

    pub fn of_shape<'h>(&'h self, shape: &'h Shape) -> impl Iterator<Item = &'h Arc<HeldAlert>> {
        shape.places.iter().filter_map(|place| self.alerts.get(*place))
    }

    pub fn len(&self) -> usize {
        self.alerts.len()
    }

    pub fn is_empty(&self) -> bool {
        self.alerts.is_empty()
    }

    /// What holds an alert of this answer back at a moment. Where that is not known, it is sent on:
    ///
    /// - an alert that Alertmanager calls active is held back by nothing;
    /// - a silence holds it back if Alertmanager lists it, and until its `endsAt`;
    /// - an alert on whose account it is inhibited must be listed, and in an older answer its `endsAt` must be
    ///   ahead: until then Alertmanager takes it for firing without hearing of it again;
    /// - nobody tells when a time interval ends, so in an older answer it mutes nothing.
    pub fn reasons<'h>(&'h self, alert: &'h HeldAlert, at: Moment) -> Reasons<'h> {
        if alert.is_active {
            return Reasons::default();
        }
        let silences = alert.silenced_by.iter().filter_map(|id| self.silences.get(id));
        let sources = alert.inhibited_by.iter().filter_map(|fingerprint| {
            self.by_fingerprint
                .get(fingerprint)
                .and_then(|place| self.alerts.get(*place))
                .map(|alert| &**alert)
        });
        let is_known = |source: &&HeldAlert| !at.is_old || source.ends.is_some_and(|ends| at.now < ends);
        let muted_by = alert.muted_by.iter().filter(|_| !at.is_old);
        Reasons {
            silences: silences.filter(|silence| silence.is_in_force(at.now)).collect(),
            inhibited_by: sources.filter(is_known).collect(),
            muted_by: muted_by.map(|name| &**name).collect(),
        }
    }

    /// The first moment after `now` at which something that is held back now may not be any more.
    pub fn changes_after(&self, now: Timestamp) -> Option<Timestamp> {
        let silences = self.silences.values().filter_map(|silence| silence.ends);
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
        let names = |shape: &Shape| shape.names.iter().map(|name| name.len() + 16).sum::<usize>() + 64;
        let shapes = self.by_name.values().flatten().map(names).sum::<usize>();
        let silences =
            self.silences.values().map(|s| s.comment.len() + s.created_by.len() + 250).sum::<usize>();
        alerts.sum::<usize>() + shapes + silences + 256
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_795_435_200 + seconds).unwrap()
    }

    fn alert(fingerprint: &str) -> HeldAlert {
        HeldAlert {
            labels: vec![("alertname".into(), fingerprint.into())],
            fingerprint: fingerprint.into(),
            is_active: false,
            ends: Some(at(120)),
            silenced_by: Vec::new(),
            inhibited_by: Vec::new(),
            muted_by: Vec::new(),
        }
    }

    fn silence(id: &str, ends: Option<Timestamp>) -> Silence {
        let (created_by, comment, ends_at) = (String::new(), String::new(), String::new());
        Silence { id: id.into(), created_by, comment, ends_at, ends, is_expired: false }
    }

    /// How many silences, alerts and intervals hold the first alert back.
    fn held(holdings: &Holdings, seconds: i64, is_old: bool) -> [usize; 3] {
        let reasons = holdings.reasons(&holdings.alerts[0], Moment { now: at(seconds), is_old });
        [reasons.silences.len(), reasons.inhibited_by.len(), reasons.muted_by.len()]
    }

    #[test]
    fn what_is_over_or_not_listed_holds_nothing_back() {
        let told = HeldAlert {
            silenced_by: ["s", "gone", "expired", "unread"].map(Into::into).into(),
            inhibited_by: ["f", "gone", ""].map(Into::into).into(),
            muted_by: vec!["nights".into()],
            ..alert("told")
        };
        let expired = Silence { is_expired: true, ..silence("expired", Some(at(600))) };
        let silences = vec![silence("s", Some(at(60))), expired, silence("unread", None)];
        let nameless = HeldAlert { fingerprint: "".into(), ..alert("nameless") };
        let holdings = Holdings::new(vec![told.clone(), alert("f"), nameless], silences.clone());
        for (seconds, is_old, wanted) in [
            (0, false, [1, 1, 1]),
            (59, false, [1, 1, 1]),
            (60, false, [0, 1, 1]),
            // Alertmanager lists the source now, whatever its clock says.
            (300, false, [0, 1, 1]),
            (0, true, [1, 1, 0]),
            (60, true, [0, 1, 0]),
            (119, true, [0, 1, 0]),
            (120, true, [0, 0, 0]),
        ] {
            assert_eq!(held(&holdings, seconds, is_old), wanted, "{seconds} {is_old}");
        }
        assert_eq!(holdings.changes_after(at(0)), Some(at(60)));
        assert_eq!(holdings.changes_after(at(60)), Some(at(120)));
        let active = HeldAlert { is_active: true, ..told };
        let holdings = Holdings::new(vec![active, alert("f")], silences);
        assert_eq!(held(&holdings, 0, false), [0, 0, 0], "Alertmanager says that it is sent on");
    }
}
