//! How a page came to be: what was read, where it led, what was asked.

use std::time::Duration;

use jiff::Timestamp;

use super::window::settle;
use super::{Period, Routed};
use crate::annotations::MonitoringSpec;
use crate::catalog::Entity;
use crate::prometheus::{InstanceSettings, Window};

/// Annotations of these belong to the portal.
const PREFIXES: [&str; 2] = ["prometheus.io/", "promenade.io/"];

/// What a page of an entity was made from. Holds no address that only the portal uses.
#[derive(Clone, Debug)]
pub struct Account {
    /// The annotations that the portal knows or might mean, as they were read, by name.
    pub annotations: Vec<Read>,
    /// The instance that answers; None: none does, which the page tells.
    pub instance: Option<Chosen>,
    /// Every question of the page, whether or not its answer is shown yet; empty without an instance.
    pub questions: Vec<Asked>,
}

/// An annotation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read {
    pub name: String,
    pub value: String,
}

/// An instance and what chose it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chosen {
    pub name: String,
    /// A sentence's end: `chosen by rule 2 of promenade.routing, cells`.
    pub why: String,
}

/// One question to the instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// All alerting rules; the annotations choose among them afterwards.
    Rules,
    Graph {
        /// From 1, as the page numbers them.
        number: usize,
        /// The query letter for letter.
        query: String,
        span: Span,
    },
    /// The query is broken, so nothing was asked.
    NotSent { number: usize, query: String },
    /// The whole period lies in the future, so nothing was asked.
    NotYet { number: usize, query: String },
}

/// The instants of a range query, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub start: Timestamp,
    pub end: Timestamp,
    pub step: Duration,
}

impl Account {
    /// Of a page that shows the whole entity over a period.
    pub fn of(entity: &Entity, spec: &MonitoringSpec, routed: Option<&Routed>, period: &Period) -> Self {
        let ours = |name: &str| PREFIXES.iter().any(|prefix| name.starts_with(prefix));
        let read = entity.annotations.iter().filter(|(name, _)| ours(name));
        let read =
            read.map(|(name, annotation)| Read { name: name.clone(), value: annotation.value.clone() });
        Self {
            annotations: read.collect(),
            instance: routed.map(|r| Chosen { name: r.name().to_string(), why: r.why.to_string() }),
            questions: routed.map(|routed| questions(spec, routed, period)).unwrap_or_default(),
        }
    }
}

fn questions(spec: &MonitoringSpec, routed: &Routed, period: &Period) -> Vec<Asked> {
    let grid = settle(period, routed.settings().scrape_interval).and_then(|(window, _)| Span::of(&window));
    let graph = |(number, graph): (usize, &crate::annotations::GraphSpec)| match (&graph.query, grid) {
        (None, _) => Asked::NotSent { number, query: graph.source.clone() },
        (Some(query), None) => Asked::NotYet { number, query: query.to_string() },
        (Some(query), Some(span)) => Asked::Graph { number, query: query.to_string(), span },
    };
    let rules = spec.alerts.as_ref().map(|_| Asked::Rules);
    rules.into_iter().chain((1..).zip(&spec.graphs).map(graph)).collect()
}

impl Span {
    /// The instants that a graph over a period asks an instance for. The period itself where there are none, or
    /// no instance.
    pub fn asked(period: &Period, instance: Option<&InstanceSettings>) -> Self {
        let settled = instance.and_then(|instance| settle(period, instance.scrape_interval));
        settled.and_then(|(window, _)| Self::of(&window)).unwrap_or(Self {
            start: period.from,
            end: period.to,
            step: period.step.unwrap_or_default(),
        })
    }

    fn of(window: &Window) -> Option<Self> {
        Some(Self {
            start: Timestamp::from_millisecond(window.start_ms()).ok()?,
            end: Timestamp::from_millisecond(window.end_ms()).ok()?,
            step: Duration::from_millis(window.step_ms().unsigned_abs()),
        })
    }
}
