//! What makes an answer easier to read and is missed by nobody: metadata and names of metrics, external labels.
//! Asked seldom, kept long, and a failure is only the lack of it.

use std::sync::Arc;
use std::time::Duration;

use super::flight::{Asked, Flight, Kept};
use super::{Scope, Store};
use crate::metrics::StoreMetrics;
use crate::prometheus::{ExternalLabels, Instance, InstanceName, Metadata, MetricNames, Origin};

use crate::upstream::{ErrorKind, UpstreamError};

const METADATA_LIVES: Duration = Duration::from_secs(3_600);
/// New metrics come with each deployment.
const NAMES_LIVE: Duration = Duration::from_secs(120);
/// They change with an instance's configuration.
const EXTERNAL_LIVE: Duration = Duration::from_secs(300);
/// For how long nothing is asked after an instance said that it has no such endpoint, and after other failures.
const REFUSED_LIVES: Duration = Duration::from_secs(3_600);
const FAILED_LIVES: Duration = Duration::from_secs(60);

/// What an instance says of a metric.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MetadataQuestion {
    pub instance: InstanceName,
    pub scope: Scope,
    pub metric: String,
}

/// Which metrics an instance has.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NamesQuestion {
    pub instance: InstanceName,
    pub scope: Scope,
}

/// What an instance adds to its alerts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ExternalQuestion {
    pub instance: InstanceName,
    pub scope: Scope,
}

/// The answers to all of them.
#[derive(Clone)]
pub(super) struct Asides {
    metadata: Flight<MetadataQuestion, Arc<Metadata>>,
    names: Flight<NamesQuestion, Arc<MetricNames>>,
    external: Flight<ExternalQuestion, Arc<Option<ExternalLabels>>>,
}

impl Asides {
    pub fn new(max_bytes: u64, metrics: &StoreMetrics) -> Self {
        Self {
            metadata: Flight::new(max_bytes / 4, metrics.clone()),
            names: Flight::new(max_bytes / 2, metrics.clone()),
            external: Flight::new(max_bytes / 4, metrics.clone()),
        }
    }

    pub fn fill(&self) -> [(u64, u64); 3] {
        [self.metadata.fill(), self.names.fill(), self.external.fill()]
    }
}

impl Asked for MetadataQuestion {
    fn instance(&self) -> &InstanceName {
        &self.instance
    }

    fn origin(&self) -> Origin {
        Origin::Known
    }
}

impl Asked for NamesQuestion {
    fn instance(&self) -> &InstanceName {
        &self.instance
    }

    fn origin(&self) -> Origin {
        Origin::Known
    }
}

impl Asked for ExternalQuestion {
    fn instance(&self) -> &InstanceName {
        &self.instance
    }

    fn origin(&self) -> Origin {
        Origin::Known
    }
}

impl Store {
    /// What an instance says of a metric; nothing where it says nothing or does not answer.
    pub async fn metadata(&self, instance: &Arc<Instance>, scope: Scope, metric: &str) -> Arc<Metadata> {
        let name = instance.name().clone();
        let question = MetadataQuestion { instance: name, scope, metric: metric.to_owned() };
        let start = || {
            let instance = willing(instance)?;
            let metric = question.metric.clone();
            Ok(async move { settled(instance.client.metadata(&metric).await, METADATA_LIVES) })
        };
        self.asides.metadata.get(&question, start).await.unwrap_or_default()
    }

    /// The names of an instance's metrics; none, and not all of them, where it does not answer.
    pub async fn metric_names(&self, instance: &Arc<Instance>, scope: Scope) -> Arc<MetricNames> {
        let question = NamesQuestion { instance: instance.name().clone(), scope };
        let start = || {
            let instance = willing(instance)?;
            Ok(async move { settled(instance.client.metric_names().await, NAMES_LIVE) })
        };
        self.asides.names.get(&question, start).await.unwrap_or_default()
    }

    /// What an instance adds to its alerts on their way to Alertmanager; None where that is not known.
    pub async fn external_labels(
        &self,
        instance: &Arc<Instance>,
        scope: Scope,
    ) -> Arc<Option<ExternalLabels>> {
        let question = ExternalQuestion { instance: instance.name().clone(), scope };
        let start = || {
            let instance = willing(instance)?;
            Ok(async move { settled(instance.client.external_labels().await, EXTERNAL_LIVE) })
        };
        self.asides.external.get(&question, start).await.unwrap_or_default()
    }
}

/// The instance, unless it fails.
fn willing(instance: &Arc<Instance>) -> Result<Arc<Instance>, Arc<UpstreamError>> {
    match instance.client.failing(Origin::Known) {
        Some(failing) => Err(failing.failure),
        None => Ok(instance.clone()),
    }
}

/// A failure is kept as an answer that says nothing, so that it is not asked for again with each page.
fn settled<T: Default>(
    told: Result<T, UpstreamError>,
    lives: Duration,
) -> Result<Kept<Arc<T>>, UpstreamError> {
    let error = match told {
        Ok(told) => return Ok(Kept { value: Arc::new(told), lives }),
        Err(error) if !error.was_sent => return Err(error),
        Err(error) => error,
    };
    tracing::debug!(fault = %error, "an instance says nothing of its metrics");
    let refused = matches!(
        error.kind,
        ErrorKind::NotTheApi | ErrorKind::HtmlPage | ErrorKind::Unauthorized | ErrorKind::TooLarge
    );
    let refused = refused || error.kind.is_of_query();
    Ok(Kept { value: Arc::default(), lives: if refused { REFUSED_LIVES } else { FAILED_LIVES } })
}
