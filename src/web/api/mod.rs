//! The data forms: what pages show, as JSON, sheets and pictures for other programs. Field names and their order are a contract.

pub mod alerts;
pub mod custom;
pub mod entity;
pub mod graph;
pub mod picture;
pub mod proxy;
mod sheets;

use serde::{Serialize, Serializer};

use super::{PageError, PageParams};

/// A data form does not guess: a parameter that cannot be used is refused.
fn strict(params: &PageParams) -> Result<(), PageError> {
    if params.problems.is_empty() { Ok(()) } else { Err(PageError::BadParameters(params.problems.clone())) }
}

/// A sample: JSON has no word for NaN and the infinities, so they are Prometheus' own strings.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Number(f64);

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            n if n.is_finite() => serializer.serialize_f64(n),
            n if n.is_nan() => serializer.serialize_str("NaN"),
            n if n > 0.0 => serializer.serialize_str("+Inf"),
            _ => serializer.serialize_str("-Inf"),
        }
    }
}

/// Epoch seconds, with milliseconds where there are any.
fn seconds(milliseconds: i64) -> serde_json::Number {
    let whole = milliseconds.div_euclid(1000);
    match milliseconds.rem_euclid(1000) {
        0 => whole.into(),
        _ => serde_json::Number::from_f64(milliseconds as f64 / 1000.0).unwrap_or_else(|| whole.into()),
    }
}
