//! Metric metadata, metric names, whether there are samples, and external labels. Cached for long; a failure yields an empty answer, and an
//! instance that fails receives no such request.

use std::sync::Arc;
use std::time::Duration;

use super::Answer;
use super::question::Question;
use super::weight::Weigh;
use crate::prometheus::{ExternalLabels, Instance, Metadata, MetricNames};
use crate::promql::PromQl;
use crate::upstream::{ErrorKind, UpstreamError};

const METADATA_LIFETIME: Duration = Duration::from_secs(3_600);
/// Each deployment brings new metrics.
const NAMES_LIFETIME: Duration = Duration::from_secs(120);
/// The graph beside them is requested anew for another instant.
const SAMPLES_LIFETIME: Duration = Duration::from_secs(120);
/// They change with an instance's configuration.
const EXTERNAL_LIFETIME: Duration = Duration::from_secs(300);
/// Until the next request after an instance rejected one, or has no such endpoint, and after other failures.
const REJECTED_LIFETIME: Duration = Duration::from_secs(3_600);
const FAILED_LIFETIME: Duration = Duration::from_secs(60);

/// What an instance says of one metric.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MetadataQuery {
    pub metric: String,
}

/// Which metrics an instance has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MetricNamesQuery;

/// Whether a query of the portal's own has a value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SamplesQuery {
    pub query: PromQl,
    /// Epoch milliseconds.
    pub at_ms: i64,
}

/// What an instance adds to its alerts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ExternalLabelsQuery;

macro_rules! metadata_question {
    ($question:ty, $source:ty, $value:ty, $lifetime:expr, |$self:ident, $server:ident| $fetch:expr) => {
        impl Question for $question {
            type Source = $source;
            type Value = $value;

            async fn fetch(&$self, $server: &$source) -> Result<$value, UpstreamError> {
                $fetch.await
            }

            fn lifetime(&self, _: &$source, _: &Answer<$value>) -> Duration {
                $lifetime
            }

            fn blocked(&self, source: &$source) -> Option<Arc<UpstreamError>> {
                source.keeps_back_metadata()
            }

            fn default_for(error: &UpstreamError) -> Option<($value, Duration)> {
                Some((<$value>::default(), lifetime_after(error.kind)))
            }

            fn text(&self) -> &str {
                "metadata"
            }

            fn log(&self, error: &UpstreamError) {
                tracing::debug!(fault = %error, "an instance answers no request for metadata");
            }
        }
    };
}

pub(super) use metadata_question;

metadata_question!(MetadataQuery, Instance, Metadata, METADATA_LIFETIME, |self, instance| instance
    .metadata(&self.metric));
metadata_question!(MetricNamesQuery, Instance, MetricNames, NAMES_LIFETIME, |self, instance| instance
    .metric_names());
metadata_question!(SamplesQuery, Instance, bool, SAMPLES_LIFETIME, |self, instance| instance
    .has_samples(&self.query, self.at_ms));
metadata_question!(
    ExternalLabelsQuery,
    Instance,
    Option<ExternalLabels>,
    EXTERNAL_LIFETIME,
    |self, instance| instance.external_labels()
);

/// An empty answer is kept, so that not every page repeats the request.
pub(super) fn lifetime_after(kind: ErrorKind) -> Duration {
    match kind {
        ErrorKind::NotTheApi | ErrorKind::HtmlPage | ErrorKind::NoRules => REJECTED_LIFETIME,
        ErrorKind::Unauthorized | ErrorKind::TooLarge => REJECTED_LIFETIME,
        kind if kind.is_of_query() => REJECTED_LIFETIME,
        _ => FAILED_LIFETIME,
    }
}

impl Weigh for MetricNamesQuery {
    fn weight(&self) -> usize {
        0
    }
}

impl Weigh for ExternalLabelsQuery {
    fn weight(&self) -> usize {
        0
    }
}

impl Weigh for MetadataQuery {
    fn weight(&self) -> usize {
        self.metric.len()
    }
}

impl Weigh for SamplesQuery {
    fn weight(&self) -> usize {
        self.query.weight()
    }
}
