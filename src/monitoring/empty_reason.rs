//! Why an answer has nothing in it: a metric that the instance does not know, or one without samples here.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use super::{Monitoring, deadlines};
use crate::diagnostic::nearest;
use crate::prometheus::{Instance, Matrix, MetricNames, is_absent};
use crate::promql::{NeededRange, NeededSamples, PromQl, QueryNeeds};
use crate::store::Scope;

/// How far Prometheus looks back from a point for a sample, unless it is configured otherwise.
const LOOKBACK_MS: i64 = 300_000;
/// How far back samples between points are looked for: a long range of many series costs the instance much.
const PROBED_MS: i64 = 3_600_000;
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
    /// Samples lie between the points only: these are further apart than the query looks back.
    BetweenPoints {
        step_ms: i64,
        /// How far it looks back by a range of its own.
        range: Option<Duration>,
    },
    /// A range of the query is too short for the samples that its function needs.
    ShortRange {
        needed: NeededRange,
        /// How far apart the samples are.
        apart: Duration,
    },
    /// A function of a histogram gets series without `le`.
    WithoutLe { function: &'static str },
    /// There are samples, and all of them are NaN.
    OnlyNan { series: usize },
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
        if is_only_nan(matrix) {
            return EmptyReason::OnlyNan { series: matrix.series.len() };
        }
        if !is_empty(matrix) {
            return EmptyReason::Unexplained;
        }
        let names = self.store.metric_names(instance, Scope::Whole);
        let names = match query.metrics() {
            [] => Err(()),
            _ => timeout(deadlines::EMPTY_REASON, names).await.map_err(|_| ()),
        };
        let reason = names.map_or(EmptyReason::Unexplained, |names| EmptyReason::of(query, &names));
        if !matches!(reason, EmptyReason::NoSuchMetric { .. }) {
            let points = self.reason_of_points(instance, query, matrix);
            return timeout(deadlines::EMPTY_REASON, points).await.ok().flatten().unwrap_or(reason);
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

    /// Why a query of known metrics has no sample at its points. None: not because of them.
    async fn reason_of_points(
        &self,
        instance: &Arc<Instance>,
        query: &PromQl,
        matrix: &Matrix,
    ) -> Option<EmptyReason> {
        let needs = query.needs();
        if let Some(function) = needs.without_le {
            return Some(EmptyReason::WithoutLe { function });
        }
        if let Some(reason) = short_range(&needs, instance.settings.scrape_interval) {
            return Some(reason);
        }
        let window = matrix.window;
        // A tile has one point, whatever the step.
        let samples = needs.samples.filter(|_| matrix.instant.is_none())?;
        let probe = probe(&samples, window.step_ms())?;
        let is_between = self.store.has_samples(instance, Scope::Whole, &probe, window.end_ms()).await;
        is_between.then_some(EmptyReason::BetweenPoints { step_ms: window.step_ms(), range: samples.range })
    }
}

/// The shortest of the ranges that are too short.
fn short_range(needs: &QueryNeeds, scrape_interval: Duration) -> Option<EmptyReason> {
    let apart = |needed: &NeededRange| needed.step.unwrap_or(scrape_interval);
    let short = needs.ranges.iter().filter(|needed| needed.range < needed.samples * apart(needed));
    let needed = *short.min_by_key(|needed| needed.range)?;
    Some(EmptyReason::ShortRange { needed, apart: apart(&needed) })
}

/// Has a value where there are samples between the last two points, and the query sees none at the last. None where it
/// looks back as far as the points are apart.
fn probe(samples: &NeededSamples, step_ms: i64) -> Option<PromQl> {
    let looks_back =
        samples.range.map_or(LOOKBACK_MS, |range| i64::try_from(range.as_millis()).unwrap_or(i64::MAX));
    let longer = step_ms.saturating_mul(2).min(PROBED_MS);
    let probe = (longer > looks_back && step_ms > looks_back).then(|| samples.probe(longer))?;
    PromQl::read(&probe).0.filter(PromQl::is_checked)
}

/// Keeps the search among tens of thousands of names short.
fn is_like(name: &str, metric: &str) -> bool {
    let (name, metric) = (name.as_bytes(), metric.as_bytes());
    let begins = name.get(..SHARED) == metric.get(..SHARED);
    let last = |text: &[u8]| text.len().checked_sub(SHARED).and_then(|at| text.get(at..)).map(<[u8]>::to_vec);
    name.len().abs_diff(metric.len()) <= SHARED && (begins || last(name) == last(metric))
}

/// Whether the answer has samples, and each of them is NaN.
fn is_only_nan(matrix: &Matrix) -> bool {
    let mut samples =
        matrix.series.iter().flat_map(|series| &series.values).filter(|value| !is_absent(**value));
    let mut is_any = false;
    let all = samples.all(|value| {
        is_any = true;
        value.is_nan()
    });
    is_any && all && matrix.histograms.is_empty()
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
    fn a_probe_keeps_the_matchers_and_is_bounded() {
        for (query, step_ms, expected) in [
            (
                r#"100 * x{a=~"b|c"}"#,
                900_000,
                Some(
                    r#"count(last_over_time({__name__="x",a=~"b|c"}[1800000ms])) unless count({__name__="x",a=~"b|c"})"#,
                ),
            ),
            (
                "up # all",
                i64::MAX,
                Some(r#"count(last_over_time({__name__="up"}[3600000ms])) unless count({__name__="up"})"#),
            ),
            (
                "sum(rate(x[1m] offset 1h))",
                120_000,
                Some(
                    r#"count(last_over_time({__name__="x"}[240000ms] offset 3600000ms)) unless count(last_over_time({__name__="x"}[60000ms] offset 3600000ms))"#,
                ),
            ),
            ("up", 300_000, None),
            ("avg_over_time(up[2m])", 120_000, None),
            ("avg_over_time(up[2h])", i64::MAX, None),
        ] {
            let samples = PromQl::read(query).0.unwrap().needs().samples.unwrap();
            let probe = probe(&samples, step_ms);
            assert_eq!(probe.as_ref().map(PromQl::as_str), expected, "{query}");
        }
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
