//! What pages show, as JSON and CSV for other programs. Field names and their order are a contract.

pub mod alerts;
pub mod csv;
pub mod entity;
pub mod graph;

/// Epoch seconds, with milliseconds where there are any.
fn seconds(milliseconds: i64) -> serde_json::Number {
    let whole = milliseconds.div_euclid(1000);
    match milliseconds.rem_euclid(1000) {
        0 => whole.into(),
        _ => serde_json::Number::from_f64(milliseconds as f64 / 1000.0).unwrap_or_else(|| whole.into()),
    }
}
