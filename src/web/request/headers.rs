//! What htmx says of the page in the reader's browser.

use actix_web::http::header::{HeaderMap, HeaderName};
use url::Url;

const ADDRESS: HeaderName = HeaderName::from_static("hx-current-url");
const SOURCE: HeaderName = HeaderName::from_static("hx-source");

/// The path in the reader's browser while htmx fetches a panel.
pub fn browser_path(headers: &HeaderMap) -> Option<String> {
    let address = headers.get(ADDRESS)?.to_str().ok()?;
    Url::parse(address).ok().map(|url| url.path().to_owned())
}

/// The id of the form with which a reader searches.
pub fn searching_form(headers: &HeaderMap) -> Option<&str> {
    headers.get(SOURCE)?.to_str().ok()?.strip_prefix("form#")
}
