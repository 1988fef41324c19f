//! A request for a graph or an alert table that no annotation names: the address says all of it.

use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use futures_util::future::LocalBoxFuture;

use super::drawing::drawn;
use super::facts::routed_parameters;
use super::panels::graph::RowGraph;
use super::params::has_regex;
use super::{Facts, PageError, PageParams, RowId, WebSettings};
use crate::annotations::{
    AlertNames, AlertSpec, GraphSpec, Matchers, MonitoringSpec, Templates, defaults_of,
};
use crate::background::compute;
use crate::catalog::{Catalog, Entity};
use crate::clock;
use crate::monitoring::{AlertTable, Failure, Graph, Monitoring};
use crate::page_params::PageDefaults;
use crate::problem::Severity;
use crate::prometheus::{Instance, InstanceName};

/// Whoever holds one has read the address; whether it may be answered is for [`Custom::may_query`],
/// [`Custom::may_read_rules`] and [`Custom::may_read_row`] to say.
pub struct Custom {
    pub params: PageParams,
    pub settings: web::Data<WebSettings>,
    /// The entity that the address names, which the catalog has.
    pub entity: Option<Arc<Entity>>,
    /// The width at which the reader's script draws the graph.
    pub drawn: Option<u32>,
    facts: Facts,
    monitoring: web::Data<Monitoring>,
}

impl FromRequest for Custom {
    type Error = PageError;
    type Future = LocalBoxFuture<'static, Result<Self, PageError>>;

    /// The clock is read here, once for each request.
    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { Self::of(&request).await })
    }
}

impl Custom {
    async fn of(request: &HttpRequest) -> Result<Self, PageError> {
        let unwired = || PageError::internal("a custom page", &"it is not wired");
        let settings = request.app_data::<web::Data<WebSettings>>().ok_or_else(unwired)?.clone();
        let monitoring = request.app_data::<web::Data<Monitoring>>().ok_or_else(unwired)?.clone();
        let catalog = request.app_data::<web::Data<Catalog>>().ok_or_else(unwired)?.clone();
        let query = request.query_string();
        let (params, entity) = match has_regex(query) {
            false => read(query, &settings.defaults, &catalog)?,
            true => {
                let (query, settings) = (query.to_owned(), settings.clone());
                compute(move || read(&query, &settings.defaults, &catalog)).await?
            }
        };
        let params = params.routed_by(routed_parameters(query, monitoring.routing()));
        let facts = Facts::of(request, monitoring.routing());
        let drawn = drawn(request.headers(), query);
        Ok(Self { entity, params, settings, drawn, facts, monitoring })
    }

    /// A query of one's own needs the permission for it, whoever's instance answers.
    pub fn may_query(&self) -> Result<(), PageError> {
        if self.settings.ad_hoc { Ok(()) } else { Err(PageError::AdHocForbidden) }
    }

    /// All rules of an instance need it too; those that an entity's page could show do not.
    pub fn may_read_rules(&self) -> Result<(), PageError> {
        if self.entity.is_some() { Ok(()) } else { self.may_query() }
    }

    /// A row of a rule that the address names: whoever knows the alert's labels is shown it by `/go`.
    pub fn may_read_row(&self) -> Result<(), PageError> {
        match self.params.custom.alerts {
            Some(AlertNames::Named(_)) => Ok(()),
            _ => self.may_read_rules(),
        }
    }

    /// Those that the address may choose from when it names no entity: the ones that are open to all.
    pub fn open_instances(&self) -> impl Iterator<Item = &InstanceName> {
        let open = |name: &&InstanceName| self.monitoring.instance(Some(name.as_str())).is_ok();
        self.monitoring.instances().map(|instance| instance.name()).filter(open)
    }

