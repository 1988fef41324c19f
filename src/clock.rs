//! The only module that reads the time. All other code takes it as an argument.

use std::time::Instant;

use jiff::Timestamp;

/// The wall clock, to be read once per request and passed down.
#[expect(clippy::disallowed_methods, reason = "this is the clock")]
pub fn now() -> Timestamp {
    Timestamp::now()
}

/// The monotonic clock, for how long a thing took.
#[expect(clippy::disallowed_methods, reason = "this is the clock")]
pub fn stopwatch() -> Instant {
    Instant::now()
}
