//! The parts of the portal that every handler needs.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest, web};
use jiff::Timestamp;

use crate::catalog::Catalog;
use crate::clock;
use crate::monitoring::Monitoring;
use crate::store::Recorder;
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
        let monitoring = request.app_data::<web::Data<Monitoring>>().cloned().ok_or_else(unwired)?;
        let recorder = request.extensions().get::<Recorder>().cloned();
        Ok(Self {
            settings: request.app_data::<web::Data<WebSettings>>().cloned().ok_or_else(unwired)?,
            monitoring: match recorder {
                Some(recorder) => web::Data::new(monitoring.recorded_by(recorder)),
                None => monitoring,
            },
            catalog: request.app_data::<web::Data<Catalog>>().cloned().ok_or_else(unwired)?,
        })
    }

    /// Reads the clock, once for each request: the time of the page, which is the same for all who ask within a tick.
    pub(super) fn now(&self) -> Timestamp {
        let (now, next) = self.monitoring.tick(clock::now());
        self.monitoring.recorder().iter().for_each(|recorder| recorder.until(next));
        now
    }
}

impl FromRequest for Portal {
    type Error = PageError;
    type Future = Ready<Result<Self, PageError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(request))
    }
}
