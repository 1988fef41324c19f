//! Requests to the portal, and the connections they come on.

use std::borrow::Cow;
use std::time::Duration;

use prometheus_client::registry::Registry;

use super::{Counters, Durations, Gauges, count, durations, registered};

#[derive(Clone)]
pub struct HttpMetrics {
    requests: Counters<2>,
    durations: Durations<1>,
}

impl HttpMetrics {
    pub(super) fn new(registry: &mut Registry) -> Self {
        Self {
            requests: registered(registry, "http_requests", "Requests by route and status"),
            durations: durations(registry, "http_request_duration", "How long a request took to answer"),
        }
    }

    /// `route`: the pattern, never the path.
    pub fn observe(&self, route: &str, status: u16, took: Duration) {
        let route = ("route", Cow::from(route.to_owned()));
        let status = ("status", status.to_string().into());
        self.requests.get_or_create(&[route.clone(), status]).inc();
        self.durations.get_or_create(&[route]).observe(took.as_secs_f64());
    }
}

/// The connections of a listener.
#[derive(Clone, Debug)]
pub struct ConnectionMetrics {
    listener: &'static str,
    open: Gauges<1>,
    closed: Counters<2>,
}

impl ConnectionMetrics {
    pub(super) fn new(listener: &'static str, registry: &mut Registry) -> Self {
        Self {
            listener,
            open: registered(registry, "http_connections", "Connections that are open"),
            closed: registered(
                registry,
                "http_connections_closed",
                "Connections that the portal closed before the other side did",
            ),
        }
    }

    /// Counted with these, for another listener.
    pub fn beside(&self, listener: &'static str) -> Self {
        Self { listener, ..self.clone() }
    }

    pub fn set(&self, open: usize) {
        self.open.get_or_create(&[("listener", self.listener.into())]).set(count(open));
    }

    /// `reason`: `idle` (nothing was ever sent, or slots were scarce), `for_another` (the limit was reached), `refused`
    /// (it was, and all were busy), `late_head` (408), `large_head` (431), `bad_request` (400), `slow_reader`.
    pub fn closed(&self, reason: &'static str) {
        self.closed.get_or_create(&[("listener", self.listener.into()), ("reason", reason.into())]).inc();
    }
}
