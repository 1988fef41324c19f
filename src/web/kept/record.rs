//! Notes what a handler's reply is made of, and keeps the reply if all of it can be checked later.

use actix_web::HttpMessage;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::middleware;
use actix_web::web;
use actix_web::{HttpRequest, HttpResponse};

use super::address::ReplyAddress;
use super::reply::{Header, KeptReply, Making, mark, of_copy, tag};
use super::turns::Next;
use super::{KeptReplies, Unanswered};
use crate::clock;
use crate::metrics::{Metrics, RouteMetrics};
use crate::store::Recorder;
use crate::web::assets::is_held;
use crate::web::observe;
use crate::web::request::ShownEntities;
use crate::web::security::SecurityHeaders;

/// Wraps the handlers whose replies may be kept. They read the catalog, and through the [`Recorder`] of their portal
/// everything else that changes.
pub async fn record(
    request: ServiceRequest,
    next: middleware::Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let kept = request.app_data::<web::Data<KeptReplies>>().map(|data| data.clone().into_inner());
    let unanswered = request.extensions_mut().remove::<Unanswered>();
    // The test of a single handler has none.
    let (Some(kept), Some(Unanswered { address, snapshot })) = (kept, unanswered) else {
        return Ok(next.call(request).await?.map_into_boxed_body());
    };
    // Held until the reply is kept.
    let _turn = match kept.turns.next(&address, clock::stopwatch(), || kept.current(&address)).await {
        Next::Render(turn) => turn,
        Next::Send(reply) => {
            let reply = reply.within(request.request());
            return Ok(request.into_response(reply));
        }
    };
    let recorder = Recorder::default();
    request.extensions_mut().insert(recorder.clone());
    let generation = kept.generation.number();
    let reply = next.call(request).await?.map_into_boxed_body();
    let Some(made_of) = recorder.finish().filter(|_| reply.status() == StatusCode::OK) else {
        kept.metrics.passed();
        kept.turns.passed(&address, clock::stopwatch());
        return Ok(reply);
    };
    // The handler may have read another catalog than the first.
    if !kept.catalog.is_current(&snapshot) || clock::now() >= made_of.until() {
        kept.metrics.passed();
        kept.turns.passed(&address, clock::stopwatch());
        return Ok(reply);
    }
    let entities = reply.request().extensions_mut().remove::<ShownEntities>();
    let route = observe::route(reply.request());
    let metrics = metrics(reply.request(), &route);
    Ok(keep(&kept, address, reply, Making { made_of, generation, snapshot, entities, route, metrics }))
}

/// Keeps a reply, and sends it, or 304 to who holds it.
fn keep(
    kept: &KeptReplies,
    address: ReplyAddress,
    reply: ServiceResponse<BoxBody>,
    making: Making,
) -> ServiceResponse<BoxBody> {
    let (request, reply) = reply.into_parts();
    let (mut reply, body) = reply.into_parts();
    let body = match body.try_into_bytes() {
        Ok(body) => body,
        Err(body) => {
            kept.metrics.passed();
            kept.turns.passed(&address, clock::stopwatch());
            return ServiceResponse::new(request, reply.set_body(body));
        }
    };
    let added = added(&request);
    let etag = tag(reply.headers(), &added, &body);
    mark(reply.headers_mut(), &etag);
    let is_held = is_held(&request, &etag);
    kept.metrics.rendered();
    kept.turns.kept(&address);
    kept.keep(address, KeptReply::new(reply.headers(), body.clone(), etag, &added, making));
    if !is_held {
        return ServiceResponse::new(request, reply.set_body(BoxBody::new(body)));
    }
    let mut copy = HttpResponse::NotModified().finish();
    *copy.headers_mut() = of_copy(reply.headers());
    ServiceResponse::new(request, copy)
}

/// Counts the requests that get the reply, whole or as 304.
fn metrics(request: &HttpRequest, route: &str) -> [RouteMetrics; 2] {
    let metrics = request.app_data::<web::Data<Metrics>>();
    [StatusCode::OK, StatusCode::NOT_MODIFIED].map(|status| match metrics {
        Some(metrics) => metrics.http.of_route(route, status.as_u16()),
        None => RouteMetrics::default(),
    })
}

/// The headers of every reply.
fn added(request: &HttpRequest) -> Vec<Header> {
    let security = request.app_data::<web::Data<SecurityHeaders>>();
    security.map(|security| security.pairs().to_vec()).unwrap_or_default()
}
