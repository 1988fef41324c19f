//! What operators see of each request: a span with an id, a log line, and metrics.

use actix_web::HttpMessage;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web;
use tracing::Span;
use tracing_actix_web::{RequestId, RootSpanBuilder};

use crate::clock;
use crate::metrics::Metrics;

/// The route label of unknown paths. The path itself is no label, because clients could make up any number of them.
const NO_ROUTE: &str = "none";

/// Adds id, method and path of a request to its log lines. The query string is left out, because it may hold what people
/// search for.
pub struct RequestSpan;

impl RootSpanBuilder for RequestSpan {
    fn on_request_start(request: &ServiceRequest) -> Span {
        let id = request.extensions().get::<RequestId>().map(ToString::to_string).unwrap_or_default();
        tracing::info_span!("request", id, method = %request.method(), path = %request.uri().path())
    }

    fn on_request_end<B: MessageBody>(_: Span, _: &Result<ServiceResponse<B>, actix_web::Error>) {}
}

/// Counts and logs each answer and gives it the request's id.
pub async fn observe(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let started = clock::stopwatch();
    let metrics = request.app_data::<web::Data<Metrics>>().cloned();
    let mut reply = next.call(request).await?.map_into_boxed_body();
    let took = started.elapsed();
    let route = reply.request().match_pattern().unwrap_or_else(|| NO_ROUTE.to_owned());
    let status = reply.status().as_u16();
    if let Some(metrics) = metrics {
        metrics.http.observe(&route, status, took);
    }
    tracing::debug!(route, status, took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX), "answered");
    let id = reply.request().extensions().get::<RequestId>().map(ToString::to_string);
    if let Some(id) = id.and_then(|id| HeaderValue::from_str(&id).ok()) {
        reply.headers_mut().insert(HeaderName::from_static("x-request-id"), id);
    }
    Ok(reply)
}
