//! The data forms: what pages show, as JSON, sheets and pictures for other programs. Field names and their order are a contract.

pub mod alerts;
pub mod custom;
pub mod entity;
pub mod graph;
pub mod picture;
pub mod proxy;
mod sheets;

use super::{PageError, PageParams};

/// A data form does not guess: a parameter that cannot be used is refused.
fn strict(params: &PageParams) -> Result<(), PageError> {
    if params.problems.is_empty() { Ok(()) } else { Err(PageError::BadParameters(params.problems.clone())) }
}

/// Epoch seconds, with milliseconds where there are any.
fn seconds(milliseconds: i64) -> serde_json::Number {
    let whole = milliseconds.div_euclid(1000);
    match milliseconds.rem_euclid(1000) {
        0 => whole.into(),
        _ => serde_json::Number::from_f64(milliseconds as f64 / 1000.0).unwrap_or_else(|| whole.into()),
    }
}
