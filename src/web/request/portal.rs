//! The parts of the portal that every handler needs.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};

use crate::catalog::Catalog;
use crate::monitoring::Monitoring;
use crate::web::page_error::PageError;
use crate::web::settings::WebSettings;

/// The parts of the portal behind every page.
#[derive(Clone)]
pub struct Portal {
    pub settings: web::Data<WebSettings>,
    pub monitoring: web::Data<Monitoring>,
    pub catalog: web::Data<Catalog>,
}

impl Portal {
    pub(super) fn of(request: &HttpRequest) -> Result<Self, PageError> {
        let unwired = || PageError::internal("the portal", &"it is not wired");
        Ok(Self {
            settings: request.app_data::<web::Data<WebSettings>>().cloned().ok_or_else(unwired)?,
            monitoring: request.app_data::<web::Data<Monitoring>>().cloned().ok_or_else(unwired)?,
            catalog: request.app_data::<web::Data<Catalog>>().cloned().ok_or_else(unwired)?,
        })
    }
}

impl FromRequest for Portal {
    type Error = PageError;
    type Future = Ready<Result<Self, PageError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(request))
    }
}
