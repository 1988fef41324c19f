//! What a server's answers say of the server: whether it answers, how fast, and how often it failed lately.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::outages::is_of_server;
use super::{RequestOutage, RequestOutages, UpstreamError};

/// The latency is the median of so many answers.
const ANSWERS: usize = 31;
/// Failures are counted for so long.
const COUNTED_FOR: SignedDuration = SignedDuration::from_hours(1);
/// The most failures that are counted.
const MOST_FAILURES: usize = 10_000;
/// A server that answered is down after so many failures without an answer between them. One failure may be a query's.
const DOWN_AFTER: u32 = 2;

/// Keeps what [`HealthReport`] says.
#[derive(Default)]
pub struct ServerHealth {
    outages: RequestOutages,
    recent: Mutex<Recent>,
}

#[derive(Default)]
struct Recent {
    answered_at: Option<Timestamp>,
    took: VecDeque<Duration>,
    failed_at: VecDeque<Timestamp>,
    last_failure: Option<Arc<UpstreamError>>,
    /// Failures since the last answer, and when the first of them came.
    failures: u32,
    failing_since: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerState {
    /// No request has ended yet.
    NotRequested,
    Answers,
    /// Does not answer since then.
    Down(Timestamp),
}

#[derive(Clone, Debug)]
pub struct HealthReport {
    pub state: ServerState,
    /// When its last answer came.
    pub answered_at: Option<Timestamp>,
    /// The median of the last answers.
    pub latency: Option<Duration>,
    /// In the last hour.
    pub failures: usize,
    /// The newest failure of the last hour.
    pub last_failure: Option<(Timestamp, Arc<UpstreamError>)>,
}

impl ServerHealth {
    /// A request ended. A server that rejects a query, or has more data than the portal reads, answers.
    pub fn record<T>(
        &self,
        request: &'static str,
        result: Result<&T, &UpstreamError>,
        took: Duration,
        now: Timestamp,
    ) {
        self.outages.record(request, result, now);
        let mut recent = self.recent();
        match result.err().filter(|failure| is_of_server(failure)) {
            None => recent.answer(took, now),
            Some(failure) => recent.fail(failure, now),
        }
    }

    /// The kinds of requests that fail.
    pub fn outages(&self) -> Vec<RequestOutage> {
        self.outages.all()
    }

    pub fn report(&self, now: Timestamp) -> HealthReport {
        let mut recent = self.recent();
        recent.forget(now);
        let mut took: Vec<Duration> = recent.took.iter().copied().collect();
        took.sort_unstable();
        let last = recent.failed_at.back().copied().zip(recent.last_failure.clone());
        HealthReport {
            state: recent.state(),
            answered_at: recent.answered_at,
            latency: took.get(took.len() / 2).copied(),
            failures: recent.failed_at.len(),
            last_failure: last,
        }
    }

    /// Since when it does not answer.
    pub fn down_since(&self) -> Option<Timestamp> {
        match self.recent().state() {
            ServerState::Down(since) => Some(since),
            ServerState::NotRequested | ServerState::Answers => None,
        }
    }

    fn recent(&self) -> MutexGuard<'_, Recent> {
        // No code panics while holding the lock.
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Recent {
    fn answer(&mut self, took: Duration, now: Timestamp) {
        (self.answered_at, self.failures, self.failing_since) = (Some(now), 0, None);
        if self.took.len() >= ANSWERS {
            self.took.pop_front();
        }
        self.took.push_back(took);
    }

    fn fail(&mut self, failure: &UpstreamError, now: Timestamp) {
        self.failures = self.failures.saturating_add(1);
        self.failing_since.get_or_insert(now);
        self.last_failure = Some(Arc::new(failure.clone()));
        self.forget(now);
        if self.failed_at.len() >= MOST_FAILURES {
            self.failed_at.pop_front();
        }
        self.failed_at.push_back(now);
    }

    fn forget(&mut self, now: Timestamp) {
        while self.failed_at.front().is_some_and(|at| now.duration_since(*at) > COUNTED_FOR) {
            self.failed_at.pop_front();
        }
    }

    fn state(&self) -> ServerState {
        match (self.failing_since, self.answered_at) {
            (Some(since), None) => ServerState::Down(since),
            (Some(since), _) if self.failures >= DOWN_AFTER => ServerState::Down(since),
            (None, None) => ServerState::NotRequested,
            _ => ServerState::Answers,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::upstream::{ErrorKind, Who};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_server_is_down_from_the_first_of_two_failures_until_it_answers() {
        let health = ServerHealth::default();
        let error = |kind| UpstreamError::new(Who::Backstage, kind, "x");
        let fail = |kind, second| {
            health.record::<()>("rules", Err(&error(kind)), Duration::ZERO, at(second));
        };
        assert_eq!(health.report(at(0)).state, ServerState::NotRequested);
        fail(ErrorKind::Unreachable, 0);
        assert_eq!(health.report(at(0)).state, ServerState::Down(at(0)), "it never answered");
        health.record("rules", Ok(&()), Duration::from_millis(20), at(1));
        health.record("query", Ok(&()), Duration::from_millis(900), at(2));
        health.record("query", Ok(&()), Duration::from_millis(30), at(3));
        fail(ErrorKind::Timeout, 4);
        assert_eq!((health.down_since(), health.report(at(4)).state), (None, ServerState::Answers));
        fail(ErrorKind::Unreachable, 9);
        let report = health.report(at(9));
        assert_eq!((report.state, report.answered_at), (ServerState::Down(at(4)), Some(at(3))));
        assert_eq!((report.latency, report.failures), (Some(Duration::from_millis(30)), 3));
        assert_eq!(report.last_failure.unwrap().1.kind, ErrorKind::Unreachable);
        // It rejects a query: it answers.
        fail(ErrorKind::BadQuery, 10);
        assert_eq!(health.down_since(), None);
        let later = health.report(at(4 + 3_601));
        assert_eq!((later.failures, later.last_failure.is_some()), (1, true));
        assert!(health.report(at(9 + 3_601)).last_failure.is_none());
    }

    #[test]
    fn memory_is_bounded() {
        let health = ServerHealth::default();
        for second in 0..20_000 {
            let error = UpstreamError::new(Who::Backstage, ErrorKind::Upstream, "x");
            health.record::<()>("rules", Err(&error), Duration::ZERO, at(second / 100));
            health.record("rules", Ok(&()), Duration::ZERO, at(second / 100));
        }
        let recent = health.recent();
        assert_eq!((recent.failed_at.len(), recent.took.len()), (MOST_FAILURES, ANSWERS));
    }
}
