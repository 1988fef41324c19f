//! Prints a plot as an ECharts option: charming builds the skeleton, a typed patch adds what it lacks, columns come last.

use super::Plot;
use crate::monitoring::Graph;

/// The option and its data, as JSON for the island that the script reads. Never `Chart`'s `Display`: it un-quotes data.
pub fn island(plot: &Plot, graph: &Graph) -> serde_json::Value {
    let _ = (plot, graph);
    todo!()
}
