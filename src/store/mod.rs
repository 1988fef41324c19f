//! The one road to an instance: equal questions asked at once are one upstream query,
//! answers are kept for a while, failures are remembered briefly.

mod asides;
mod flight;
mod holdings;
mod key;
mod last_good;
mod weight;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

pub use holdings::{Alertmanagers, HOLDINGS_LIVE};
pub use key::{InstantQuery, RangeQuery, Scope};

use self::asides::Asides;
use self::flight::{Flight, Kept};
use self::key::{Family, InstantQuestion, Question, RulesQuestion};
use self::last_good::{LastGood, STALE_LIMIT};
use crate::alertmanager::{AlertmanagerSettings, AlertmanagerState};
use crate::clock;
use crate::metrics::StoreMetrics;
use crate::prometheus::{
    Failing, Instance, InstanceName, InstanceSettings, Instances, InstantAnswer, Matrix, Origin, Rules,
    Window,
};
use crate::upstream::{ErrorKind, UpstreamError, Who};

/// Samples younger than this may still change: late scrapes, rules, remote writes.
const UNSTABLE: Duration = Duration::from_secs(10 * 60);
/// The life of an answer whose end is settled.
const SETTLED_LIVES: Duration = Duration::from_secs(10 * 60);
/// After a failure, how long the next attempt may take before the last good answer is shown in its place.
/// Shorter than pages wait for their panels. An instance that is slow, but answers, is waited for.
const PATIENCE: Duration = Duration::from_secs(1);
/// The same for a question that tries whether an instance answers again.
const PROBE_PATIENCE: Duration = Duration::from_millis(250);
/// How much of a query a log line repeats, in characters.
const LOGGED_CHARACTERS: usize = 200;
/// The life of an answer that came with warnings: parts of it may be missing only for the moment.
/// And that of an instant's that is not settled.
const WARNED_LIVES: Duration = Duration::from_secs(5);

#[derive(Clone, Debug)]
pub struct StoreSettings {
    /// The most bytes that answers, failures and their questions may hold in memory.
    pub max_bytes: u64,
}

/// An answer and its age. `failure` is set when the newest attempt failed and this is an older, good answer.
#[derive(Debug)]
pub struct Answer<T> {
    pub value: Arc<T>,
    /// When the instance gave it.
    pub as_of: Timestamp,
    pub failure: Option<Arc<UpstreamError>>,
}

impl<T> Clone for Answer<T> {
    fn clone(&self) -> Self {
        Self { value: self.value.clone(), as_of: self.as_of, failure: self.failure.clone() }
    }
}

impl<T> Answer<T> {
    pub fn is_stale(&self) -> bool {
        self.failure.is_some()
    }
}

/// How full a store is, about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreFill {
    pub answers: u64,
    pub bytes: u64,
    pub max_bytes: u64,
    /// How often each kind of result was told since the start, as [`StoreMetrics::lookup`] counts them.
    pub lookups: Vec<(&'static str, u64)>,
}

/// Cheap to clone; all clones are one store.
#[derive(Clone)]
pub struct Store {
    instances: Arc<Instances>,
    max_bytes: u64,
    metrics: StoreMetrics,
    graphs: Flight<Question, Answer<Matrix>>,
    last_graphs: LastGood<Family, Matrix>,
    instants: Flight<InstantQuestion, Answer<InstantAnswer>>,
    rules: Flight<RulesQuestion, Answer<Rules>>,
    last_rules: LastGood<RulesQuestion, Rules>,
    asides: Asides,
    alertmanagers: Option<Alertmanagers>,
}

impl Store {
    /// To be called on the runtime that fetches shall run on.
    pub fn new(instances: Arc<Instances>, settings: &StoreSettings, metrics: StoreMetrics) -> Self {
        // A last good answer is mostly one that is kept anyway, so the sum is seldom reached.
        let part = settings.max_bytes / 16;
        Self {
            instances,
            max_bytes: settings.max_bytes,
            graphs: Flight::new(part * 5, metrics.clone()),
            last_graphs: LastGood::new(part * 3),
            instants: Flight::new(part, metrics.clone()),
            rules: Flight::new(part * 2, metrics.clone()),
            last_rules: LastGood::new(part * 2),
            asides: Asides::new(part, &metrics),
            // Theirs are the last two parts.
            alertmanagers: None,
            metrics,
        }
    }

