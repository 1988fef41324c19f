//! What Alertmanager holds back, joined with the rows of a table: who, why and until when.

mod matching;

use std::sync::Arc;

use futures_util::future::join;
use jiff::Timestamp;
use url::Url;

use self::matching::SuppressionMatcher;
use super::{AlertRow, AlertTable, DEADLINES, Monitoring, StateCounts};
use crate::alertmanager::{AlertmanagerState, ReadTime, ReceivedAlert, Silence, Suppression};
use crate::prometheus::{AlertState, ExternalLabels, Instance, Labels};
use crate::store::{Answer, Scope};
use crate::upstream::UpstreamError;

/// What is known of silences.
#[derive(Clone, Debug, Default)]
pub enum Silences {
    /// No Alertmanager is configured for the instance.
    #[default]
    NotAsked,
    /// Where people open it; and how the newest attempt failed, when this is what it said before.
    Known {
        ui_url: Url,
        failure: Option<Arc<UpstreamError>>,
        /// How many rows fire that Alertmanager may hold back: it holds back an alert that is theirs or that of
        /// another instance.
        undecided: usize,
    },
    /// None: it has not answered yet.
    Unknown { ui_url: Url, failure: Option<Arc<UpstreamError>> },
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
        matches!(self, Self::NotAsked | Self::Known { failure: None, undecided: 0, .. })
    }
}

/// An alert as its Alertmanager has it, and what holds it back now. What is over, or not known to hold, is not in
/// it: see [`AlertmanagerState::suppression`].
#[derive(Clone, Debug, Default)]
pub struct AlertmanagerStatus {
    /// None: it is not known whether Alertmanager has this alert or that of another instance.
    alert: Option<Arc<ReceivedAlert>>,
    pub silences: Vec<Arc<Silence>>,
    /// Names of the alerts on whose account it is held back.
    pub inhibited_by: Vec<String>,
    /// Time intervals.
    pub muted_by: Vec<String>,
}

impl AlertmanagerStatus {
    /// `silenced`, else `inhibited`, else `muted`; None: it is sent on.
    pub fn word(&self) -> Option<&'static str> {
        match (self.is_silenced(), self.is_inhibited(), self.muted_by.is_empty()) {
            (true, _, _) => Some("silenced"),
            (_, true, _) => Some("inhibited"),
            (_, _, false) => Some("muted"),
            _ => None,
        }
    }

    pub fn is_silenced(&self) -> bool {
        !self.silences.is_empty()
    }

    pub fn is_inhibited(&self) -> bool {
        !self.inhibited_by.is_empty()
    }

    /// The silence that ends last; None where none is in force.
    pub fn last_silence(&self) -> Option<&Silence> {
        self.silences.iter().max_by_key(|silence| silence.ends.at()).map(|silence| &**silence)
    }

    /// With external labels: what a silence must match.
    pub fn labels(&self) -> Labels {
        let labels = self.alert.iter().flat_map(|alert| &alert.labels);
        labels.map(|(name, value)| (&**name, &**value)).collect()
    }

    fn of(alert: &Arc<ReceivedAlert>, state: &AlertmanagerState, at: ReadTime) -> Self {
        let Suppression { silences, inhibited_by, muted_by } = state.suppression(alert, at);
        let name = |alert: &ReceivedAlert| alert.label("alertname").unwrap_or(&alert.fingerprint).to_owned();
        Self {
            alert: Some(alert.clone()),
            silences: silences.into_iter().cloned().collect(),
            inhibited_by: inhibited_by.into_iter().map(name).collect(),
            muted_by: muted_by.into_iter().map(str::to_owned).collect(),
        }
    }
}

/// What Alertmanager said, and what tells the alerts of an instance from those of others.
#[derive(Clone, Debug)]
pub struct AlertmanagerAnswer {
    pub answer: Answer<AlertmanagerState>,
    pub external: Arc<Option<ExternalLabels>>,
}

