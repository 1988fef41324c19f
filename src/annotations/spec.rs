//! The specification that an entity's annotations add up to.

use crate::catalog::Entity;
use crate::problem::Located;
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
    pub problems: Vec<crate::problem::Problem>,
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
    Named(Vec<String>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum GraphType {
    #[default]
    Line,
    Area,
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

impl MonitoringSpec {
    pub fn of(entity: &Entity) -> Self {
        let _ = entity;
        todo!()
    }
}
