//! What an address shows: an entity's annotations, or what the address itself describes.

use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;

use super::subject::{ViewSubject, entity_of_path, read_ad_hoc};
use super::{
    Access, GraphNumber, GraphRequest, Portal, ShownEntities, browser_path, drawn_width, folding, held_chart,
    routed_parameters, routing_input,
};
use crate::annotations::{
    AlertNames, AlertSpec, GraphSpec, Matchers, MonitoringSpec, Templates, defaults_of,
};
use crate::background::compute;
use crate::catalog::{Entity, Members, Snapshot};
use crate::chart::echarts::Tick;
use crate::clock;
use crate::monitoring::{
    AlertRow, AlertTable, Failure, Graph, Monitoring, Routed, RoutingInput, WantedSamples, Why,
};
use crate::prometheus::{InstanceName, InstanceSettings, Origin, RowId};
use crate::web::links::Links;
use crate::web::page_error::PageError;
use crate::web::params::{CustomParams, Folding, PageParams, has_regex};

/// The kinds whose pages show what belongs to them.
const KINDS_WITH_MEMBERS: [&str; 4] = ["system", "domain", "group", "user"];

/// A view is made from any address that can be read. [`View::authorize_graph`] and its siblings say whether it may be answered.
pub struct View {
    pub subject: ViewSubject,
    /// What the subject shows, by annotations or by parameters.
    pub spec: MonitoringSpec,
    pub params: PageParams,
    pub portal: Portal,
    pub snapshot: Arc<Snapshot>,
    pub routing: RoutingInput,
    /// Only where the path names an entity whose kind has members.
    pub members: Option<Members>,
    /// The instance of all queries, or why there is none.
    pub instance: Result<Routed, PageError>,
    /// The width at which the reader's script draws a graph.
    pub drawn: Option<u32>,
    /// The chart that the reader's script has already.
    pub held: Option<Tick>,
    /// Whether the panel that htmx fetches is one line in the reader's page.
    pub folding: Folding,
    /// The path in the reader's browser while htmx fetches a panel.
    pub browser_path: Option<String>,
}

impl FromRequest for View {
    type Error = PageError;
    type Future = LocalBoxFuture<'static, Result<Self, PageError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        async move { Self::of(&request).await }.boxed_local()
    }
}

impl View {
    async fn of(request: &HttpRequest) -> Result<Self, PageError> {
        let portal = Portal::of(request)?;
        let query = request.query_string();
        let (subject, params) = match entity_of_path(request, &portal.catalog)? {
            Some(entity) => {
                let defaults = defaults_of(&entity).over(&portal.settings.defaults);
                (ViewSubject::Entity(entity), PageParams::read(query, &defaults, portal.now()))
            }
            None if has_regex(query) => {
                let (query, portal) = (query.to_owned(), portal.clone());
                compute(move || read_ad_hoc(&query, &portal)).await?
            }
            None => read_ad_hoc(query, &portal)?,
        };
        let routing = portal.monitoring.routing();
        let params = params.routed_by(routed_parameters(query, routing));
        let routing = routing_input(request, routing);
        let view = Self::new(subject, params, routing, portal);
        // Any entity may become a member.
        if view.members.is_none() {
            let shown = ShownEntities::of(view.subject.entity(), &view.params.also, &view.snapshot);
            request.extensions_mut().insert(shown);
        }
        Ok(Self {
            drawn: drawn_width(request.headers(), query),
            held: held_chart(request.headers(), query),
            folding: folding(request.headers(), query),
            browser_path: browser_path(request.headers()),
            ..view
        })
    }

    pub fn new(subject: ViewSubject, params: PageParams, routing: RoutingInput, portal: Portal) -> Self {
        let snapshot = portal.catalog.snapshot();
        let own = subject.entity().map(|entity| MonitoringSpec::of(entity));
        let instance = instance(&subject, own.as_ref(), &params, &routing, &portal.monitoring);
        let spec = match &subject {
            ViewSubject::Entity(_) => own.unwrap_or_default(),
            ViewSubject::AdHoc(_) => described(&params.custom, own),
        };
        let members = match &subject {
            ViewSubject::Entity(entity) if KINDS_WITH_MEMBERS.contains(&entity.reference.kind()) => {
                Some(snapshot.members(&entity.reference))
            }
            _ => None,
        };
        Self {
            subject,
            spec,
            params,
            portal,
            snapshot,
            routing,
            members,
            instance,
            drawn: None,
            held: None,
            folding: Folding::Open,
            browser_path: None,
        }
    }

