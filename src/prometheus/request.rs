//! Requests to Prometheus' HTTP API.

use std::time::Duration;

use url::Url;

use super::Window;
use super::wire::NextPage;
use crate::promql::PromQl;
use crate::upstream::{ErrorKind, HttpClient, Reply, UpstreamError, endpoint};

/// The most names of metrics that are requested.
pub const MOST_NAMES: usize = 20_000;
/// The same in every range query. Without `nocache`, VictoriaMetrics moves samples to multiples of the step, and may answer
/// from a cache that does not know of late samples. Others ignore the parameter.
pub const FIXED_PARAMETERS: [(&str, &str); 1] = [("nocache", "1")];
/// How long an instance may look for samples beside a graph, which does not wait for them.
const SAMPLES_TIMEOUT: Duration = Duration::from_secs(2);

/// Who wrote a query. It decides which limits the query meets, never what the answer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// A trusted author: of an annotation, or of the instance's own rules.
    Known,
    /// Whoever opened the address.
    AdHoc,
}

/// A question, before it becomes an HTTP request.
pub enum Request<'a> {
    QueryRange {
        query: &'a PromQl,
        window: &'a Window,
        origin: Origin,
    },
    /// At one instant, in epoch milliseconds.
    Query {
        query: &'a PromQl,
        at_ms: i64,
        origin: Origin,
    },
    /// Whether there are samples, beside a graph: a query of the portal's own, at an instant in epoch milliseconds.
    Samples {
        query: &'a PromQl,
        at_ms: i64,
    },
    Rules(Option<&'a NextPage>),
    /// Of one metric.
    Metadata(&'a str),
    MetricNames,
    Config,
    BuildInfo,
}

impl Request<'_> {
    pub fn is_query(&self) -> bool {
        matches!(self, Self::QueryRange { .. } | Self::Query { .. })
    }

    pub fn origin(&self) -> Origin {
        match self {
            Self::QueryRange { origin, .. } | Self::Query { origin, .. } => *origin,
            Self::Rules(_) | Self::Samples { .. } => Origin::Known,
            Self::Metadata(_) | Self::MetricNames | Self::Config | Self::BuildInfo => Origin::Known,
        }
    }

    /// Whether the page is complete without the answer.
    pub fn is_metadata(&self) -> bool {
        match self {
            Self::QueryRange { .. } | Self::Query { .. } | Self::Rules(_) => false,
            Self::Samples { .. } | Self::Metadata(_) | Self::MetricNames => true,
            Self::Config | Self::BuildInfo => true,
        }
    }

    /// The label in the portal's metrics.
    pub fn name(&self) -> &'static str {
        match self {
            Self::QueryRange { .. } => "query_range",
            Self::Query { .. } | Self::Samples { .. } => "query",
            Self::Rules(_) => "rules",
            Self::Metadata(_) => "metadata",
            Self::MetricNames => "label_values",
            Self::Config => "config",
            Self::BuildInfo => "buildinfo",
        }
    }

    /// Below the API's URL.
    fn path(&self) -> &'static [&'static str] {
        match self {
            Self::QueryRange { .. } => &["query_range"],
            Self::Query { .. } | Self::Samples { .. } => &["query"],
            Self::Rules(_) => &["rules"],
            Self::Metadata(_) => &["metadata"],
            Self::MetricNames => &["label", "__name__", "values"],
            Self::Config => &["status", "config"],
            Self::BuildInfo => &["status", "buildinfo"],
        }
    }

    /// `left`: of the deadline.
    fn parameters(&self, left: Duration) -> Vec<(&'static str, String)> {
        match self {
            Self::QueryRange { query, window, .. } => {
                let own = [
                    ("query", query.as_str().to_owned()),
                    ("start", seconds(window.start_ms())),
                    ("end", seconds(window.until_ms())),
                    ("step", seconds(window.step_ms())),
                    ("timeout", upstream_timeout(left)),
                ];
                own.into_iter()
                    .chain(FIXED_PARAMETERS.map(|(name, value)| (name, value.to_owned())))
                    .collect()
            }
            Self::Query { query, at_ms, .. } => vec![
                ("query", query.as_str().to_owned()),
                ("time", seconds(*at_ms)),
                ("timeout", upstream_timeout(left)),
            ],
            Self::Samples { query, at_ms } => vec![
                ("query", query.as_str().to_owned()),
                ("time", seconds(*at_ms)),
                ("timeout", upstream_timeout(left.min(SAMPLES_TIMEOUT))),
            ],
            Self::Rules(page) => {
                let page = page.iter().flat_map(|NextPage { token, groups }| {
                    [("group_limit", groups.to_string()), ("group_next_token", token.clone())]
                });
                [("type", "alert".to_owned())].into_iter().chain(page).collect()
            }
            Self::Metadata(metric) => vec![("metric", (*metric).to_owned())],
            Self::MetricNames => vec![("limit", MOST_NAMES.to_string())],
            Self::Config | Self::BuildInfo => Vec::new(),
        }
    }

    /// Queries may be long, so they are sent as forms.
    pub async fn send(&self, http: &HttpClient, api: &Url, left: Duration) -> Result<Reply, UpstreamError> {
        let mut url =
            endpoint(api, self.path()).map_err(|detail| http.error(ErrorKind::Unreachable, &detail))?;
        let parameters = self.parameters(left);
        if matches!(self, Self::QueryRange { .. } | Self::Query { .. } | Self::Samples { .. }) {
            return http.post_form(url, &parameters).await;
        }
        if !parameters.is_empty() {
            url.query_pairs_mut().extend_pairs(parameters);
        }
        http.get(url).await
    }
}

/// Milliseconds as Prometheus reads times and steps: seconds with decimals.
fn seconds(ms: i64) -> String {
    let sign = if ms < 0 { "-" } else { "" };
    let ms = ms.unsigned_abs();
    match ms % 1000 {
        0 => format!("{sign}{}", ms / 1000),
        rest => format!("{sign}{}.{rest:03}", ms / 1000),
    }
}

/// A little less than the portal's own deadline, so that Prometheus' message about it still arrives.
fn upstream_timeout(left: Duration) -> String {
    let margin = (left / 10).min(Duration::from_millis(500));
    format!("{}ms", left.saturating_sub(margin).as_millis().max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_seconds_with_decimals() {
        for (ms, text) in [
            (0, "0"),
            (1_435_781_430_781, "1435781430.781"),
            (1_435_781_430_000, "1435781430"),
            (5, "0.005"),
            (-1_500, "-1.500"),
            (i64::MIN, "-9223372036854775.808"),
        ] {
            assert_eq!(seconds(ms), text);
        }
    }

    #[test]
    fn prometheus_gives_up_a_little_before_us() {
        assert_eq!(upstream_timeout(Duration::from_secs(10)), "9500ms");
        assert_eq!(upstream_timeout(Duration::from_secs(1)), "900ms");
        assert_eq!(upstream_timeout(Duration::ZERO), "1ms");
    }
}
