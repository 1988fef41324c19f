//! A failed request: who failed, of which kind, and what may be said about it.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;

/// The name of a configured instance, or of a target of a routing rule; `default` is the unnamed one.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct InstanceName(Arc<str>);

impl InstanceName {
    pub const DEFAULT: &'static str = "default";

    pub fn new(name: &str) -> Self {
        Self(name.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for InstanceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The server that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    Prometheus(InstanceName),
    /// The Alertmanager of an instance.
    Alertmanager(InstanceName),
    Backstage,
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Prometheus(name) => name.fmt(f),
            Self::Alertmanager(name) => write!(f, "the Alertmanager of {name}"),
            Self::Backstage => f.write_str("Backstage"),
        }
    }
}

/// The kinds of failures. Several kinds share a word ([`ErrorKind::as_str`]) where readers get different advice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// Prometheus rejects the query (`bad_data`, `execution`).
    BadQuery,
    /// The query is right, but reads more samples, series, chunks or memory than the instance allows.
    TooManySamples,
    /// The range has more points at this step than the instance allows.
    TooManyPoints,
    /// The instance limits how long a range may be.
    TooLongRange,
    /// The portal's queue for the instance is full, or the instance reports overload.
    Overloaded,
    Timeout,
    /// No connection: refused, reset, DNS.
    Unreachable,
    /// The TLS certificate is not trusted, has expired, or is another host's.
    Certificate,
    /// The server speaks no TLS, or no common version.
    Tls,
    /// 401 or 403: the server rejects the portal's credential.
    Unauthorized,
    /// The server has no `/rules`, whatever else it answers.
    NoRules,
    /// A redirect, or JSON of another shape.
    NotTheApi,
    /// HTML, as from a login page or a proxy.
    HtmlPage,
    /// The answer is cut short, or lacks a field.
    Incomplete,
    TooLarge,
    /// Any other error status.
    Upstream,
}

impl ErrorKind {
    /// The instance rejects the query, and would again.
    pub fn is_of_query(self) -> bool {
        matches!(self, Self::BadQuery | Self::TooManySamples | Self::TooManyPoints | Self::TooLongRange)
    }

    /// The word in JSON, metrics and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BadQuery | Self::TooManySamples | Self::TooManyPoints | Self::TooLongRange => "bad_query",
            Self::Overloaded => "overloaded",
            Self::Timeout => "timeout",
            Self::Unreachable | Self::Certificate | Self::Tls => "unreachable",
            Self::Unauthorized => "unauthorized",
            Self::NotTheApi | Self::HtmlPage => "not_prometheus",
            Self::Incomplete => "incomplete",
            Self::TooLarge => "too_large",
            Self::NoRules | Self::Upstream => "upstream_error",
        }
    }
}

/// A failed request. Its texts contain no secret and no URL: [`super::HttpClient::error`] makes it.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{who}: {}: {detail}", kind.as_str())]
pub struct UpstreamError {
    pub who: Who,
    pub kind: ErrorKind,
    /// For the operator's log.
    pub detail: String,
    /// The server's own message, verbatim and untrusted, for the reader.
    pub said: Option<String>,
    /// What the answer says in any other form, in one line, untrusted, for the operator.
    pub heard: Option<String>,
    /// The HTTP status, if an answer came.
    pub status: Option<u16>,
    /// False: the breaker kept the request back, and this is the last failure before it.
    pub was_sent: bool,
}

impl UpstreamError {
    /// A failure without an HTTP answer. `detail` must be the portal's own text.
    pub fn new(who: Who, kind: ErrorKind, detail: &str) -> Self {
        Self { who, kind, detail: detail.to_owned(), said: None, heard: None, status: None, was_sent: true }
    }

    pub fn with_status(self, status: u16) -> Self {
        Self { status: Some(status), ..self }
    }

    /// The server's own words, which the operator may read, whatever their form was.
    pub fn words(&self) -> Option<&str> {
        self.said.as_deref().or(self.heard.as_deref())
    }

    /// Bytes in memory, about.
    pub fn weight(&self) -> usize {
        let texts = [&self.said, &self.heard].into_iter().flatten().map(String::len);
        self.detail.len() + texts.sum::<usize>() + 200
    }
}

/// Whether both are the failure of one request, or none.
pub fn is_same_failure(a: Option<&Arc<UpstreamError>>, b: Option<&Arc<UpstreamError>>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => Arc::ptr_eq(a, b),
        (a, b) => a.is_none() && b.is_none(),
    }
}

/// Since when a server fails, and its newest failure.
#[derive(Clone, Debug)]
pub struct Outage {
    pub since: Timestamp,
    pub failure: Arc<UpstreamError>,
}
