//! What a graph is told beside its samples: its unit, and why it is empty. Neither is waited for long, and neither
//! failing is anybody's trouble.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{Either, join_all, select};

use super::empty_reason::{self, EmptyReason};
use super::unit::{Guess, guess, informed};
use super::{Graph, Monitoring};
use crate::annotations::{GraphSpec, Unit};
use crate::prometheus::Instance;
use crate::promql::PromQl;
use crate::store::Scope;

/// How much longer than for its samples a graph waits for its unit. A unit that is late is there with the next answer.
const UNIT_PATIENCE: Duration = Duration::from_millis(100);
/// How much longer an empty graph waits to be explained.
const ABSENCE_PATIENCE: Duration = Duration::from_millis(500);

impl Monitoring {
    /// What `asked` answers, and the unit of it: the annotation's, else what is known of the metrics.
    pub(super) async fn with_unit<T>(
        &self,
        instance: &Arc<Instance>,
        spec: &GraphSpec,
        query: &PromQl,
        asked: impl Future<Output = T>,
    ) -> (T, Unit) {
        let guess = spec.unit.clone().map_or_else(|| guess(query), Guess::Known);
        let names = match guess {
            Guess::Known(unit) => return (asked.await, unit),
            Guess::Ask(names) => names,
        };
        let told = Box::pin(self.unit_by_metadata(instance, query, &names));
        match select(Box::pin(asked), told).await {
            Either::Left((answer, told)) => {
                let unit = tokio::time::timeout(UNIT_PATIENCE, told).await;
                (answer, unit.unwrap_or(Unit::None))
            }
            Either::Right((unit, asked)) => (asked.await, unit),
        }
    }

    async fn unit_by_metadata(&self, instance: &Arc<Instance>, query: &PromQl, names: &[String]) -> Unit {
        let ask = async |metric: &str| self.store.metadata(instance, Scope::Whole, metric).await;
        // Of `x_total` the targets may speak as `x`: so OpenMetrics names it.
        let ask = &ask;
        let told = names.iter().map(|name| async move {
            let told = ask(name).await;
            match name.strip_suffix("_total").filter(|_| told.unit.is_none()) {
                Some(family) => ask(family).await,
                None => told,
            }
        });
        let told: Vec<_> = join_all(told).await.into_iter().map(Arc::unwrap_or_clone).collect();
        informed(query, names, &told)
    }

    /// Why a graph is empty, if it is.
    pub(super) async fn empty_reason(
        &self,
        instance: &Arc<Instance>,
        query: &PromQl,
        graph: &Graph,
    ) -> EmptyReason {
        if !empty_reason::is_empty(&graph.answer.value) || query.metrics().is_empty() {
            return EmptyReason::Unexplained;
        }
        let names = self.store.metric_names(instance, Scope::Whole);
        let names = tokio::time::timeout(ABSENCE_PATIENCE, names).await;
        names.map_or(EmptyReason::Unexplained, |names| EmptyReason::of(query, &names))
    }
}
