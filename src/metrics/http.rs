//! Requests to the portal, and the connections they come on.

use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::registry::Registry;

use super::{Counters, Durations, Gauges, count, durations, registered};

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct RouteLabels {
    route: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ReplyLabels {
    route: String,
    status: u16,
}

#[derive(Clone)]
pub struct HttpMetrics {
    requests: Counters<ReplyLabels>,
    durations: Durations<RouteLabels>,
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
        self.requests.get_or_create(&ReplyLabels { route: route.to_owned(), status }).inc();
        self.durations.get_or_create(&RouteLabels { route: route.to_owned() }).observe(took.as_secs_f64());
    }
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ListenerLabels {
    listener: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ClosedLabels {
    listener: &'static str,
    reason: &'static str,
}

/// The connections of a listener.
#[derive(Clone, Debug)]
pub struct ConnectionMetrics {
    listener: &'static str,
    open: Gauges<ListenerLabels>,
    closed: Counters<ClosedLabels>,
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
        let labels = ListenerLabels { listener: self.listener };
        self.open.get_or_create(&labels).set(count(open));
    }

    /// `reason`: `idle` (nothing was ever sent, or slots were scarce), `for_another` (the limit was reached), `refused`
    /// (it was, and all were busy), `late_head` (408), `large_head` (431), `bad_request` (400), `slow_reader`.
    pub fn closed(&self, reason: &'static str) {
        self.closed.get_or_create(&ClosedLabels { listener: self.listener, reason }).inc();
    }
}
