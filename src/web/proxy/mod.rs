//! `/api/proxy{proxyPath}/...`: the slice of Prometheus' own API that the React plugin uses, in Prometheus' JSON.
//!
//! It is not a proxy: each request is parsed and goes through the store, and the answer is serialized from our types.

mod params;

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::{Method, StatusCode};
use actix_web::middleware::from_fn;
use actix_web::web::{self, Bytes, Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::to_vec;

use self::params::{Given, MAX_FORM};
use crate::clock;
use crate::monitoring::{Failure, Monitoring};
use crate::prometheus::wire::{
    elements_of, series_of, write_error, write_instant, write_matrix, write_rules,
};
use crate::prometheus::{Instance, InstanceName, Matrix, Origin};
use crate::store::Answer;
use crate::upstream::ErrorKind;
use crate::web::page_error::{ErrorText, PageError, catch_panics};
use crate::web::panels::remarks::Remark;
use crate::web::panels::times::Moment;
use crate::web::reply::{self, ReplyKey};
use crate::web::request::Access;
use crate::web::settings::WebSettings;

/// The proxy answers every path below it, errors included.
const ROUTE: &str = "/api/proxy/{path:.*}";
/// How long a request's body may take.
const BODY_DEADLINE: Duration = Duration::from_secs(10);
/// The plugin's header: the entity's service-name, or the empty text.
const SERVICE_NAME: &str = "x-prometheus-service-name";

pub fn configure(config: &mut ServiceConfig) {
    config.service(web::resource(ROUTE).route(web::route().to(answer)).wrap(from_fn(catch_panics)));
}

/// The endpoints that answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Endpoint {
    QueryRange,
    Query,
    Rules,
}

impl Endpoint {
    fn of(name: &str) -> Option<Self> {
        match name {
            "query_range" => Some(Self::QueryRange),
            "query" => Some(Self::Query),
            "rules" => Some(Self::Rules),
            _ => None,
        }
    }

    fn takes(self, method: &Method) -> bool {
        [Method::GET, Method::HEAD].contains(method) || (self != Self::Rules && method == Method::POST)
    }
}

async fn answer(
    request: HttpRequest,
    payload: web::Payload,
    settings: Data<WebSettings>,
    monitoring: Data<Monitoring>,
) -> Result<HttpResponse, PageError> {
    settings.authorize(Access::AdHoc)?;
    let (of_path, endpoint) =
        found(&monitoring, request.match_info().query("path")).ok_or(PageError::NoSuchPage)?;
    if !endpoint.takes(request.method()) {
        return Err(PageError::MethodNotAllowed);
    }
    let instance = chosen(&request, &monitoring, of_path)?;
    let body = body(payload).await?;
    let given = Given::read(&request, &body)?;
    queried(&request, &monitoring, &instance, endpoint, &given).await
}

async fn queried(
    request: &HttpRequest,
    monitoring: &Monitoring,
    instance: &Arc<Instance>,
    endpoint: Endpoint,
    given: &Given,
) -> Result<HttpResponse, PageError> {
    match endpoint {
        Endpoint::QueryRange => {
            let (query, window, limit) = (given.query()?, given.window()?, given.limit()?);
            let answer = monitoring.range(Origin::AdHoc, instance, &query, window);
            let answer = answer.await.map_err(PageError::Failed)?;
            let matrix = answer.value.clone();
            let warnings = age(&answer).into_iter().chain(matrix.warnings.iter().cloned());
            let warnings = warnings.chain(left_out(&matrix)).chain(truncated(series_of(&matrix), limit));
            let warnings: Vec<String> = warnings.collect();
            let key = ReplyKey::of(&matrix, request.path(), &(&warnings, limit));
            reply::large_json(request, key, move || to_vec(&write_matrix(&matrix, limit, &warnings))).await
        }
        Endpoint::Query => {
            let (query, at_ms, limit) = (given.query()?, given.instant(clock::now())?, given.limit()?);
            let answer =
                monitoring.ad_hoc_instant(instance, &query, at_ms).await.map_err(PageError::Failed)?;
            let value = answer.value.clone();
            let warnings = age(&answer).into_iter().chain(value.warnings.iter().cloned());
            let warnings: Vec<String> = warnings.chain(truncated(elements_of(&value), limit)).collect();
            let key = ReplyKey::of(&value, request.path(), &(&warnings, limit));
            reply::large_json(request, key, move || to_vec(&write_instant(&value, limit, &warnings))).await
        }
        Endpoint::Rules => {
            let (remark, choice) = (given.rules()?, given.choice()?);
            let answer = monitoring.rules(instance).await.map_err(PageError::Failed)?;
            let rules = answer.value.clone();
            let warnings: Vec<String> =
                age(&answer).into_iter().chain(rules.warnings.iter().cloned()).collect();
            let infos: Vec<String> = rules.infos.iter().cloned().chain(remark.map(str::to_owned)).collect();
            let key = ReplyKey::of(&rules, request.path(), &(&warnings, &infos, &choice));
            let write = move || to_vec(&write_rules(&rules, &choice, &warnings, &infos));
            reply::large_json(request, key, write).await
        }
    }
}

