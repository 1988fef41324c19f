//! Prometheus' JSON: read strictly into our types, and written from them.

mod config;
mod envelope;
mod instant;
mod metadata;
mod pages;
mod parts;
mod range;
mod remarks;
mod result;
mod rules;
mod samples;
mod write;
mod write_rules;

pub use config::{read_external_labels, read_scrape_interval};
pub use envelope::{WireFault, error_of};
pub use instant::read_instant;
pub use metadata::{read_build_info, read_metadata, read_names};
#[cfg(test)]
pub use pages::read_all_rules;
pub use pages::{NextPage, Pages};
pub use range::read_matrix;
pub use rules::{RulesPage, read_rules};
pub use write::{elements_of, series_of, write_error, write_instant, write_matrix};
pub use write_rules::{RulesChoice, write_rules};
