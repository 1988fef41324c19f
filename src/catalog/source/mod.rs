//! Where entities come from.

mod ahead;
pub mod files;
mod following;
mod loading;
mod matching;
mod reading;
mod shape;
mod survey;
mod watch;

pub use files::FileSource;
pub use reading::{Pointer, Reading, read_text};
pub use survey::Survey;
pub use watch::Watch;
