//! The forms of an answer's groups, rules and alerts, each part on its own.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::prometheus::Labels;
use crate::prometheus::wire::parts::{Bounded, Lenient, given};
use crate::prometheus::wire::remarks::Remarks;

/// Rows, each read on its own.
pub type Rows<'a> = Bounded<&'a RawValue>;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RulesData<'a> {
    #[serde(borrow)]
    pub groups: Rows<'a>,
    pub group_next_token: Option<Lenient<String>>,
    #[serde(default)]
    pub warnings: Remarks,
    #[serde(borrow)]
    pub is_partial: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RawGroup<'a> {
    pub name: Option<Lenient<String>>,
    pub file: Option<Lenient<String>>,
    pub interval: Option<Lenient<f64>>,
    pub limit: Option<Lenient<i64>>,
    pub evaluation_time: Option<Lenient<f64>>,
    pub last_evaluation: Option<Lenient<String>>,
    #[serde(borrow)]
    pub rules: Rows<'a>,
}

/// Prometheus always sends all of it; others (vmalert, Thanos, Mimir) leave parts out, or write them as null.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RawRule<'a> {
    #[serde(rename = "type")]
    pub kind: Option<Lenient<String>>,
    pub name: Option<Lenient<String>>,
    pub query: Option<Lenient<String>>,
    pub duration: Option<Lenient<f64>>,
    pub keep_firing_for: Option<Lenient<f64>>,
    pub labels: Option<Lenient<Labels>>,
    pub annotations: Option<Lenient<Labels>>,
    pub state: Option<Lenient<String>>,
    pub health: Option<Lenient<String>>,
    pub last_error: Option<Lenient<String>>,
    pub evaluation_time: Option<Lenient<f64>>,
    pub last_evaluation: Option<Lenient<String>>,
    #[serde(borrow, default, deserialize_with = "given")]
    pub alerts: Option<Lenient<Rows<'a>>>,
}

impl RawRule<'_> {
    /// Whether it has a field that only alerting rules have.
    pub fn has_alerts(&self) -> bool {
        self.state.is_some()
            || self.alerts.is_some()
            || self.duration.is_some()
            || self.keep_firing_for.is_some()
            || self.annotations.is_some()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RawAlert<'a> {
    /// Required: without its labels an alert belongs to no entity.
    pub labels: Labels,
    pub annotations: Option<Lenient<Labels>>,
    pub state: Option<Lenient<String>>,
    pub active_at: Option<Lenient<String>>,
    /// A text in Prometheus, a number elsewhere.
    #[serde(borrow)]
    pub value: Option<&'a RawValue>,
}

/// An alert as Prometheus sends it. It is read in one pass, and a [`RawAlert`] in two or more.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SoundAlert<'a> {
    labels: Labels,
    annotations: Option<Labels>,
    state: Option<String>,
    active_at: Option<String>,
    #[serde(borrow)]
    value: Option<&'a RawValue>,
}

impl<'a> RawAlert<'a> {
    pub fn read(json: &'a str) -> Option<Self> {
        let Ok(sound) = serde_json::from_str::<SoundAlert<'a>>(json) else {
            return serde_json::from_str(json).ok();
        };
        Some(Self {
            labels: sound.labels,
            annotations: sound.annotations.map(Lenient::Read),
            state: sound.state.map(Lenient::Read),
            active_at: sound.active_at.map(Lenient::Read),
            value: sound.value,
        })
    }
}