    /// With the Alertmanagers that instances send their alerts to.
    pub fn with_alertmanagers(self, alertmanagers: Alertmanagers) -> Self {
        Self { alertmanagers: Some(alertmanagers), ..self }
    }

    /// None: none is configured for the instance.
    pub fn alertmanager(&self, instance: &InstanceName) -> Option<&AlertmanagerSettings> {
        self.alertmanagers.as_ref()?.settings(instance)
    }

    /// What the Alertmanager of an instance holds back.
    pub async fn holdings(
        &self,
        instance: &Arc<Instance>,
        scope: Scope,
    ) -> Result<Answer<AlertmanagerState>, Arc<UpstreamError>> {
        match &self.alertmanagers {
            Some(alertmanagers) => alertmanagers.ask(RulesQuestion::of(instance, scope)).await,
            None => Err(Arc::new(unconfigured(instance.name(), "no Alertmanager is configured"))),
        }
    }

    /// The samples of one question. Runs in a task of its own: a caller who leaves does not end it, unless it
    /// is ad hoc and he was the last who waited.
    ///
    /// When the instance fails, the last good answer of the same query, step and length stands in for up
    /// to 15 minutes, with `failure` set; its own window tells what it shows. While the instance fails,
    /// it does so soon, however long the newest attempt goes on.
    pub async fn range(
        &self,
        instance: &Arc<Instance>,
        scope: Scope,
        query: RangeQuery,
    ) -> Result<Answer<Matrix>, Arc<UpstreamError>> {
        let question = Question { instance: instance.name().clone(), scope, query };
        let origin = question.query.origin;
        if origin == Origin::AdHoc
            && let Some(kept) = self.graphs.kept(&question.as_known())
        {
            return Ok(aged(instance, kept));
        }
        let family = Family::of(&question);
        let serves = |old: &Matrix| stands_in(&old.window, &question.query.window);
        let patience = patience_with(instance, origin, self.last_graphs.trouble(&family, serves));
        let start = || Ok(fetch_graph(self.clone(), open(instance, origin)?, question.clone()));
        match within(patience, self.graphs.get(&question, start)).await {
            Ok(answer) => Ok(aged(instance, answer)),
            Err(failure) => self.told(self.last_graphs.instead_of(failure, &family, serves)),
        }
    }

    /// The value of a query at one instant. Nothing older stands in for it.
    pub async fn instant(
        &self,
        instance: &Arc<Instance>,
        scope: Scope,
        query: InstantQuery,
    ) -> Result<Answer<InstantAnswer>, Arc<UpstreamError>> {
        let question = InstantQuestion { instance: instance.name().clone(), scope, query };
        let origin = question.query.origin;
        let start = || Ok(fetch_instant(open(instance, origin)?, question.clone()));
        let asked = self.instants.get(&question, start);
        let answer = within(patience_with(instance, origin, None), asked).await?;
        Ok(aged(instance, answer))
    }

    /// The rules of one instance, fetched once per its scrape interval for everybody.
    /// When the instance fails, those of up to 15 minutes ago stand in, with `failure` set.
    pub async fn rules(
        &self,
        instance: &Arc<Instance>,
        scope: Scope,
    ) -> Result<Answer<Rules>, Arc<UpstreamError>> {
        let question = RulesQuestion::of(instance, scope);
        let trouble = self.last_rules.trouble(&question, |_| true);
        let patience = patience_with(instance, Origin::Known, trouble);
        let start = || Ok(fetch_rules(self.clone(), open(instance, Origin::Known)?, question.clone()));
        match within(patience, self.rules.get(&question, start)).await {
            Ok(answer) => Ok(aged(instance, answer)),
            Err(failure) => self.told(self.last_rules.instead_of(failure, &question, |_| true)),
        }
    }

    /// The rules that an instance told before, when it takes too long now.
    pub fn rules_before(&self, instance: &Arc<Instance>, scope: Scope) -> Option<Answer<Rules>> {
        let who = Who::Prometheus(instance.name().clone());
        let late = UpstreamError::new(who, ErrorKind::Timeout, "no answer yet");
        let question = RulesQuestion::of(instance, scope);
        self.told(self.last_rules.instead_of(Arc::new(late), &question, |_| true)).ok()
    }

    /// Instances that fail, so that they are asked one question at a time.
    pub fn failing(&self) -> Vec<Failing> {
        self.instances.failing()
    }

