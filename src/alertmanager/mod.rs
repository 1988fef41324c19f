//! Alertmanager as a client sees it: which alerts it holds back, and the silences that say who, why and until when.

mod client;
mod wire;

use std::collections::HashMap;
use std::time::Duration;

use secrecy::SecretString;
use url::Url;

pub use client::Client;
pub use wire::{read_alerts, read_silences};

/// How to reach the Alertmanager of one instance.
#[derive(Clone, Debug)]
pub struct AlertmanagerSettings {
    /// Without its API's path: `https://alertmanager.example/prefix`.
    pub url: Url,
    /// Where people open it.
    pub ui_url: Url,
    /// Sent to it only.
    pub headers: Vec<(String, SecretString)>,
    /// For one question in total.
    pub timeout: Duration,
}

/// The kinds of faults, with the words that scripts and metrics have for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    Timeout,
    Unreachable,
    Unauthorized,
    /// HTML, a redirect, or JSON of another shape.
    NotAlertmanager,
    Incomplete,
    TooLarge,
    /// Any other error status.
    Failed,
}

/// Why there is no answer. `detail` speaks to the operator; it holds no secret and no URL.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{detail}")]
pub struct AlertmanagerError {
    pub kind: FaultKind,
    pub detail: String,
    pub status: Option<u16>,
}

/// Names with values, ordered by name.
pub type Pairs = Vec<(Box<str>, Box<str>)>;

/// An alert as Alertmanager has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldAlert {
    /// With external labels, after relabelling.
    pub labels: Pairs,
    pub fingerprint: Box<str>,
    /// Ids of silences.
    pub silenced_by: Vec<Box<str>>,
    /// Fingerprints of other alerts.
    pub inhibited_by: Vec<Box<str>>,
    /// Names of time intervals; older Alertmanagers do not tell them.
    pub muted_by: Vec<Box<str>>,
}

impl HeldAlert {
    pub fn label(&self, name: &str) -> Option<&str> {
        self.labels.iter().find(|(n, _)| **n == *name).map(|(_, value)| &**value)
    }

    /// Whether it is held back for any reason.
    pub fn is_held_back(&self) -> bool {
        !(self.silenced_by.is_empty() && self.inhibited_by.is_empty() && self.muted_by.is_empty())
    }
}

/// A silence that is in force or was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Silence {
    pub id: Box<str>,
    pub created_by: String,
    pub comment: String,
    /// As Alertmanager sends it (RFC 3339).
    pub ends_at: String,
}

/// A complete answer: every alert that it has, and the silences that they name.
#[derive(Clone, Debug, Default)]
pub struct Holdings {
    alerts: Vec<HeldAlert>,
    by_name: HashMap<Box<str>, Vec<usize>>,
    silences: HashMap<Box<str>, Silence>,
}

impl Holdings {
    pub fn new(alerts: Vec<HeldAlert>, silences: Vec<Silence>) -> Self {
        let mut by_name: HashMap<Box<str>, Vec<usize>> = HashMap::new();
        for (place, alert) in alerts.iter().enumerate() {
            by_name.entry(alert.label("alertname").unwrap_or_default().into()).or_default().push(place);
        }
        let silences = silences.into_iter().map(|silence| (silence.id.clone(), silence)).collect();
        Self { alerts, by_name, silences }
    }

    /// The alerts of that name.
    pub fn named(&self, name: &str) -> impl Iterator<Item = &HeldAlert> {
        let places = self.by_name.get(name).map(Vec::as_slice).unwrap_or_default();
        places.iter().filter_map(|place| self.alerts.get(*place))
    }

    pub fn silence(&self, id: &str) -> Option<&Silence> {
        self.silences.get(id)
    }

    pub fn by_fingerprint(&self, fingerprint: &str) -> Option<&HeldAlert> {
        self.alerts.iter().find(|alert| &*alert.fingerprint == fingerprint)
    }

    /// Bytes in memory, about.
    pub fn weight(&self) -> usize {
        let pairs = |labels: &Pairs| labels.iter().map(|(n, v)| n.len() + v.len() + 32).sum::<usize>();
        let alerts = self.alerts.iter().map(|alert| pairs(&alert.labels) + 250).sum::<usize>();
        let silences =
            self.silences.values().map(|s| s.comment.len() + s.created_by.len() + 250).sum::<usize>();
        alerts + silences + 256
    }
}
