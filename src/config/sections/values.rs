//! Texts of the config into addresses, durations, sizes and origins; each error ends "the value ...".

use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::time::Duration;

use url::{Host, Url};

use crate::page_params::in_one_unit;
use crate::promql::parse_duration;

/// An address that people or the portal open: http or https, with a host, without credentials.
pub(super) fn http_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|e| format!("is not a URL: {e}"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err("is not an http or https URL".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("contains credentials; put them in a header".to_owned());
    }
    Ok(url)
}

/// An address that is the beginning of others.
pub fn base_url(text: &str) -> Result<Url, String> {
    let url = http_url(text)?;
    if url.query().is_some() || url.fragment().is_some() {
        return Err("has a query or fragment, which a base URL cannot have".to_owned());
    }
    Ok(url)
}

/// An origin as `frame-ancestors` takes it: scheme, host and port, and nothing that a policy could misread.
pub(super) fn origin(text: &str) -> Result<String, String> {
    if text.contains('*') {
        return Err("has a wildcard; write each origin in full".to_owned());
    }
    let url =
        base_url(text).map_err(|_| "is not an origin such as `https://backstage.example.com`".to_owned())?;
    if !matches!(url.path(), "" | "/") {
        return Err("has a path, which an origin cannot have".to_owned());
    }
    if let Some(Host::Domain(host)) = url.host()
        && !host.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.'))
    {
        return Err("has an invalid host name".to_owned());
    }
    Ok(url.origin().ascii_serialization())
}

/// `127.0.0.1:7080`, `[::1]:7080`, `localhost:7080`.
pub(super) fn socket_address(text: &str) -> Result<SocketAddr, String> {
    let text = match text.strip_prefix("localhost:") {
        Some(port) => format!("127.0.0.1:{port}"),
        None => text.to_owned(),
    };
    text.parse().map_err(|_| "is not an address and port such as `127.0.0.1:7080`".to_owned())
}

/// A duration of whole seconds within bounds.
pub(super) fn seconds(text: &str, within: RangeInclusive<u64>) -> Result<Duration, String> {
    let duration = parse_duration(text)?;
    if duration.subsec_nanos() != 0 {
        return Err("is not a whole number of seconds".to_owned());
    }
    if within.contains(&duration.as_secs()) {
        return Ok(duration);
    }
    let bound = |secs: &u64| in_one_unit(Duration::from_secs(*secs));
    Err(format!("is not between {} and {}", bound(within.start()), bound(within.end())))
}

pub(super) fn number(text: &str, within: RangeInclusive<usize>) -> Result<usize, String> {
    let message = || format!("is not a whole number between {} and {}", within.start(), within.end());
    text.parse().ok().filter(|n| within.contains(n)).ok_or_else(message)
}

/// The least and the most that a cache may be given.
const SIZES: RangeInclusive<u64> = 1 << 20..=1 << 40;

/// `268435456`, `256MiB`, `1GB`.
pub(super) fn bytes(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic()).trim_end();
    let unit = text.get(digits.len()..).unwrap_or_default().trim_start();
    let factor: u64 = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "kb" => 1_000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        "k" | "ki" | "kib" => 1 << 10,
        "m" | "mi" | "mib" => 1 << 20,
        "g" | "gi" | "gib" => 1 << 30,
        _ => return Err("has an unknown unit; use KiB, MiB, GiB, kB, MB or GB".to_owned()),
    };
    let number: u64 = digits.parse().map_err(|_| "is not a size such as `256MiB`".to_owned())?;
    let size = number.checked_mul(factor).filter(|size| SIZES.contains(size));
    size.ok_or_else(|| "is not between 1MiB and 1024GiB".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_exact() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(origin(text).ok().as_deref(), expected, "{text}: {:?}", origin(text));
        };
        check("https://Backstage.example.com", Some("https://backstage.example.com"));
        check("https://backstage.example.com:443/", Some("https://backstage.example.com"));
        check("http://localhost:3000", Some("http://localhost:3000"));
        check("http://[::1]:3000", Some("http://[::1]:3000"));
        for bad in [
            "*",
            "https://*.example.com",
            "https:",
            "'self'",
            "https://a.com/x",
            "https://a.com?x",
            "data:x",
            "",
            "https://a.com;script-src",
            "https://a.com;",
            "https://a,b.com",
            "https://a.com b.com",
            "null",
            "https://u@a.com",
            "backstage.example.com",
            "https://a'b.com",
            "ftp://a.com",
            "https://a.com#x",
        ] {
            check(bad, None);
        }
    }

    #[test]
    fn sizes_have_units() {
        let check = |text: &str, expected: Option<u64>| assert_eq!(bytes(text).ok(), expected, "{text}");
        check("268435456", Some(256 << 20));
        check("256MiB", Some(256 << 20));
        check("256 MiB", Some(256 << 20));
        check("1GB", Some(1_000_000_000));
        for bad in
            ["", "MiB", "-1", "1.5GiB", "12", "1PiB", "99999999999999999999", "18446744073709551615KiB"]
        {
            check(bad, None);
        }
    }

    #[test]
    fn addresses() {
        assert!(socket_address("localhost:0").unwrap().ip().is_loopback());
        assert!(socket_address("[::1]:80").is_ok() && socket_address("7080").is_err());
        for bad in
            ["javascript:alert(1)", "ftp://x", "http://", "x", "//x", "http://u:p@x", "file:///etc/passwd"]
        {
            assert!(http_url(bad).is_err(), "{bad}");
        }
    }
}
