//! Asks the instances whether names, matchers, queries and dimensions match anything.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream;
use jiff::Timestamp;

use super::finding::Finding;
use super::matchers::KnownAlerts;
use super::report::Report;
use crate::annotations::{ALERT, AlertNames, GraphSpec, MonitoringSpec, RULE, pasted};
use crate::catalog::Entity;
use crate::diagnostic::{Diagnostic, Span, nearest};
use crate::metrics::Metrics;
use crate::monitoring::{
    EmptyReason, Failure, Graph, Monitoring, Period, RoutingInput, RoutingSettings, WantedSamples,
    with_rule_targets,
};
use crate::prometheus::{
    Instance, InstanceName, InstanceSettings, Instances, Labels, Matrix, MetricNames, Origin,
};
use crate::store::{Scope, Store, StoreSettings};
use crate::upstream::{ErrorKind, UpstreamError};

/// A query returns nothing if it returns nothing in a day, at a step that misses no series.
const LOOK_BACK: Duration = Duration::from_secs(86_400);
const STEP: Duration = Duration::from_secs(300);
/// Equal queries share an answer while it is cached.
const KEPT_BYTES: u64 = 32 << 20;
/// Instances that are checked at the same time.
const MAX_CONCURRENT_INSTANCES: usize = 16;
/// Failures of one instance after which it gets no more requests.
const MAX_FAILURES: usize = 5;
/// The longest message of an instance that is repeated.
const MAX_SAID_CHARS: usize = 300;

/// An entity and what its annotations ask for.
struct EntitySpec {
    entity: Arc<Entity>,
    spec: MonitoringSpec,
}

impl EntitySpec {
    /// The names of its annotation that are not among `known`, and their places.
    fn absent_names(&self, known: &BTreeSet<&str>) -> Vec<(&str, Span)> {
        let Some(AlertNames::Named(names)) = self.spec.alerts.as_ref().map(|alerts| &alerts.names) else {
            return Vec::new();
        };
        let all = names.iter().map(String::as_str).zip(self.spec.alert_spans.iter().copied());
        all.filter(|(name, _)| !known.contains(name)).collect()
    }
}

/// Sends each instance the queries of the entities that are routed to it. A failure is a sentence for each instance
/// that did not answer everything.
pub async fn check_online(
    entities: &[Arc<Entity>],
    instances: Vec<InstanceSettings>,
    routing: &RoutingSettings,
    now: Timestamp,
) -> Report {
    let metrics = Metrics::new();
    let instances = Instances::new(instances, &metrics.upstream);
    let instances = match instances.and_then(|instances| with_rule_targets(instances, routing)) {
        Ok(instances) => Arc::new(instances),
        Err(failure) => return Report { failures: vec![failure], ..Report::default() },
    };
    let store = Store::new(&StoreSettings { max_bytes: KEPT_BYTES }, metrics.store);
    let monitoring = Monitoring::new(store.clone(), instances, routing.clone());
    let from = now.checked_sub(LOOK_BACK).unwrap_or(Timestamp::UNIX_EPOCH);
    let period = Period { from, to: now, now, step: Some(STEP) };
    let checks = by_instance(entities, &monitoring).into_values().map(|(instance, specs)| {
        let (monitoring, store) = (&monitoring, &store);
        InstanceCheck { instance, monitoring, store, period, failures: RefCell::default() }.run(specs)
    });
    // Collected first: the futures then borrow nothing from the closure above.
    let checks: Vec<_> = checks.collect();
    let mut reports = stream::iter(checks).buffered(MAX_CONCURRENT_INSTANCES);
    let mut all = Report::default();
    while let Some(report) = reports.next().await {
        all.add(report);
    }
    all
}

