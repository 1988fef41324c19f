//! What all handlers share, and the service that answers with it.

use actix_web::middleware::from_fn;
use actix_web::web;
use tracing_actix_web::TracingLogger;

use crate::catalog::Catalog;
use crate::metrics::Metrics;
use crate::monitoring::{AlertIndexer, Expressions, Monitoring};
use crate::serving::{AppFactory, boxed_app};
use crate::web::health::Leaving;
use crate::web::observe::{RequestSpan, observe};
use crate::web::pages::error::render;
use crate::web::security::{SecurityHeaders, protect};
use crate::web::{Audience, KeptReplies, Rendered, WebSettings, routes};

/// Built once, and not once for each thread that serves.
#[derive(Clone)]
pub struct HandlerData {
    pub catalog: web::Data<Catalog>,
    pub monitoring: web::Data<Monitoring>,
    pub owners: web::Data<AlertIndexer>,
    pub expressions: web::Data<Expressions>,
    pub settings: web::Data<WebSettings>,
    pub metrics: web::Data<Metrics>,
    pub security: web::Data<SecurityHeaders>,
    pub leaving: web::Data<Leaving>,
    pub rendered: web::Data<Rendered>,
    pub kept: web::Data<KeptReplies>,
}

impl HandlerData {
    /// What answers an audience, for one thread.
    pub fn service(self, audience: Audience) -> AppFactory {
        let prefix = self.settings.prefix().to_owned();
        let kept = self.kept.clone();
        let app = actix_web::App::new()
            .app_data(self.catalog)
            .app_data(self.monitoring)
            .app_data(self.owners)
            .app_data(self.expressions)
            .app_data(self.settings)
            .app_data(self.metrics)
            .app_data(self.security)
            .app_data(self.leaving)
            .app_data(self.rendered)
            .app_data(self.kept)
            .configure(routes(&prefix, audience))
            .wrap(from_fn(render))
            .wrap(from_fn(protect))
            .wrap(from_fn(observe))
            .wrap(TracingLogger::<RequestSpan>::new());
        // The listener of operators has other pages, none of which is kept.
        let is_for_readers = audience != Audience::Operators;
        boxed_app(app, move |request| is_for_readers.then(|| kept.answer(request)).flatten())
    }
}
