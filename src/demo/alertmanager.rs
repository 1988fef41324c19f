//! The demo's Alertmanager: it receives the firing alerts of the demo's Prometheus, and has one silence.

use std::collections::BTreeMap;

use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

use super::request::RequestParameters;
use super::waves::{HOUR, Story};
use super::{DemoAnswers, document};
use crate::clock;
use crate::prometheus::{Alert, AlertState, AlertingRule, Labels};

/// Where it is on the address of the demo's Prometheus.
pub const PATH: &str = "/alertmanager";
const FILE: &str = "demo/silences.yaml";
/// Prometheus sends an alert with an end so far away.
const RESOLVE_AFTER: SignedDuration = SignedDuration::from_mins(4);

/// Silences the alerts that have all of its labels.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DemoSilence {
    id: String,
    matchers: BTreeMap<String, String>,
    created_by: String,
    comment: String,
    /// In the file hours since the start of the demo; then epoch seconds.
    from: f64,
    to: f64,
}

pub fn read(story: Story) -> Result<Vec<DemoSilence>, String> {
    let file = document(FILE, include_str!("../../config/demo/silences.yaml"))?;
    let mut silences: Vec<DemoSilence> =
        serde_json::from_value(file.to_json()).map_err(|error| format!("{FILE}: {error}"))?;
    for silence in &mut silences {
        silence.from = story.began() + silence.from * HOUR;
        silence.to = story.began() + silence.to * HOUR;
    }
    Ok(silences)
}

pub fn routes(config: &mut ServiceConfig) {
    config.service(
        web::scope(PATH)
            .route("/api/v2/alerts", web::get().to(alerts))
            .route("/api/v2/silences", web::get().to(silences))
            .route("/-/healthy", web::get().to(|| async { "OK" }))
            .route("/-/ready", web::get().to(|| async { "OK" })),
    );
}

impl DemoSilence {
    fn is_active(&self, now: Timestamp) -> bool {
        let at = |seconds: f64| time(seconds);
        at(self.from) <= now && now < at(self.to)
    }

    fn silences(&self, labels: &Labels) -> bool {
        self.matchers.iter().all(|(name, value)| labels.get(name) == Some(value))
    }

    fn written(&self, now: Timestamp) -> Value {
        let matchers = self
            .matchers
            .iter()
            .map(|(name, value)| json!({"name": name, "value": value, "isRegex": false, "isEqual": true}));
        let state = match now {
            _ if self.is_active(now) => "active",
            _ if now < time(self.from) => "pending",
            _ => "expired",
        };
        json!({
            "id": self.id,
            "status": {"state": state},
            "matchers": matchers.collect::<Vec<_>>(),
            "createdBy": self.created_by,
            "comment": self.comment,
            "startsAt": time(self.from),
            "endsAt": time(self.to),
            "updatedAt": time(self.from),
        })
    }
}

async fn silences(answers: Data<DemoAnswers>) -> HttpResponse {
    let now = clock::now();
    HttpResponse::Ok().json(answers.silences.iter().map(|one| one.written(now)).collect::<Vec<_>>())
}

/// The firing alerts, with the filters `active` and `silenced` of Alertmanager.
async fn alerts(request: HttpRequest, answers: Data<DemoAnswers>) -> HttpResponse {
    let parameters = RequestParameters::of(&request, &[]);
    if let Some(name) = ["filter", "receiver"].iter().find(|name| !parameters.first(name).is_empty()) {
        return HttpResponse::BadRequest().json(format!("the demo's Alertmanager does not know {name}"));
    }
    let is_wanted = |name: &str| parameters.first(name) != "false";
    let Some(state) = answers.evaluated().await else { return HttpResponse::ServiceUnavailable().finish() };
    let now = clock::now();
    let rules = state.rules.rules.iter();
    let firing = rules.flat_map(|rule| {
        rule.alerts.iter().filter(|alert| alert.state == AlertState::Firing).map(move |alert| (rule, alert))
    });
    let received = firing.filter_map(|(rule, alert)| {
        let by: Vec<&str> = answers
            .silences
            .iter()
            .filter(|silence| silence.is_active(now) && silence.silences(&alert.labels))
            .map(|silence| silence.id.as_str())
            .collect();
        let kind = if by.is_empty() { "active" } else { "silenced" };
        is_wanted(kind).then(|| received(rule, alert, &by, now))
    });
    HttpResponse::Ok().json(received.collect::<Vec<Value>>())
}

fn received(rule: &AlertingRule, alert: &Alert, silenced_by: &[&str], now: Timestamp) -> Value {
    let evaluated = rule.last_evaluation.as_ref().and_then(|time| time.at()).unwrap_or(now);
    json!({
        "labels": alert.labels,
        "annotations": alert.annotations,
        "startsAt": alert.active_at,
        "endsAt": evaluated.checked_add(RESOLVE_AFTER).unwrap_or(evaluated),
        "updatedAt": evaluated,
        "fingerprint": fingerprint(&alert.labels),
        "receivers": [{"name": "chat"}],
        "status": {
            "state": if silenced_by.is_empty() { "active" } else { "suppressed" },
            "silencedBy": silenced_by,
            "inhibitedBy": [],
            "mutedBy": [],
        },
    })
}

/// As Prometheus' libraries compute it: FNV-1a over names and values.
fn fingerprint(labels: &Labels) -> String {
    let bytes =
        labels.iter().flat_map(|(name, value)| name.bytes().chain([0xff]).chain(value.bytes()).chain([0xff]));
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    format!("{hash:016x}")
}

fn time(seconds: f64) -> Timestamp {
    #[expect(clippy::cast_possible_truncation, reason = "a time of today fits")]
    let seconds = seconds as i64;
    Timestamp::from_second(seconds).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{fingerprint, read, time};
    use crate::demo::waves::Story;
    use crate::prometheus::Labels;

    #[test]
    fn fingerprints_are_those_of_prometheus() {
        let labels: Labels = [("name", "value")].into_iter().collect();
        assert_eq!(fingerprint(&Labels::default()), "cbf29ce484222325");
        let sample: Labels =
            [("name", "garland, briggs"), ("fear", "love is not enough")].into_iter().collect();
        assert_eq!(fingerprint(&sample), "507a62d79ee76c9a", "a test of prometheus/common has it");
        assert_ne!(fingerprint(&labels), fingerprint(&[("namev", "alue")].into_iter().collect()));
    }

    #[test]
    fn the_silence_is_active_while_it_lasts_and_matches_all_its_labels() {
        let began = 1_795_400_000.0;
        let silences = read(Story::beginning(began)).expect("the embedded silences");
        let silence = silences.first().expect("a silence");
        assert!(silence.is_active(time(began)) && !silence.is_active(time(began + 1e6)));
        let labels = |certificate| -> Labels {
            [("alertname", "GatewayCertificateExpires"), ("certificate", certificate), ("a", "b")]
                .into_iter()
                .collect()
        };
        assert!(
            silence.silences(&labels("*.shop.example")) && !silence.silences(&labels("api.shop.example"))
        );
    }
}