/// The entities with graphs or alerts, by the instance that they are routed to. Those without one are left out.
fn by_instance(
    entities: &[Arc<Entity>],
    monitoring: &Monitoring,
) -> BTreeMap<InstanceName, (Arc<Instance>, Vec<EntitySpec>)> {
    let mut by_instance = BTreeMap::new();
    for entity in entities {
        let spec = MonitoringSpec::of(entity);
        if spec.graphs.is_empty() && spec.alerts.is_none() {
            continue;
        }
        if let Ok(routed) = monitoring.route(entity, &spec, &RoutingInput::default()) {
            let name = routed.name().clone();
            let (_, specs) = by_instance.entry(name).or_insert_with(|| (routed.instance, Vec::new()));
            specs.push(EntitySpec { entity: entity.clone(), spec });
        }
    }
    by_instance
}

/// The check of one instance.
struct InstanceCheck<'a> {
    instance: Arc<Instance>,
    monitoring: &'a Monitoring,
    store: &'a Store,
    period: Period,
    failures: RefCell<InstanceFailures>,
}

/// The failures of an instance.
#[derive(Default)]
struct InstanceFailures {
    first: Option<String>,
    count: usize,
    /// Requests that were not sent because of the failures.
    unsent: usize,
    /// No more requests are sent.
    is_final: bool,
}

impl InstanceCheck<'_> {
    fn name(&self) -> &InstanceName {
        self.instance.name()
    }

    async fn run(self, specs: Vec<EntitySpec>) -> Report {
        let mut findings = Vec::new();
        if specs.iter().any(|one| one.spec.alerts.is_some()) {
            match self.store.rules(&self.instance, Scope::Whole).await {
                Ok(answer) => {
                    let known: BTreeSet<&str> = answer.value.rules.iter().map(|r| r.name.as_str()).collect();
                    let metrics = match specs.iter().all(|one| one.absent_names(&known).is_empty()) {
                        true => Arc::default(),
                        false => self.store.metric_names(&self.instance, Scope::Whole).await,
                    };
                    findings.extend(specs.iter().flat_map(|one| self.unmatched(one, &known, &metrics)));
                    let alerts = KnownAlerts::of(&answer.value.rules);
                    let matchers = |one: &EntitySpec| alerts.unmatched(self.name(), &one.entity, &one.spec);
                    findings.extend(specs.iter().flat_map(matchers));
                }
                Err(failure) => self.add_failure(&failure),
            }
        }
        let graphs = specs.iter().flat_map(|one| one.spec.graphs.iter().map(move |graph| (one, graph)));
        // Collected first: the futures then borrow nothing from the closure above.
        let graphs: Vec<(&EntitySpec, &GraphSpec)> = graphs.collect();
        let queries = graphs.into_iter().map(|(one, graph)| self.graph(one, graph));
        let of_graphs: Vec<Vec<Finding>> =
            stream::iter(queries).buffered(self.instance.settings.max_concurrent).collect().await;
        findings.extend(of_graphs.into_iter().flatten());
        Report { findings, failures: self.sentence().into_iter().collect(), ..Report::default() }
    }

    /// Names of alerts that no rule of the instance has.
    fn unmatched(&self, one: &EntitySpec, known: &BTreeSet<&str>, metrics: &MetricNames) -> Vec<Finding> {
        let finding = |(name, span): (&str, Span)| {
            let mut message = format!("{} has no alerting rule of this name", self.name());
            if metrics.has(name) == Some(true) {
                message +=
                    &format!(", but a metric; for its graph, write the annotation {}", pasted(RULE, name));
            }
            let error = Diagnostic::error(span, message).suggesting(nearest(name, known.iter().copied()));
            Finding::of_value(&one.entity, ALERT, error)
        };
        one.absent_names(known).into_iter().map(finding).collect()
    }

    fn named_like_alert(&self, name: &str) -> String {
        let advised = pasted(ALERT, name);
        format!("{} has no metric of this name, but an alert; write the annotation {advised}", self.name())
    }

    async fn graph(&self, one: &EntitySpec, graph: &GraphSpec) -> Vec<Finding> {
        if graph.query.is_none() || self.is_over() {
            return Vec::new();
        }
        let finding = |diagnostic| vec![Finding::of_value(&one.entity, RULE, diagnostic)];
        match self
            .monitoring
            .graph(Origin::Known, &self.instance, graph, &self.period, WantedSamples::All)
            .await
        {
            Ok(answer) if is_empty(&answer.answer.value) && !self.has_samples_now(graph).await => {
                let (message, near) = match answer.empty_reason {
                    EmptyReason::NameOfAlert(name) => (self.named_like_alert(&name), None),
                    EmptyReason::NoSuchMetric { metric, similar } => {
                        (format!("{} has no metric {metric}", self.name()), similar)
                    }
                    _ => (format!("the query returned nothing from {} in the last day", self.name()), None),
                };
                finding(Diagnostic::warning(graph.query_span, message).suggesting(near))
            }
            Ok(answer) => absent(&one.entity, graph, &answer),
            Err(Failure::Prometheus(failure)) if failure.kind.is_of_query() => {
                let message = match self.monitoring.has_alert(&self.instance, &graph.source).await {
                    true => self.named_like_alert(&graph.source),
                    false => format!("{} rejected the query: {}", self.name(), words(&failure)),
                };
                finding(Diagnostic::error(graph.query_span, message))
            }
            Err(Failure::Prometheus(failure)) => {
                self.add_failure(&failure);
                Vec::new()
            }
            Err(_) => Vec::new(),
        }
    }

    /// The last point may be minutes ago, when a new instance had no samples yet.
    async fn has_samples_now(&self, graph: &GraphSpec) -> bool {
        let Some(query) = &graph.query else { return false };
        self.instance.has_samples(query, self.period.now.as_millisecond()).await.unwrap_or(false)
    }

    fn add_failure(&self, failure: &UpstreamError) {
        let mut failures = self.failures.borrow_mut();
        failures.first.get_or_insert_with(|| format!("{}: {}", failure.kind.as_str(), words(failure)));
        failures.count += 1;
        let hopeless = matches!(
            failure.kind,
            ErrorKind::Unreachable
                | ErrorKind::Certificate
                | ErrorKind::Tls
                | ErrorKind::Unauthorized
                | ErrorKind::NotTheApi
                | ErrorKind::HtmlPage
        );
        failures.is_final |= hopeless || failures.count >= MAX_FAILURES;
    }

    /// Whether no more requests are sent; counts those that are not.
    fn is_over(&self) -> bool {
        let mut failures = self.failures.borrow_mut();
        failures.unsent += usize::from(failures.is_final);
        failures.is_final
    }

    fn sentence(&self) -> Option<String> {
        let failures = self.failures.borrow();
        let first = failures.first.as_ref()?;
        let unanswered = failures.count + failures.unsent;
        let questions = if unanswered == 1 { "question" } else { "questions" };
        Some(format!("the instance {} left {unanswered} {questions} unanswered ({first})", self.name()))
    }
}

