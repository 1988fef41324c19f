//! Spares an instance that fails: while it does, one question at a time tries whether it answers again.
//!
//! The rules:
//! - It opens after [`OPENS_AFTER`] failures with no success between them.
//! - A failure is: no connection, a status from 500 on, an answer that is not Prometheus' or is cut short.
//!   A query that the instance refuses is a success: it answered.
//! - A timeout is a failure only when the instance answered nothing else in the meantime, so that one slow
//!   graph closes no healthy instance. A timeout of an ad-hoc query is never one.
//! - Questions of known origin count for all. Ad-hoc ones count for ad-hoc ones only, so that a stranger's
//!   queries cannot keep pages from an instance that answers them.
//! - While it is open, one question at a time is sent as a probe, and the next one not before [`PAUSE`].
//!   Whoever asks in the meantime is told how the newest attempt failed. Any success closes it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::{ErrorKind, Origin, PrometheusError};
use crate::clock;
use crate::metrics::UpstreamMetrics;

/// So many failures in a row, with no success between, open it.
const OPENS_AFTER: u32 = 5;
/// Between the end of a probe that failed and the next.
const PAUSE: Duration = Duration::from_secs(1);

/// Of one instance. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Breaker(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    /// What the metrics call the instance.
    label: String,
    metrics: UpstreamMetrics,
}

#[derive(Default)]
struct State {
    known: Way,
    ad_hoc: Way,
    succeeded_at: Option<Instant>,
}

/// What is known of the questions of one origin.
#[derive(Default)]
struct Way {
    /// In a row.
    failures: u32,
    open: Option<Open>,
    /// A probe is out. It may be one of an earlier failure, which another answer ended.
    is_probed: bool,
}

struct Open {
    since: Timestamp,
    failure: Arc<PrometheusError>,
    /// When the next probe may go.
    next: Instant,
}

/// Since when an instance fails, and how it did last.
#[derive(Clone, Debug)]
pub struct Failing {
    pub since: Timestamp,
    pub failure: Arc<PrometheusError>,
}

/// Leave to ask once. To be told how it ended; dropped before that, it says nothing about the instance.
pub struct Pass {
    breaker: Breaker,
    origin: Origin,
    begun: Instant,
    is_probe: bool,
}

impl Breaker {
    /// `label`: what the metrics call the instance.
    pub fn new(label: &str, metrics: &UpstreamMetrics) -> Self {
        let (label, metrics) = (label.to_owned(), metrics.clone());
        Self(Arc::new(Shared { state: Mutex::default(), label, metrics }))
    }

    /// Leave to ask now, or how the instance fails.
    pub fn enter(&self, origin: Origin, now: Instant) -> Result<Pass, Arc<PrometheusError>> {
        let mut state = self.state();
        if let Some(failure) = state.refusal(origin, now) {
            return Err(failure);
        }
        let way = state.way(origin);
        let is_probe = way.open.is_some();
        way.is_probed |= is_probe;
        Ok(Pass { breaker: self.clone(), origin, begun: now, is_probe })
    }

    /// How the instance fails, where [`Breaker::enter`] would give no leave. Takes nothing.
    pub fn refusal(&self, origin: Origin, now: Instant) -> Option<Arc<PrometheusError>> {
        self.state().refusal(origin, now)
    }

