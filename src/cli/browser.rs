//! The address of a portal in the user's browser.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::process::{Command, Stdio};
use std::thread;

use super::log::complain;

/// The program that opens an address, and what it takes before the address.
const OPENER: (&str, &[&str]) = if cfg!(target_os = "macos") {
    ("open", &[])
} else if cfg!(windows) {
    // `start` is a word of the shell, which would read the address too.
    ("rundll32", &["url.dll,FileProtocolHandler"])
} else {
    ("xdg-open", &[])
};

/// An address that listens everywhere cannot be opened in a browser; loopback can.
pub fn address_to_open(listening: SocketAddr) -> String {
    let mut address = listening;
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            SocketAddr::V4(_) => IpAddr::V4(Ipv4Addr::LOCALHOST),
            SocketAddr::V6(_) => IpAddr::V6(Ipv6Addr::LOCALHOST),
        });
    }
    format!("http://{address}/")
}

/// Opens it, without a shell and without waiting. Says so where that fails, as on a server without a browser.
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
        tracing::debug!(program, %failure, "no browser");
        complain(&format!("There is no browser here to open. The address is {address}\n"));
    });
}

#[cfg(test)]
mod tests {
    use super::address_to_open;

    #[test]
    fn the_address_to_open_can_be_opened() {
        let cases = [
            ("127.0.0.1:7080", "http://127.0.0.1:7080/"),
            ("0.0.0.0:80", "http://127.0.0.1:80/"),
            ("[::]:7080", "http://[::1]:7080/"),
            ("192.0.2.7:7080", "http://192.0.2.7:7080/"),
        ];
        for (listening, open) in cases {
            assert_eq!(address_to_open(listening.parse().expect("an address")), open);
        }
    }
}
