//! A graph as something to look at: a plot, and what prints it.

pub mod echarts;
pub mod format;
pub mod palette;
mod plot;

pub use plot::{LegendRow, Mark, Plot, PlotSeries};
