//! What a page can request of an entity: joins the catalog's entities with Prometheus and Alertmanager.

mod alert_graph;
mod alert_identity;
pub mod alert_index;
mod alerts;
pub mod deadlines;
mod empty_reason;
mod expressions;
mod firing;
mod graph;
mod lookup;
mod names;
mod overview;
mod quantiles;
pub mod routing;
mod servers;
mod silences;
mod skew;
mod stat;
mod unit;
mod verdict;
mod window;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join;
use jiff::Timestamp;
use url::Url;

pub use alert_index::AlertIndexer;
pub use alerts::{AlertRow, AlertTable, DoubtfulRule, PossibleAlerts, WorstAlerts, by_rule};
pub use empty_reason::EmptyReason;
pub use expressions::Expressions;
pub use firing::Firing;
pub use graph::Graph;
pub use lookup::{Activity, AlertQuery, Lookup, MOST_ROWS, MatchedEntity};
pub use names::is_named_by_values;
pub use overview::{EntityAlerts, Overview, bit};
pub use routing::{RoutingInput, RoutingSettings, UnknownInstance, Why};
pub use servers::{Server, SilentServer};
pub use silences::{AlertmanagerStatus, Silences};
pub use skew::Skew;
pub use stat::{Stat, StatValue};
pub use verdict::{Doubt, Doubts, Evidence, StateCounts, Verdict};
pub use window::Period;

use alerts::{KeptTables, TABLE_LIFETIME, TableSource};
use routing::Reason;

use crate::annotations::{GraphSpec, GraphType, MonitoringSpec};
use crate::background::compute;
use crate::catalog::Entity;
use crate::clock;
use crate::prometheus::{
    Instance, InstanceName, InstanceSettings, Instances, InstantAnswer, Matrix, Origin, Outage, Rules, Window,
};
use crate::promql::PromQl;
use crate::store::{
    Answer, Generation, InstantQuery, LargeSet, RangeQuery, Recorder, Scope, Store, StoreFill,
};
use crate::upstream::{ErrorKind, RequestOutage, UpstreamError, Who};

/// Times on pages are at most this old, and younger where an instance scrapes more often.
const LONGEST_TICK: Duration = Duration::from_secs(15);
/// With more alerts on either side, a table is made outside the threads that serve pages.
const MOST_AT_ONCE: usize = 1_000;

/// Why a panel has no answer. Worded for readers by `web`.
#[derive(Clone, Debug)]
pub enum Failure {
    Prometheus(Arc<UpstreamError>),
    UnknownInstance(UnknownInstance),
    /// The annotation's query cannot be sent; its problems are in the spec.
    BrokenQuery,
    /// The entity has no annotation for this panel.
    NoAnnotation,
    /// The whole period lies in the future.
    InTheFuture,
    /// The instance did not answer for as long as a page waits.
    Late,
}

/// What a reader waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WantedSamples {
    All,
    /// Only if there are none; what is missing follows.
    WhatIsThere,
}

/// Answers pages. Cheap to clone.
#[derive(Clone)]
pub struct Monitoring {
    store: Store,
    instances: Arc<Instances>,
    routing: Arc<RoutingSettings>,
    overviews: Arc<overview::Overviews>,
    tables: KeptTables,
}

/// The instance of an entity, and why routing chose it.
#[derive(Clone)]
pub struct Routed {
    pub instance: Arc<Instance>,
    pub why: Why,
}

impl Routed {
    pub fn name(&self) -> &InstanceName {
        self.instance.name()
    }

    pub fn settings(&self) -> &InstanceSettings {
        &self.instance.settings
    }
}

impl Monitoring {
    /// `instances` come from [`with_rule_targets`].
    pub fn new(store: Store, instances: Arc<Instances>, routing: RoutingSettings) -> Self {
        let known = instances.configured().map(|instance| instance.name().clone()).collect();
        let routing = Arc::new(RoutingSettings { known, ..routing });
        Self { store, instances, routing, overviews: Arc::default(), tables: KeptTables::default() }
    }

    /// The same, and the recorder notes each answer of the store.
    pub fn recorded_by(&self, recorder: Recorder) -> Self {
        Self { store: self.store.recorded_by(recorder), ..self.clone() }
    }

    /// The same, for what no page waits for.
    fn unrecorded(&self) -> Self {
        Self { store: self.store.unrecorded(), ..self.clone() }
    }

    pub fn recorder(&self) -> Option<&Recorder> {
        self.store.recorder()
    }

    /// Counts the changes of all answers.
    pub fn generation(&self) -> &Generation {
        self.store.generation()
    }

    /// Fetches the next samples of what pages show, for as long as it is polled.
    pub async fn keep_ahead(self) {
        self.store.keep_ahead().await;
    }

