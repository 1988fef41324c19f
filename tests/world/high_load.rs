//! One alerting rule, `HighLoad`, with alerts in several states.

use promenade::clock;
use serde_json::{Value, json};

use crate::upstream::Reply;

/// An alert of the one rule.
pub fn alert(i: usize, state: &str) -> Value {
    json!({"labels": {"alertname": "HighLoad", "severity": "critical", "instance": format!("i:{i}"), "odd": "\"\\,}"},
        "annotations": {}, "state": state, "activeAt": "2026-11-23T12:00:00Z", "value": "1e+00"})
}

/// Five alerts of one rule, and a pending one.
pub fn rules() -> Reply {
    rules_of((1..=5).map(|i| alert(i, "firing")).chain([alert(6, "pending")]).collect())
}

/// Of a rule that is not late while a test runs.
pub fn rules_of(alerts: Vec<Value>) -> Reply {
    let rule = json!({"name": "HighLoad", "query": "load > 1", "duration": 600, "state": "firing", "type": "alerting",
        "labels": {"severity": "critical"}, "annotations": {}, "alerts": alerts, "health": "ok",
        "evaluationTime": 0.001, "lastEvaluation": clock::now().to_string()});
    Reply::rules(json!([{"name": "orders", "file": "r.yml", "interval": 600, "rules": [rule]}]))
}
