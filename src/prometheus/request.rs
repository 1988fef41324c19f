//! Requests to Prometheus' HTTP API.

use std::time::Duration;

use url::Url;

use super::Window;
use super::limits::Origin;
use super::wire::NextPage;
use crate::promql::PromQl;
use crate::upstream::{HttpClient, Reply, UpstreamError, endpoint};

/// The most names of metrics that are requested.
pub const MOST_NAMES: usize = 20_000;

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
    Rules(Option<&'a NextPage>),
    /// Of one metric.
    Metadata(&'a str),
    MetricNames,
    Config,
}

impl Request<'_> {
    pub fn origin(&self) -> Origin {
        match self {
            Self::QueryRange { origin, .. } | Self::Query { origin, .. } => *origin,
            Self::Rules(_) | Self::Metadata(_) | Self::MetricNames | Self::Config => Origin::Known,
        }
    }

    /// Whether the page is complete without the answer.
    pub fn is_metadata(&self) -> bool {
        matches!(self, Self::Metadata(_) | Self::MetricNames | Self::Config)
    }

    /// The label in the portal's metrics.
    pub fn name(&self) -> &'static str {
        match self {
            Self::QueryRange { .. } => "query_range",
            Self::Query { .. } => "query",
            Self::Rules(_) => "rules",
            Self::Metadata(_) => "metadata",
            Self::MetricNames => "label_values",
            Self::Config => "config",
        }
    }
}

/// The URLs of one instance.
pub struct Endpoints {
    query_range: Url,
    query: Url,
    rules: Url,
    metadata: Url,
    names: Url,
    config: Url,
}

impl Endpoints {
    /// Fails with a sentence when the API's URL is none of HTTP.
    pub fn of(api: &Url) -> Result<Self, String> {
        let mut rules = endpoint(api, &["rules"])?;
        rules.query_pairs_mut().append_pair("type", "alert");
        let mut names = endpoint(api, &["label", "__name__", "values"])?;
        names.query_pairs_mut().append_pair("limit", &MOST_NAMES.to_string());
        Ok(Self {
            query_range: endpoint(api, &["query_range"])?,
            query: endpoint(api, &["query"])?,
            rules,
            metadata: endpoint(api, &["metadata"])?,
            names,
            config: endpoint(api, &["status", "config"])?,
        })
    }

    /// `left`: of the deadline.
    pub async fn send(
        &self,
        http: &HttpClient,
        request: &Request<'_>,
        left: Duration,
    ) -> Result<Reply, UpstreamError> {
        match request {
            Request::Rules(page) => http.get(self.rules_of(*page)).await,
            Request::Metadata(metric) => {
                let mut url = self.metadata.clone();
                url.query_pairs_mut().append_pair("metric", metric);
                http.get(url).await
            }
            Request::MetricNames => http.get(self.names.clone()).await,
            Request::Config => http.get(self.config.clone()).await,
            Request::QueryRange { query, window, .. } => {
                let form = [
                    ("query", query.as_str()),
                    ("start", &seconds(window.start_ms())),
                    ("end", &seconds(window.until_ms())),
                    ("step", &seconds(window.step_ms())),
                    ("timeout", &upstream_timeout(left)),
                ];
                http.post_form(self.query_range.clone(), &form).await
            }
            Request::Query { query, at_ms, .. } => {
                let form = [
                    ("query", query.as_str()),
                    ("time", &seconds(*at_ms)),
                    ("timeout", &upstream_timeout(left)),
                ];
                http.post_form(self.query.clone(), &form).await
            }
        }
    }

    fn rules_of(&self, page: Option<&NextPage>) -> Url {
        let mut url = self.rules.clone();
        if let Some(NextPage { token, groups }) = page {
            let mut pairs = url.query_pairs_mut();
            pairs.append_pair("group_limit", &groups.to_string()).append_pair("group_next_token", token);
        }
        url
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
