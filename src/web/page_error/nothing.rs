//! The words for an answer with nothing in it, which is no error.

use super::told::subject;
use crate::monitoring::{Absence, Graph};

/// An empty panel as its reader meets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nothing {
    /// `no_data`, `no_such_metric` or `not_drawn`.
    pub kind: &'static str,
    pub title: String,
    pub explanation: String,
    /// What the reader can do; empty when there is nothing.
    pub advice: String,
    /// A name that was perhaps meant.
    pub meant: Option<String>,
}

/// `range` as the reader chose it: `now-1h to now`.
pub fn tell_nothing(graph: &Graph, range: &str) -> Nothing {
    let who = subject(&graph.instance);
    let no_data = |explanation: String, advice: &str| Nothing {
        kind: "no_data",
        title: "No data in this range".to_owned(),
        explanation,
        advice: advice.to_owned(),
        meant: None,
    };
    if !graph.answer.value.histograms.is_empty() {
        return Nothing {
            kind: "not_drawn",
            title: "Too many native histograms to draw".to_owned(),
            explanation: "The query was answered; the sentence below says how to see them.".to_owned(),
            advice: String::new(),
            meant: None,
        };
    }
    match &graph.absence {
        Absence::NoSuchMetric { metric, meant } => Nothing {
            kind: "no_such_metric",
            title: format!("No metric is called {metric}"),
            explanation: format!(
                "The query was answered, but {who} has no metric of this name, at any time."
            ),
            advice: match meant {
                Some(_) => String::new(),
                None => "It may be misspelt, not exported yet, or kept by another instance.".to_owned(),
            },
            meant: meant.clone(),
        },
        Absence::MetricsExist => no_data(
            format!(
                "The query was answered, and no series has a sample from {range}. {who} knows the metrics in it, \
                 so the labels select nothing, a condition held for nothing, or no samples came."
            ),
            "Try a longer range, or the query without its labels.",
        ),
        Absence::Unexplained => no_data(
            format!("The query was answered, and no series has a sample from {range}."),
            "Try a longer range.",
        ),
    }
}