    /// Who answers: the entity's instance, else the one that the address names. Nobody stands in for one that
    /// is named in a way that cannot be read.
    pub fn instance(&self) -> Result<Arc<Instance>, PageError> {
        if self.params.custom.lost {
            return Err(PageError::BadParameters(self.params.problems.clone()));
        }
        match &self.entity {
            Some(entity) => {
                let routed = self.monitoring.route(entity, &MonitoringSpec::of(entity), &self.facts.0);
                routed.map(|routed| routed.instance).map_err(PageError::unknown_instance)
            }
            None => {
                let name = self.params.custom.instance.as_deref();
                self.monitoring.instance(name).cloned().map_err(PageError::NoSuchInstance)
            }
        }
    }

    /// None: the address has no query.
    pub fn graph_spec(&self) -> Option<GraphSpec> {
        let custom = &self.params.custom;
        let templates = self.entity.as_deref().map(Templates::of);
        Some(GraphSpec {
            dimensions: custom.dimensions.clone(),
            title: custom.title.clone(),
            unit: custom.unit.clone(),
            stack: custom.stack,
            graph_type: self.params.graph_type,
            ..GraphSpec::of_query(custom.query.as_deref()?, templates.as_ref())
        })
    }

    /// The alerts that the address names; when it names none, the entity's own, or all.
    pub fn alert_spec(&self) -> MonitoringSpec {
        let custom = &self.params.custom;
        let names = custom.alerts.clone().or(custom.matchers.is_some().then_some(AlertNames::Unnamed));
        let own = || self.entity.as_ref().map(|entity| MonitoringSpec::of(entity));
        if names.is_none()
            && !custom.broken
            && let Some(own) = own().filter(|own| own.alerts.is_some())
        {
            return own;
        }
        let matchers = match custom.broken {
            true => Matchers::Unreadable,
            false => Matchers::All(custom.matchers.clone().unwrap_or_default()),
        };
        let names = names.unwrap_or(AlertNames::All);
        let alerts = Some(AlertSpec { names, matchers, broken: custom.broken });
        MonitoringSpec { alerts, ..MonitoringSpec::default() }
    }

    /// Refuses a query that cannot be sent, and says why.
    pub fn readable(spec: &GraphSpec) -> Result<(), PageError> {
        if spec.query.is_some() {
            return Ok(());
        }
        let fault = spec.problems.iter().find(|problem| problem.severity == Severity::Error);
        Err(PageError::BrokenQuery(fault.map(|fault| fault.message.clone()).unwrap_or_default()))
    }

    pub async fn graph(&self, instance: &Arc<Instance>, spec: &GraphSpec) -> Result<Graph, Failure> {
        self.monitoring.ad_hoc_graph(instance, spec, &self.params.period).await
    }

    pub async fn alerts(
        &self,
        instance: &Arc<Instance>,
        spec: &MonitoringSpec,
    ) -> Result<AlertTable, Failure> {
        let params = &self.params;
        self.monitoring.ad_hoc_alerts(instance, spec, params.table.show_inactive, params.period.now).await
    }

    /// The row of that name among those that the address chooses, with the graph of its expression.
    pub async fn alert_graph(
        &self,
        instance: &Arc<Instance>,
        id: RowId,
    ) -> Result<Option<RowGraph>, Failure> {
        let table =
            self.monitoring.ad_hoc_alerts(instance, &self.alert_spec(), true, self.params.period.now).await?;
        let Some(row) = table.rows.into_iter().find(|row| RowId::of(row) == id) else { return Ok(None) };
        let graph = self.monitoring.alert_graph(instance, &row, &self.params.period).await;
        Ok(Some((row, graph)))
    }
}

/// The address as it is, and again over the own defaults of the entity that it names.
fn read(
    query: &str,
    defaults: &PageDefaults,
    catalog: &Catalog,
) -> Result<(PageParams, Option<Arc<Entity>>), PageError> {
    let now = clock::now();
    let params = PageParams::read_custom(query, defaults, now);
    let Some(reference) = &params.custom.entity else { return Ok((params, None)) };
    let entity = catalog.get(reference).ok_or_else(|| PageError::NoSuchEntity(reference.clone()))?;
    let defaults = defaults_of(&entity).over(defaults);
    Ok((PageParams::read_custom(query, &defaults, now), Some(entity)))
}