    /// The entity of the path.
    pub fn entity(&self) -> Result<&Arc<Entity>, PageError> {
        match &self.subject {
            ViewSubject::Entity(entity) => Ok(entity),
            ViewSubject::AdHoc(_) => Err(PageError::NoSuchPage),
        }
    }

    pub fn is_ad_hoc(&self) -> bool {
        matches!(self.subject, ViewSubject::AdHoc(_))
    }

    pub fn links(&self) -> Links<'_> {
        let entity = self.subject.entity().filter(|_| !self.is_ad_hoc()).map(|entity| &entity.reference);
        Links { entity, ..self.portal.settings.links(&self.params) }
    }

    /// The entity's name, else the instance's.
    pub fn name(&self) -> &str {
        let instance = || self.params.custom.instance.as_deref().unwrap_or(InstanceName::DEFAULT);
        self.subject.entity().map_or_else(instance, |entity| entity.display_name())
    }

    pub fn instance_settings(&self) -> Option<&InstanceSettings> {
        self.instance.as_ref().ok().map(Routed::settings)
    }

    pub fn routed(&self) -> Result<&Routed, Failure> {
        self.instance.as_ref().map_err(|error| match error {
            PageError::Failed(failure) => failure.clone(),
            PageError::NoSuchInstance(unknown) => Failure::UnknownInstance(unknown.clone()),
            _ => Failure::NoAnnotation,
        })
    }

    /// A query of the reader's own needs the permission for it, whichever instance answers.
    pub fn authorize_graph(&self) -> Result<(), PageError> {
        let is_own = self.is_ad_hoc() || self.params.custom.query.is_some();
        self.portal.settings.authorize(if is_own { Access::AdHoc } else { Access::Annotated })
    }

    /// So does a selection among all rules of an instance. Rules that an entity's page could show need none.
    pub fn authorize_alerts(&self) -> Result<(), PageError> {
        let is_of_entity = self.subject.entity().is_some();
        self.portal.settings.authorize(if is_of_entity { Access::Annotated } else { Access::AdHoc })
    }

    /// `/go` shows a row to everybody who knows the alert's labels.
    pub fn authorize_alert_graph(&self) -> Result<(), PageError> {
        match self.params.custom.alerts {
            Some(AlertNames::Named(_)) => self.portal.settings.authorize(Access::Annotated),
            _ => self.authorize_alerts(),
        }
    }

    /// Data does not guess: a parameter that cannot be read is an error.
    pub fn strict(&self) -> Result<(), PageError> {
        match self.params.problems.as_slice() {
            [] => Ok(()),
            problems => Err(PageError::BadParameters(problems.to_vec())),
        }
    }

    /// The graph of a number from 1, with what the address changes of it.
    pub fn graph_request(&self, GraphNumber(number): GraphNumber) -> Result<GraphRequest, PageError> {
        self.authorize_graph()?;
        let custom = &self.params.custom;
        let graphs = &self.spec.graphs;
        let own = number.checked_sub(1).and_then(|at| graphs.get(at));
        let is_first = graphs.is_empty() && number == 1;
        let (mut spec, origin) = match (&custom.query, own) {
            (Some(query), own) if own.is_some() || is_first => {
                let templates = self.subject.entity().map(|entity| Templates::of(entity));
                (GraphSpec::of_query(query, templates.as_ref()), Origin::AdHoc)
            }
            (None, Some(own)) => (own.clone(), Origin::Known),
            _ if self.is_ad_hoc() => return Err(PageError::bad_parameter("query", "is missing")),
            _ => return Err(PageError::NoSuchGraph { graphs: graphs.len() }),
        };
        if !custom.dimensions.is_empty() {
            spec.dimensions.clone_from(&custom.dimensions);
        }
        spec.title = custom.title.clone().or(spec.title);
        Ok(GraphRequest { spec: self.params.graphs.chosen(number, spec), origin })
    }

    /// The graph with all its samples, or with those that are there while the rest is fetched.
    pub async fn graph(
        &self,
        spec: &GraphSpec,
        origin: Origin,
        wanted: WantedSamples,
    ) -> Result<Graph, Failure> {
        let instance = &self.routed()?.instance;
        let graph = self.portal.monitoring.graph(origin, instance, spec, &self.params.period, wanted).await;
        self.never_kept_if_failed(graph)
    }

    /// The alerts of the view; those that are not active only when they are shown.
    pub async fn alerts(&self, show_inactive: bool) -> Result<Arc<AlertTable>, Failure> {
        // A silence ends when it ends, and not with the tick.
        let (instance, now) = (&self.routed()?.instance, clock::now());
        let origin = if self.is_ad_hoc() { Origin::AdHoc } else { Origin::Known };
        let alerts = self.portal.monitoring.alerts(origin, instance, &self.spec, show_inactive, now).await;
        self.never_kept_if_failed(alerts)
    }

    /// What failed for the moment is another reader's success: its page is for one reader.
    fn never_kept_if_failed<T>(&self, result: Result<T, Failure>) -> Result<T, Failure> {
        if let Err(Failure::Prometheus(_) | Failure::Late) = &result {
            self.portal.monitoring.recorder().iter().for_each(|recorder| recorder.refuse());
        }
        result
    }

    /// The row with that id among the view's alerts, and the graph of its expression. None: there is no such row now.
    pub async fn alert_graph(
        &self,
        id: RowId,
    ) -> Result<Option<(AlertRow, Result<Graph, Failure>)>, Failure> {
        let table = self.alerts(true).await?;
        let Some(row) = table.row(id).cloned() else { return Ok(None) };
        let instance = &self.routed()?.instance;
        let graph = self.portal.monitoring.alert_graph(instance, &row, &self.params.period).await;
        Ok(Some((row, self.never_kept_if_failed(graph))))
    }

    /// The instances that are open to all. An address without an entity may name one of them.
    pub fn open_instances(&self) -> impl Iterator<Item = &InstanceName> {
        let open = |name: &&InstanceName| self.portal.monitoring.instance(Some(name.as_str())).is_ok();
        self.portal.monitoring.instances().map(|instance| instance.name()).filter(open)
    }
}

