//! The portal's pages over HTTP: the route table.

pub mod assets;
mod canonical;
mod data;
mod format;
pub mod health;
pub mod kept;
pub mod links;
pub mod observe;
pub mod page_error;
pub mod pages;
pub mod panels;
pub mod params;
mod proxy;
pub mod reply;
mod request;
pub mod security;
mod settings;

use actix_web::dev::HttpServiceFactory;
use actix_web::guard::{self, GuardContext};
use actix_web::middleware::from_fn;
use actix_web::{FromRequest, Handler, HttpResponse, Responder, web};

pub use kept::KeptReplies;
pub use params::PageParams;
pub use reply::Rendered;
pub use settings::WebSettings;

use format::Format;

use crate::catalog::{Catalog, EntityRef};
use page_error::PageError;

/// Who uses a listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Readers and operators: there is one listener.
    All,
    /// Operators have a listener of their own.
    Readers,
    Operators,
}

/// Every route of an audience, under the portal's path. Routes for machines, and the status page of operators, answer
/// at the root too.
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
    use Format::{Csv, Json, Svg};
    config
        .configure(assets::configure)
        .configure(proxy::configure)
        .service(kept("/", pages::catalog::show))
        .service(kept("", pages::catalog::show))
        .service(reading("/go", pages::go::show))
        .service(reading("/query", pages::graph::show))
        .configure(resource("/graph", &[Json, Csv, Svg], pages::graph::show))
        .configure(resource("/alerts", &[Json, Csv], pages::alerts::show))
        .service(kept("/alerts/graph", pages::alert_graph::show))
        .service(kept("/alerts/details", pages::alert_details::show))
        .service(
            web::scope("/catalog/{namespace}/{kind}")
                .wrap(from_fn(canonical::redirect))
                .service(kept_if(is_no_entity, "/{name}.json", pages::entity::show))
                .service(kept("/{name}", pages::entity::show))
                .configure(resource("/{name}/alerts", &[Json, Csv], pages::alerts::show))
                .service(kept("/{name}/alerts/graph", pages::alert_graph::show))
                .service(kept("/{name}/alerts/details", pages::alert_details::show))
                .service(kept("/{name}/members", pages::members::show))
                .service(kept("/{name}/graphs", pages::graphs::show))
                .configure(resource("/{name}/graphs/{n}", &[Json, Csv, Svg], pages::graph::show)),
        );
}

/// A resource with one handler: its page, and its data under the endings of the formats.
fn resource<F, Args>(
    path: &'static str,
    data: &'static [Format],
    handler: F,
) -> impl FnOnce(&mut web::ServiceConfig)
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    move |config| {
        for format in data {
            config.service(kept(&format!("{path}{}", format.ending()), handler.clone()));
        }
        config.service(kept(path, handler));
    }
}

/// A route for GET and HEAD.
fn reading<F, Args>(path: &str, handler: F) -> impl HttpServiceFactory + use<F, Args>
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    web::resource(path)
        .route(web::route().guard(guard::Any(guard::Get()).or(guard::Head())).to(handler))
        .default_service(web::to(not_allowed))
        .wrap(from_fn(page_error::catch_panics))
}

/// The same, for a handler whose replies may be kept.
fn kept<F, Args>(path: &str, handler: F) -> impl HttpServiceFactory + use<F, Args>
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    kept_if(|_| true, path, handler)
}

fn kept_if<F, Args>(
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
        .default_service(web::to(not_allowed))
        .wrap(from_fn(kept::record))
        .wrap(from_fn(page_error::catch_panics))
}

async fn not_allowed() -> Result<HttpResponse, PageError> {
    Err(PageError::MethodNotAllowed)
}

/// Whether `/catalog/{namespace}/{kind}/{name}.json` is `name` as JSON. An entity named `x.json` wins.
fn is_no_entity(context: &GuardContext<'_>) -> bool {
    let path = context.head().uri.path();
    let mut parts = path.rsplit('/');
    let mut part = || parts.next().unwrap_or_default();
    let (name, kind, namespace) = (part(), part(), part());
    let known = |reference| context.app_data::<web::Data<Catalog>>()?.get(&reference);
    EntityRef::new(kind, namespace, name).and_then(known).is_none()
}
