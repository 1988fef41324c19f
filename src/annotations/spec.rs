//! The specification that an entity's annotations add up to.

use super::{ALERT, LABELS, MAX_ANNOTATION_BYTES, RULE, SERVICE_NAME, alert, labels, rule};
use crate::catalog::Entity;
use crate::problem::{Located, Problem, Severity, Span};
use crate::promql::{Matcher, PromQl};

/// All that an entity asks of its page. Reading never fails: what cannot be read is a problem in its place.
#[derive(Clone, Debug, Default)]
pub struct MonitoringSpec {
    /// In the annotation's order; the page numbers them from 1. A broken query keeps its place.
    pub graphs: Vec<GraphSpec>,
    /// None: neither an alert nor a labels annotation.
    pub alerts: Option<AlertSpec>,
    /// `prometheus.io/service-name`, trimmed; None when missing or empty.
    pub service_name: Option<String>,
    /// Every problem of every annotation, those of `graphs` included.
    pub problems: Vec<Located>,
}

/// One entry of `prometheus.io/rule`.
#[derive(Clone, Debug)]
pub struct GraphSpec {
    /// The query as its author wrote it, trimmed; also when it is broken.
    pub source: String,
    /// None: broken, and `problems` (spans into the annotation's value) says how.
    pub query: Option<PromQl>,
    /// The dimension list; empty when none is given.
    pub dimensions: Vec<String>,
    pub graph_type: Option<GraphType>,
    pub title: Option<String>,
    pub unit: Option<Unit>,
    pub stack: bool,
    pub problems: Vec<Problem>,
}

/// Which alerts an entity shows: both conditions hold.
#[derive(Clone, Debug)]
pub struct AlertSpec {
    pub names: AlertNames,
    pub matchers: Vec<Matcher>,
    /// A part of the annotations could not be read, so what is shown may be too much or too little.
    pub broken: bool,
}

/// Which alerting rules are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AlertNames {
    All,
    /// Without an alert annotation: every rule, the matchers decide.
    Unnamed,
    /// In the annotation's order, each once.
    Named(Vec<String>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum GraphType {
    #[default]
    Line,
    Area,
}

impl GraphType {
    /// Reads `line` or `area`.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Line, Self::Area].into_iter().find(|known| known.as_str().eq_ignore_ascii_case(word.trim()))
    }

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Line => "line",
            Self::Area => "area",
        }
    }
}

/// What the numbers of a graph measure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unit {
    None,
    Bytes,
    BytesPerSecond,
    Seconds,
    /// 0 to 1, shown as percent.
    Ratio,
    /// 0 to 100.
    Percent,
    PerSecond,
    /// Any other word, shown behind the number.
    Other(String),
}

impl Unit {
    /// The longest word of a unit, in characters.
    pub const MAX_CHARS: usize = 32;

    /// Reads a machine word, or the name that Grafana has for the same unit; any other word is itself.
    /// None when it is empty or too long to stand behind a number.
    pub fn parse(word: &str) -> Option<Self> {
        let word = word.trim();
        if word.is_empty() || word.chars().count() > Self::MAX_CHARS || word.chars().any(char::is_control) {
            return None;
        }
        Some(match word.to_ascii_lowercase().as_str() {
            "none" | "short" => Self::None,
            "bytes" | "decbytes" => Self::Bytes,
            "bytes_per_second" | "bytes/s" | "bps" | "binbps" => Self::BytesPerSecond,
            "seconds" | "s" => Self::Seconds,
            "ratio" | "percentunit" => Self::Ratio,
            "percent" | "%" => Self::Percent,
            "per_second" | "/s" | "ops" | "reqps" => Self::PerSecond,
            _ => Self::Other(word.to_owned()),
        })
    }

    /// The machine word, which [`Unit::parse`] reads back.
    pub fn as_str(&self) -> &str {
        match self {
            Self::None => "none",
            Self::Bytes => "bytes",
            Self::BytesPerSecond => "bytes_per_second",
            Self::Seconds => "seconds",
            Self::Ratio => "ratio",
            Self::Percent => "percent",
            Self::PerSecond => "per_second",
            Self::Other(word) => word,
        }
    }
}

impl MonitoringSpec {
    pub fn of(entity: &Entity) -> Self {
        let mut spec = Self { service_name: service_name(entity), ..Self::default() };
        if let Some(value) = spec.value(entity, RULE) {
            let (graphs, problems) = rule::read(value);
            spec.tell(RULE, graphs.iter().flat_map(|graph| graph.problems.clone()).chain(problems).collect());
            spec.graphs = graphs;
        }
        spec.alerts = spec.alerts_of(entity);
        spec
    }

    fn alerts_of(&mut self, entity: &Entity) -> Option<AlertSpec> {
        if entity.annotation(ALERT).is_none() && entity.annotation(LABELS).is_none() {
            return None;
        }
        let told_before = self.errors();
        let names = self.value(entity, ALERT).map(alert::read);
        let matchers = self.value(entity, LABELS).map(labels::read);
        let (names, name_problems) = names.unwrap_or_else(|| match entity.annotation(ALERT) {
            Some(_) => (AlertNames::Named(Vec::new()), Vec::new()),
            None => (AlertNames::Unnamed, Vec::new()),
        });
        let (matchers, matcher_problems) = matchers.unwrap_or_default();
        self.tell(ALERT, name_problems);
        self.tell(LABELS, matcher_problems);
        Some(AlertSpec { names, matchers, broken: self.errors() > told_before })
    }

    /// The annotation's value, if it is there and not too long to be read.
    fn value<'e>(&mut self, entity: &'e Entity, key: &str) -> Option<&'e str> {
        let value = entity.annotation(key)?;
        if value.len() <= MAX_ANNOTATION_BYTES {
            return Some(value);
        }
        let told = format!("the annotation is longer than {MAX_ANNOTATION_BYTES} bytes and is not read");
        self.tell(key, vec![Problem::error(Span::whole(value), told)]);
        None
    }

    fn tell(&mut self, annotation: &str, problems: Vec<Problem>) {
        let located = |problem| Located { annotation: annotation.to_owned(), problem };
        self.problems.extend(problems.into_iter().map(located));
    }

    fn errors(&self) -> usize {
        self.problems.iter().filter(|told| told.problem.severity == Severity::Error).count()
    }
}

fn service_name(entity: &Entity) -> Option<String> {
    let name = entity.annotation(SERVICE_NAME)?.trim();
    (!name.is_empty()).then(|| name.to_owned())
}
