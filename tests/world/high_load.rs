//! One alerting rule, `HighLoad`, with alerts in several states.

use serde_json::json;

use crate::rules::{Alert, Rule, group};
use crate::upstream::Reply;

/// An alert of the rule.
pub fn alert(i: usize, state: &str) -> Alert {
    let alert = Alert::new("HighLoad", state).label("severity", "critical");
    alert.label("instance", &format!("i:{i}")).label("odd", "\"\\,}")
}

/// Five firing alerts and a pending one.
pub fn rules() -> Reply {
    rules_of((1..=5).map(|i| alert(i, "firing")).chain([alert(6, "pending")]))
}

/// The rule with these alerts. Its interval is so long that it is never late while a test runs.
pub fn rules_of(alerts: impl IntoIterator<Item = Alert>) -> Reply {
    let rule = Rule::new("HighLoad").query("load > 1").duration(600).label("severity", "critical");
    let mut orders = group("orders", [rule.alerts(alerts)]);
    orders["interval"] = json!(600);
    Reply::rules(json!([orders]))
}
