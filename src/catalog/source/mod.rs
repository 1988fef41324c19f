//! Where entities come from.

pub mod backstage;
mod faults;
pub mod files;
mod merge;

pub use backstage::BackstageSource;
pub use files::{FileScan, FileSource, FileWatch, LocationTarget, ParsedFile, read_text};
pub use merge::SourceMerger;
