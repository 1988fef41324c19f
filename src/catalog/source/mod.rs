//! Where entities come from.

pub mod backstage;
pub mod files;
mod merge;

pub use backstage::BackstageSource;
pub use files::{FileSource, FileWatch, LocationTarget, ParsedFile, Survey, read_text};
pub use merge::SourceMerger;
