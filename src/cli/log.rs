//! What goes to standard error: the log, and what a failed command says.

use std::io::{self, IsTerminal, Write};

use tracing_subscriber::EnvFilter;

use super::OutputFormat;
use crate::serving::NEVER_LOGGED;

/// The level without `RUST_LOG`: what happens, without how many workers begin to serve.
pub const SERVING: &str = "info,actix_server=warn";
/// For a command that reports by itself.
pub const REPORTING: &str = "off";

/// From here on, events are written, at `otherwise` where no `RUST_LOG` is set. Of one that is partly wrong,
/// the rest counts.
pub fn begin(format: OutputFormat, otherwise: &str) {
    let level = std::env::var(EnvFilter::DEFAULT_ENV).ok().filter(|level| !level.is_empty());
    let level = level.as_deref().unwrap_or(otherwise);
    let filter = EnvFilter::builder().parse_lossy(format!("{level},{NEVER_LOGGED}"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    let begun = match format {
        OutputFormat::Text => log.with_ansi(io::stderr().is_terminal()).try_init(),
        OutputFormat::Json => log.json().flatten_event(true).try_init(),
    };
    if let Err(error) = begun {
        complain(&format!("promenade: nothing will be logged: {error}\n"));
    }
}

/// Writes to standard error, unless it is closed.
pub fn complain(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}
