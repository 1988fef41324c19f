//! Where entities come from.

mod ahead;
pub mod backstage;
pub mod files;
mod following;
mod joined;
mod loading;
mod matching;
mod reading;
mod shape;
mod survey;
mod watch;

pub use backstage::BackstageSource;
pub use files::FileSource;
pub use joined::Joined;
pub use reading::{Pointer, Reading, read_text};
pub use survey::Survey;
pub use watch::Watch;
