//! Replies: a page, a fragment of one, JSON or CSV, in gzip where the client accepts it.

mod csv;
mod rendered;

use std::convert::Infallible;
use std::io::Write;

use actix_web::http::StatusCode;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_TYPE, HeaderValue, VARY,
};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde::Serialize;

pub use csv::{Csv, file_name};
pub use rendered::{Rendered, ReplyKey};

use crate::monitoring::Monitoring;
use crate::web::assets;
use crate::web::format::Format;
use crate::web::page_error::PageError;
use rendered::Body;

/// What a browser may keep of an answer. No proxy between may keep any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CachePolicy {
    /// Nothing: it is an error, for one reader, not complete, or of a page that is never kept.
    NoStore,
    /// A copy, for which it asks each time whether it is still good.
    Revalidated,
}

impl CachePolicy {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoStore => "no-store",
            Self::Revalidated => "private, no-cache",
        }
    }

    pub fn header(self) -> HeaderValue {
        HeaderValue::from_static(self.as_str())
    }
}

/// Larger bodies take long to compress well. Of a smaller one the fast way leaves a third more bytes.
const LARGE: usize = 32 << 10;
/// Smaller bodies fit one packet as they are.
const WORTH_COMPRESSING: usize = 1_024;

/// The headers that choose between page and fragment, the links of a fragment, and the encoding. `ReplyAddress` has the
/// same.
const VARY_BY: &str =
    "HX-Request, HX-Request-Type, HX-History-Restore-Request, HX-Current-URL, HX-Source, Accept-Encoding";

/// A page or a fragment.
pub fn html(request: &HttpRequest, template: &impl Template) -> Result<HttpResponse, PageError> {
    html_as(request, StatusCode::OK, template)
}

/// A whole page, or its content as a fragment.
pub fn page(
    request: &HttpRequest,
    whole: &impl Template,
    content: &impl Template,
) -> Result<HttpResponse, PageError> {
    match Format::of_headers(request.headers()) {
        Format::Fragment => html(request, content),
        _ => html(request, whole),
    }
}

/// A page or a fragment with a status.
pub fn html_as(
    request: &HttpRequest,
    status: StatusCode,
    template: &impl Template,
) -> Result<HttpResponse, PageError> {
    let body = template.render().map_err(|error| PageError::internal("a template", &error))?;
    Ok(text(request, status, "text/html; charset=utf-8", body.into_bytes()))
}

/// Small JSON.
pub fn json(request: &HttpRequest, value: &impl Serialize) -> Result<HttpResponse, PageError> {
    json_as(request, StatusCode::OK, value)
}

/// Large JSON. It is serialized and compressed on a thread for blocking work, once for all readers with an equal
/// `key`; without one, for each reader.
pub async fn large_json(
    request: &HttpRequest,
    key: Option<ReplyKey>,
    write: impl FnOnce() -> serde_json::Result<Vec<u8>> + Send + 'static,
) -> Result<HttpResponse, PageError> {
    let gzip = assets::takes_gzip(request);
    let body = rendered(request).once(key, gzip, move || write().map(|body| encoded(body, gzip))).await?;
    Ok(sent(request, StatusCode::OK, "application/json", body))
}

/// CSV as a file of this name (see [`file_name`]), written as [`large_json`] is.
pub async fn csv(
    request: &HttpRequest,
    name: &str,
    write: impl FnOnce() -> Csv + Send + 'static,
    key: Option<ReplyKey>,
) -> Result<HttpResponse, PageError> {
    let gzip = assets::takes_gzip(request);
    let write = move || Ok::<_, Infallible>(encoded(write().into_bytes(), gzip));
    let body = rendered(request).once(key, gzip, write).await?;
    let mut reply = sent(request, StatusCode::OK, "text/csv; charset=utf-8", body);
    let disposition = HeaderValue::from_str(&format!("attachment; filename=\"{name}\""));
    let disposition = disposition.map_err(|error| PageError::internal("a file's name", &error))?;
    reply.headers_mut().insert(CONTENT_DISPOSITION, disposition);
    Ok(reply)
}