    /// Whether the instance fails for questions of that origin, probes or not.
    pub fn failing(&self, origin: Origin) -> Option<Failing> {
        let mut state = self.state();
        let open = state.way(origin).open.as_ref()?;
        Some(Failing { since: open.since, failure: open.failure.clone() })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it is held.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn succeed(&self, now: Instant) {
        let mut state = self.state();
        state.succeeded_at = Some(now);
        for origin in [Origin::Known, Origin::AdHoc] {
            let way = state.way(origin);
            way.failures = 0;
            let Some(open) = way.open.take() else { continue };
            self.0.count(origin, -1);
            tracing::info!(instance = %open.failure.instance, since = %open.since, ?origin, "an instance answers again");
        }
    }

    fn fail(&self, origin: Origin, failure: &PrometheusError, now: Instant) {
        // What the instance said, it said of another question.
        let failure = Arc::new(PrometheusError { said: None, was_asked: false, ..failure.clone() });
        let mut state = self.state();
        let also = (origin == Origin::Known).then_some(Origin::AdHoc);
        for origin in std::iter::once(origin).chain(also) {
            let way = state.way(origin);
            way.failures = way.failures.saturating_add(1);
            if let Some(open) = &mut way.open {
                open.failure = failure.clone();
            } else if way.failures >= OPENS_AFTER {
                // The first probe may go at once: what failed may have been the questions.
                let failure = failure.clone();
                way.open = Some(Open { since: clock::now(), failure, next: now });
                self.0.count(origin, 1);
                tracing::warn!(instance = %self.0.label, ?origin, "an instance fails, and is asked one question at a time");
            }
        }
    }
}

impl Shared {
    fn count(&self, origin: Origin, by: i64) {
        let questions = if origin == Origin::Known { "known" } else { "ad_hoc" };
        self.metrics.failing(&self.label, questions, by);
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        for origin in [Origin::Known, Origin::AdHoc] {
            let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
            if state.way(origin).open.is_some() {
                self.count(origin, -1);
            }
        }
    }
}

impl State {
    fn way(&mut self, origin: Origin) -> &mut Way {
        match origin {
            Origin::Known => &mut self.known,
            Origin::AdHoc => &mut self.ad_hoc,
        }
    }

    fn refusal(&mut self, origin: Origin, now: Instant) -> Option<Arc<PrometheusError>> {
        // A page does not wait for a stranger's probe, but a stranger for a page's.
        let is_probed = self.known.is_probed || self.way(origin).is_probed;
        let open = self.way(origin).open.as_ref()?;
        (is_probed || now < open.next).then(|| open.failure.clone())
    }
}

impl Pass {
    /// How the question ended.
    pub fn ended<T>(self, result: Result<&T, &PrometheusError>, now: Instant) {
        match result.map_err(|error| (error, Verdict::of(error))) {
            Ok(_) | Err((_, Verdict::Answered)) => self.breaker.succeed(now),
            Err((error, Verdict::Failed)) => self.breaker.fail(self.origin, error, now),
            Err((error, Verdict::Late)) => {
                let answered = self.breaker.state().succeeded_at.is_some_and(|at| at >= self.begun);
                if self.origin == Origin::Known && !answered {
                    self.breaker.fail(self.origin, error, now);
                }
            }
            Err((_, Verdict::Neither)) => {}
        }
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        if !self.is_probe {
            return;
        }
        let next = clock::stopwatch() + PAUSE;
        let mut state = self.breaker.state();
        let way = state.way(self.origin);
        way.is_probed = false;
        if let Some(open) = &mut way.open {
            open.next = next;
        }
        // What a page's question found out holds for a stranger's.
        if let (Origin::Known, Some(open)) = (self.origin, &mut state.ad_hoc.open) {
            open.next = next;
        }
    }
}

/// What an error says of the instance.
enum Verdict {
    /// It answered: the question is to blame.
    Answered,
    Failed,
    Late,
    /// It was not asked, or says that it is asked too much.
    Neither,
}

impl Verdict {
    fn of(error: &PrometheusError) -> Self {
        match (error.kind, error.status) {
            (kind, _) if kind.is_of_query() => Self::Answered,
            // The credential is refused, or the answer is larger than we read: it is there all the same.
            (ErrorKind::Unauthorized | ErrorKind::TooLarge, _) => Self::Answered,
            (ErrorKind::Timeout, _) => Self::Late,
            (ErrorKind::Unreachable | ErrorKind::NotPrometheus | ErrorKind::Incomplete, _) => Self::Failed,
            (ErrorKind::Upstream | ErrorKind::Overloaded, Some(500..)) => Self::Failed,
            // A refusal in the instance's own words, 404 and the like.
            (ErrorKind::Upstream, Some(_)) => Self::Answered,
            (ErrorKind::Upstream | ErrorKind::Overloaded, _) => Self::Neither,
            (ErrorKind::BadQuery | ErrorKind::TooManySamples | ErrorKind::TooManyPoints, _) => Self::Answered,
        }
    }
}

#[cfg(test)]
mod tests;
