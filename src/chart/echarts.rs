//! Prints a plot as an ECharts option: charming builds the skeleton, a typed patch adds what it lacks, columns come last.

use std::fmt;

use super::Plot;
use crate::monitoring::Graph;

/// JSON that may stand unescaped inside `<script type="application/json">`: `<`, `>`, `&`, U+2028
/// and U+2029 occur only as `\u` escapes. In a template: `{{ island|safe }}`.
#[derive(Clone, Debug)]
pub struct Island(String);

impl Island {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Island {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The option and its data, as JSON for the island that the script reads:
///
/// - `option`: an ECharts option without data and colours; its x axis spans the requested period
/// - `names`, `colours`, `columns`: one entry per series; a colour is an index into the palette,
///   a column has a number or null (a gap) for `start + i * step`
/// - `start`, `step`: milliseconds
/// - `lone`: `[series, i]` of every sample without a drawn neighbour, which a line alone would not show
/// - `unit`: a word of [`Unit`](crate::annotations::Unit); `graphType`: `line` or `area`; `stack`
///
/// Never `Chart`'s `Display`: it un-quotes data.
pub fn island(plot: &Plot, graph: &Graph) -> Island {
    let _ = (plot, graph);
    todo!()
}
