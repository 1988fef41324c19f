//! What Alertmanager suppresses: who silenced it, why and until when.

mod matching;

use std::sync::Arc;

use futures_util::future::join;
use jiff::Timestamp;
use tokio::time::timeout;
use url::Url;

use self::matching::SuppressionMatcher;
use super::verdict::StateCounts;
use super::{Monitoring, deadlines};
use crate::alertmanager::{AlertmanagerState, ReadTime, ReceivedAlert, Silence, Suppression};
use crate::prometheus::{ExternalLabels, Instance, Labels};
use crate::store::{Answer, Scope};
use crate::upstream::{UpstreamError, is_same_failure};

/// What is known of silences.
#[derive(Clone, Debug, Default)]
pub enum Silences {
    /// No Alertmanager is configured for the instance.
    #[default]
    NotConfigured,
    /// What Alertmanager answered.
    Known {
        /// Where people open it.
        ui_url: Url,
        answer: Answer<AlertmanagerState>,
        /// Tells the alerts of the instance from those of others.
        external: Arc<Option<ExternalLabels>>,
        /// How many rows fire that Alertmanager may suppress: it suppresses an alert that is theirs or that of another
        /// instance.
        undecided: usize,
    },
    /// `failure` is None if it has not answered yet.
    Unknown { ui_url: Url, failure: Option<Arc<UpstreamError>> },
}

impl Silences {
    /// Where people open the Alertmanager.
    pub fn ui_url(&self) -> Option<&Url> {
        match self {
            Self::NotConfigured => None,
            Self::Known { ui_url, .. } | Self::Unknown { ui_url, .. } => Some(ui_url),
        }
    }

    /// Whether what is suppressed is known as it is now.
    pub fn is_sure(&self) -> bool {
        match self {
            Self::NotConfigured => true,
            Self::Known { answer, undecided, .. } => !answer.is_stale() && *undecided == 0,
            Self::Unknown { .. } => false,
        }
    }

    /// The first time after `now` when what is suppressed may change, without a new answer.
    pub(super) fn changes_after(&self, now: Timestamp) -> Option<Timestamp> {
        self.answer()?.value.changes_after(now)
    }

    /// Whether both are the same answer, or failure, of one Alertmanager.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::NotConfigured, Self::NotConfigured) => true,
            (Self::Unknown { failure, .. }, Self::Unknown { failure: others, .. }) => {
                is_same_failure(failure.as_ref(), others.as_ref())
            }
            (
                Self::Known { answer, external, .. },
                Self::Known { answer: others, external: of_others, .. },
            ) => {
                Arc::ptr_eq(&answer.value, &others.value)
                    && answer.as_of == others.as_of
                    && is_same_failure(answer.failure.as_ref(), others.failure.as_ref())
                    && external == of_others
            }
            _ => false,
        }
    }

    pub(super) fn answer(&self) -> Option<&Answer<AlertmanagerState>> {
        match self {
            Self::Known { answer, .. } => Some(answer),
            Self::NotConfigured | Self::Unknown { .. } => None,
        }
    }

    /// Finds what is suppressed at `now`. None: nothing is known to be.
    pub(super) fn matcher(&self, now: Timestamp) -> Option<SuppressionMatcher<'_>> {
        let Self::Known { answer, external, .. } = self else { return None };
        let at = ReadTime { now, as_of: answer.as_of, is_stale: answer.is_stale() };
        Some(SuppressionMatcher::new(&answer.value, external.as_ref().as_ref(), at))
    }
}

/// An alert as its Alertmanager has it, and what suppresses it now. What is over, or not known to be in force, is not
/// in it: see [`AlertmanagerState::suppression`].
#[derive(Clone, Debug, Default)]
pub struct AlertmanagerStatus {
    /// None: it is not known whether Alertmanager has this alert or that of another instance.
    alert: Option<Arc<ReceivedAlert>>,
    pub silences: Vec<Arc<Silence>>,
    /// Names of the alerts that inhibit it.
    pub inhibited_by: Vec<String>,
    /// Time intervals.
    pub muted_by: Vec<String>,
}

impl AlertmanagerStatus {
    /// Whether it is known to be this alert, and not perhaps that of another instance.
    pub(super) fn is_own(&self) -> bool {
        self.alert.is_some()
    }

    /// `silenced`, else `inhibited`, else `muted`; None: Alertmanager sends notifications.
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

impl Monitoring {
    /// What the instance's Alertmanager suppresses, unless it takes too long; the fetch goes on in the store.
    pub(super) async fn silences(&self, instance: &Arc<Instance>) -> Silences {
        self.silences_of(instance, self.store.silences(instance, Scope::Whole)).await
    }

    /// The same, and nobody waits while the last answer is recent.
    pub(super) async fn silences_at_once(&self, instance: &Arc<Instance>) -> Silences {
        self.silences_of(instance, self.store.silences_at_once(instance, Scope::Whole)).await
    }

    async fn silences_of(
        &self,
        instance: &Arc<Instance>,
        answer: impl Future<Output = Result<Answer<AlertmanagerState>, Arc<UpstreamError>>>,
    ) -> Silences {
        let Some(settings) = self.store.alertmanager(instance.name()) else { return Silences::NotConfigured };
        let ui_url = settings.ui_url.clone();
        let external = timeout(deadlines::ALERTMANAGER, self.store.external_labels(instance, Scope::Whole));
        let answer = timeout(deadlines::ALERTMANAGER, answer);
        match join(answer, external).await {
            (Ok(Ok(answer)), external) => {
                Silences::Known { ui_url, answer, external: external.unwrap_or_default(), undecided: 0 }
            }
            (Ok(Err(failure)), _) => Silences::Unknown { ui_url, failure: Some(failure) },
            (Err(_), _) => Silences::Unknown { ui_url, failure: None },
        }
    }
}

impl StateCounts {
    /// Of a row that is counted: one less fires if it is suppressed.
    pub(super) fn suppress(&mut self, status: Option<&AlertmanagerStatus>) {
        let count = match status.and_then(AlertmanagerStatus::word) {
            Some("silenced") => &mut self.silenced,
            Some("inhibited") => &mut self.inhibited,
            Some(_) => &mut self.muted,
            None => return,
        };
        *count += 1;
        self.firing = self.firing.saturating_sub(1);
    }
}
