//! A circuit breaker: while an instance fails, one request at a time probes whether it answers again.
//!
//! The rules:
//! - The breaker opens after [`OPENS_AFTER`] failures without a success between them.
//! - Failures are: no connection, a status from 500 on, an answer that is not Prometheus' or is cut short.
//!   A rejected query is a success: the instance answered.
//! - A timeout is a failure only if the instance answered nothing else in the meantime, so that one slow graph does
//!   not cut off a healthy instance. A timeout of an ad-hoc query is never a failure.
//! - Failures of known queries count for all queries, those of ad-hoc queries for ad-hoc ones only: ad-hoc queries
//!   cannot keep pages from an instance that answers them.
//! - While the breaker is open, one request at a time is sent as a probe, and the next not before [`PAUSE`]. All
//!   others get the newest failure. Any success closes the breaker.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::Origin;
use crate::clock;
use crate::metrics::UpstreamMetrics;
use crate::upstream::{ErrorKind, Outage, UpstreamError};

/// Consecutive failures until the breaker opens.
const OPENS_AFTER: u32 = 5;
/// Between the end of a failed probe and the next.
const PAUSE: Duration = Duration::from_secs(1);

pub struct Breaker {
    state: Mutex<State>,
    /// The label in the portal's metrics.
    label: String,
    metrics: UpstreamMetrics,
}

#[derive(Default)]
struct State {
    known: OriginState,
    ad_hoc: OriginState,
    succeeded_at: Option<Instant>,
}

/// The state of the queries of one origin.
#[derive(Default)]
struct OriginState {
    /// Since the last success.
    failures: u32,
    /// None: closed.
    open: Option<Outage>,
    /// The next probe is not sent before that time; None: it may be sent at once.
    next_probe: Option<Instant>,
    /// A probe is running, perhaps one of an earlier outage that another answer ended.
    is_probed: bool,
}

/// Permission for one request. Dropped without [`Permit::end`], it says nothing about the instance.
pub struct Permit {
    breaker: Arc<Breaker>,
    origin: Origin,
    begun: Instant,
    is_probe: bool,
}

impl Breaker {
    /// `label`: the instance in the portal's metrics.
    pub fn new(label: &str, metrics: &UpstreamMetrics) -> Arc<Self> {
        let (label, metrics) = (label.to_owned(), metrics.clone());
        Arc::new(Self { state: Mutex::default(), label, metrics })
    }

    /// Permission for a request now, or the newest failure.
    pub fn enter(self: &Arc<Self>, origin: Origin, now: Instant) -> Result<Permit, Arc<UpstreamError>> {
        let mut state = self.state();
        if let Some(failure) = state.blocked(origin, now) {
            return Err(failure);
        }
        let own = state.of(origin);
        let is_probe = own.open.is_some();
        own.is_probed |= is_probe;
        Ok(Permit { breaker: self.clone(), origin, begun: now, is_probe })
    }

    /// The failure with which [`Breaker::enter`] would answer. Changes nothing.
    pub fn blocked(&self, origin: Origin, now: Instant) -> Option<Arc<UpstreamError>> {
        self.state().blocked(origin, now)
    }

    /// Whether the breaker is open for queries of that origin.
    pub fn failing(&self, origin: Origin) -> Option<Outage> {
        self.state().of(origin).open.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // No code panics while holding the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn succeed(&self, now: Instant) {
        let mut state = self.state();
        state.succeeded_at = Some(now);
        for origin in [Origin::Known, Origin::AdHoc] {
            let own = state.of(origin);
            own.failures = 0;
            let Some(Outage { since, failure }) = own.open.take() else { continue };
            self.count(origin, -1);
            tracing::info!(instance = %failure.who, %since, ?origin, "an instance answers again");
        }
    }

    fn fail(&self, origin: Origin, failure: &UpstreamError, now: Instant) {
        // Its message is about another query.
        let failure = Arc::new(UpstreamError { said: None, was_sent: false, ..failure.clone() });
        let mut state = self.state();
        let also = (origin == Origin::Known).then_some(Origin::AdHoc);
        for origin in std::iter::once(origin).chain(also) {
            let own = state.of(origin);
            own.failures = own.failures.saturating_add(1);
            if let Some(open) = &mut own.open {
                open.failure = failure.clone();
            } else if own.failures >= OPENS_AFTER {
                // The first probe may go at once: the failures may have been the queries'.
                own.next_probe = Some(now);
                own.open = Some(Outage { since: clock::now(), failure: failure.clone() });
                self.count(origin, 1);
                tracing::warn!(instance = %self.label, ?origin, "an instance fails; it now receives one request at a time");
            }
        }
    }

    fn count(&self, origin: Origin, by: i64) {
        let questions = if origin == Origin::Known { "known" } else { "ad_hoc" };
        self.metrics.failing(&self.label, questions, by);
    }
}

impl Drop for Breaker {
    fn drop(&mut self) {
        for origin in [Origin::Known, Origin::AdHoc] {
            let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
            if state.of(origin).open.is_some() {
                self.count(origin, -1);
            }
        }
    }
}

impl State {
    fn of(&mut self, origin: Origin) -> &mut OriginState {
        match origin {
            Origin::Known => &mut self.known,
            Origin::AdHoc => &mut self.ad_hoc,
        }
    }

    fn blocked(&mut self, origin: Origin, now: Instant) -> Option<Arc<UpstreamError>> {
        // A known query does not wait for an ad-hoc probe, but an ad-hoc query waits for a known one.
        let is_probed = self.known.is_probed || self.of(origin).is_probed;
        let own = self.of(origin);
        let open = own.open.as_ref()?;
        let is_early = own.next_probe.is_some_and(|next| now < next);
        (is_probed || is_early).then(|| open.failure.clone())
    }
}

impl Permit {
    /// Reports the end of the request.
    pub fn end<T>(self, result: Result<&T, &UpstreamError>, now: Instant) {
        use ErrorKind as K;
        let Err(error) = result else { return self.breaker.succeed(now) };
        match (error.kind, error.status) {
            // The query is to blame.
            (K::BadQuery | K::TooManySamples | K::TooManyPoints | K::TooLongRange, _) => {
                self.breaker.succeed(now)
            }
            // It rejects the credential, or answers more than the portal reads. It answers all the same.
            (K::Unauthorized | K::TooLarge, _) => self.breaker.succeed(now),
            (K::Timeout, _) => {
                let has_answered = self.breaker.state().succeeded_at.is_some_and(|at| at >= self.begun);
                if self.origin == Origin::Known && !has_answered {
                    self.breaker.fail(self.origin, error, now);
                }
            }
            (K::Unreachable | K::Certificate | K::Tls, _)
            | (K::NotTheApi | K::HtmlPage | K::Incomplete, _)
            | (K::Upstream | K::Overloaded, Some(500..)) => self.breaker.fail(self.origin, error, now),
            // An error in the instance's own words, 404 and the like.
            (K::Upstream, Some(_)) => self.breaker.succeed(now),
            // A server without rules may answer queries. Or a proxy answers for one that is down.
            (K::NoRules, _) => {}
            // The request was not sent, or the instance reports overload.
            (K::Upstream | K::Overloaded, _) => {}
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if !self.is_probe {
            return;
        }
        let next = clock::stopwatch() + PAUSE;
        let mut state = self.breaker.state();
        let own = state.of(self.origin);
        own.is_probed = false;
        own.next_probe = Some(next);
        // The result of a known query's probe holds for ad-hoc queries too.
        if self.origin == Origin::Known {
            state.ad_hoc.next_probe = Some(next);
        }
    }
}

#[cfg(test)]
mod tests;