impl AlertmanagerAnswer {
    /// Marks what is held back at `now` on rows that fire.
    pub fn mark<'r>(&self, rows: impl Iterator<Item = &'r mut AlertRow>, now: Timestamp) {
        let at = ReadTime { now, as_of: self.answer.as_of, is_stale: self.answer.is_stale() };
        let mut matcher = SuppressionMatcher::new(&self.answer.value, self.external.as_ref().as_ref(), at);
        for row in rows.filter(|row| row.state() == AlertState::Firing) {
            let Some(alert) = row.alert() else { continue };
            row.alertmanager = matcher.find(&alert.labels).map(Arc::new);
        }
    }

    /// When something that is held back may not be any more, if nothing newer is known by then.
    pub fn changes_after(&self, now: Timestamp) -> Option<Timestamp> {
        self.answer.value.changes_after(now)
    }
}

impl Monitoring {
    /// What the instance's Alertmanager holds back, unless it takes too long; the fetch goes on in the store.
    pub(super) async fn silences(&self, instance: &Arc<Instance>) -> (Silences, Option<AlertmanagerAnswer>) {
        let Some(settings) = self.store.alertmanager(instance.name()) else {
            return (Silences::NotAsked, None);
        };
        let ui_url = settings.ui_url.clone();
        let external = self.store.external_labels(instance, Scope::Whole);
        let external = tokio::time::timeout(DEADLINES.alertmanager, external);
        let answer = self.store.silences(instance, Scope::Whole);
        match join(tokio::time::timeout(DEADLINES.alertmanager, answer), external).await {
            (Ok(Ok(answer)), external) => {
                let failure = answer.failure.clone();
                let answer = AlertmanagerAnswer { answer, external: external.unwrap_or_default() };
                (Silences::Known { ui_url, failure, undecided: 0 }, Some(answer))
            }
            (Ok(Err(failure)), _) => (Silences::Unknown { ui_url, failure: Some(failure) }, None),
            (Err(_), _) => (Silences::Unknown { ui_url, failure: None }, None),
        }
    }
}

impl AlertTable {
    /// With what is held back now marked on its rows, and counted apart from what fires.
    pub(super) fn silenced_by(
        mut self,
        silences: Silences,
        answer: Option<&AlertmanagerAnswer>,
        now: Timestamp,
    ) -> Self {
        self.silences = silences;
        let Some(answer) = answer else { return self };
        answer.mark(self.rows.iter_mut(), now);
        self.rows.iter().for_each(|row| self.counts.suppress(row));
        if let Silences::Known { undecided, .. } = &mut self.silences {
            *undecided = self.rows.iter().filter(|row| row.is_undecided()).count();
        }
        // The rest of their order stays as it is.
        self.rows.sort_by_key(|row| (row.state(), row.is_suppressed()));
        self
    }
}

impl StateCounts {
    /// Of a row that is counted and held back: one less that fires.
    pub(super) fn suppress(&mut self, row: &AlertRow) {
        let count = match row.suppression().and_then(AlertmanagerStatus::word) {
            Some("silenced") => &mut self.silenced,
            Some("inhibited") => &mut self.inhibited,
            Some(_) => &mut self.muted,
            None => return,
        };
        *count += 1;
        self.firing = self.firing.saturating_sub(1);
    }
}

impl AlertRow {
    /// The alert as its Alertmanager has it. None: it has none such, or nobody knows.
    pub fn suppression(&self) -> Option<&AlertmanagerStatus> {
        self.alertmanager.as_deref().filter(|status| status.alert.is_some())
    }

    /// Whether Alertmanager holds back an alert that is this one or that of another instance.
    pub(super) fn is_undecided(&self) -> bool {
        self.alertmanager.as_deref().is_some_and(|status| status.alert.is_none())
    }

    /// Whether Alertmanager tells nobody of it.
    pub fn is_suppressed(&self) -> bool {
        self.suppression().and_then(AlertmanagerStatus::word).is_some()
    }
}
