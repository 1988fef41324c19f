//! Alertmanager's JSON (API v2), read strictly where it matters.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer};

use super::{ReceivedAlert, Silence};
use crate::upstream::SentTime;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireAlert {
    labels: BTreeMap<Box<str>, Box<str>>,
    #[serde(default)]
    fingerprint: Box<str>,
    #[serde(default, deserialize_with = "time")]
    ends_at: Option<Timestamp>,
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
struct WireServer {
    version_info: WireVersion,
}

#[derive(Deserialize)]
struct WireVersion {
    version: String,
}

/// The body of `/api/v2/alerts`.
pub fn read_alerts(body: &[u8]) -> Result<Vec<ReceivedAlert>, serde_json::Error> {
    let alerts: Vec<WireAlert> = serde_json::from_slice(body)?;
    let received = |alert: WireAlert| ReceivedAlert {
        labels: alert.labels.into_iter().collect(),
        fingerprint: alert.fingerprint,
        is_suppressed: alert.status.state.as_deref() == Some("suppressed"),
        ends: alert.ends_at,
        silenced_by: alert.status.silenced_by.unwrap_or_default(),
        inhibited_by: alert.status.inhibited_by.unwrap_or_default(),
        muted_by: alert.status.muted_by.unwrap_or_default(),
    };
    Ok(alerts.into_iter().map(received).collect())
}

/// The body of `/api/v2/silences`.
pub fn read_silences(body: &[u8]) -> Result<Vec<Silence>, serde_json::Error> {
    serde_json::from_slice(body)
}

/// From the body of `/api/v2/status`.
pub fn read_version(body: &[u8]) -> Result<Option<String>, serde_json::Error> {
    let status: WireServer = serde_json::from_slice(body)?;
    Ok(Some(status.version_info.version).filter(|version| !version.is_empty()))
}

/// None for a text that is no time.
pub fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    Ok(text.and_then(|text| text.parse().ok()))
}

pub fn sent_time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SentTime, D::Error> {
    String::deserialize(deserializer).map(SentTime::of)
}

pub fn is_active<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    let status = Option::<WireStatus>::deserialize(deserializer)?;
    Ok(status.and_then(|status| status.state).as_deref() == Some("active"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn older_and_newer_answers_are_read() {
        let body = br#"[{"labels":{"b":"2","alertname":"A"},"fingerprint":"f1","annotations":{},"receivers":[{"name":"x"}],
            "status":{"state":"suppressed","silencedBy":["s"],"inhibitedBy":[]},"endsAt":"2026-11-23T14:04:00.123Z"},
            {"labels":{},"status":{"silencedBy":null,"inhibitedBy":["f1"],"mutedBy":["nights"],"state":"suppressed"}},
            {"labels":{},"status":{"state":"active"},"endsAt":"soon"},
            {"labels":{},"status":{"state":"Suppressed"}},{"labels":{},"status":{"state":null}},
            {"labels":{},"status":{"state":"unprocessed"}},{"labels":{},"status":{}}]"#;
        let alerts = read_alerts(body).unwrap();
        assert_eq!(alerts[0].label("alertname"), Some("A"));
        assert_eq!((&*alerts[0].silenced_by[0], alerts[0].muted_by.len()), ("s", 0));
        assert_eq!(alerts[0].ends, "2026-11-23T14:04:00.123Z".parse().ok());
        assert_eq!((&*alerts[1].inhibited_by[0], &*alerts[1].muted_by[0]), ("f1", "nights"));
        assert_eq!(
            alerts.iter().map(|a| a.is_suppressed).collect::<Vec<_>>(),
            [true, true, false, false, false, false, false]
        );
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
    fn a_silence_is_in_force_from_its_start_to_its_end_while_alertmanager_calls_it_active() {
        let silence = |state: &str, starts: &str, ends: &str| {
            let body = format!(
                r#"[{{"id":"s","createdBy":"ann","comment":"<b>"{state}{starts},"endsAt":"{ends}"}}]"#
            );
            read_silences(body.as_bytes()).unwrap().remove(0)
        };
        let (active, start, end) = (
            r#","status":{"state":"active"}"#,
            r#","startsAt":"2026-11-23T13:00:00Z""#,
            "2026-11-23T14:00:00Z",
        );
        let read = silence(active, start, end);
        assert_eq!((&*read.created_by, read.ends.as_str()), ("ann", end));
        let (starts, ends) = (read.starts.unwrap(), read.ends.at().unwrap());
        let before = |at| at - jiff::SignedDuration::from_millis(1);
        assert!(read.is_in_force(starts) && read.is_in_force(before(ends)));
        assert!(!read.is_in_force(before(starts)) && !read.is_in_force(ends));
        for state in [
            "",
            r#","status":{}"#,
            r#","status":{"state":"expired"}"#,
            r#","status":{"state":"pending"}"#,
            r#","status":{"state":"Active"}"#,
        ] {
            assert!(!silence(state, start, end).is_in_force(starts), "{state}");
        }
        for starts_at in ["", r#","startsAt":null"#, r#","startsAt":"soon""#] {
            assert!(!silence(active, starts_at, end).is_in_force(starts), "{starts_at}");
        }
        assert!(!silence(active, start, "never").is_in_force(starts), "its end is unknown");
    }
}