    /// The newest good rules of one instance in memory. Asks nobody.
    pub fn known_rules(&self, instance: &Arc<Instance>, scope: Scope) -> Option<Answer<Rules>> {
        self.last_rules.get(&RulesQuestion::of(instance, scope))
    }

    pub fn fill(&self) -> StoreFill {
        let graphs = [self.graphs.fill(), self.last_graphs.fill(), self.instants.fill()];
        let parts =
            graphs.into_iter().chain([self.rules.fill(), self.last_rules.fill()]).chain(self.asides.fill());
        let parts = parts.chain(self.alertmanagers.iter().flat_map(Alertmanagers::fill));
        let parts: Vec<(u64, u64)> = parts.collect();
        StoreFill {
            answers: parts.iter().map(|(answers, _)| answers).sum(),
            bytes: parts.iter().map(|(_, bytes)| bytes).sum(),
            max_bytes: self.max_bytes,
            lookups: self.metrics.lookups(),
        }
    }

    fn told<T, E>(&self, answer: Result<T, E>) -> Result<T, E> {
        if answer.is_ok() {
            self.metrics.lookup("stale");
        }
        answer
    }
}

/// While an instance fails, all that it said before is old, however young.
fn aged<T>(instance: &Instance, answer: Answer<T>) -> Answer<T> {
    let failing = instance.client.failing(Origin::Known);
    Answer { failure: answer.failure.or(failing.map(|failing| failing.failure)), ..answer }
}

/// The instance, if it may be asked now.
fn open(instance: &Arc<Instance>, origin: Origin) -> Result<Arc<Instance>, Arc<UpstreamError>> {
    instance.client.blocked(origin).map_or_else(|| Ok(instance.clone()), Err)
}

/// How long a reader waits for a question; `trouble`: how its newest attempt failed, where an older answer
/// can stand in.
fn patience_with(instance: &Instance, origin: Origin, trouble: Option<Arc<UpstreamError>>) -> Patience {
    patience(origin, instance.client.failing(origin), trouble)
}

fn unconfigured(instance: &InstanceName, detail: &str) -> UpstreamError {
    UpstreamError {
        was_sent: false,
        ..UpstreamError::new(Who::Alertmanager(instance.clone()), ErrorKind::Upstream, detail)
    }
}

/// How long is waited, and what is told then. None: to the end.
type Patience = Option<(Duration, Arc<UpstreamError>)>;

fn patience(origin: Origin, failing: Option<Failing>, trouble: Option<Arc<UpstreamError>>) -> Patience {
    match (origin, failing, trouble) {
        // It would end when its reader leaves, and so never be answered.
        (Origin::AdHoc, ..) => None,
        (_, Some(failing), _) => Some((PROBE_PATIENCE, failing.failure)),
        (_, None, trouble) => trouble.map(|before| (PATIENCE, before)),
    }
}

/// What is asked for, or the failure before it once that has taken too long; the fetch goes on.
async fn within<T>(
    patience: Patience,
    asked: impl Future<Output = Result<T, Arc<UpstreamError>>>,
) -> Result<T, Arc<UpstreamError>> {
    match patience {
        None => asked.await,
        Some((time, before)) => tokio::time::timeout(time, asked).await.unwrap_or(Err(before)),
    }
}

/// Tells the operator: once for each question that was really asked, not for each reader of its failure.
fn log(error: &UpstreamError, asked: &str) {
    if !error.was_sent {
        return;
    }
    let asked: String = asked.chars().take(LOGGED_CHARACTERS).collect();
    match error.kind {
        // Its author's fault, who sees it on the page.
        kind if kind.is_of_query() => tracing::info!(fault = %error, asked, "an instance refuses a query"),
        _ => tracing::warn!(fault = %error, asked, "an instance failed"),
    }
}

async fn fetch_graph(
    store: Store,
    instance: Arc<Instance>,
    question: Question,
) -> Result<Kept<Answer<Matrix>>, UpstreamError> {
    let RangeQuery { query, window, origin } = &question.query;
    let asked = instance.client.query_range(query, *window, *origin);
    let matrix = match asked.await {
        Ok(matrix) => matrix,
        Err(error) => {
            log(&error, query.as_str());
            store.last_graphs.fail(Family::of(&question), Arc::new(error.clone()));
            return Err(error);
        }
    };
    let answer = Answer { value: Arc::new(matrix), as_of: clock::now(), failure: None };
    let warned = !answer.value.warnings.is_empty();
    let better = |old: &Matrix| old.window.end_ms() > window.end_ms() || (warned && old.warnings.is_empty());
    // Beside the common grid, nobody will ask for the same a step later.
    if window.is_aligned() {
        store.last_graphs.keep(Family::of(&question), answer.clone(), better);
    }
    let lives = graph_lives(window, answer.as_of);
    Ok(Kept { lives: if warned { lives.min(WARNED_LIVES) } else { lives }, value: answer })
}

