//! Why an answer has nothing in it: a metric that the instance does not know, or one without samples here.

use std::sync::Arc;

use tokio::time::timeout;

use super::{Monitoring, deadlines};
use crate::diagnostic::nearest;
use crate::prometheus::{Instance, Matrix, MetricNames};
use crate::promql::PromQl;
use crate::store::Scope;

/// So many first or last bytes a name shares with the one that was similar.
const SHARED: usize = 3;

/// What is known about an empty answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum EmptyReason {
    /// Nothing but that it is empty.
    #[default]
    Unexplained,
    /// The instance has all metrics that the query names.
    MetricsExist,
    /// The query is the name of an alert that the instance has, and no metric.
    NameOfAlert(String),
    /// The instance has no metric of that name.
    NoSuchMetric {
        metric: String,
        /// The name that is most like it.
        similar: Option<String>,
    },
}

impl EmptyReason {
    pub fn of(query: &PromQl, names: &MetricNames) -> Self {
        let known: Vec<(&String, Option<bool>)> =
            query.metrics().iter().map(|metric| (metric, names.has(metric))).collect();
        if let Some((metric, _)) = known.iter().find(|(_, known)| *known == Some(false)) {
            let alike = names.iter().filter(|name| is_like(name, metric));
            let similar = nearest(metric, alike).map(str::to_owned);
            return Self::NoSuchMetric { metric: (*metric).clone(), similar };
        }
        let all = !known.is_empty() && known.iter().all(|(_, known)| *known == Some(true));
        if all { Self::MetricsExist } else { Self::Unexplained }
    }
}

impl Monitoring {
    /// Why an answer is empty, if it is.
    pub(super) async fn empty_reason(
        &self,
        instance: &Arc<Instance>,
        query: &PromQl,
        matrix: &Matrix,
    ) -> EmptyReason {
        if !is_empty(matrix) || query.metrics().is_empty() {
            return EmptyReason::Unexplained;
        }
        let names = self.store.metric_names(instance, Scope::Whole);
        let names = timeout(deadlines::EMPTY_REASON, names).await;
        let reason = names.map_or(EmptyReason::Unexplained, |names| EmptyReason::of(query, &names));
        if !matches!(reason, EmptyReason::NoSuchMetric { .. }) {
            return reason;
        }
        let has_alert = timeout(deadlines::EMPTY_REASON, self.has_alert(instance, query.as_str())).await;
        if has_alert == Ok(true) { EmptyReason::NameOfAlert(query.as_str().to_owned()) } else { reason }
    }

    /// Whether a text that could be a name is that of an alerting rule. False if the instance does not answer.
    pub async fn has_alert(&self, instance: &Arc<Instance>, name: &str) -> bool {
        if name.contains(['(', '{', '[', '"']) {
            return false;
        }
        let answer = self.rules(instance).await;
        answer.is_ok_and(|answer| answer.value.rules.iter().any(|rule| rule.name == name))
    }
}

/// Keeps the search among tens of thousands of names short.
fn is_like(name: &str, metric: &str) -> bool {
    let (name, metric) = (name.as_bytes(), metric.as_bytes());
    let begins = name.get(..SHARED) == metric.get(..SHARED);
    let last = |text: &[u8]| text.len().checked_sub(SHARED).and_then(|at| text.get(at..)).map(<[u8]>::to_vec);
    name.len().abs_diff(metric.len()) <= SHARED && (begins || last(name) == last(metric))
}

fn is_empty(matrix: &Matrix) -> bool {
    let instant = matrix.instant.as_ref().is_none_or(crate::prometheus::InstantValue::is_empty);
    matrix.series.is_empty() && matrix.histograms.is_empty() && instant
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(query: &str, is_complete: bool, expected: &EmptyReason) {
        let names = ["http_requests_total", "node_load1", "up"].map(Box::from).to_vec();
        let query = PromQl::read(query).0.unwrap();
        assert_eq!(EmptyReason::of(&query, &MetricNames::of(names, is_complete)), *expected, "{query}");
    }

    #[test]
    fn an_unknown_metric_is_named_with_the_most_similar_one() {
        let missing = |metric: &str, similar: Option<&str>| EmptyReason::NoSuchMetric {
            metric: metric.to_owned(),
            similar: similar.map(str::to_owned),
        };
        check("up > 3", true, &EmptyReason::MetricsExist);
        check("up / node_load1", true, &EmptyReason::MetricsExist);
        check("up", false, &EmptyReason::MetricsExist);
        check(
            "rate(http_request_total[5m])",
            true,
            &missing("http_request_total", Some("http_requests_total")),
        );
        check("rate(http_request_total[5m])", false, &EmptyReason::Unexplained);
        check("up + nod_load1", true, &missing("nod_load1", Some("node_load1")));
        check("kafka_lag", true, &missing("kafka_lag", None));
        check("{job=\"a\"}", true, &EmptyReason::Unexplained);
        check("vector(1) > 2", true, &EmptyReason::Unexplained);
        check("nobody_knows(this)", true, &EmptyReason::Unexplained);
    }
}
