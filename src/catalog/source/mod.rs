//! Where entities come from.
pub mod files;
