//! Text for an answer without data, which is no error.

use super::upstream::subject;
use crate::annotations::{ALERT, pasted};
use crate::monitoring::{EmptyReason, Graph};

/// An empty panel as its reader sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmptyText {
    /// `no_data`, `no_such_metric` or `not_drawn`.
    pub kind: &'static str,
    pub title: String,
    pub explanation: String,
    /// What the reader can do; empty when there is nothing.
    pub advice: &'static str,
    /// A name that the query may have misspelt.
    pub did_you_mean: Option<String>,
}

impl EmptyText {
    /// `range` as the reader chose it: `now-1h to now`.
    pub fn of(graph: &Graph, range: &str) -> Self {
        let who = subject(&graph.instance);
        if !graph.answer.value.histograms.is_empty() {
            return Self {
                kind: "not_drawn",
                title: "Too many native histograms to draw".to_owned(),
                explanation: "The query returned data; the note below says how to see it.".to_owned(),
                advice: "",
                did_you_mean: None,
            };
        }
        match &graph.empty_reason {
            EmptyReason::NameOfAlert(name) => Self {
                kind: "no_such_metric",
                title: format!("{name} is the name of an alert"),
                explanation: format!(
                    "{who} has no metric of this name, but an alerting rule. For the alert, write the annotation {}.",
                    pasted(ALERT, name)
                ),
                advice: "",
                did_you_mean: None,
            },
            EmptyReason::NoSuchMetric { metric, similar } => Self {
                kind: "no_such_metric",
                title: format!("There is no metric named {metric}"),
                explanation: format!("The query ran, but {who} has no metric of this name, at any time."),
                advice: match similar {
                    Some(_) => "",
                    None => {
                        "Check the spelling, whether it is exported, and whether this is the right instance."
                    }
                },
                did_you_mean: similar.clone(),
            },
            EmptyReason::MetricsExist => Self::no_data(
                format!(
                    "The query ran, but returned no data from {range}. {who} has its metrics, so either no series \
                     has these labels, the condition was never true, or nothing was scraped."
                ),
                "Try a longer range, or the query without its labels.",
            ),
            EmptyReason::Unexplained => Self::no_data(
                format!("The query ran, but returned no data from {range}."),
                "Try a longer range.",
            ),
        }
    }

    fn no_data(explanation: String, advice: &'static str) -> Self {
        Self {
            kind: "no_data",
            title: "No data in this range".to_owned(),
            explanation,
            advice,
            did_you_mean: None,
        }
    }
}
