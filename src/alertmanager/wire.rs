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
    ends_at: Option<String>,
    status: WireStatus,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireStatus {
    state: Option<String>,
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
    status: Option<WireSilenceStatus>,
    #[serde(default)]
    created_by: String,
    #[serde(default)]
    comment: String,
    ends_at: String,
}

#[derive(Deserialize)]
struct WireSilenceStatus {
    state: Option<String>,
}

/// The body of `/api/v2/alerts`.
pub fn read_alerts(body: &[u8]) -> Result<Vec<HeldAlert>, serde_json::Error> {
    let alerts: Vec<WireAlert> = serde_json::from_slice(body)?;
    let told = |alert: WireAlert| HeldAlert {
        labels: alert.labels.into_iter().collect(),
        fingerprint: alert.fingerprint,
        is_active: alert.status.state.as_deref() == Some("active"),
        ends: alert.ends_at.and_then(|ends_at| ends_at.parse().ok()),
        silenced_by: alert.status.silenced_by.unwrap_or_default(),
        inhibited_by: alert.status.inhibited_by.unwrap_or_default(),
        muted_by: alert.status.muted_by.unwrap_or_default(),
    };
    Ok(alerts.into_iter().map(told).collect())
}

/// The body of `/api/v2/silences`.
pub fn read_silences(body: &[u8]) -> Result<Vec<Silence>, serde_json::Error> {
    let silences: Vec<WireSilence> = serde_json::from_slice(body)?;
    let told = |WireSilence { id, status, created_by, comment, ends_at }| Silence {
        is_expired: status.and_then(|status| status.state).as_deref() == Some("expired"),
        ends: ends_at.parse().ok(),
        id,
        created_by,
        comment,
        ends_at,
    };
    Ok(silences.into_iter().map(told).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn older_and_newer_answers_are_read() {
        let body = br#"[{"labels":{"b":"2","alertname":"A"},"fingerprint":"f1","annotations":{},"receivers":[{"name":"x"}],
            "status":{"state":"suppressed","silencedBy":["s"],"inhibitedBy":[]},"endsAt":"2026-11-23T14:04:00.123Z"},
            {"labels":{},"status":{"silencedBy":null,"inhibitedBy":["f1"],"mutedBy":["nights"],"state":"suppressed"}},
            {"labels":{},"status":{"state":"active"},"endsAt":"soon"}]"#;
        let alerts = read_alerts(body).unwrap();
        assert_eq!(alerts[0].label("alertname"), Some("A"));
        assert_eq!((&*alerts[0].silenced_by[0], alerts[0].muted_by.len()), ("s", 0));
        assert_eq!(alerts[0].ends, "2026-11-23T14:04:00.123Z".parse().ok());
        assert_eq!((&*alerts[1].inhibited_by[0], &*alerts[1].muted_by[0]), ("f1", "nights"));
        assert_eq!(alerts.iter().map(|a| a.is_active).collect::<Vec<_>>(), [false, false, true]);
        assert_eq!((alerts[1].ends, alerts[2].ends), (None, None));
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
    }

    #[test]
    fn silences_are_read_with_their_ends() {
        let body =
            br#"[{"id":"s","createdBy":"ann","comment":"<b>","endsAt":"2026-11-23T14:00:00Z","matchers":[]},
            {"id":"e","status":{"state":"expired"},"endsAt":"2036-11-23T14:00:00Z"},
            {"id":"u","status":{"state":"active"},"endsAt":"never"}]"#;
        let silences = read_silences(body).unwrap();
        assert_eq!((&*silences[0].created_by, &*silences[0].ends_at), ("ann", "2026-11-23T14:00:00Z"));
        let ends = silences[0].ends.unwrap();
        let before = ends - jiff::SignedDuration::from_millis(1);
        assert!(silences[0].is_in_force(before) && !silences[0].is_in_force(ends));
        assert!(!silences[1].is_in_force(ends), "Alertmanager says that it is over");
        assert!(!silences[2].is_in_force(ends), "nobody knows until when");
    }
}
