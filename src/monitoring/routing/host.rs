//! The hosts that a rule's targets may have, with their ports.

use url::{Host, Url};

/// `prometheus.example`, `prometheus.example:9090`, `[::1]:9090`, or `*.example`: any host below it.
/// Without a port only the scheme's own port matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostPattern {
    /// True: every host whose name ends with a dot and `host`.
    below: bool,
    host: Host<String>,
    port: u16,
}

impl HostPattern {
    /// `scheme` is that of the targets. The error ends the sentence "the value ...".
    pub fn read(text: &str, scheme: &str) -> Result<Self, String> {
        let (below, host) = text.strip_prefix("*.").map_or((false, text), |rest| (true, rest));
        if host.contains('*') {
            return Err(
                "has a `*` that is not its whole first label, as in `*.prometheus.example`".to_owned()
            );
        }
        let invalid =
            || "is no host, such as `a.prometheus.example`, `*.prometheus.example` or `a:9090`".to_owned();
        if host.contains(['/', '\\', '?', '#', '@']) || host.contains(char::is_whitespace) {
            return Err(invalid());
        }
        let url = Url::parse(&format!("{scheme}://{host}/")).map_err(|_| invalid())?;
        let port = url.port_or_known_default().ok_or_else(invalid)?;
        let host = url.host().map(|host| host.to_owned()).ok_or_else(invalid)?;
        if below && !matches!(host, Host::Domain(_)) {
            return Err("has a `*` before an address, which has no hosts below it".to_owned());
        }
        Ok(Self { below, host, port })
    }

    pub fn is_exact(&self) -> bool {
        !self.below
    }

    /// Whether the address has this host and port.
    pub fn allows(&self, url: &Url) -> bool {
        if url.port_or_known_default() != Some(self.port) {
            return false;
        }
        match (&self.host, url.host()) {
            (Host::Domain(suffix), Some(Host::Domain(host))) if self.below => host
                .strip_suffix(suffix.as_str())
                .and_then(|rest| rest.strip_suffix('.'))
                .is_some_and(|rest| !rest.is_empty()),
            (own, Some(host)) => !self.below && *own == host.to_owned(),
            (_, None) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, allowed: &[&str], refused: &[&str]) {
        let pattern = HostPattern::read(pattern, "https").unwrap();
        for (urls, wanted) in [(allowed, true), (refused, false)] {
            for url in urls {
                assert_eq!(pattern.allows(&Url::parse(url).unwrap()), wanted, "{pattern:?} of {url}");
            }
        }
    }

    #[test]
    fn hosts_are_compared_whole_and_with_their_port() {
        check(
            "a.example",
            &["https://a.example/", "https://a.example:443/x"],
            &["https://a.example:8443/", "http://a.example/", "https://b.a.example/", "https://xa.example/"],
        );
        check("a.example:8443", &["https://a.example:8443/"], &["https://a.example/"]);
        check("A.Example", &["https://a.example/"], &[]);
        check("[::1]:9", &["https://[::1]:9/"], &["https://[::2]:9/"]);
        check("127.0.0.1:9", &["https://127.0.0.1:9/"], &["https://127.0.0.2:9/", "https://127.0.0.1/"]);
    }

    #[test]
    fn a_star_means_every_host_below() {
        check(
            "*.prometheus.example",
            &["https://a.prometheus.example/", "https://b.a.prometheus.example/"],
            &[
                "https://prometheus.example/",
                "https://xprometheus.example/",
                "https://a.prometheus.example.evil/",
                "https://a.prometheus.example:8443/",
                "https://a.prometheus.example./",
            ],
        );
    }

    #[test]
    fn what_is_no_host_is_refused() {
        for bad in [
            "",
            "*",
            "*.",
            "a.*",
            "*a.example",
            "*.*.example",
            "https://a",
            "a/b",
            "u@a",
            "a b",
            "*.127.0.0.1",
            "a:x",
        ] {
            assert!(HostPattern::read(bad, "https").is_err(), "{bad}");
        }
    }
}
