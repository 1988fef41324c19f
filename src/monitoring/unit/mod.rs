//! The unit of a graph: the annotation's, else what the metrics' names and metadata say.

mod names;

use std::sync::Arc;

use futures_util::future::{Either, join_all, select};
use tokio::time::timeout;

use self::names::{UnitGuess, unit_from_metadata, unit_from_names};
use super::{Monitoring, deadlines};
use crate::annotations::{GraphSpec, Unit};
use crate::prometheus::Instance;
use crate::promql::PromQl;
use crate::store::Scope;

impl Monitoring {
    /// The answer and its unit. A late unit is there with the next answer; one that cannot be read is none.
    pub(super) async fn with_unit<T>(
        &self,
        instance: &Arc<Instance>,
        spec: &GraphSpec,
        query: &PromQl,
        answer: impl Future<Output = T>,
    ) -> (T, Unit) {
        let guess = spec.unit.clone().map_or_else(|| unit_from_names(query), UnitGuess::Known);
        let metrics = match guess {
            UnitGuess::Known(unit) => return (answer.await, unit),
            UnitGuess::InMetadata(metrics) => metrics,
        };
        let unit = Box::pin(self.unit_by_metadata(instance, query, &metrics));
        match select(Box::pin(answer), unit).await {
            Either::Left((answer, unit)) => {
                (answer, timeout(deadlines::UNIT, unit).await.unwrap_or(Unit::None))
            }
            Either::Right((unit, answer)) => (answer.await, unit),
        }
    }

    async fn unit_by_metadata(&self, instance: &Arc<Instance>, query: &PromQl, metrics: &[String]) -> Unit {
        let ask = async |metric: &str| self.store.metadata(instance, Scope::Whole, metric).await;
        let ask = &ask;
        // OpenMetrics has the metadata of `x_total` under `x`.
        let metadata = metrics.iter().map(|name| async move {
            let metadata = ask(name).await;
            match name.strip_suffix("_total").filter(|_| metadata.unit.is_none()) {
                Some(family) => ask(family).await,
                None => metadata,
            }
        });
        let metadata: Vec<_> = join_all(metadata).await.into_iter().map(Arc::unwrap_or_clone).collect();
        unit_from_metadata(query, metrics, &metadata)
    }
}