fn is_empty(answer: &Matrix) -> bool {
    answer.series.is_empty() && answer.histograms.is_empty() && answer.instant.is_none()
}

/// Dimensions that no series of an answer has.
fn absent(entity: &Entity, graph: &GraphSpec, answer: &Graph) -> Vec<Finding> {
    let matrix = &answer.answer.value;
    let floats = matrix.series.iter().map(|series| &series.labels);
    let series: Vec<&Labels> = floats.chain(matrix.histograms.iter().map(|series| &series.labels)).collect();
    if series.is_empty() {
        return Vec::new();
    }
    let labels: BTreeSet<&str> =
        series.iter().flat_map(|labels| labels.iter().map(|(name, _)| name)).collect();
    let message = format!("none of the query's {} series has this label", series.len());
    let absent = graph
        .dimensions
        .iter()
        .zip(&graph.dimension_spans)
        .filter(|(name, _)| !labels.contains(name.as_str()));
    let finding = |(name, span): (&String, &Span)| {
        let warning = Diagnostic::warning(*span, &message).suggesting(nearest(name, labels.iter().copied()));
        Finding::of_value(entity, RULE, warning)
    };
    absent.map(finding).collect()
}

/// What Prometheus said itself, else what we know.
fn words(failure: &UpstreamError) -> String {
    failure.said.as_deref().unwrap_or(&failure.detail).chars().take(MAX_SAID_CHARS).collect()
}
