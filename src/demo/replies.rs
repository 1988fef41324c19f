//! Errors in Prometheus' form and words, and labels.

use actix_web::HttpResponse;
use actix_web::error::BlockingError;
use actix_web::http::StatusCode;

use crate::engine::{EngineError, EngineLabels};
use crate::prometheus::Labels;
use crate::prometheus::wire::write_error;

/// Why a query is not evaluated, as Prometheus would say it.
pub fn refusal(cause: &EngineError) -> HttpResponse {
    match cause {
        EngineError::Invalid(reason) => bad_data(&format!("invalid parameter \"query\": {reason}")),
        EngineError::TooManySteps => bad_data(&cause.to_string()),
        EngineError::Unknown(name) => bad_data(&format!("the demo's Prometheus does not know {name}")),
        EngineError::Execution(reason) | EngineError::TooLarge(reason) => {
            error(StatusCode::UNPROCESSABLE_ENTITY, "execution", reason)
        }
    }
}

pub fn bad_data(text: &str) -> HttpResponse {
    error(StatusCode::BAD_REQUEST, "bad_data", text)
}

/// The evaluation of a request has panicked.
pub fn failed(cause: &BlockingError) -> HttpResponse {
    tracing::error!("the demo could not evaluate a query: {cause}");
    error(StatusCode::INTERNAL_SERVER_ERROR, "internal", "the evaluation failed")
}

/// No evaluation can be trusted any more: the demo is stopping, or the evaluation of its rules has failed.
pub fn ended() -> HttpResponse {
    error(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "the rules are no longer evaluated")
}

fn error(status: StatusCode, kind: &str, text: &str) -> HttpResponse {
    HttpResponse::build(status).json(write_error(kind, text))
}

pub fn written(labels: &EngineLabels) -> Labels {
    labels.iter().collect()
}
