//! Page parameters of a request that is not about an entity.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};

use super::routed_parameters;
use crate::clock;
use crate::monitoring::Monitoring;
use crate::web::page_error::PageError;
use crate::web::params::PageParams;
use crate::web::settings::WebSettings;

impl FromRequest for PageParams {
    type Error = PageError;
    type Future = Ready<Result<Self, PageError>>;

    /// Reads the clock, once for each request.
    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let settings = request.app_data::<web::Data<WebSettings>>();
        let settings = settings.ok_or_else(|| PageError::internal("the settings", &"they are not wired"));
        let monitoring = request.app_data::<web::Data<Monitoring>>();
        let query = request.query_string();
        let routed = monitoring.map(|m| routed_parameters(query, m.routing())).unwrap_or_default();
        ready(settings.map(|s| Self::read(query, &s.defaults, clock::now()).routed_by(routed)))
    }
}
