//! Alertmanager's JSON (API v2), read strictly where it matters.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{HeldAlert, Silence};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireAlert {
    labels: BTreeMap<Box<str>, Box<str>>,
    #[serde(default)]
    fingerprint: Box<str>,
    status: WireStatus,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireStatus {
    silenced_by: Option<Vec<Box<str>>>,
    inhibited_by: Option<Vec<Box<str>>>,
    /// Since 0.28.
    #[serde(default)]
    muted_by: Option<Vec<Box<str>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireSilence {
    id: Box<str>,
    #[serde(default)]
    created_by: String,
    #[serde(default)]
    comment: String,
    ends_at: String,
}

/// The body of `/api/v2/alerts`.
pub fn read_alerts(body: &[u8]) -> Result<Vec<HeldAlert>, serde_json::Error> {
    let alerts: Vec<WireAlert> = serde_json::from_slice(body)?;
    let told = |alert: WireAlert| HeldAlert {
        labels: alert.labels.into_iter().collect(),
        fingerprint: alert.fingerprint,
        silenced_by: alert.status.silenced_by.unwrap_or_default(),
        inhibited_by: alert.status.inhibited_by.unwrap_or_default(),
        muted_by: alert.status.muted_by.unwrap_or_default(),
    };
    Ok(alerts.into_iter().map(told).collect())
}

/// The body of `/api/v2/silences`.
pub fn read_silences(body: &[u8]) -> Result<Vec<Silence>, serde_json::Error> {
    let silences: Vec<WireSilence> = serde_json::from_slice(body)?;
    let told =
        |WireSilence { id, created_by, comment, ends_at }| Silence { id, created_by, comment, ends_at };
    Ok(silences.into_iter().map(told).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn older_and_newer_answers_are_read() {
        let body = br#"[{"labels":{"b":"2","alertname":"A"},"fingerprint":"f1","annotations":{},"receivers":[{"name":"x"}],
            "status":{"state":"suppressed","silencedBy":["s"],"inhibitedBy":[]}},
            {"labels":{},"status":{"silencedBy":null,"inhibitedBy":["f1"],"mutedBy":["nights"],"state":"suppressed"}}]"#;
        let alerts = read_alerts(body).unwrap();
        assert_eq!(alerts[0].label("alertname"), Some("A"));
        assert!(alerts[0].is_held_back() && alerts[0].muted_by.is_empty());
        assert_eq!((&*alerts[1].inhibited_by[0], &*alerts[1].muted_by[0]), ("f1", "nights"));
        for bad in [
            &b"{}"[..],
            b"<html>",
            b"[{\"labels\":{}}]",
            b"[{\"labels\":{\"a\":1},\"status\":{}}]",
            b"[",
            b"",
        ] {
            assert!(read_alerts(bad).is_err());
        }
        let silences = read_silences(br#"[{"id":"s","createdBy":"ann","comment":"<b>","endsAt":"2026-11-23T14:00:00Z","matchers":[]}]"#);
        assert_eq!(silences.unwrap()[0].created_by, "ann");
    }
}
