//! The sentence at the top of an entity's page: what its alerts do, where, and as of when.

use serde_json::json;

use super::counted;
use super::times::Moment;
use crate::monitoring::{AlertTable, Failure, StateCounts};
use crate::web::params::PageParams;

/// `2 firing, 1 pending`, each with the state that colours it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    pub state: &'static str,
    pub text: String,
}

/// The sentence, and the one word that the tab's icon shows.
#[derive(Clone, Debug)]
pub struct Summary {
    pub parts: Vec<Part>,
    pub instance: Option<String>,
    pub as_of: Option<Moment>,
    pub stale: bool,
    /// `firing`, `pending`, `unknown` or `ok`; `loading` while nothing is known, `plain` where no alerts are
    /// asked for.
    pub state: &'static str,
    /// None while they are not known.
    pub counts: Option<StateCounts>,
}

impl Summary {
    /// Of a page that shows no alerts.
    pub fn without_alerts(instance: Option<String>) -> Self {
        Self { parts: Vec::new(), instance, as_of: None, stale: false, state: "plain", counts: None }
    }

    /// Of a page whose alerts have no answer.
    pub fn unknown(instance: Option<String>) -> Self {
        let parts = vec![Part { state: "unknown", text: "alerts unknown".to_owned() }];
        Self { parts, instance, as_of: None, stale: false, state: "unknown", counts: None }
    }

    pub fn loading(instance: Option<String>) -> Self {
        let parts = vec![Part { state: "unknown", text: "alerts not known yet".to_owned() }];
        Self { parts, instance, as_of: None, stale: false, state: "loading", counts: None }
    }

    pub fn of(answer: &Result<AlertTable, Failure>, instance: Option<String>, params: &PageParams) -> Self {
        let Ok(table) = answer else {
            return Self::unknown(instance);
        };
        Self {
            parts: parts(table),
            instance: Some(table.instance.to_string()),
            as_of: Some(Moment::of(table.as_of, params.period.now, &params.zone)),
            stale: table.failure.is_some(),
            state: worst(table),
            counts: Some(table.counts),
        }
    }

    /// For a page that frames this one: the counts as JSON, or nothing.
    pub fn told(&self) -> Option<String> {
        let told = |c: StateCounts| {
            let StateCounts { firing, pending, unknown, inactive, .. } = c;
            json!({"firing": firing, "pending": pending, "unknown": unknown, "inactive": inactive})
                .to_string()
        };
        self.counts.map(told)
    }

    /// For the tab: `2 firing, 1 pending`.
    pub fn short(&self) -> String {
        self.parts.iter().map(|p| p.text.as_str()).collect::<Vec<_>>().join(", ")
    }
}

fn worst(table: &AlertTable) -> &'static str {
    let counts = table.counts;
    if counts.firing > 0 {
        "firing"
    } else if counts.pending > 0 {
        "pending"
    } else if counts.unknown > 0 || !table.unhealthy.is_empty() || !table.unmatched_names.is_empty() {
        "unknown"
    } else {
        "ok"
    }
}

/// Says that nothing fires only when every rule was evaluated.
fn parts(table: &AlertTable) -> Vec<Part> {
    let counts = table.counts;
    let states = [("firing", counts.firing), ("pending", counts.pending), ("unknown", counts.unknown)];
    let mut parts: Vec<Part> = states
        .into_iter()
        .filter(|(_, n)| *n > 0)
        .map(|(state, n)| Part { state, text: format!("{n} {state}") })
        .collect();
    let held = counts.held.parts();
    parts.extend(held.map(|(word, n)| Part { state: "silenced", text: format!("{n} {word}") }));
    if !table.unhealthy.is_empty() {
        let rules = counted(table.unhealthy.len(), "rule fails", "rules fail");
        parts.push(Part { state: "unknown", text: rules });
    }
    if !table.unmatched_names.is_empty() {
        let rules = counted(table.unmatched_names.len(), "rule is missing", "rules are missing");
        parts.push(Part { state: "unknown", text: rules });
    }
    if parts.is_empty() {
        parts.push(Part { state: "inactive", text: "nothing firing".to_owned() });
    }
    parts
}
