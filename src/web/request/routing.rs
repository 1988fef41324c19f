//! The headers and query parameters that routing rules name. Rules see no others.

use actix_web::HttpRequest;
use actix_web::http::header::HeaderMap;
use url::form_urlencoded;

use crate::monitoring::{RoutingInput, RoutingSettings};

/// What rules may use of a request: each header and parameter that occurs exactly once.
pub fn routing_input(request: &HttpRequest, routing: &RoutingSettings) -> RoutingInput {
    let mut input = RoutingInput::default();
    for name in routing.headers() {
        if let Some(value) = routed_header(request.headers(), name) {
            input.headers.insert(name.to_owned(), value.to_owned());
        }
    }
    input.parameters = routed_parameters(request.query_string(), routing).into_iter().collect();
    input
}

/// A header that occurs exactly once, as rules see it.
pub fn routed_header<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let mut values = headers.get_all(name);
    let value = values.next().filter(|_| values.next().is_none())?;
    Some(value.to_str().ok()?.trim())
}

/// The query parameters that rules name and that occur exactly once.
pub fn routed_parameters(query: &str, routing: &RoutingSettings) -> Vec<(String, String)> {
    let one = |name: &str| {
        let mut values =
            form_urlencoded::parse(query.as_bytes()).filter(|(n, _)| n == name).map(|(_, value)| value);
        let value = values.next().filter(|_| values.next().is_none())?;
        Some((name.to_owned(), value.into_owned()))
    };
    routing.parameters().into_iter().filter_map(one).collect()
}