/// Small JSON with a status.
pub fn json_as(
    request: &HttpRequest,
    status: StatusCode,
    value: &impl Serialize,
) -> Result<HttpResponse, PageError> {
    let body = serde_json::to_vec(value).map_err(|error| PageError::internal("a JSON form", &error))?;
    Ok(text(request, status, "application/json", body))
}

/// Any other text.
pub fn text(
    request: &HttpRequest,
    status: StatusCode,
    content_type: &'static str,
    body: Vec<u8>,
) -> HttpResponse {
    let body = rendered(request).shared(encoded(body, assets::takes_gzip(request)));
    sent(request, status, content_type, body)
}

/// The large replies of the app. The test of a single handler has none.
fn rendered(request: &HttpRequest) -> Rendered {
    request.app_data::<web::Data<Rendered>>().map(|data| Rendered::clone(data)).unwrap_or_default()
}

/// In gzip where the client accepts it and it is smaller.
fn encoded(bytes: Vec<u8>, may_gzip: bool) -> Body {
    let small = (may_gzip && bytes.len() > WORTH_COMPRESSING).then(|| compressed(&bytes)).flatten();
    match small {
        Some(small) => Body { bytes: small, gzip: true },
        None => {
            // It may be kept, and is weighed by its length.
            let mut bytes = bytes;
            bytes.shrink_to_fit();
            Body { bytes, gzip: false }
        }
    }
}

fn sent(
    request: &HttpRequest,
    status: StatusCode,
    content_type: &'static str,
    (bytes, gzip): (Bytes, bool),
) -> HttpResponse {
    let mut reply = HttpResponse::build(status);
    reply
        .insert_header((CONTENT_TYPE, content_type))
        .insert_header((CACHE_CONTROL, CachePolicy::NoStore.header()))
        .insert_header((VARY, varies_by(request)));
    if gzip {
        reply.insert_header((CONTENT_ENCODING, "gzip"));
    }
    reply.body(bytes)
}

/// Routing rules may choose an instance by further headers.
fn varies_by(request: &HttpRequest) -> String {
    let monitoring = request.app_data::<web::Data<Monitoring>>();
    let routed = monitoring.map(|monitoring| monitoring.routing().headers()).unwrap_or_default();
    std::iter::once(VARY_BY).chain(routed).collect::<Vec<_>>().join(", ")
}

fn compressed(body: &[u8]) -> Option<Vec<u8>> {
    let level = if body.len() > LARGE { Compression::fast() } else { Compression::default() };
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 4), level);
    encoder.write_all(body).ok()?;
    let mut bytes = encoder.finish().ok()?;
    bytes.shrink_to_fit();
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::ACCEPT_ENCODING;
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn only_who_asks_gets_gzip_and_only_where_it_helps() {
        check(Some("gzip"), 5_000, true);
        check(Some("gzip, br"), 5_000, true);
        check(Some("gzip"), 1_024, false);
        check(Some("gzip;q=0"), 5_000, false);
        check(Some("br"), 5_000, false);
        check(None, 5_000, false);
    }

    fn check(accepted: Option<&str>, length: usize, expected: bool) {
        let request = TestRequest::get();
        let request = match accepted {
            Some(value) => request.insert_header((ACCEPT_ENCODING, value)),
            None => request,
        };
        let body = vec![b'x'; length];
        let reply = text(&request.to_http_request(), StatusCode::OK, "text/plain", body);
        let headers = reply.headers();
        assert_eq!(headers.contains_key(CONTENT_ENCODING), expected, "{accepted:?} {length}");
        assert_eq!(headers.get(VARY).unwrap(), VARY_BY);
        assert_eq!(headers.get(CACHE_CONTROL).unwrap(), "no-store");
    }
}
