//! An alert row as JSON: in data forms, and in messages to a page that frames the portal. Field names and their order
//! are a contract.

use std::sync::Arc;

use serde::Serialize;

use crate::alertmanager::Silence;
use crate::monitoring::{AlertRow, AlertmanagerStatus};
use crate::prometheus::{AlertState, Float, Labels, RowId, RuleHealth};
use crate::upstream::SentTime;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AlertJson<'a> {
    name: &'a str,
    state: AlertState,
    value: Option<Float>,
    active_at: Option<&'a SentTime>,
    labels: &'a Labels,
    annotations: &'a Labels,
    query: &'a str,
    duration: Float,
    keep_firing_for: Float,
    health: &'a RuleHealth,
    last_error: Option<&'a str>,
    last_evaluation: Option<&'a SentTime>,
    group: &'a str,
    severity: Option<&'a str>,
    /// Names the row in addresses (`alert=ID`).
    id: RowId,
    /// Null: Alertmanager notifies about it, or its state there is unknown.
    suppressed: Option<SuppressedJson<'a>>,
    /// Only of an alert that Alertmanager has.
    #[serde(flatten)]
    held: Option<AlertmanagerJson<'a>>,
}

#[derive(Serialize)]
struct SuppressedJson<'a> {
    by: Vec<&'static str>,
    /// When the last silence ends, as Alertmanager sends it; null without a silence.
    until: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AlertmanagerJson<'a> {
    silenced: bool,
    inhibited: bool,
    muted: bool,
    silences: &'a [Arc<Silence>],
    inhibited_by: &'a [String],
    muted_by: &'a [String],
}

impl<'a> AlertJson<'a> {
    pub fn of(row: &'a AlertRow) -> Self {
        let (rule, alert) = (row.rule(), row.alert());
        Self {
            name: &rule.name,
            state: row.state(),
            value: alert.and_then(|alert| alert.value).map(Float),
            active_at: alert.and_then(|alert| alert.active_at.as_ref()),
            labels: row.labels(),
            annotations: row.annotations(),
            query: &rule.query,
            duration: Float(rule.duration),
            keep_firing_for: Float(rule.keep_firing_for),
            health: &rule.health,
            last_error: rule.last_error.as_deref(),
            last_evaluation: rule.last_evaluation.as_ref(),
            group: &rule.group,
            severity: row.severity(),
            id: row.id(),
            suppressed: row.suppression().and_then(SuppressedJson::of),
            held: row.suppression().map(AlertmanagerJson::of),
        }
    }
}

impl<'a> SuppressedJson<'a> {
    fn of(held: &'a AlertmanagerStatus) -> Option<Self> {
        let all = [
            ("silence", held.is_silenced()),
            ("inhibition", held.is_inhibited()),
            ("mute", !held.muted_by.is_empty()),
        ];
        let by: Vec<_> = all.into_iter().filter(|(_, holds)| *holds).map(|(word, _)| word).collect();
        let until = held.last_silence().map(|silence| silence.ends.as_str());
        (!by.is_empty()).then_some(Self { by, until })
    }
}

impl<'a> AlertmanagerJson<'a> {
    fn of(held: &'a AlertmanagerStatus) -> Self {
        Self {
            silenced: held.is_silenced(),
            inhibited: held.is_inhibited(),
            muted: !held.muted_by.is_empty(),
            silences: &held.silences,
            inhibited_by: &held.inhibited_by,
            muted_by: &held.muted_by,
        }
    }
}
