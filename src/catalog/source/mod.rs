//! Where entities come from.

pub mod files;
mod following;
mod loading;
mod matching;
mod reading;
mod watch;

pub use files::FileSource;
pub use reading::{Pointer, Reading, read_text};
pub use watch::Watch;
