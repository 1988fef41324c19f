//! Where entities come from.

pub mod backstage;
mod faults;
pub mod files;
mod merge;

pub use backstage::{BackstageSource, read_backstage_once};
pub use files::{FileScan, FileSource, FileWatch, LocationTarget, ParsedFile, read_text};
pub use merge::{SourceContent, SourceMerger};
