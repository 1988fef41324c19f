//! The questions a page may ask of an entity: the one place that joins the catalog's entities with Prometheus.

mod alerts;
mod graph;
mod names;
mod quantiles;
mod routing;
mod stat;
mod unit;
mod window;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

pub use alerts::{AlertRow, AlertTable, StateCounts};
pub use graph::Graph;
pub use routing::UnknownInstance;
pub use stat::{Stat, StatValue};

use crate::annotations::{GraphSpec, MonitoringSpec};
use crate::prometheus::{
    InstanceName, InstanceSettings, Instances, InstantAnswer, Matrix, Origin, PrometheusError, Rules, Window,
};
use crate::promql::PromQl;
use crate::store::{Answer, InstantQuestion, Question, RulesQuestion, Scope, Store, StoreFill};

/// The time that a page shows, already settled to instants. `from < to`; may reach beyond now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    pub from: Timestamp,
    pub to: Timestamp,
    /// When the page was asked for: no query ends later.
    pub now: Timestamp,
    /// As asked by the reader; None: chosen from the range.
    pub step: Option<Duration>,
}

/// Why a panel has no answer. Worded for readers by `web`.
#[derive(Clone, Debug)]
pub enum Failure {
    Prometheus(Arc<PrometheusError>),
    UnknownInstance(UnknownInstance),
    /// The annotation's query cannot be sent; its problems are in the spec.
    BrokenQuery,
    /// The entity has no annotation for this panel.
    NoAnnotation,
    /// The entity has no graph of that number.
    NoSuchGraph {
        graphs: usize,
    },
    /// The whole period lies in the future.
    InTheFuture,
}

/// Answers pages. Cheap to clone.
#[derive(Clone)]
pub struct Monitoring {
    store: Store,
    instances: Arc<Instances>,
}

impl Monitoring {
    pub fn new(store: Store, instances: Arc<Instances>) -> Self {
        Self { store, instances }
    }

    /// The instance that the entity's annotations choose.
    pub fn route(&self, spec: &MonitoringSpec) -> Result<&InstanceSettings, UnknownInstance> {
        self.instance(spec.service_name.as_deref())
    }

    /// The instance of that name, letter for letter; without a name the unnamed one.
    pub fn instance(&self, service_name: Option<&str>) -> Result<&InstanceSettings, UnknownInstance> {
        routing::choose(service_name, self.instances().map(|settings| (&settings.name, settings)))
    }

    /// Every configured instance, by name.
    pub fn instances(&self) -> impl Iterator<Item = &InstanceSettings> {
        self.instances.names().filter_map(|n| self.instances.settings(n))
    }

    /// How full the store behind all answers is.
    pub fn store_fill(&self) -> StoreFill {
        self.store.fill()
    }

    /// One graph of a spec.
    pub async fn graph(
        &self,
        instance: &InstanceName,
        spec: &GraphSpec,
        period: &Period,
    ) -> Result<Graph, Failure> {
        self.graph_from(Origin::Known, instance, spec, period).await
    }

    /// A graph whose query anybody could write: it takes the narrow lane to the instance.
    pub async fn ad_hoc_graph(
        &self,
        instance: &InstanceName,
        spec: &GraphSpec,
        period: &Period,
    ) -> Result<Graph, Failure> {
        self.graph_from(Origin::AdHoc, instance, spec, period).await
    }

    async fn graph_from(
        &self,
        origin: Origin,
        instance: &InstanceName,
        spec: &GraphSpec,
        period: &Period,
    ) -> Result<Graph, Failure> {
        let query = spec.query.as_ref().ok_or(Failure::BrokenQuery)?;
        let settings = self.known(instance)?;
        let (window, notices) =
            window::settle(period, settings.scrape_interval).ok_or(Failure::InTheFuture)?;
        let answer = self.range_from(origin, instance, query, window).await?;
        Ok(Graph::of(spec, query, instance.clone(), answer, notices))
    }

    /// The samples of a query that anybody could write, at exactly the instants that are asked for.
    pub async fn ad_hoc_range(
        &self,
        instance: &InstanceName,
        query: &PromQl,
        window: Window,
    ) -> Result<Answer<Matrix>, Failure> {
        self.range_from(Origin::AdHoc, instance, query, window).await
    }

    async fn range_from(
        &self,
        origin: Origin,
        instance: &InstanceName,
        query: &PromQl,
        window: Window,
    ) -> Result<Answer<Matrix>, Failure> {
        let (instance, query) = (instance.clone(), query.clone());
        let question = Question { instance, scope: Scope::Whole, origin, query, window };
        self.store.ask(question).await.map_err(Failure::Prometheus)
    }

    /// The value of a query that anybody could write, at an instant in epoch milliseconds.
    pub async fn ad_hoc_instant(
        &self,
        instance: &InstanceName,
        query: &PromQl,
        at_ms: i64,
    ) -> Result<Answer<InstantAnswer>, Failure> {
        let (instance, query) = (instance.clone(), query.clone());
        let origin = Origin::AdHoc;
        let question = InstantQuestion { instance, scope: Scope::Whole, origin, query, at_ms };
        self.store.instant(question).await.map_err(Failure::Prometheus)
    }

    /// All alerting rules of an instance.
    pub async fn rules(&self, instance: &InstanceName) -> Result<Answer<Rules>, Failure> {
        let question = RulesQuestion { instance: instance.clone(), scope: Scope::Whole };
        self.store.rules(question).await.map_err(Failure::Prometheus)
    }

    /// The alert table of a spec. Rows that are not active are in it when `show_inactive`, and counted in any case.
    pub async fn alerts(
        &self,
        instance: &InstanceName,
        spec: &MonitoringSpec,
        show_inactive: bool,
    ) -> Result<AlertTable, Failure> {
        let alerts = spec.alerts.as_ref().ok_or(Failure::NoAnnotation)?;
        self.known(instance)?;
        let answer = self.rules(instance).await?;
        Ok(AlertTable::of(instance.clone(), alerts, answer, show_inactive))
    }

    fn known(&self, instance: &InstanceName) -> Result<&InstanceSettings, Failure> {
        self.instance(Some(instance.as_str())).map_err(Failure::UnknownInstance)
    }
}