/// The instance with that proxy path, and the endpoint. Prefers the default instance; restricted instances are skipped.
fn found(monitoring: &Monitoring, path: &str) -> Option<(Arc<Instance>, Endpoint)> {
    let of = |proxy_path: &str| {
        let rest = path.trim_start_matches('/').strip_prefix(proxy_path.trim_matches('/'))?;
        Endpoint::of(rest.strip_prefix('/')?)
    };
    let open = |instance: &Instance| monitoring.instance(Some(instance.name().as_str())).is_ok();
    let fits = monitoring.instances().filter_map(|i| Some((i.clone(), of(&i.settings.proxy_path)?)));
    let fits = fits.filter(|(instance, _)| open(instance));
    fits.min_by_key(|(instance, _)| instance.name().as_str() != InstanceName::DEFAULT)
}

/// The instance that the header names, letter for letter; without one that of the path.
fn chosen(
    request: &HttpRequest,
    monitoring: &Monitoring,
    of_path: Arc<Instance>,
) -> Result<Arc<Instance>, PageError> {
    let refused = |message: &str| PageError::bad_parameter(SERVICE_NAME, message);
    let mut values = request.headers().get_all(SERVICE_NAME);
    let Some(value) = values.next() else { return Ok(of_path) };
    if values.next().is_some() {
        return Err(refused("is given more than once"));
    }
    match std::str::from_utf8(value.as_bytes()) {
        Ok("") => Ok(of_path),
        Ok(name) => monitoring.instance(Some(name)).cloned().map_err(PageError::NoSuchInstance),
        Err(_) => Err(refused("is not valid UTF-8")),
    }
}

async fn body(payload: web::Payload) -> Result<Bytes, PageError> {
    match tokio::time::timeout(BODY_DEADLINE, payload.to_bytes_limited(MAX_FORM)).await {
        Err(_) => Err(PageError::Refused(StatusCode::REQUEST_TIMEOUT)),
        Ok(Err(_)) => Err(PageError::Refused(StatusCode::PAYLOAD_TOO_LARGE)),
        Ok(Ok(Err(_))) => Err(PageError::Refused(StatusCode::BAD_REQUEST)),
        Ok(Ok(Ok(body))) => Ok(body),
    }
}

/// Prometheus' JSON has no field for the age of an older answer, so it is a warning.
fn age<T>(answer: &Answer<T>) -> Option<String> {
    Remark::stale(Moment::utc(answer.as_of), answer.failure.as_ref()).map(|remark| remark.to_string())
}

/// Prometheus' own warning about an answer that its limit cuts.
fn truncated(length: usize, limit: Option<usize>) -> Option<String> {
    limit.filter(|limit| *limit < length).map(|_| "results truncated due to limit".to_owned())
}

/// A warning about samples that are left out.
fn left_out(matrix: &Matrix) -> Option<String> {
    let count = matrix.off_grid;
    (count > 0).then(|| format!("{count} samples stood between two steps and were left out by the portal"))
}

/// Whether a route's errors are text here.
pub fn is_route(pattern: &str) -> bool {
    pattern.ends_with(ROUTE)
}

/// The methods for the header Allow.
pub fn allowed(request: &HttpRequest) -> &'static str {
    if request.path().ends_with("/rules") { "GET, HEAD" } else { "GET, HEAD, POST" }
}

/// An error in Prometheus' shape, with its own message if it comes from Prometheus.
pub fn refusal(
    request: &HttpRequest,
    error: &PageError,
    text: &ErrorText,
) -> Result<HttpResponse, PageError> {
    let message = text.said.clone().unwrap_or_else(|| text.message());
    let error_type = error_type(error, text);
    // Prometheus answers a query that it cannot read with another status than one that it cannot evaluate.
    let status = if error_type == "bad_data" && text.status == StatusCode::UNPROCESSABLE_ENTITY {
        StatusCode::BAD_REQUEST
    } else {
        text.status
    };
    reply::json_as(request, status, &write_error(error_type, &message))
}

/// Prometheus' words for kinds of errors.
fn error_type(error: &PageError, text: &ErrorText) -> &'static str {
    if let PageError::Failed(Failure::Prometheus(error)) = error {
        return match error.kind {
            ErrorKind::BadQuery
            | ErrorKind::TooManySamples
            | ErrorKind::TooManyPoints
            | ErrorKind::TooLongRange => {
                if error.status == Some(422) {
                    "execution"
                } else {
                    "bad_data"
                }
            }
            ErrorKind::Timeout => "timeout",
            ErrorKind::Overloaded
            | ErrorKind::Unreachable
            | ErrorKind::Certificate
            | ErrorKind::Tls
            | ErrorKind::Unauthorized => "unavailable",
            ErrorKind::NotTheApi
            | ErrorKind::HtmlPage
            | ErrorKind::NoRules
            | ErrorKind::Incomplete
            | ErrorKind::TooLarge
            | ErrorKind::Upstream => "internal",
        };
    }
    match text.status.as_u16() {
        403 => "forbidden",
        404 => "not_found",
        400..=499 => "bad_data",
        _ => "internal",
    }
}
