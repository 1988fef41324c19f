//! Panics of handlers as errors.

use std::panic::AssertUnwindSafe;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use futures_util::FutureExt;

use super::PageError;

/// A panic in a handler becomes an error page, and the server continues.
/// Wraps a route's handlers, because a request cannot be kept before routing.
pub async fn catch_panics(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let kept = request.request().clone();
    match AssertUnwindSafe(next.call(request)).catch_unwind().await {
        Ok(reply) => reply.map(ServiceResponse::map_into_boxed_body),
        Err(panic) => {
            let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
            let text = text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
            Ok(ServiceResponse::from_err(PageError::Internal(format!("a handler panicked: {text}")), kept))
        }
    }
}
