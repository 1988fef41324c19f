//! An answer of Prometheus as a graph: series with names that tell them apart.

use crate::annotations::{GraphType, Unit};
use crate::prometheus::{InstanceName, Matrix};
use crate::store::Answer;

/// One graph, ready to be plotted or written as JSON.
#[derive(Clone, Debug)]
pub struct Graph {
    /// The query's source, trimmed.
    pub query: String,
    /// The annotation's title, else the query.
    pub title: String,
    pub graph_type: GraphType,
    pub unit: Unit,
    pub stack: bool,
    pub instance: InstanceName,
    pub answer: Answer<Matrix>,
    /// One for each series of the answer, in its order; no two alike.
    pub names: Vec<String>,
    /// What was changed of what the reader asked (a raised step, an end beyond now), as sentences.
    pub notices: Vec<String>,
}
