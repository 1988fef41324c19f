//! Prints a plot as an ECharts option: charming builds the skeleton, a typed patch adds what it lacks, columns come last.

mod island;

use charming::Chart;
use charming::component::{Axis, Grid, Legend};
use charming::element::{
    AreaStyle, AxisType, Label, LabelPosition, MarkLine, MarkLineData, MarkLineVariant, Symbol, Tooltip,
    Trigger,
};
use charming::series::Line;
pub use island::Island;
use serde::Serialize;
use serde_json::{Map, Value};

use super::{Mark, Plot};
use crate::annotations::GraphType;
use crate::monitoring::Graph;

/// The option and its data, as JSON for the island that the script reads:
///
/// - `option`: an ECharts option without data and colours; its x axis spans the requested period; behind the
///   series of `names` there may stand one without a name, which carries lines across the chart
/// - `names`, `colours`, `columns`: one entry per series; a colour is an index into the palette,
///   a column has a number or null (a gap) for `start + i * step`
/// - `start`, `step`: milliseconds
/// - `lone`: `[series, i]` of every sample without a drawn neighbour, which a line alone would not show
/// - `unit`: a word of [`Unit`](crate::annotations::Unit); `graphType`: `line` or `area`; `stack`
pub fn island(plot: &Plot, graph: &Graph) -> Island {
    let window = &graph.answer.value.window;
    let lone = |(i, at): (usize, &[usize])| at.iter().map(|at| [i, *at]).collect::<Vec<_>>();
    Island::of(&island::Content {
        option: option(plot),
        start: window.start_ms(),
        step: window.step_ms(),
        names: plot.series.iter().map(|s| s.name.as_str()).collect(),
        colours: plot.series.iter().map(|s| s.colour).collect(),
        lone: plot.series.iter().map(|s| s.lone.as_slice()).enumerate().flat_map(lone).collect(),
        unit: plot.unit.as_str(),
        graph_type: plot.graph_type.as_str(),
        stack: plot.stack,
        columns: graph.answer.value.series.iter().map(|s| island::Column(&s.values)).collect(),
    })
}

/// Null when it cannot be written, which the types rule out; the script then draws without it.
/// Never by `Chart`'s `Display`, which takes quotes off data.
fn option(plot: &Plot) -> Value {
    let mut option = serde_json::to_value(skeleton(plot)).unwrap_or_default();
    merge(&mut option, serde_json::to_value(Patch::default()).unwrap_or_default());
    let line = serde_json::to_value(line(plot)).unwrap_or_default();
    if let (Value::Object(option), Value::Object(line)) = (&mut option, line) {
        let series = plot.series.iter().map(|s| named(&line, &s.name)).chain(marks(&plot.marks)).collect();
        option.insert("series".to_owned(), Value::Array(series));
    }
    option
}

fn skeleton(plot: &Plot) -> Chart {
    Chart::new()
        .animation(false)
        .tooltip(Tooltip::new().trigger(Trigger::Axis))
        // Hidden, because the legend is a table; there so that its entries can be selected.
        .legend(Legend::new().show(false))
        .grid(Grid::new().left(8).right(16).top(16).bottom(8).contain_label(true))
        .x_axis(Axis::new().type_(AxisType::Time).min(plot.from_ms).max(plot.to_ms))
        .y_axis(Axis::new().type_(AxisType::Value))
}

/// What every series of a plot looks like. One for all: a `Line` weighs six kilobytes.
fn line(plot: &Plot) -> Line {
    let line = Line::new().show_symbol(false).connect_nulls(false);
    let line = match plot.graph_type {
        GraphType::Line => line,
        GraphType::Area => line.area_style(AreaStyle::new().opacity(0.2)),
    };
    if plot.stack { line.stack("all") } else { line }
}

fn named(line: &Map<String, Value>, name: &str) -> Value {
    let mut series = line.clone();
    series.insert("name".to_owned(), Value::String(name.to_owned()));
    Value::Object(series)
}

/// A series of lines at moments, which no choice of series hides. None without moments.
fn marks(marks: &[Mark]) -> Option<Value> {
    let line = |mark: &Mark| {
        let label = Label::new().show(true).position(LabelPosition::InsideEndTop).formatter(mark.text);
        MarkLineVariant::Simple(MarkLineData::new().x_axis(mark.at_ms as f64).label(label))
    };
    let lines = marks.iter().map(line).collect::<Vec<_>>();
    let mark_line = MarkLine::new().silent(true).symbol(vec![Symbol::None, Symbol::None]).data(lines);
    let mut series = serde_json::to_value(Line::new().mark_line(mark_line)).ok()?;
    // Without data of its own it would take the first column of the others'.
    series.as_object_mut()?.insert("data".to_owned(), Value::Array(Vec::new()));
    (!marks.is_empty()).then_some(series)
}

/// What charming has no words for.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Patch {
    #[serde(rename = "useUTC")]
    use_utc: bool,
    tooltip: TooltipPatch,
    x_axis: AxisPatch,
    y_axis: AxisPatch,
}

#[derive(Serialize)]
struct TooltipPatch {
    /// Keeps it inside the chart, so that a frame does not cut it off.
    confine: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AxisPatch {
    axis_label: AxisLabelPatch,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AxisLabelPatch {
    hide_overlap: bool,
}

impl Default for Patch {
    fn default() -> Self {
        let axis = || AxisPatch { axis_label: AxisLabelPatch { hide_overlap: true } };
        Self { use_utc: true, tooltip: TooltipPatch { confine: true }, x_axis: axis(), y_axis: axis() }
    }
}

/// Lays `patch` over `base`: objects key by key, anything else as a whole.
fn merge(base: &mut Value, patch: Value) {
    match (base, patch) {
        (Value::Object(base), Value::Object(patch)) => {
            for (key, value) in patch {
                merge(base.entry(key).or_insert(Value::Null), value);
            }
        }
        (base, patch) => *base = patch,
    }
}

#[cfg(test)]
mod tests;
