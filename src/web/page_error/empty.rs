//! Text for an answer without data, which is no error.

use std::time::Duration;

use super::upstream::subject;
use crate::annotations::{ALERT, pasted};
use crate::monitoring::{EmptyReason, Graph};
use crate::page_params::in_one_unit;
use crate::promql::NeededRange;

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
            EmptyReason::BetweenPoints { step_ms, range: of_query } => {
                Self::between_points(&who, range, *step_ms, *of_query)
            }
            EmptyReason::ShortRange { needed, apart } => Self::short_range(range, *needed, *apart),
            EmptyReason::WithoutLe { function } => Self::no_data(
                format!(
                    "The query ran, but returned no data from {range}. {function} needs the label le, by which buckets \
                     differ, and the aggregation inside leaves it out."
                ),
                "Keep le in the aggregation: sum by (le) (...).",
            ),
            EmptyReason::OnlyNan { series } => Self::only_nan(range, *series),
            EmptyReason::Unexplained => Self::no_data(
                format!("The query ran, but returned no data from {range}."),
                "Try a longer range.",
            ),
        }
    }

    fn between_points(who: &str, range: &str, step_ms: i64, of_query: Option<Duration>) -> Self {
        let step = in_one_unit(Duration::from_millis(step_ms.unsigned_abs()));
        let reads = match of_query {
            None => format!("{who} looks back 5 minutes from each by default"),
            Some(of_query) => format!("the query reads {} before each", in_one_unit(of_query)),
        };
        let explanation = format!(
            "The query ran, but returned no data from {range}. There is one point per {step}, and {reads}. \
             There are samples, but all lie between, so they are not seen."
        );
        let advice = match of_query {
            None => {
                "Choose a shorter range or step, or read the newest sample of each step with last_over_time."
            }
            Some(_) => "Choose a shorter range or step, or a longer range in the query.",
        };
        Self { title: "No sample near any point".to_owned(), ..Self::no_data(explanation, advice) }
    }

    fn short_range(range: &str, needed: NeededRange, apart: Duration) -> Self {
        let (of_query, apart) = (in_one_unit(needed.range), in_one_unit(apart));
        let (held, samples, advice) = match needed.step {
            None => ("a range", "samples", "Choose a range in the query of four scrape intervals or more."),
            Some(_) => {
                ("a subquery", "its points", "Choose a longer range or a shorter step of the subquery.")
            }
        };
        let reason = match needed.samples {
            2.. => format!(
                "Rates need two samples, and {held} of {of_query} holds fewer where {samples} are {apart} apart."
            ),
            _ => format!(
                "Where {samples} are {apart} apart, {held} of {of_query} often holds none, and here never one."
            ),
        };
        Self::no_data(format!("The query ran, but returned no data from {range}. {reason}"), advice)
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
