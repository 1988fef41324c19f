//! The Prometheus and the Alertmanager of `promenade demo`: real HTTP on loopback. Series are closed-form functions of
//! time; queries and rules are evaluated over them.

mod alert_states;
mod alertmanager;
mod evaluated_rule;
mod evaluation;
mod figures;
mod http;
mod integrals;
mod metric_names;
mod replies;
mod request;
mod rules;
mod series;
mod templates;
mod terms;
mod waves;

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use actix_web::dev::ServerHandle;
use tokio::sync::watch;

pub use evaluation::RuleEvaluation;

use crate::clock;
use crate::engine::{Engine, SampleHistory};
use crate::prometheus::Rules;
use crate::yaml::{self, Budget, Node};
use alertmanager::DemoSilence;
use series::MetricHelp;
use waves::{ORIGIN, Story};

/// The catalog that the demo Prometheus has series for: a name for messages, and its YAML.
pub const CATALOG: (&str, &str) = ("demo/catalog.yaml", include_str!("../../config/demo/catalog.yaml"));
/// Every target is scraped, and most rules are evaluated, at its multiples.
const INTERVAL_MS: i64 = 15_000;

/// A Prometheus and an Alertmanager that listen on loopback, and beside them an address that refuses every connection.
pub struct DemoPrometheus {
    address: SocketAddr,
    /// Bound and never listening: connections are refused, and nobody else can take the port.
    refusing: tokio::net::TcpSocket,
    server: ServerHandle,
    is_stopped: Arc<AtomicBool>,
    evaluated: EvaluatedRules,
}

/// None until all rules have been evaluated once. Closed: no evaluation can be trusted any more.
type EvaluatedRules = watch::Receiver<Option<Arc<EvaluatedState>>>;

impl DemoPrometheus {
    /// Starts it on a free port, in the runtime that calls. An embedded file that cannot be read is an error.
    pub fn start() -> io::Result<Self> {
        #[expect(clippy::cast_precision_loss, reason = "seconds of this age of the world fit")]
        let story = Story::beginning(clock::now().as_second() as f64);
        let (answers, rules) = DemoAnswers::read(story).map_err(io::Error::other)?;
        let refusing = tokio::net::TcpSocket::new_v4()?;
        refusing.bind((Ipv4Addr::LOCALHOST, 0).into())?;
        let (sender, evaluated) = watch::channel(None);
        let is_stopped = Arc::new(AtomicBool::new(false));
        let evaluations = keep_evaluating(rules, answers.engine.clone(), sender, is_stopped.clone());
        let (address, server) = http::serve(DemoAnswers { evaluated: evaluated.clone(), ..answers })?;
        let handle = server.handle();
        tokio::spawn(server);
        tokio::spawn(evaluations);
        Ok(Self { address, refusing, server: handle, is_stopped, evaluated })
    }

    /// Waits until the rules have been evaluated, so that no request waits for it.
    pub async fn ready(&self) {
        let _ = self.evaluated.clone().wait_for(Option::is_some).await;
    }

    /// The address of the HTTP API. Alertmanager's is below [`alertmanager::PATH`].
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The path of the Alertmanager on the same address.
    pub fn alertmanager_path(&self) -> &'static str {
        alertmanager::PATH
    }

    /// An address that refuses connections.
    pub fn refusing_address(&self) -> io::Result<SocketAddr> {
        self.refusing.local_addr()
    }

    pub async fn stop(self) {
        self.server.stop(false).await;
    }
}

impl Drop for DemoPrometheus {
    fn drop(&mut self) {
        self.is_stopped.store(true, Ordering::Relaxed);
    }
}

/// What the demo answers from.
#[derive(Clone)]
struct DemoAnswers {
    /// Without the series of alerts.
    engine: Engine,
    metrics: Arc<BTreeMap<String, MetricHelp>>,
    silences: Arc<Vec<DemoSilence>>,
    evaluated: EvaluatedRules,
}

/// The rules and all series, as of the last evaluation.
struct EvaluatedState {
    rules: Rules,
    engine: Engine,
}

impl DemoAnswers {
    fn read(story: Story) -> Result<(Self, RuleEvaluation), String> {
        let (series, metrics) = series::read(story)?;
        // Back to the first samples: links into the past show something.
        #[expect(clippy::cast_possible_truncation, reason = "milliseconds of some years fit")]
        let retention_ms = ((story.began() - ORIGIN) * 1000.0) as i64;
        let history = SampleHistory { scrape_interval_ms: INTERVAL_MS, retention_ms };
        let answers = Self {
            engine: Engine::new(history, series),
            metrics: Arc::new(metrics),
            silences: Arc::new(alertmanager::read(story)?),
            evaluated: watch::channel(None).1,
        };
        #[expect(clippy::cast_possible_truncation, reason = "a time of today in milliseconds fits")]
        let began_ms = (story.began() * 1000.0) as i64;
        Ok((answers, RuleEvaluation::read(&rules::FILES, began_ms)?))
    }

    /// The newest evaluation. Only the first requests wait for it. None: no evaluation can be trusted any more.
    async fn evaluated(&self) -> Option<Arc<EvaluatedState>> {
        let mut evaluated = self.evaluated.clone();
        evaluated.has_changed().ok()?;
        evaluated.wait_for(Option::is_some).await.ok()?.clone()
    }

    /// With the series of alerts, where there are any yet. None: as above.
    fn newest_engine(&self) -> Option<Engine> {
        self.evaluated.has_changed().ok()?;
        let evaluated = self.evaluated.borrow();
        Some(evaluated.as_ref().map_or(&self.engine, |state| &state.engine).clone())
    }
}

/// Evaluates all rules, again and again, and hands out the results. When it ends, nobody can know what the alerts are.
async fn keep_evaluating(
    mut rules: RuleEvaluation,
    engine: Engine,
    sender: watch::Sender<Option<Arc<EvaluatedState>>>,
    is_stopped: Arc<AtomicBool>,
) {
    loop {
        let (engine, is_stopped) = (engine.clone(), is_stopped.clone());
        let evaluation = tokio::task::spawn_blocking(move || {
            rules.advance(&engine, clock::now().as_millisecond(), &is_stopped);
            let state = EvaluatedState { rules: rules.rules(), engine: engine.with(rules.series()) };
            (rules, state, is_stopped.load(Ordering::Relaxed))
        });
        let (evaluated, state) = match evaluation.await {
            Ok((evaluated, state, false)) => (evaluated, state),
            Ok((_, _, true)) => return,
            Err(error) => {
                tracing::error!("the demo's rules are no longer evaluated: {error}");
                return;
            }
        };
        rules = evaluated;
        if sender.send(Some(Arc::new(state))).is_err() {
            return;
        }
        let passed = clock::now().as_millisecond().rem_euclid(INTERVAL_MS);
        tokio::time::sleep(Duration::from_millis((INTERVAL_MS - passed).unsigned_abs())).await;
    }
}

/// The first document of one of the demo's files.
fn document(name: &str, text: &str) -> Result<Node, String> {
    match yaml::documents(text, &Path::new(name).into(), &Budget::CONFIG).into_iter().next() {
        Some(Ok(document)) => Ok(document),
        Some(Err(error)) => Err(format!("{name}: {}", error.message)),
        None => Err(format!("{name} is empty")),
    }
}

#[cfg(test)]
mod tests;
