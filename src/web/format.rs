//! The format of an answer: a page, a fragment of it, or data.

use std::convert::Infallible;
use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header::{HeaderMap, HeaderName};
use actix_web::{FromRequest, HttpRequest};

const OF_HTMX: HeaderName = HeaderName::from_static("hx-request");
const TYPE: HeaderName = HeaderName::from_static("hx-request-type");
const OF_HISTORY: HeaderName = HeaderName::from_static("hx-history-restore-request");

/// In which format a resource answers. The path's ending names the formats of data; the headers of htmx choose
/// between page and fragment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    Page,
    /// The part of a page that changes. htmx swaps it into the page.
    Fragment,
    Json,
    Csv,
    Svg,
}

impl Format {
    /// The formats that are data.
    pub const DATA: [Self; 3] = [Self::Json, Self::Csv, Self::Svg];

    /// The ending of the path.
    pub fn ending(self) -> &'static str {
        match self {
            Self::Page | Self::Fragment => "",
            Self::Json => ".json",
            Self::Csv => ".csv",
            Self::Svg => ".svg",
        }
    }

    /// The format of data that a route or a path ends in.
    pub fn of_route(route: &str) -> Option<Self> {
        Self::DATA.into_iter().find(|format| route.ends_with(format.ending()))
    }

    /// Page or fragment.
    pub fn of_headers(headers: &HeaderMap) -> Self {
        let says =
            |name: HeaderName, word: &str| headers.get(name).is_some_and(|v| v.as_bytes() == word.as_bytes());
        if !says(OF_HTMX, "true") {
            return Self::Page;
        }
        let whole = says(TYPE, "full") || headers.contains_key(OF_HISTORY);
        if whole { Self::Page } else { Self::Fragment }
    }

    pub fn of(request: &HttpRequest) -> Self {
        // The route, not the path: an entity may be named `x.json`.
        let route = request.match_pattern().unwrap_or_default();
        Self::of_route(&route).unwrap_or_else(|| Self::of_headers(request.headers()))
    }
}

impl FromRequest for Format {
    type Error = Infallible;
    type Future = Ready<Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self::of(request)))
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn headers_choose_between_page_and_fragment() {
        let cases: [(&[(&str, &str)], Format); 7] = [
            (&[], Format::Page),
            (&[("HX-Request", "true")], Format::Fragment),
            (&[("HX-Request", "true"), ("HX-Request-Type", "partial")], Format::Fragment),
            (&[("HX-Request", "true"), ("HX-Request-Type", "full")], Format::Page),
            (&[("HX-Request", "true"), ("HX-History-Restore-Request", "true")], Format::Page),
            (&[("HX-Request", "false")], Format::Page),
            (&[("HX-Request-Type", "partial")], Format::Page),
        ];
        for (headers, expected) in cases {
            let request = headers.iter().fold(TestRequest::get(), |r, header| r.insert_header(*header));
            assert_eq!(Format::of(&request.to_http_request()), expected, "{headers:?}");
        }
    }
}
