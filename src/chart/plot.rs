//! Graph -> Plot: everything a chart shows, decided once; printers decide nothing.

use crate::annotations::{GraphType, Unit};
use crate::monitoring::{Graph, Period};

/// A chart, decided.
#[derive(Clone, Debug)]
pub struct Plot {
    pub graph_type: GraphType,
    pub stack: bool,
    pub unit: Unit,
    /// The requested range in epoch milliseconds: the x axis spans it, data or not.
    pub from_ms: i64,
    pub to_ms: i64,
    pub series: Vec<PlotSeries>,
    /// Samples that are NaN or infinite: they are drawn as gaps, and the panel says so.
    pub non_finite: usize,
}

#[derive(Clone, Debug)]
pub struct PlotSeries {
    pub name: String,
    /// Index into the palette: 0 to 9.
    pub colour: usize,
    pub legend: LegendRow,
}

/// Figures over the answer's samples; NaN and absent left out; None when nothing is left.
/// `last`, `min` and `max` may be infinite, `avg` is over the finite samples.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LegendRow {
    pub last: Option<f64>,
    pub min: Option<f64>,
    pub max: Option<f64>,
    pub avg: Option<f64>,
}

impl Plot {
    pub fn of(graph: &Graph, period: &Period) -> Self {
        let _ = (graph, period);
        todo!()
    }
}