    /// The newest moment whose page every reader gets at `now`, and when the next one begins. Moments follow each other
    /// as fast as the busiest instance scrapes. A new point is shown at most one tick late.
    pub fn tick(&self, now: Timestamp) -> (Timestamp, Timestamp) {
        let shortest = self.instances().map(|instance| instance.settings.scrape_interval).min();
        let tick = shortest.unwrap_or(LONGEST_TICK).clamp(Duration::from_secs(1), LONGEST_TICK);
        let (second, tick) = (now.as_second(), i64::try_from(tick.as_secs()).unwrap_or(1));
        let begins = second - second.rem_euclid(tick);
        let at = |second| Timestamp::from_second(second).unwrap_or(now);
        (at(begins), at(begins.saturating_add(tick)))
    }

    /// The instance that answers for the entity: what the rules say, else what its annotations choose.
    pub fn route(
        &self,
        entity: &Entity,
        spec: &MonitoringSpec,
        input: &RoutingInput,
    ) -> Result<Routed, UnknownInstance> {
        let route = routing::choose(&self.routing, entity, spec.service_name.as_deref(), input)?;
        let instance = match (route.target, &route.why) {
            (Some(target), Why::Rule { name, .. }) => self.instances.target(name, *target),
            _ => {
                self.instances.get(&route.instance).cloned().ok_or_else(|| "it is not configured".to_owned())
            }
        };
        let why = route.why;
        instance.map(|instance| Routed { instance, why }).map_err(|why| UnknownInstance {
            requested: spec.service_name.clone(),
            known: Vec::new(),
            reason: Reason::NoTarget { rule: route.instance.to_string(), why },
        })
    }

    /// The routing rules.
    pub fn routing(&self) -> &RoutingSettings {
        &self.routing
    }

    /// The instance of that name, letter for letter, for an address without an entity; without a name the unnamed one.
    /// An instance that is open to some entities only is as unknown as one that does not exist.
    pub fn instance(&self, service_name: Option<&str>) -> Result<&Arc<Instance>, UnknownInstance> {
        let name = self.routing.open(service_name)?;
        self.instances.get(name).ok_or_else(|| UnknownInstance {
            requested: service_name.map(str::to_owned),
            known: Vec::new(),
            reason: Reason::NotConfigured,
        })
    }

    /// Every configured instance, by name.
    pub fn instances(&self) -> impl Iterator<Item = &Arc<Instance>> {
        self.instances.configured()
    }

    /// How full the store behind all answers is.
    pub fn store_fill(&self) -> StoreFill {
        self.store.fill()
    }

    /// The sets of series that take the most memory, the largest first.
    pub fn largest_sets(&self, most: usize) -> Vec<LargeSet> {
        self.store.largest(most)
    }

    /// The failing instances. Each receives one request at a time.
    pub fn failing(&self) -> Vec<Outage> {
        self.instances.failing()
    }

    /// The kinds of requests that instances and Alertmanagers fail to answer.
    pub fn outages(&self) -> Vec<RequestOutage> {
        self.instances.outages().into_iter().chain(self.store.alertmanager_outages()).collect()
    }

    /// Where an instance is reached.
    pub fn target_url(&self, instance: &InstanceName) -> Option<Url> {
        self.instances.url(instance)
    }

    /// Where an Alertmanager is reached. None: none is configured for the instance.
    pub fn alertmanager_url(&self, instance: &InstanceName) -> Option<&Url> {
        self.store.alertmanager(instance).map(|settings| &settings.url)
    }

    /// One graph of a spec. `origin`: who wrote its query.
    pub async fn graph(
        &self,
        origin: Origin,
        instance: &Arc<Instance>,
        spec: &GraphSpec,
        period: &Period,
        wanted: WantedSamples,
    ) -> Result<Graph, Failure> {
        // Boxed: a page holds many of these, each as large as all requests that it may make.
        Box::pin(async move {
            let query = spec.query.as_ref().ok_or(Failure::BrokenQuery)?;
            let (window, notices) =
                window::resolve(period, instance.settings.scrape_interval).ok_or(Failure::InTheFuture)?;
            let answer = self.samples(origin, instance, spec, (query, window), wanted);
            let (answer, unit) = self.with_unit(instance, spec, query, answer).await;
            let mut graph = Graph::of(spec, query, instance.name().clone(), answer?, notices);
            graph.unit = unit;
            graph.empty_reason = self.empty_reason(instance, query, &graph.answer.value).await;
            Ok(graph)
        })
        .await
    }

    /// What a graph draws: samples, or the value at the end of the window.
    async fn samples(
        &self,
        origin: Origin,
        instance: &Arc<Instance>,
        spec: &GraphSpec,
        (query, window): (&PromQl, Window),
        wanted: WantedSamples,
    ) -> Result<Answer<Matrix>, Failure> {
        if spec.drawn_as() != GraphType::Stat {
            let query = RangeQuery { origin, query: query.clone(), window };
            let (store, scope) = (&self.store, Scope::Whole);
            let answer = match wanted {
                WantedSamples::All => store.range(instance, scope, query).await,
                WantedSamples::WhatIsThere => store.range_at_once(instance, scope, query).await,
            };
            return answer.map_err(Failure::Prometheus);
        }
        let query = InstantQuery { origin, query: query.clone(), at_ms: window.end_ms() };
        let answer = match wanted {
            WantedSamples::All => self.store.instant(instance, Scope::Whole, query).await,
            WantedSamples::WhatIsThere => self.store.instant_at_once(instance, Scope::Whole, query).await,
        };
        let answer = answer.map_err(Failure::Prometheus)?;
        Ok(answer.with(Matrix::of_instant(window, &answer.value)))
    }

