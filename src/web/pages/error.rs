//! The page in place of a page that cannot be.

use actix_web::{HttpRequest, HttpResponse};

use crate::web::{CachePolicy, PageError, Told, form};

/// The status is the fault's own.
pub fn show(request: &HttpRequest, told: &Told) -> Result<HttpResponse, PageError> {
    let text = format!("{}\n\n{}\n\n{}\n", told.title, told.explanation, told.advice);
    Ok(form::answer(request, told.status, "text/plain; charset=utf-8", text.into_bytes(), CachePolicy::Live))
}
