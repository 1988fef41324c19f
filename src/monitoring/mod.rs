//! The questions a page may ask of an entity: the one place that joins the catalog's entities with Prometheus.

mod alerts;
mod graph;
mod names;
mod routing;
mod unit;
mod window;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

pub use alerts::{AlertRow, AlertTable, StateCounts};
pub use graph::Graph;
pub use routing::UnknownInstance;

use crate::annotations::{GraphSpec, MonitoringSpec};
use crate::prometheus::{InstanceName, InstanceSettings, Instances, PrometheusError};
use crate::store::{Question, RulesQuestion, Scope, Store, StoreFill};

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
        let query = spec.query.as_ref().ok_or(Failure::BrokenQuery)?;
        let settings = self.known(instance)?;
        let (window, notices) =
            window::settle(period, settings.scrape_interval).ok_or(Failure::InTheFuture)?;
        let question =
            Question { instance: instance.clone(), scope: Scope::Whole, query: query.clone(), window };
        let answer = self.store.ask(question).await.map_err(Failure::Prometheus)?;
        Ok(Graph::of(spec, query, instance.clone(), answer, notices))
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
        let question = RulesQuestion { instance: instance.clone(), scope: Scope::Whole };
        let answer = self.store.rules(question).await.map_err(Failure::Prometheus)?;
        Ok(AlertTable::of(instance.clone(), alerts, answer, show_inactive))
    }

    fn known(&self, instance: &InstanceName) -> Result<&InstanceSettings, Failure> {
        self.instance(Some(instance.as_str())).map_err(Failure::UnknownInstance)
    }
}
