//! The graph of an alert's expression: for an active alert its own series, if the answer has it.

use std::sync::Arc;

use super::{AlertRow, Graph};
use crate::annotations::GraphSpec;
use crate::prometheus::{Labels, Matrix};
use crate::promql::PromQl;

const METRIC: &str = "__name__";

/// A rule's expression as a graph: it comes from the instance itself, never from a reader.
pub fn spec(row: &AlertRow) -> GraphSpec {
    let rule = row.rule();
    let (query, problems) = PromQl::read(&rule.query);
    let source = rule.query.trim().to_owned();
    GraphSpec { source, query, title: Some(rule.name.clone()), problems, ..GraphSpec::default() }
}

/// Keeps the alert's own series, named by its labels; all series if none is known to be its own.
pub fn own(graph: Graph, row: &AlertRow) -> Graph {
    let matrix = graph.answer.value.clone();
    let series: Vec<_> = matrix.series.iter().filter(|series| is_own(row, &series.labels)).cloned().collect();
    if series.is_empty() {
        return graph;
    }
    let mut graph = graph;
    match matrix.series.len() - series.len() {
        0 => {}
        n => graph.notices.push(format!("{n} series of other alerts hidden.")),
    }
    // With one label set the metric alone can differ.
    let alone = series.len() == 1;
    graph.names = series.iter().map(|series| name(&series.labels, alone, &row.rule().name)).collect();
    graph.answer.value = Arc::new(Matrix {
        off_grid: matrix.off_grid,
        warnings: matrix.warnings.clone(),
        infos: matrix.infos.clone(),
        ..Matrix::of(matrix.window, series)
    });
    graph
}

/// An alert has the labels of its series, without the metric's name, and those that its rule sets.
fn is_own(row: &AlertRow, series: &Labels) -> bool {
    let Some(alert) = row.alert() else { return false };
    let set = |name: &str| name == "alertname" || row.rule().labels.get(name).is_some();
    let own_labels = |labels: &Labels| -> Vec<(String, String)> {
        let own = labels.iter().filter(|(name, value)| *name != METRIC && !set(name) && !value.is_empty());
        own.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    };
    own_labels(series) == own_labels(&alert.labels)
}

fn name(labels: &Labels, alone: bool, rule: &str) -> String {
    let named = labels.iter().filter(|(name, _)| !alone || *name != METRIC);
    let text = named.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(", ");
    if text.is_empty() { rule.to_owned() } else { text }
}
