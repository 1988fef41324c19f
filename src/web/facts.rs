//! What routing rules may know of a request: the headers and query parameters that they name, and no others.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use url::form_urlencoded;

use super::PageError;
use crate::monitoring::{Monitoring, RoutingInput, RoutingSettings};

/// The facts of one request.
#[derive(Clone, Debug)]
pub struct Facts(pub RoutingInput);

impl FromRequest for Facts {
    type Error = PageError;
    type Future = Ready<Result<Self, PageError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let monitoring = request.app_data::<web::Data<Monitoring>>();
        let monitoring = monitoring.ok_or_else(|| PageError::internal("routing", &"it is not wired"));
        ready(monitoring.map(|monitoring| Self::of(request, monitoring.routing())))
    }
}

impl Facts {
    pub fn of(request: &HttpRequest, routing: &RoutingSettings) -> Self {
        let mut facts = RoutingInput::default();
        for name in routing.headers() {
            let mut values = request.headers().get_all(name);
            if let (Some(value), None) = (values.next(), values.next())
                && let Ok(value) = value.to_str()
            {
                facts.header(name, value.trim());
            }
        }
        for (name, value) in routed_parameters(request.query_string(), routing) {
            facts.parameter(&name, &value);
        }
        Self(facts)
    }
}

/// The query parameters that rules name, each that stands there exactly once.
pub fn routed_parameters(query: &str, routing: &RoutingSettings) -> Vec<(String, String)> {
    let one = |name: &str| {
        let mut values =
            form_urlencoded::parse(query.as_bytes()).filter(|(n, _)| n == name).map(|(_, value)| value);
        let value = values.next().filter(|_| values.next().is_none())?;
        Some((name.to_owned(), value.into_owned()))
    };
    routing.parameters().into_iter().filter_map(one).collect()
}