/// The entity's instance, else the one that the address names. None stands in for a name that cannot be read.
fn instance(
    subject: &ViewSubject,
    own: Option<&MonitoringSpec>,
    params: &PageParams,
    routing: &RoutingInput,
    monitoring: &Monitoring,
) -> Result<Routed, PageError> {
    if params.custom.lost && matches!(subject, ViewSubject::AdHoc(_)) {
        return Err(PageError::BadParameters(params.problems.clone()));
    }
    match subject.entity().zip(own) {
        Some((entity, own)) => monitoring.route(entity, own, routing).map_err(PageError::unknown_instance),
        None => {
            let instance = monitoring.instance(params.custom.instance.as_deref()).cloned();
            instance.map(|instance| Routed { instance, why: Why::Address }).map_err(PageError::NoSuchInstance)
        }
    }
}

/// What an ad-hoc address describes: the alerts that it names. If it names none, those of its entity, or all.
fn described(custom: &CustomParams, own: Option<MonitoringSpec>) -> MonitoringSpec {
    let names = custom.alerts.clone().or(custom.matchers.is_some().then_some(AlertNames::Unnamed));
    let own = own.and_then(|own| own.alerts).filter(|_| names.is_none() && !custom.broken);
    let alerts = own.unwrap_or_else(|| {
        let matchers = match custom.broken {
            true => Matchers::Unreadable,
            false => Matchers::All(custom.matchers.clone().unwrap_or_default()),
        };
        AlertSpec { names: names.unwrap_or(AlertNames::All), matchers, broken: custom.broken }
    });
    MonitoringSpec { alerts: Some(alerts), ..MonitoringSpec::default() }
}
