//! What operators see of each request: a span with an id, a log line, and metrics.

use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, Instant};

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{RequestHead, Response, ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::http::{Method, Uri};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, HttpRequest, web};
use tracing::{Level, Span};
use tracing_actix_web::{RequestId, RootSpanBuilder};

use crate::clock;
use crate::metrics::{Metrics, RouteMetrics};

/// The route label of unknown paths. The path itself is no label, because clients could make up any number of them.
const NO_ROUTE: &str = "none";
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Adds id, method and path of a request to its log lines. The query string is left out, because it may hold what people
/// search for.
pub struct RequestSpan;

impl RootSpanBuilder for RequestSpan {
    fn on_request_start(request: &ServiceRequest) -> Span {
        let id = request.extensions().get::<RequestId>().map(ToString::to_string).unwrap_or_default();
        span(&id, request.method(), request.uri())
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
    let (route, status) = (route(reply.request()), reply.status().as_u16());
    if let Some(metrics) = metrics {
        metrics.http.observe(&route, status, took);
    }
    log(&route, status, took);
    let id = reply.request().extensions().get::<RequestId>().map(ToString::to_string);
    if let Some(id) = id.and_then(|id| HeaderValue::from_str(&id).ok()) {
        reply.headers_mut().insert(REQUEST_ID, id);
    }
    Ok(reply)
}

/// Counts and logs an answer in front of the app alike, and gives it an id.
pub fn kept(
    request: &RequestHead,
    answer: &mut Response<BoxBody>,
    route: &str,
    metrics: &RouteMetrics,
    begun: Instant,
) {
    let id = request_id();
    let took = begun.elapsed();
    metrics.observe(took);
    if tracing::enabled!(Level::DEBUG) {
        let id = String::from_utf8_lossy(&id);
        span(&id, &request.method, &request.uri).in_scope(|| log(route, answer.status().as_u16(), took));
    }
    if let Ok(id) = HeaderValue::from_bytes(&id) {
        answer.headers_mut().insert(REQUEST_ID, id);
    }
}

/// The label of a request's route.
pub fn route(request: &HttpRequest) -> String {
    request.match_pattern().unwrap_or_else(|| NO_ROUTE.to_owned())
}

fn log(route: &str, status: u16, took: Duration) {
    tracing::debug!(route, status, took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX), "answered");
}

fn span(id: &str, method: &Method, uri: &Uri) -> Span {
    tracing::info_span!("request", id, %method, path = %uri.path())
}

/// An id of the form that the library gives other requests, a UUID of version 4. It is unlike all others, and no secret.
fn request_id() -> [u8; 36] {
    let random = RandomState::new();
    let number = u128::from(random.hash_one(0)) << 64 | u128::from(random.hash_one(1));
    let number = number & !(0xf << 76) & !(0x3 << 62) | 0x4 << 76 | 0x2 << 62;
    let mut digits = (0..32).rev().map(|place| char::from_digit((number >> (4 * place) & 0xf) as u32, 16));
    std::array::from_fn(|at| {
        if [8, 13, 18, 23].contains(&at) {
            b'-'
        } else {
            digits.next().flatten().map_or(b'0', |digit| digit as u8)
        }
    })
}
