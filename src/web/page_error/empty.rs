//! Text for an answer without data, which is no error.

use std::time::Duration;

use super::upstream::subject;
use crate::annotations::{ALERT, pasted};
use crate::monitoring::{EmptyReason, Graph};
use crate::page_params::in_one_unit;

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
            EmptyReason::BetweenPoints { step_ms } => Self::between_points(&who, range, *step_ms),
            EmptyReason::ShortRange { range: of_query, scrape_interval } => {
                Self::short_range(range, *of_query, *scrape_interval)
            }
            EmptyReason::OnlyNan { series } => Self::only_nan(range, *series),
            EmptyReason::Unexplained => Self::no_data(
                format!("The query ran, but returned no data from {range}."),
                "Try a longer range.",
            ),
        }
    }

    fn between_points(who: &str, range: &str, step_ms: i64) -> Self {
        let step = in_one_unit(Duration::from_millis(step_ms.unsigned_abs()));
        let explanation = format!(
            "The query ran, but returned no data from {range}. There is one point per {step}, and {who} looks back 5 \
             minutes from each by default. There are samples, but all lie between, so they are not seen."
        );
        let advice =
            "Choose a shorter range or step, or read the newest sample of each step with last_over_time.";
        Self { title: "No sample near any point".to_owned(), ..Self::no_data(explanation, advice) }
    }

    fn short_range(range: &str, of_query: Duration, scrape_interval: Duration) -> Self {
        let (of_query, scrape_interval) = (in_one_unit(of_query), in_one_unit(scrape_interval));
        Self::no_data(
            format!(
                "The query ran, but returned no data from {range}. Rates need two samples, and a range of {of_query} \
                 holds fewer where samples are {scrape_interval} apart."
            ),
            "Choose a range in the query of four scrape intervals or more.",
        )
    }

    fn only_nan(range: &str, series: usize) -> Self {
        Self {
            kind: "not_drawn",
            title: "Only NaN".to_owned(),
            explanation: format!(
                "The query returned {series} series, but each sample from {range} is NaN, which is not a number and has \
                 no place in a chart."
            ),
            advice: "0 / 0 is NaN: a ratio has no value while nothing happens. Compare the divisor with > 0.",
            did_you_mean: None,
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