async fn fetch_instant(
    instance: Arc<Instance>,
    question: InstantQuestion,
) -> Result<Kept<Answer<InstantAnswer>>, UpstreamError> {
    let InstantQuery { query, at_ms, origin } = &question.query;
    let value = instance.client.query(query, *at_ms, *origin).await;
    let value = value.inspect_err(|error| log(error, query.as_str()))?;
    let answer = Answer { value: Arc::new(value), as_of: clock::now(), failure: None };
    let settled = answer.as_of.as_millisecond().saturating_sub(*at_ms) >= millis(UNSTABLE);
    let lives = if settled && answer.value.warnings.is_empty() { SETTLED_LIVES } else { WARNED_LIVES };
    Ok(Kept { lives, value: answer })
}

async fn fetch_rules(
    store: Store,
    instance: Arc<Instance>,
    question: RulesQuestion,
) -> Result<Kept<Answer<Rules>>, UpstreamError> {
    let rules = match instance.client.rules().await {
        Ok(rules) => rules,
        Err(error) => {
            log(&error, "rules");
            store.last_rules.fail(question, Arc::new(error.clone()));
            return Err(error);
        }
    };
    let answer = Answer { value: Arc::new(rules), as_of: clock::now(), failure: None };
    let warned = !answer.value.warnings.is_empty();
    let better = |old: &Rules| warned && old.warnings.is_empty();
    store.last_rules.keep(question, answer.clone(), better);
    Ok(Kept { lives: rules_live(&answer.value, &instance.settings), value: answer })
}

/// How long the rules of an instance are told as those of now.
pub fn rules_live(rules: &Rules, settings: &InstanceSettings) -> Duration {
    let lives = settings.scrape_interval.max(Duration::from_secs(1));
    if rules.warnings.is_empty() { lives } else { lives.min(WARNED_LIVES) }
}

/// A live answer lives for about a step, after which a page asks for the next window anyway; with wide
/// steps its last point is asked for anew each minute. Once the end is settled nothing is expected to change.
fn graph_lives(window: &Window, as_of: Timestamp) -> Duration {
    let age = as_of.as_millisecond().saturating_sub(window.end_ms());
    if age >= millis(UNSTABLE) {
        return SETTLED_LIVES;
    }
    let step = Duration::from_millis(window.step_ms().unsigned_abs());
    step.clamp(Duration::from_secs(5), Duration::from_secs(60))
}

/// Whether an older window shows the time that is asked for, save what went by within the stale limit.
fn stands_in(old: &Window, asked: &Window) -> bool {
    let moved = asked.end_ms().saturating_sub(old.end_ms());
    (0..=millis(STALE_LIMIT).saturating_add(asked.step_ms())).contains(&moved)
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(end_s: i64, step_s: u64) -> Window {
        Window::aligned((end_s - 3_600) * 1_000, end_s * 1_000, Duration::from_secs(step_s)).unwrap()
    }

    #[test]
    fn settled_windows_live_longer_than_live_ones() {
        let now = Timestamp::from_second(1_700_006_400).unwrap();
        for (end, step, lives) in [
            (1_700_006_400, 15, 15),
            (1_700_006_400, 1, 5),
            (1_700_006_400, 3_600, 60),
            (1_700_009_999, 15, 15),
            (1_700_005_900, 30, 30),
            (1_700_005_800, 15, 600),
            (1_600_000_000, 15, 600),
        ] {
            assert_eq!(graph_lives(&window(end, step), now), Duration::from_secs(lives), "{end} {step}");
        }
    }

    #[test]
    fn only_a_window_that_just_went_by_stands_in() {
        let asked = window(1_700_006_400, 60);
        for (end, stands) in [
            (1_700_006_400, true),
            (1_700_006_340, true),
            (1_700_005_440, true),
            (1_700_005_380, false),
            (1_700_006_460, false),
            (1_699_920_000, false),
        ] {
            assert_eq!(stands_in(&window(end, 60), &asked), stands, "{end}");
        }
    }
}
