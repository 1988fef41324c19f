//! What Alertmanager holds back, joined with the rows of a table: who, why and until when.

use std::sync::Arc;
use std::time::Duration;

use url::Url;

use super::alerts::order;
use super::meaning::{common, is_meant};
use super::{AlertRow, AlertTable, Monitoring};
use crate::alertmanager::{HeldAlert, Holdings, Silence};
use crate::prometheus::{AlertState, InstanceName, Labels, PrometheusError};
use crate::store::{Answer, RulesQuestion, Scope};

/// A table does not wait longer: what is silenced is then not known on this page.
const PATIENCE: Duration = Duration::from_secs(1);

/// What is known of silences.
#[derive(Clone, Debug, Default)]
pub enum Silences {
    /// No Alertmanager is configured for the instance.
    #[default]
    NotAsked,
    /// Where people open it; and how the newest attempt failed, when this is what it said before.
    Known { ui_url: Url, failure: Option<Arc<PrometheusError>> },
    /// None: it has not answered yet.
    Unknown { ui_url: Url, failure: Option<Arc<PrometheusError>> },
}

impl Silences {
    /// Where people open the Alertmanager.
    pub fn ui_url(&self) -> Option<&Url> {
        match self {
            Self::NotAsked => None,
            Self::Known { ui_url, .. } | Self::Unknown { ui_url, .. } => Some(ui_url),
        }
    }

    /// Whether what is held back is known as it is now.
    pub fn is_sure(&self) -> bool {
        matches!(self, Self::NotAsked | Self::Known { failure: None, .. })
    }
}

/// How many firing rows are held back, each counted once: as silenced, else as inhibited, else as muted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HeldCounts {
    pub silenced: usize,
    pub inhibited: usize,
    pub muted: usize,
}

impl HeldCounts {
    pub fn total(self) -> usize {
        self.silenced + self.inhibited + self.muted
    }

    /// The word for each kind and how many there are, none of zero.
    pub fn parts(self) -> impl Iterator<Item = (&'static str, usize)> {
        let all = [("silenced", self.silenced), ("inhibited", self.inhibited), ("muted", self.muted)];
        all.into_iter().filter(|(_, n)| *n > 0)
    }
}

/// An alert as its Alertmanager has it.
#[derive(Clone, Debug, Default)]
pub struct Held {
    /// With external labels: what a silence must match.
    pub labels: Labels,
    pub silences: Vec<Silence>,
    /// Names of the alerts on whose account it is held back.
    pub inhibited_by: Vec<String>,
    /// Time intervals.
    pub muted_by: Vec<String>,
    is_silenced: bool,
    is_inhibited: bool,
}

impl Held {
    /// `silenced`, else `inhibited`, else `muted`; None: it is sent on.
    pub fn word(&self) -> Option<&'static str> {
        match (self.is_silenced, self.is_inhibited, self.muted_by.is_empty()) {
            (true, _, _) => Some("silenced"),
            (_, true, _) => Some("inhibited"),
            (_, _, false) => Some("muted"),
            _ => None,
        }
    }

    pub fn is_silenced(&self) -> bool {
        self.is_silenced
    }

    pub fn is_inhibited(&self) -> bool {
        self.is_inhibited
    }

    /// The copy of a row. Of several that share equally many labels with it, it is held back only if all are.
    fn of(row: &Labels, holdings: &Holdings) -> Option<Self> {
        let name = row.get("alertname").unwrap_or_default();
        let copies = holdings.named(name).map(|alert| (labels(alert), alert));
        let copies: Vec<_> = copies.filter(|(labels, _)| is_meant(labels, row)).collect();
        let closest = copies.iter().map(|(labels, _)| common(labels, row)).max()?;
        let mut copies: Vec<_> =
            copies.into_iter().filter(|(labels, _)| common(labels, row) == closest).collect();
        // One that is sent on is enough to be paged by.
        copies.sort_by_key(|(_, alert)| alert.is_held_back());
        let (labels, alert) = copies.into_iter().next()?;
        let name_of = |fingerprint: &str| {
            let alert = holdings.by_fingerprint(fingerprint);
            alert.and_then(|alert| alert.label("alertname")).unwrap_or(fingerprint).to_owned()
        };
        Some(Self {
            labels,
            silences: alert.silenced_by.iter().filter_map(|id| holdings.silence(id)).cloned().collect(),
            inhibited_by: alert.inhibited_by.iter().map(|by| name_of(by)).collect(),
            muted_by: alert.muted_by.iter().map(ToString::to_string).collect(),
            is_silenced: !alert.silenced_by.is_empty(),
            is_inhibited: !alert.inhibited_by.is_empty(),
        })
    }
}

fn labels(alert: &HeldAlert) -> Labels {
    alert.labels.iter().map(|(name, value)| (&**name, &**value)).collect()
}

impl Monitoring {
    /// What the instance's Alertmanager holds back, unless it takes too long; the fetch goes on in the store.
    pub(super) async fn holdings(&self, instance: &InstanceName) -> (Silences, Option<Answer<Holdings>>) {
        let Some(settings) = self.store.alertmanager(instance) else { return (Silences::NotAsked, None) };
        let ui_url = settings.ui_url.clone();
        let question = RulesQuestion { instance: instance.clone(), scope: Scope::Whole };
        match tokio::time::timeout(PATIENCE, self.store.holdings(question)).await {
            Ok(Ok(answer)) => (Silences::Known { ui_url, failure: answer.failure.clone() }, Some(answer)),
            Ok(Err(failure)) => (Silences::Unknown { ui_url, failure: Some(failure) }, None),
            Err(_) => (Silences::Unknown { ui_url, failure: None }, None),
        }
    }
}

impl AlertTable {
    /// With what is held back marked on its rows, and counted apart from what fires.
    pub(super) fn silenced_by(mut self, silences: Silences, answer: Option<Answer<Holdings>>) -> Self {
        self.silences = silences;
        let Some(holdings) = answer.map(|answer| answer.value) else { return self };
        for row in self.rows.iter_mut().filter(|row| row.state() == AlertState::Firing) {
            let Some(held) = row.alert().and_then(|alert| Held::of(&alert.labels, &holdings)) else {
                continue;
            };
            let count = match held.word() {
                Some("silenced") => Some(&mut self.counts.held.silenced),
                Some("inhibited") => Some(&mut self.counts.held.inhibited),
                Some(_) => Some(&mut self.counts.held.muted),
                None => None,
            };
            if let Some(count) = count {
                *count += 1;
                self.counts.firing = self.counts.firing.saturating_sub(1);
            }
            row.held = Some(Arc::new(held));
        }
        self.rows = order::sorted(self.rows);
        self
    }
}

impl AlertRow {
    /// The alert as its Alertmanager has it. None: it has none such, or nobody knows.
    pub fn held(&self) -> Option<&Held> {
        self.held.as_deref()
    }

    /// Whether Alertmanager tells nobody of it.
    pub fn is_held_back(&self) -> bool {
        self.held().and_then(Held::word).is_some()
    }
}
