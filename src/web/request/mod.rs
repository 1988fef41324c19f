//! What a request asks for.

mod format;

pub use format::Format;
