//! Page parameters of a request that is not about an entity.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};

use super::{Portal, routed_parameters};
use crate::web::page_error::PageError;
use crate::web::params::PageParams;

impl FromRequest for PageParams {
    type Error = PageError;
    type Future = Ready<Result<Self, PageError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Portal::of(request).map(|portal| {
            let query = request.query_string();
            let routed = routed_parameters(query, portal.monitoring.routing());
            Self::read(query, &portal.settings.defaults, portal.now()).routed_by(routed)
        }))
    }
}
