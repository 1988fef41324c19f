//! How long connections may take for what they do.

use std::time::Duration;

/// Deadlines of connections. No option of users: tests set them, and the default is what runs.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Between two requests, while slots are not scarce. Longer than proxies hold their idle connections, so
    /// that the proxy closes first.
    pub keep_alive: Duration,
    /// For a request's head to arrive.
    pub head: Duration,
    /// For the other side to close, once it is asked to.
    pub closing: Duration,
    /// How long a reader is measured.
    pub reader_window: Duration,
    /// What a reader must take at least, in bytes a second of a window.
    pub reader_rate: u64,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            keep_alive: Duration::from_secs(75),
            head: Duration::from_secs(5),
            closing: Duration::from_secs(2),
            reader_window: Duration::from_secs(30),
            reader_rate: 1_000,
        }
    }
}
