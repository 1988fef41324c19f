//! What machines ask: alive, ready, the portal's own figures.

use std::sync::atomic::{AtomicBool, Ordering};

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::web;

use super::CachePolicy;
use crate::catalog::Catalog;
use crate::metrics::Metrics;

/// Whether the portal is on its way out: it still answers, but should get no new work.
#[derive(Debug, Default)]
pub struct Leaving(AtomicBool);

impl Leaving {
    pub fn leave(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn is_leaving(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// The event loop turns: that is all.
pub async fn alive() -> HttpResponse {
    plain(HttpResponse::Ok().insert_header((CACHE_CONTROL, CachePolicy::Live.header())), "ok\n")
}

/// The config is settled and the catalog was read once. What Prometheus does has no part in it: a portal that
/// can say "Prometheus does not answer" is of use.
pub async fn ready(catalog: web::Data<Catalog>, leaving: web::Data<Leaving>) -> HttpResponse {
    let (mut reply, text) = if leaving.is_leaving() {
        (HttpResponse::ServiceUnavailable(), "shutting down\n")
    } else if catalog.snapshot().loaded_at.is_none() {
        (HttpResponse::ServiceUnavailable(), "the catalog is not read yet\n")
    } else {
        (HttpResponse::Ok(), "ready\n")
    };
    plain(reply.insert_header((CACHE_CONTROL, CachePolicy::Live.header())), text)
}

pub async fn metrics(metrics: web::Data<Metrics>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, CachePolicy::Live.header()))
        .insert_header((CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8"))
        .body(metrics.encode())
}

fn plain(reply: &mut actix_web::HttpResponseBuilder, text: &'static str) -> HttpResponse {
    reply.insert_header((CONTENT_TYPE, "text/plain; charset=utf-8")).body(text)
}
