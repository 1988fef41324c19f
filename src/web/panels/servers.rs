//! Servers that do not answer, and the health of all.

use std::sync::Arc;
use std::time::Duration;

use super::counted;
use super::times::{self, Moment};
use crate::monitoring::{Failure, Server, SilentServer};
use crate::upstream::{ServerState, UpstreamError, Who};
use crate::web::page_error::{ErrorText, describe_alertmanager};
use crate::web::params::PageParams;

/// `Prometheus prod`
pub fn name(who: &Who) -> String {
    match who {
        Who::Prometheus(name) => format!("Prometheus {name}"),
        Who::Alertmanager(name) => format!("Alertmanager of {name}"),
        Who::Backstage => who.to_string(),
    }
}

/// `Prometheus prod has not answered since 14:02:15 UTC.`
pub struct SilenceNote {
    pub name: String,
    pub since: Moment,
}

impl SilenceNote {
    pub fn all(silent: Vec<SilentServer>, params: &PageParams) -> Vec<Self> {
        let note = |one: SilentServer| Self { name: name(&one.who), since: Moment::of(&one.since, params) };
        silent.into_iter().map(note).collect()
    }
}

/// The row of a server on the status page.
pub struct ServerLine {
    pub name: String,
    /// The class of the state, and its words.
    pub state: (&'static str, &'static str),
    /// Since when it does not answer.
    pub since: Option<Moment>,
    /// When its last answer came, and how long ago.
    pub answered: Option<(Moment, String)>,
    pub latency: Option<String>,
    pub failures: String,
    /// The newest failure of the last hour: when, and what it was.
    pub last_failure: Option<(Moment, String)>,
    pub version: Option<String>,
}

impl ServerLine {
    pub fn of(server: Server, params: &PageParams) -> Self {
        let Server { who, health, version } = server;
        let (state, since) = match health.state {
            ServerState::NotRequested => (("unknown", "not requested yet"), None),
            ServerState::Answers => (("inactive", "answers"), None),
            ServerState::Down(since) => (("firing", "down"), Some(since)),
        };
        let moment = |at| Moment::of(&at, params);
        Self {
            name: name(&who),
            state,
            since: since.map(moment),
            answered: health.answered_at.map(|at| (moment(at), times::since(at, params.period.now))),
            latency: health.latency.map(latency),
            failures: counted(health.failures, "failure", "failures"),
            last_failure: health.last_failure.map(|(at, failure)| (moment(at), sentence(&who, failure))),
            version,
        }
    }
}

/// As the pages say it.
fn sentence(who: &Who, failure: Arc<UpstreamError>) -> String {
    match who {
        Who::Alertmanager(_) => describe_alertmanager(failure.kind).to_owned(),
        Who::Prometheus(_) => ErrorText::of(&Failure::Prometheus(failure)).title,
        Who::Backstage => failure.kind.as_str().to_owned(),
    }
}

/// `12 ms`, `1.3 s`
fn latency(took: Duration) -> String {
    match took.as_millis() {
        0 => "< 1 ms".to_owned(),
        millis @ 1..1_000 => format!("{millis} ms"),
        _ => format!("{:.1} s", took.as_secs_f64()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latencies_have_two_or_three_digits() {
        for (micros, expected) in
            [(300, "< 1 ms"), (1_000, "1 ms"), (999_900, "999 ms"), (1_290_000, "1.3 s")]
        {
            assert_eq!(latency(Duration::from_micros(micros)), expected);
        }
    }
}
