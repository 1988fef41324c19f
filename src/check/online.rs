//! Asks the instances what only they know: whether names, queries and dimensions find anything.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream;
use jiff::Timestamp;

use super::finding::Finding;
use crate::annotations::{ALERT, AlertNames, GraphSpec, MonitoringSpec, RULE};
use crate::catalog::Entity;
use crate::diagnostic::{Diagnostic, Span, nearest};
use crate::metrics::Metrics;
use crate::monitoring::{
    EmptyReason, Failure, Graph, Monitoring, Period, Routed, RoutingInput, RoutingSettings, with_rule_targets,
};
use crate::prometheus::{InstanceName, InstanceSettings, Instances, Labels, Matrix, Origin};
use crate::store::{Scope, Store, StoreSettings};
use crate::upstream::{ErrorKind, UpstreamError};

/// What counts as "returns nothing": nothing in a day, at a step that misses no series.
const LOOK_BACK: Duration = Duration::from_secs(86_400);
const STEP: Duration = Duration::from_secs(300);
/// Answers are needed once each; equal questions share one while it is there.
const KEPT_BYTES: u64 = 32 << 20;
/// Instances that are asked at once.
const AT_ONCE: usize = 16;
/// Failures of one instance after which it is asked no more.
const PATIENCE: usize = 5;
/// What an instance said is repeated up to here.
const MAX_SAID_CHARS: usize = 300;

/// What came of asking.
#[derive(Debug, Default)]
pub struct Online {
    pub findings: Vec<Finding>,
    /// A sentence for each instance that did not answer, or not everything.
    pub failures: Vec<String>,
}

/// An entity and what it asks for.
struct Asking {
    entity: Arc<Entity>,
    spec: MonitoringSpec,
}

impl Online {
    /// Asks each instance what the entities that are led to it will ask.
    pub async fn ask(
        entities: &[Arc<Entity>],
        instances: Vec<InstanceSettings>,
        routing: &RoutingSettings,
        now: Timestamp,
    ) -> Self {
        let metrics = Metrics::new();
        let instances = Instances::new(instances, &metrics.upstream);
        let instances = match instances.and_then(|instances| with_rule_targets(instances, routing)) {
            Ok(instances) => Arc::new(instances),
            Err(failure) => return Self { failures: vec![failure], ..Self::default() },
        };
        let store = Store::new(&StoreSettings { max_bytes: KEPT_BYTES }, metrics.store);
        let monitoring = Monitoring::new(store.clone(), instances, routing.clone());
        let from = now.checked_sub(LOOK_BACK).unwrap_or(Timestamp::UNIX_EPOCH);
        let period = Period { from, to: now, now, step: Some(STEP) };
        let conversations = led(entities, &monitoring).into_values().map(|(routed, asking)| {
            let (monitoring, store) = (&monitoring, &store);
            Conversation { routed, monitoring, store, period, said: Mutex::default() }.have(asking)
        });
        // Collected first: the futures then borrow nothing from the closure above.
        let conversations: Vec<_> = conversations.collect();
        let mut message = stream::iter(conversations).buffered(AT_ONCE);
        let mut all = Self::default();
        while let Some(message) = message.next().await {
            all.findings.extend(message.findings);
            all.failures.extend(message.failures);
        }
        all
    }
}

/// The entities that ask something, by the instance that they are led to. Who is led nowhere is told without asking.
fn led(entities: &[Arc<Entity>], monitoring: &Monitoring) -> BTreeMap<InstanceName, (Routed, Vec<Asking>)> {
    let mut led = BTreeMap::new();
    for entity in entities {
        let spec = MonitoringSpec::of(entity);
        let asks = !spec.graphs.is_empty() || spec.alerts.is_some();
        if let Some(routed) = monitoring.route(entity, &spec, &RoutingInput::default()).ok().filter(|_| asks)
        {
            let (_, asking) = led.entry(routed.name().clone()).or_insert_with(|| (routed, Vec::new()));
            asking.push(Asking { entity: entity.clone(), spec });
        }
    }
    led
}

/// All that is asked of one instance.
struct Conversation<'a> {
    routed: Routed,
    monitoring: &'a Monitoring,
    store: &'a Store,
    period: Period,
    said: Mutex<Trouble>,
}

/// What kept an instance from answering.
#[derive(Default)]
struct Trouble {
    first: Option<String>,
    failures: usize,
    unasked: usize,
    /// There is no point in asking on.
    over: bool,
}

