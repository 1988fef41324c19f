//! The portal's pages over HTTP: the route table.

mod api;
pub mod assets;
mod cache_policy;
mod canonical;
pub mod csv;
mod custom;
mod drawing;
mod facts;
pub mod form;
pub mod health;
pub mod links;
pub mod observe;
pub mod page_error;
pub mod pages;
pub mod panels;
pub mod params;
mod props;
pub mod rendered;
mod request;
mod row_id;
pub mod security;
mod status_facts;
mod subject;

use actix_web::dev::HttpServiceFactory;
use actix_web::guard::{self, GuardContext};
use actix_web::middleware::from_fn;
use actix_web::{FromRequest, Handler, HttpResponse, Responder, web};
use url::Url;

pub use cache_policy::CachePolicy;
pub use custom::Custom;
pub use facts::Facts;
pub use links::Links;
pub use page_error::{ErrorText, PageError};
pub use params::PageParams;
pub use props::Chosen;
pub use rendered::{Making, Rendered};
pub use request::Format;
pub use row_id::RowId;
pub use status_facts::{ConfigFact, InstanceFacts, StatusFacts};
pub use subject::{GraphNumber, Subject};

use crate::catalog::{Catalog, EntityRef};
use crate::page_params::PageDefaults;

/// What the web floor needs to know.
#[derive(Clone, Debug)]
pub struct WebSettings {
    /// `app.title`
    pub title: String,
    /// `app.baseUrl`: its path prefixes every link.
    pub base_url: Option<Url>,
    /// Exact origins that may frame the portal, besides itself.
    pub frame_ancestors: Vec<String>,
    /// `promenade.embedding.parentOrigins`: exact origins that talk with the portal by messages, when they
    /// frame it.
    pub parent_origins: Vec<String>,
    pub defaults: PageDefaults,
    /// `promenade.adHocQueries`: readers may ask what no annotation names.
    pub ad_hoc: bool,
    /// The page says "demo data".
    pub demo: bool,
    /// `promenade.adminListen`: the status page is on a listener of its own, and no page links to it.
    pub admin_apart: bool,
}

impl WebSettings {
    /// The path of `app.baseUrl` without its trailing slash; empty at the root.
    pub fn prefix(&self) -> &str {
        self.base_url.as_ref().map_or("", |url| url.path().trim_end_matches('/'))
    }

    pub fn links<'a>(&'a self, params: &'a PageParams) -> Links<'a> {
        Links { prefix: self.prefix(), params }
    }
}

/// Who comes in by a listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Readers and operators: there is one listener.
    All,
    /// Operators have a listener of their own.
    Readers,
    Operators,
}

/// Every route of an audience, under the portal's path. Those for machines also answer at the root, where a probe
/// looks; so does the status page of operators.
pub fn routes(prefix: &str, audience: Audience) -> impl FnOnce(&mut web::ServiceConfig) {
    let prefix = prefix.to_owned();
    move |config| {
        let machines = |config: &mut web::ServiceConfig| for_machines(config, audience);
        let operators = audience == Audience::Operators;
        let status = |config: &mut web::ServiceConfig| {
            config.service(reading("/status", pages::status::show));
        };
        if !prefix.is_empty() {
            config.configure(machines);
            if operators {
                config.configure(status);
            }
        }
        let mut scope = web::scope(&prefix).configure(machines);
        if audience != Audience::Readers {
            scope = scope.configure(status);
        }
        // The status page is a page: it has a style and a script.
        scope = if operators { scope.configure(assets::configure) } else { scope.configure(for_people) };
        config.service(scope);
    }
}

fn for_machines(config: &mut web::ServiceConfig, audience: Audience) {
    config.service(reading("/healthz", health::alive)).service(reading("/readyz", health::ready));
    if audience != Audience::Readers {
        config.service(reading("/metrics", health::metrics));
    }
}

fn for_people(config: &mut web::ServiceConfig) {
    config
        .configure(assets::configure)
        .configure(api::proxy::configure)
        .service(reading("/", pages::catalog::show))
        .service(reading("", pages::catalog::show))
        .service(reading("/go", pages::go::show))
        .service(reading("/graph", pages::custom_graph::show))
        .service(reading("/query", pages::custom_graph::show))
        .service(reading("/graph.json", api::custom::graph))
        .service(reading("/graph.csv", api::custom::graph_sheet))
        .service(reading("/graph.svg", api::custom::graph_picture))
        .service(reading("/alerts", pages::custom_alerts::show))
        .service(reading("/alerts/graph", pages::custom_alert_graph::show))
        .service(reading("/alerts.json", api::custom::alerts))
        .service(reading("/alerts.csv", api::custom::alerts_sheet))
        .service(
            web::scope("/catalog/{namespace}/{kind}")
                .wrap(from_fn(canonical::redirect))
                .service(reading_if(is_no_entity, "/{name}.json", api::entity::show))
                .service(reading("/{name}", pages::entity::show))
                .service(reading("/{name}/alerts.json", api::alerts::show))
                .service(reading("/{name}/alerts.csv", api::alerts::sheet))
                .service(reading("/{name}/alerts", pages::alerts::show))
                .service(reading("/{name}/alerts/graph", pages::alert_graph::show))
                .service(reading("/{name}/members", pages::members::show))
                .service(reading("/{name}/graphs", pages::graphs::show))
                .service(reading("/{name}/graphs/{n}.json", api::graph::show))
                .service(reading("/{name}/graphs/{n}.csv", api::graph::sheet))
                .service(reading("/{name}/graphs/{n}.svg", api::picture::show))
                .service(reading("/{name}/graphs/{n}", pages::graph::show)),
        );
}

/// A page that can be read, and nothing else.
fn reading<F, Args>(path: &str, handler: F) -> impl HttpServiceFactory + use<F, Args>
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    reading_if(|_| true, path, handler)
}

fn reading_if<F, Args>(
    condition: fn(&GuardContext<'_>) -> bool,
    path: &str,
    handler: F,
) -> impl HttpServiceFactory + use<F, Args>
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    web::resource(path)
        .guard(guard::fn_guard(condition))
        .route(web::route().guard(guard::Any(guard::Get()).or(guard::Head())).to(handler))
        .default_service(web::to(|| async { Err::<HttpResponse, _>(PageError::MethodNotAllowed) }))
        .wrap(from_fn(page_error::catch_panics))
}

/// Whether `/catalog/{namespace}/{kind}/{name}.json` is the data form of `name`: an entity that is really
/// named `x.json` wins.
fn is_no_entity(context: &GuardContext<'_>) -> bool {
    let path = context.head().uri.path();
    let mut parts = path.rsplit('/');
    let mut part = || parts.next().unwrap_or_default();
    let (name, kind, namespace) = (part(), part(), part());
    let known = |reference| context.app_data::<web::Data<Catalog>>()?.get(&reference);
    EntityRef::new(kind, namespace, name).and_then(known).is_none()
}
