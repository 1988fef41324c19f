//! Opens an address in the user's browser.

use std::process::{Command, Stdio};
use std::thread;

/// The program that opens an address, and what it takes before the address.
const OPENER: (&str, &[&str]) = if cfg!(target_os = "macos") {
    ("open", &[])
} else if cfg!(windows) {
    // `start` is a word of the shell, which would read the address too.
    ("rundll32", &["url.dll,FileProtocolHandler"])
} else {
    ("xdg-open", &[])
};

/// Opens it, without a shell and without waiting. A failure is logged.
pub fn open(address: String) {
    let (program, before) = OPENER;
    // The thread waits until the program ends, which some do only with the browser.
    thread::spawn(move || {
        let mut command = Command::new(program);
        command.args(before).arg(&address).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let failure = match command.status() {
            Ok(status) if status.success() => return,
            Ok(status) => status.to_string(),
            Err(error) => error.to_string(),
        };
        tracing::warn!(%address, program, %failure, "cannot open the browser");
    });
}
