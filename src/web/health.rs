//! Endpoints for machines: liveness, readiness, and the portal's own metrics.

use actix_web::http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE, VARY};
use actix_web::{HttpRequest, HttpResponse, web};
use tokio::sync::watch;

use crate::catalog::Catalog;
use crate::metrics::Metrics;
use crate::web::reply::CachePolicy;

const OPEN_METRICS: &str = "application/openmetrics-text";

/// Whether the portal is shutting down. It still answers, but should get no new work.
#[derive(Debug, Default)]
pub struct Leaving(watch::Sender<bool>);

impl Leaving {
    pub fn leave(&self) {
        self.0.send_replace(true);
    }

    /// Waits until it shuts down.
    pub async fn begins(&self) {
        // Fails only without a sender, which is here.
        let _ = self.0.subscribe().wait_for(|is_leaving| *is_leaving).await;
    }

    fn is_leaving(&self) -> bool {
        *self.0.borrow()
    }
}

/// Shows only that the event loop runs.
pub async fn alive() -> HttpResponse {
    plain(HttpResponse::Ok().insert_header((CACHE_CONTROL, CachePolicy::NoStore.header())), "ok\n")
}

/// Ready once the catalog has been read. The state of Prometheus does not count, because a portal that reports an outage
/// is useful.
pub async fn ready(catalog: web::Data<Catalog>, leaving: web::Data<Leaving>) -> HttpResponse {
    let (mut reply, text) = if leaving.is_leaving() {
        (HttpResponse::ServiceUnavailable(), "shutting down\n")
    } else if catalog.snapshot().loaded_at.is_none() {
        (HttpResponse::ServiceUnavailable(), "the catalog is not read yet\n")
    } else {
        (HttpResponse::Ok(), "ready\n")
    };
    plain(reply.insert_header((CACHE_CONTROL, CachePolicy::NoStore.header())), text)
}

/// OpenMetrics for clients that accept it, as Prometheus does; else the older text format, which every tool reads.
pub async fn metrics(request: HttpRequest, metrics: web::Data<Metrics>) -> HttpResponse {
    let accepted = request.headers().get_all(ACCEPT).filter_map(|value| value.to_str().ok());
    let (content_type, text) = if accepted.into_iter().any(|value| value.contains(OPEN_METRICS)) {
        ("application/openmetrics-text; version=1.0.0; charset=utf-8", metrics.encode())
    } else {
        ("text/plain; version=0.0.4; charset=utf-8", metrics.encode_plain())
    };
    HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, CachePolicy::NoStore.header()))
        .insert_header((CONTENT_TYPE, content_type))
        .insert_header((VARY, "Accept"))
        .body(text)
}

fn plain(reply: &mut actix_web::HttpResponseBuilder, text: &'static str) -> HttpResponse {
    reply.insert_header((CONTENT_TYPE, "text/plain; charset=utf-8")).body(text)
}
