//! What can go wrong between us and an instance, by kind.

use super::InstanceName;

/// The kinds that readers, scripts and metrics tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// Prometheus refused the query (`bad_data`, `execution`).
    BadQuery,
    /// The query is right, but reads more than the instance allows: samples, series, chunks, or its memory.
    TooManySamples,
    /// The range has more points at this step than the instance allows.
    TooManyPoints,
    /// Our own queue for the instance is full, or the instance says that it is.
    Overloaded,
    Timeout,
    /// No connection: refused, reset, DNS, TLS.
    Unreachable,
    /// 401 or 403: the portal's credential was refused.
    Unauthorized,
    /// HTML, a redirect, or JSON of another shape.
    NotPrometheus,
    /// Cut short, or a field is missing.
    Incomplete,
    TooLarge,
    /// Any other error status.
    Upstream,
}

impl ErrorKind {
    /// The instance refuses what it is asked, and would again.
    pub fn is_of_query(self) -> bool {
        matches!(self, Self::BadQuery | Self::TooManySamples | Self::TooManyPoints)
    }

    /// The word of the contract's data forms.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BadQuery | Self::TooManySamples | Self::TooManyPoints => "bad_query",
            Self::Overloaded => "overloaded",
            Self::Timeout => "timeout",
            Self::Unreachable => "unreachable",
            Self::Unauthorized => "unauthorized",
            Self::NotPrometheus => "not_prometheus",
            Self::Incomplete => "incomplete",
            Self::TooLarge => "too_large",
            Self::Upstream => "upstream_error",
        }
    }
}

/// What more is known of a failure, where that tells its reader what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// A page for people, as of a login or a proxy.
    Page,
    /// The TLS certificate is not trusted, over, or another host's.
    Certificate,
    /// What answers does not speak TLS, or not as we do.
    Tls,
}

/// A failed question. `Display` speaks to the operator; it holds no secret and no URL.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{instance}: {}: {detail}", kind.as_str())]
pub struct PrometheusError {
    pub kind: ErrorKind,
    pub cause: Option<Cause>,
    pub instance: InstanceName,
    /// For the operator's log.
    pub detail: String,
    /// What Prometheus itself said, verbatim (untrusted), for the reader.
    pub said: Option<String>,
    /// The HTTP status, when there was one.
    pub status: Option<u16>,
    /// False: the question was not sent, because the instance fails. This is how it failed last.
    pub was_asked: bool,
}

impl PrometheusError {
    /// Bytes in memory, about.
    pub fn weight(&self) -> usize {
        self.detail.len() + self.said.as_ref().map_or(0, String::len) + 200
    }
}
