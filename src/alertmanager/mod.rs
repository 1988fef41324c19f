//! Alertmanager as a client sees it: which alerts it holds back, and the silences that say who, why and until when.

mod client;
mod holdings;
mod wire;

use std::time::Duration;

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

pub use client::Client;
pub use holdings::{Holdings, Moment, Reasons, Shape};
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

impl AlertmanagerSettings {
    /// Whether a question of these is the same question of the others. Where people open it does not matter.
    pub fn asks_as(&self, others: &Self) -> bool {
        let value = |(name, value): &(String, SecretString)| (name.clone(), value.expose_secret().to_owned());
        self.url == others.url
            && self.timeout == others.timeout
            && self.headers.iter().map(value).eq(others.headers.iter().map(value))
    }
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
    /// With external labels, after relabelling; sorted by name.
    pub labels: Pairs,
    pub fingerprint: Box<str>,
    /// Alertmanager says that it is held back.
    pub is_suppressed: bool,
    /// When Alertmanager takes it for over, unless it hears of it again.
    pub ends: Option<Timestamp>,
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
}

/// A silence that is in force or was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Silence {
    pub id: Box<str>,
    pub created_by: String,
    pub comment: String,
    /// As Alertmanager sends it (RFC 3339).
    pub ends_at: String,
    /// None: Alertmanager does not tell it, or it cannot be read.
    pub starts: Option<Timestamp>,
    /// The time of `ends_at`; None: it cannot be read.
    pub ends: Option<Timestamp>,
    /// Alertmanager says that it is in force.
    pub is_active: bool,
}

impl Silence {
    /// Whether it is known to silence at that time.
    pub fn is_in_force(&self, now: Timestamp) -> bool {
        let has_begun = self.starts.is_some_and(|starts| starts <= now);
        self.is_active && has_begun && self.ends.is_some_and(|ends| now < ends)
    }
}