impl Conversation<'_> {
    fn name(&self) -> &InstanceName {
        self.routed.name()
    }

    async fn have(self, asking: Vec<Asking>) -> Online {
        let mut findings = Vec::new();
        if asking.iter().any(|asking| asking.spec.alerts.is_some()) {
            match self.store.rules(&self.routed.instance, Scope::Whole).await {
                Ok(answer) => {
                    let known: BTreeSet<&str> = answer.value.rules.iter().map(|r| r.name.as_str()).collect();
                    findings.extend(asking.iter().flat_map(|asking| self.unmatched(asking, &known)));
                }
                Err(failure) => self.trouble(&failure),
            }
        }
        let graphs =
            asking.iter().flat_map(|asking| asking.spec.graphs.iter().map(move |graph| (asking, graph)));
        // Collected first: the futures then borrow nothing from the closure above.
        let graphs: Vec<(&Asking, &GraphSpec)> = graphs.collect();
        let queries = graphs.into_iter().map(|(asking, graph)| self.graph(asking, graph));
        let of_graphs: Vec<Vec<Finding>> =
            stream::iter(queries).buffered(self.routed.settings().max_concurrent).collect().await;
        findings.extend(of_graphs.into_iter().flatten());
        Online { findings, failures: self.sentence().into_iter().collect() }
    }

    /// Names of alerts that no rule of the instance has.
    fn unmatched(&self, asking: &Asking, known: &BTreeSet<&str>) -> Vec<Finding> {
        let Some(AlertNames::Named(names)) = asking.spec.alerts.as_ref().map(|alerts| &alerts.names) else {
            return Vec::new();
        };
        let absent =
            names.iter().zip(&asking.spec.alert_spans).filter(|(name, _)| !known.contains(name.as_str()));
        let finding = |(name, span): (&String, &Span)| {
            let message = format!("{} has no alerting rule of this name", self.name());
            let error = Diagnostic::error(*span, message).suggesting(nearest(name, known.iter().copied()));
            Finding::of_value(&asking.entity, ALERT, error)
        };
        absent.map(finding).collect()
    }

    async fn graph(&self, asking: &Asking, graph: &GraphSpec) -> Vec<Finding> {
        if graph.query.is_none() || self.is_over() {
            return Vec::new();
        }
        let finding = |diagnostic| vec![Finding::of_value(&asking.entity, RULE, diagnostic)];
        match self.monitoring.graph(Origin::Known, &self.routed.instance, graph, &self.period).await {
            Ok(answer) if is_empty(&answer.answer.value) => {
                let (message, near) = match answer.empty_reason {
                    EmptyReason::NoSuchMetric { metric, similar } => {
                        (format!("{} has no metric {metric}", self.name()), similar)
                    }
                    _ => (format!("the query returned nothing from {} in the last day", self.name()), None),
                };
                finding(Diagnostic::warning(graph.query_span, message).suggesting(near))
            }
            Ok(answer) => absent(&asking.entity, graph, &answer),
            Err(Failure::Prometheus(refusal)) if refusal.kind.is_of_query() => finding(Diagnostic::error(
                graph.query_span,
                format!("{} rejected the query: {}", self.name(), words(&refusal)),
            )),
            Err(Failure::Prometheus(failure)) => {
                self.trouble(&failure);
                Vec::new()
            }
            Err(_) => Vec::new(),
        }
    }

    fn trouble(&self, failure: &UpstreamError) {
        let mut trouble = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        trouble.first.get_or_insert_with(|| format!("{}: {}", failure.kind.as_str(), words(failure)));
        trouble.failures += 1;
        let hopeless = matches!(
            failure.kind,
            ErrorKind::Unreachable
                | ErrorKind::Certificate
                | ErrorKind::Tls
                | ErrorKind::Unauthorized
                | ErrorKind::NotTheApi
                | ErrorKind::HtmlPage
        );
        trouble.over |= hopeless || trouble.failures >= PATIENCE;
    }

    /// Whether to ask no more; counts what is left unasked.
    fn is_over(&self) -> bool {
        let mut trouble = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        trouble.unasked += usize::from(trouble.over);
        trouble.over
    }

    fn sentence(&self) -> Option<String> {
        let trouble = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let first = trouble.first.as_ref()?;
        let unanswered = trouble.failures + trouble.unasked;
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
