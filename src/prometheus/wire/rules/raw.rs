//! The forms of an answer's groups, rules and alerts.
//!
//! `WHOLE` is how they are read. True: with the answer, in one pass, and a damaged part spoils the answer. False: each
//! part on its own, so that a damaged one spoils no other.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::prometheus::Labels;
use crate::prometheus::wire::parts::{Bounded, WirePart, given};
use crate::prometheus::wire::remarks::Remarks;

pub type Rows<'a, T, const WHOLE: bool> = Bounded<Row<'a, T, WHOLE>>;

pub enum Row<'a, T, const WHOLE: bool> {
    Read(T),
    Unread(&'a RawValue),
}

impl<'a, T: Deserialize<'a>, const WHOLE: bool> Row<'a, T, WHOLE> {
    /// None: it is of another shape.
    pub fn read(self) -> Option<T> {
        match self {
            Self::Read(row) => Some(row),
            Self::Unread(json) => serde_json::from_str(json.get()).ok(),
        }
    }
}

impl<'de: 'a, 'a, T: Deserialize<'de>, const WHOLE: bool> Deserialize<'de> for Row<'a, T, WHOLE> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if WHOLE {
            return T::deserialize(deserializer).map(Self::Read);
        }
        <&RawValue>::deserialize(deserializer).map(Self::Unread)
    }
}

/// A text that is copied only where it has escapes.
#[derive(Deserialize)]
pub struct RawText<'a>(#[serde(borrow)] pub Cow<'a, str>);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RulesData<'a, const WHOLE: bool> {
    #[serde(borrow)]
    pub groups: Rows<'a, RawGroup<'a, WHOLE>, WHOLE>,
    pub group_next_token: Option<WirePart<String>>,
    #[serde(default)]
    pub warnings: Remarks,
    #[serde(borrow)]
    pub is_partial: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RawGroup<'a, const WHOLE: bool> {
    pub name: Option<WirePart<String, WHOLE>>,
    pub file: Option<WirePart<String, WHOLE>>,
    pub interval: Option<WirePart<f64, WHOLE>>,
    pub limit: Option<WirePart<i64, WHOLE>>,
    pub evaluation_time: Option<WirePart<f64, WHOLE>>,
    #[serde(borrow)]
    pub last_evaluation: Option<WirePart<RawText<'a>, WHOLE>>,
    #[serde(borrow)]
    pub rules: Rows<'a, RawRule<'a, WHOLE>, WHOLE>,
}

/// Prometheus always sends all of it; others (vmalert, Thanos, Mimir) leave parts out, or write them as null.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RawRule<'a, const WHOLE: bool> {
    #[serde(rename = "type")]
    pub kind: Option<WirePart<String, WHOLE>>,
    pub name: Option<WirePart<String, WHOLE>>,
    pub query: Option<WirePart<String, WHOLE>>,
    pub duration: Option<WirePart<f64, WHOLE>>,
    pub keep_firing_for: Option<WirePart<f64, WHOLE>>,
    pub labels: Option<WirePart<Labels, WHOLE>>,
    pub annotations: Option<WirePart<Labels, WHOLE>>,
    #[serde(borrow)]
    pub state: Option<WirePart<RawText<'a>, WHOLE>>,
    pub health: Option<WirePart<String, WHOLE>>,
    pub last_error: Option<WirePart<String, WHOLE>>,
    pub evaluation_time: Option<WirePart<f64, WHOLE>>,
    #[serde(borrow)]
    pub last_evaluation: Option<WirePart<RawText<'a>, WHOLE>>,
    #[serde(borrow, default, deserialize_with = "given")]
    pub alerts: Option<WirePart<Rows<'a, RawAlert<'a, WHOLE>, WHOLE>, WHOLE>>,
}

impl<const WHOLE: bool> RawRule<'_, WHOLE> {
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
pub struct RawAlert<'a, const WHOLE: bool> {
    /// Required: without its labels an alert belongs to no entity.
    pub labels: Labels,
    pub annotations: Option<WirePart<Labels, WHOLE>>,
    #[serde(borrow)]
    pub state: Option<WirePart<RawText<'a>, WHOLE>>,
    #[serde(borrow)]
    pub active_at: Option<WirePart<RawText<'a>, WHOLE>>,
    /// A text in Prometheus, a number elsewhere.
    #[serde(borrow)]
    pub value: Option<&'a RawValue>,
}
