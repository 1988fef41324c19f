//! The pages, each with a template of the same name.

pub mod catalog;
pub mod entity;
pub mod error;
pub mod status;
