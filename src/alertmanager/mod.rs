//! Alertmanager as a client sees it: which alerts it suppresses, and the silences with their author, reason and end.

mod alertmanagers;
mod client;
mod state;
mod wire;

use std::time::Duration;

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::upstream::SentTime;

pub use alertmanagers::Alertmanagers;
pub use client::AlertmanagerClient;
pub use state::{AlertmanagerState, LabelNames, ReadTime, Suppression};
pub use wire::{read_alerts, read_silences};

/// The settings of the Alertmanager of one instance.
#[derive(Clone, Debug)]
pub struct AlertmanagerSettings {
    /// Without its API's path: `https://alertmanager.example/prefix`.
    pub url: Url,
    /// Where people open it.
    pub ui_url: Url,
    /// Sent to it only.
    pub headers: Vec<(String, SecretString)>,
    /// For one answer, of several requests perhaps.
    pub timeout: Duration,
}

impl AlertmanagerSettings {
    /// Whether requests by both settings are the same; `ui_url` does not matter.
    pub fn has_same_requests(&self, others: &Self) -> bool {
        let value = |(name, value): &(String, SecretString)| (name.clone(), value.expose_secret().to_owned());
        self.url == others.url
            && self.timeout == others.timeout
            && self.headers.iter().map(value).eq(others.headers.iter().map(value))
    }
}

/// Names with values, ordered by name.
pub type Pairs = Vec<(Box<str>, Box<str>)>;

/// An alert as Alertmanager has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceivedAlert {
    /// With external labels, after relabelling; sorted by name.
    pub labels: Pairs,
    pub fingerprint: Box<str>,
    /// Its state is `suppressed`.
    pub is_suppressed: bool,
    /// When Alertmanager resolves it, unless it receives it again.
    pub ends: Option<Timestamp>,
    /// Ids of silences.
    pub silenced_by: Vec<Box<str>>,
    /// Fingerprints of other alerts.
    pub inhibited_by: Vec<Box<str>>,
    /// Names of time intervals; older Alertmanagers do not send them.
    pub muted_by: Vec<Box<str>>,
}

impl ReceivedAlert {
    pub fn label(&self, name: &str) -> Option<&str> {
        self.labels.iter().find(|(n, _)| **n == *name).map(|(_, value)| &**value)
    }
}

/// A silence that is in force or was.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Silence {
    pub id: Box<str>,
    #[serde(default)]
    pub created_by: String,
    #[serde(default)]
    pub comment: String,
    /// None: missing or unreadable.
    #[serde(rename = "startsAt", default, deserialize_with = "wire::time", skip_serializing)]
    pub starts: Option<Timestamp>,
    #[serde(rename = "endsAt", deserialize_with = "wire::sent_time")]
    pub ends: SentTime,
    /// Its state is `active`.
    #[serde(rename = "status", default, deserialize_with = "wire::is_active", skip_serializing)]
    pub is_active: bool,
}

impl Silence {
    /// Whether it is known to silence at that time.
    pub fn is_in_force(&self, now: Timestamp) -> bool {
        let has_begun = self.starts.is_some_and(|starts| starts <= now);
        self.is_active && has_begun && self.ends.at().is_some_and(|ends| now < ends)
    }
}
