//! Builders of alerting rules and their alerts, as Prometheus lists them in `/api/v1/rules`.
//!
//! ```ignore
//! let down = Rule::new("Down").query("up == 0").alert(Alert::firing("Down").label("job", "a"));
//! world.upstream.on_rules(Reply::group([down, Rule::new("Quiet")]));
//! ```

use std::time::Duration;

use promenade::clock;
use serde_json::{Value, json};

/// A time so many seconds ago, as Prometheus writes it. It is in the future if `seconds` is negative.
pub fn ago(seconds: i64) -> String {
    let distance = Duration::from_secs(seconds.unsigned_abs());
    let at = if seconds < 0 { clock::now() + distance } else { clock::now() - distance };
    at.to_string()
}

/// An alert of a rule. It has been active since a fixed day, with the value 1, unless changed.
#[derive(Clone, Debug)]
pub struct Alert(Value);

impl Alert {
    pub fn firing(name: &str) -> Self {
        Self::new(name, "firing")
    }

    pub fn pending(name: &str) -> Self {
        Self::new(name, "pending")
    }

    pub fn new(name: &str, state: &str) -> Self {
        Self(json!({
            "labels": {"alertname": name}, "annotations": {}, "state": state,
            "activeAt": "2026-11-23T12:00:00Z", "value": "1e+00",
        }))
    }

    pub fn label(mut self, name: &str, value: &str) -> Self {
        self.0["labels"][name] = json!(value);
        self
    }

    pub fn annotation(mut self, name: &str, value: &str) -> Self {
        self.0["annotations"][name] = json!(value);
        self
    }

    pub fn since(self, at: &str) -> Self {
        self.set("activeAt", at)
    }

    pub fn value(self, value: &str) -> Self {
        self.set("value", value)
    }

    /// Changes any field of the JSON.
    pub fn set(mut self, field: &str, value: impl Into<Value>) -> Self {
        self.0[field] = value.into();
        self
    }
}

/// An alerting rule. It is inactive, healthy and was evaluated just now, unless changed.
#[derive(Clone, Debug)]
pub struct Rule(Value);

impl Rule {
    pub fn new(name: &str) -> Self {
        Self(json!({
            "type": "alerting", "state": "inactive", "name": name, "query": "up == 0", "duration": 0,
            "keepFiringFor": 0, "labels": {}, "annotations": {}, "alerts": [], "health": "ok",
            "evaluationTime": 0.001, "lastEvaluation": clock::now().to_string(),
        }))
    }

    pub fn query(self, query: &str) -> Self {
        self.set("query", query)
    }

    /// `for`, in seconds.
    pub fn duration(self, seconds: u64) -> Self {
        self.set("duration", seconds)
    }

    pub fn label(mut self, name: &str, value: &str) -> Self {
        self.0["labels"][name] = json!(value);
        self
    }

    pub fn annotation(mut self, name: &str, value: &str) -> Self {
        self.0["annotations"][name] = json!(value);
        self
    }

    pub fn alert(self, alert: Alert) -> Self {
        self.alerts([alert])
    }

    /// Adds alerts. The state of the rule becomes that of its worst alert, as in Prometheus.
    pub fn alerts(mut self, alerts: impl IntoIterator<Item = Alert>) -> Self {
        let listed = self.0["alerts"].as_array_mut().expect("a list of alerts");
        listed.extend(alerts.into_iter().map(|alert| alert.0));
        let worst =
            ["firing", "pending"].into_iter().find(|state| listed.iter().any(|a| a["state"] == *state));
        self.set("state", worst.unwrap_or("inactive"))
    }

    /// Changes any field of the JSON.
    pub fn set(mut self, field: &str, value: impl Into<Value>) -> Self {
        self.0[field] = value.into();
        self
    }

    /// Changes several fields: those of a JSON object.
    pub fn with(mut self, fields: &Value) -> Self {
        for (field, value) in fields.as_object().expect("an object") {
            self.0[field] = value.clone();
        }
        self
    }
}

impl From<Alert> for Value {
    fn from(alert: Alert) -> Self {
        alert.0
    }
}

impl From<Rule> for Value {
    fn from(rule: Rule) -> Self {
        rule.0
    }
}

/// A group that is evaluated every 15 seconds.
pub fn group<R: Into<Value>>(name: &str, rules: impl IntoIterator<Item = R>) -> Value {
    let rules: Vec<Value> = rules.into_iter().map(Into::into).collect();
    json!({"name": name, "file": "rules.yml", "interval": 15, "rules": rules})
}
