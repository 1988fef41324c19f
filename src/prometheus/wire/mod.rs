//! Prometheus' JSON, read strictly into columns and rules.

mod envelope;
mod labels;
mod range;
mod rules;
mod samples;

pub use envelope::{WireFault, refusal};
pub use range::read_matrix;
pub use rules::read_rules;
