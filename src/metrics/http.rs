//! Requests to the portal, and the connections they come on.

use std::borrow::Cow;
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::{BUCKETS, Counters, Durations, Gauges, count, durations, registered};

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
        self.of_route(route, status).observe(took);
    }

    /// To count many requests of one route.
    pub fn of_route(&self, route: &str, status: u16) -> RouteMetrics {
        let route = ("route", Cow::from(route.to_owned()));
        let status = ("status", status.to_string().into());
        RouteMetrics {
            requests: self.requests.get_or_create(&[route.clone(), status]).clone(),
            durations: self.durations.get_or_create(&[route]).clone(),
        }
    }
}

/// Counts the requests of one route with one status.
#[derive(Clone, Debug)]
pub struct RouteMetrics {
    requests: Counter,
    durations: Histogram,
}

impl Default for RouteMetrics {
    /// On no registry.
    fn default() -> Self {
        Self { requests: Counter::default(), durations: Histogram::new(BUCKETS) }
    }
}

impl RouteMetrics {
    pub fn observe(&self, took: Duration) {
        self.requests.inc();
        self.durations.observe(took.as_secs_f64());
    }
}

/// Pages, panels and data, by how they were answered.
#[derive(Clone)]
pub struct KeptMetrics {
    kept: Counter,
    rendered: Counter,
    passed: Counter,
    pub evictions: Counter,
}

impl KeptMetrics {
    /// `evictions`: those of the whole cache.
    pub(super) fn new(registry: &mut Registry, evictions: &Counter) -> Self {
        let help = "Pages, panels and data, by how they were answered";
        let replies: Counters<1> = registered(registry, "http_replies", help);
        let by = |how: &'static str| replies.get_or_create(&[("how", how.into())]).clone();
        Self {
            kept: by("kept"),
            rendered: by("rendered"),
            passed: by("passed"),
            evictions: evictions.clone(),
        }
    }

    /// With bytes that were kept.
    pub fn kept(&self) {
        self.kept.inc();
    }

    /// With bytes that were rendered, and are kept.
    pub fn rendered(&self) {
        self.rendered.inc();
    }

    /// With bytes that nobody else gets: an error, an older answer, a part that is late.
    pub fn passed(&self) {
        self.passed.inc();
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
