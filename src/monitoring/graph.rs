//! An answer of Prometheus as a graph: series with names that tell them apart.

use super::names::{Naming, names};
use super::unit;
use crate::annotations::{GraphSpec, GraphType, Unit};
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
    /// The annotation's, else what the metric's name tells.
    pub unit: Unit,
    pub stack: bool,
    pub instance: InstanceName,
    pub answer: Answer<Matrix>,
    /// One for each series of the answer, in its order; no two alike.
    pub names: Vec<String>,
    /// What differs from what was asked (a raised step, histograms that are not drawn), as sentences.
    pub notices: Vec<String>,
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
        let by = query.outermost_by();
        let labels: Vec<&Labels> = answer.value.series.iter().map(|s| &s.labels).collect();
        let naming = Naming { dimensions: &spec.dimensions, by: &by, query: &spec.source };
        let names = names(&labels, naming);
        notices.extend(left_out(&answer.value));
        Self {
            query: spec.source.clone(),
            title: spec.title.clone().unwrap_or_else(|| spec.source.clone()),
            graph_type: spec.graph_type.unwrap_or_default(),
            unit: spec.unit.clone().unwrap_or_else(|| unit::guess(query.as_str())),
            stack: spec.stack,
            instance,
            answer,
            names,
            notices,
        }
    }
}

/// What the answer held that no line shows.
fn left_out(matrix: &Matrix) -> Vec<String> {
    let mut sentences = Vec::new();
    match matrix.histogram_series {
        0 => {}
        1 => sentences.push("One series holds native histograms, which are not drawn.".to_owned()),
        n => sentences.push(format!("{n} series hold native histograms, which are not drawn.")),
    }
    match matrix.off_grid {
        0 => {}
        1 => sentences.push("One sample stands between two steps and is not shown.".to_owned()),
        n => sentences.push(format!("{n} samples stand between two steps and are not shown.")),
    }
    sentences
}