    /// The samples of a query, at exactly the instants of the window.
    pub async fn range(
        &self,
        origin: Origin,
        instance: &Arc<Instance>,
        query: &PromQl,
        window: Window,
    ) -> Result<Answer<Matrix>, Failure> {
        let query = RangeQuery { origin, query: query.clone(), window };
        self.store.range(instance, Scope::Whole, query).await.map_err(Failure::Prometheus)
    }

    /// The value of a query that anybody could write, at an instant in epoch milliseconds.
    pub async fn ad_hoc_instant(
        &self,
        instance: &Arc<Instance>,
        query: &PromQl,
        at_ms: i64,
    ) -> Result<Answer<InstantAnswer>, Failure> {
        let query = InstantQuery { origin: Origin::AdHoc, query: query.clone(), at_ms };
        self.store.instant(instance, Scope::Whole, query).await.map_err(Failure::Prometheus)
    }

    /// All alerting rules of an instance.
    pub async fn rules(&self, instance: &Arc<Instance>) -> Result<Answer<Rules>, Failure> {
        self.store.rules(instance, Scope::Whole).await.map_err(Failure::Prometheus)
    }

    /// The configured instances whose clock is off, as far as the answers in memory tell.
    pub fn skews(&self) -> Vec<(InstanceName, Skew)> {
        let mut skews = Vec::new();
        for instance in self.instances() {
            let answer = self.store.known_rules(instance, Scope::Whole);
            let skew = answer.and_then(|answer| Skew::of(&answer.value, answer.as_of));
            skews.extend(skew.map(|skew| (instance.name().clone(), skew)));
        }
        skews
    }

    /// The graph of a row's own expression.
    pub async fn alert_graph(
        &self,
        instance: &Arc<Instance>,
        row: &AlertRow,
        period: &Period,
    ) -> Result<Graph, Failure> {
        let spec = alert_graph::spec(row);
        let graph = self.graph(Origin::Known, instance, &spec, period, WantedSamples::WhatIsThere).await?;
        Ok(alert_graph::own(graph, row))
    }

    /// The alert table of a spec, with what Alertmanager suppresses at `now`. `origin`: who wrote the spec. Rows that
    /// are not active are in it when `show_inactive`, and counted in any case.
    pub async fn alerts(
        &self,
        origin: Origin,
        instance: &Arc<Instance>,
        spec: &MonitoringSpec,
        show_inactive: bool,
        now: Timestamp,
    ) -> Result<Arc<AlertTable>, Failure> {
        let alerts = spec.alerts.clone().ok_or(Failure::NoAnnotation)?;
        let rules = Box::pin(self.store.rules_at_once(instance, Scope::Whole));
        let (rules, silences) = join(rules, Box::pin(self.silences_at_once(instance))).await;
        let rules = rules.map_err(Failure::Prometheus)?;
        self.recorder()
            .zip(silences.changes_after(now))
            .iter()
            .for_each(|(recorder, at)| recorder.until(*at));
        let source = TableSource { spec: alerts, show_inactive, rules, silences };
        if let Some(table) = self.tables.get(&source, now) {
            return Ok(table);
        }
        let size = source.size();
        let (name, made_of) = (instance.name().clone(), source.clone());
        let table = move || Arc::new(AlertTable::of_source(name, made_of, now));
        let table = match origin {
            // Their regexes may be the worst: they are never tested on this thread.
            Origin::AdHoc => compute(table).await,
            Origin::Known if size <= MOST_AT_ONCE => table(),
            Origin::Known => {
                let table = tokio::task::spawn_blocking(table);
                table.await.map_err(|broken| broken_off(instance, &broken))?
            }
        };
        if size > MOST_AT_ONCE {
            self.keep_table(source, now, &table);
        }
        Ok(table)
    }

    /// For those who ask the same within a short time.
    fn keep_table(&self, source: TableSource, now: Timestamp, table: &Arc<AlertTable>) {
        self.tables.keep(source, now, table);
        let tables = self.tables.clone();
        tokio::spawn(async move {
            tokio::time::sleep(TABLE_LIFETIME).await;
            tables.drop_old(clock::now());
        });
    }
}

/// Work that ended without a result: it panicked, or the portal shuts down.
fn broken_off(instance: &Arc<Instance>, why: &tokio::task::JoinError) -> Failure {
    let who = Who::Prometheus(instance.name().clone());
    let detail = format!("the work was broken off: {why}");
    Failure::Prometheus(Arc::new(UpstreamError::new(who, ErrorKind::Upstream, &detail)))
}

/// With an HTTP client for each rule that has targets. Fails with a sentence when one cannot be built.
pub fn with_rule_targets(mut instances: Instances, routing: &RoutingSettings) -> Result<Instances, String> {
    for (name, rule) in routing.targets() {
        instances.add_rule(name, rule.api.sample(), &rule.headers, rule.secure)?;
    }
    Ok(instances)
}
