//! An answer of Prometheus as a graph: series with names that tell them apart.

use std::sync::Arc;

use super::names::{Naming, names};
use super::quantiles::with_quantiles;
use super::{EmptyReason, Skew, Stat};
use crate::annotations::{GraphSpec, GraphType, Scale, Unit};
use crate::prometheus::{InstanceName, Labels, Matrix};
use crate::promql::PromQl;
use crate::store::Answer;

/// One graph, ready to be plotted or written as JSON.
#[derive(Clone, Debug)]
pub struct Graph {
    /// The query's source, trimmed.
    pub query: String,
    /// The annotation's title, else the query.
    pub title: String,
    pub graph_type: GraphType,
    /// The annotation's, else what is known of the metrics.
    pub unit: Unit,
    pub stack: bool,
    pub scale: Scale,
    pub instance: InstanceName,
    pub answer: Answer<Matrix>,
    /// The answer's value as the instance sent it, without added lines.
    pub given: Arc<Matrix>,
    /// One for each series of the answer, in its order; no two alike.
    pub names: Vec<String>,
    /// What to show in place of lines where the instance answered with values; there are no series then.
    pub stats: Vec<Stat>,
    /// Of an answer with nothing in it.
    pub empty_reason: EmptyReason,
    /// What differs from the request (a raised step, histograms that are not drawn), and whether the
    /// instance's clock is off, as sentences.
    pub notices: Vec<String>,
    /// As [`PromQl::is_per_instant`].
    pub is_per_instant: bool,
}

impl Graph {
    /// Joins a graph's specification with the answer to its query.
    pub fn of(
        spec: &GraphSpec,
        query: &PromQl,
        instance: InstanceName,
        answer: Answer<Matrix>,
        mut notices: Vec<String>,
    ) -> Self {
        let given = answer.value.clone();
        let (answer, drawn) = with_quantiles(answer);
        let by = query.outermost_by();
        let labels: Vec<&Labels> = answer.value.series.iter().map(|s| &s.labels).collect();
        let naming = Naming { dimensions: &spec.dimensions, by: &by, query: &spec.source };
        let names = names(&labels, naming);
        notices.extend(drawn);
        notices.extend(left_out(&answer.value));
        let skew = Skew::of_date(given.date, answer.as_of);
        notices.extend(skew.map(|skew| skew.sentence(&instance)));
        let stats = answer.value.instant.as_ref().map_or_else(Vec::new, |value| Stat::all(value, naming));
        Self {
            query: spec.source.clone(),
            title: spec.title.clone().unwrap_or_else(|| spec.source.clone()),
            graph_type: spec.drawn_as(),
            unit: spec.unit.clone().unwrap_or(Unit::None),
            stack: spec.stack,
            scale: spec.scale,
            instance,
            answer,
            given,
            names,
            empty_reason: EmptyReason::default(),
            stats,
            notices,
            is_per_instant: query.is_per_instant(),
        }
    }
}

/// Samples of the answer that no line shows.
fn left_out(matrix: &Matrix) -> Option<String> {
    match matrix.off_grid {
        0 => None,
        1 => Some("One sample stands between two steps and is not shown.".to_owned()),
        n => Some(format!("{n} samples stand between two steps and are not shown.")),
    }
}
