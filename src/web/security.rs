//! The security headers of every answer. A 304 of a kept reply has none: its reader has them with the whole reply.
//! `serving` writes them on the answers to requests that it rejects itself (400, 408, 431). A 400 after an answer that is
//! still being sent is the HTTP library's own, without these headers.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderName, HeaderValue, InvalidHeaderValue};
use actix_web::middleware::Next;
use actix_web::web;

/// The headers that no setting changes.
const FIXED: [(&str, &str); 5] = [
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    (
        "permissions-policy",
        "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), microphone=(), \
         payment=(), usb=()",
    ),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
];

/// Built once from the settings.
#[derive(Clone, Debug)]
pub struct SecurityHeaders(Vec<(HeaderName, HeaderValue)>);

impl SecurityHeaders {
    /// Fails if an ancestor contains characters that a header cannot have.
    pub fn new(frame_ancestors: &[String]) -> Result<Self, InvalidHeaderValue> {
        let own = std::iter::once("'self'").chain(frame_ancestors.iter().map(String::as_str));
        let ancestors = own.collect::<Vec<_>>().join(" ");
        let policy = format!(
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
             connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'self'; \
             frame-ancestors {ancestors}"
        );
        let fixed = FIXED.map(|(name, value)| (name, HeaderValue::from_static(value)));
        let mut all: Vec<_> = fixed.into_iter().map(|(n, v)| (HeaderName::from_static(n), v)).collect();
        all.push((HeaderName::from_static("content-security-policy"), HeaderValue::from_str(&policy)?));
        if frame_ancestors.is_empty() {
            // The old header has no list of origins. With one in the policy, it would forbid what the policy allows.
            let name = HeaderName::from_static("x-frame-options");
            all.push((name, HeaderValue::from_static("SAMEORIGIN")));
        }
        Ok(Self(all))
    }

    pub fn pairs(&self) -> &[(HeaderName, HeaderValue)] {
        &self.0
    }

    /// Name and value of each.
    pub fn lines(&self) -> impl Iterator<Item = (String, String)> {
        let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        self.0.iter().map(move |(name, value)| (name.to_string(), text(value)))
    }
}

/// Adds the headers. It wraps everything that answers.
pub async fn protect(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let headers = request.app_data::<web::Data<SecurityHeaders>>().cloned();
    let mut reply = next.call(request).await?.map_into_boxed_body();
    for (name, value) in headers.iter().flat_map(|headers| &headers.0) {
        reply.headers_mut().insert(name.clone(), value.clone());
    }
    Ok(reply)
}
