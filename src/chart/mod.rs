//! A graph as something to look at: a plot, and what prints it.

pub mod axes;
pub mod echarts;
mod figures;
pub mod format;
pub mod layout;
pub mod palette;
mod plot;
pub mod reduce;
pub mod svg;
#[cfg(test)]
mod tests;

pub use figures::{LegendDigits, LegendRow};
pub use plot::{Canvas, Mark, Plot, PlotSeries};
