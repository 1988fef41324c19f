//! Prints a plot as an ECharts option: charming builds the skeleton, a typed patch adds what it lacks.

mod island;
mod tick;

use std::ops::Range;
use std::time::Duration;

use charming::Chart;
use charming::component::{Axis, Grid};
use charming::element::{
    AreaStyle, AxisType, Label, LabelPosition, LineStyle, MarkLine, MarkLineData, MarkLineVariant, Symbol,
    Tooltip, Trigger,
};
use charming::series::Line;
pub use island::Island;
use serde_json::{Map, Value, json};

use super::axes::ValueAxis;
#[cfg(doc)]
use super::format::Measure;
use super::format::number;
use super::{Mark, Plot, layout};
use crate::annotations::{GraphType, Unit};
use island::{AxisJson, ColumnValues, IslandState, Newer, Shape, Whole};
use tick::Tail;
pub use tick::Tick;

/// The option and its data, as JSON for the island that the script reads:
///
/// - `option`: an ECharts option without data, colours and the ends of the x axis
/// - `names`, `colours`, `columns`: one entry per series; a colour is an index into the palette,
///   a column has a number or null (a gap) for `start + i * step`
/// - `from`, `to`: the requested period, which the x axis spans, in milliseconds like `start` and `step`; `within` is set
///   if samples share a pixel: columns are then in pairs, with the least and the greatest sample of that duration from the
///   pair's first column on
/// - `y`: the value axis while no series is chosen away: `min`, `max`, `interval`; a `fixed` one stays then too, and a
///   logarithmic one has its labels as `ticks`, `[value, text]`, with what they have in common as `head`
/// - `fromZero`: the axis has zero when series are chosen away
/// - `more`: how many more digits tell the figures of the legend apart
/// - `marks`: a series without a name, for marks across the chart and at its edge
/// - `unit`: how numbers are written, a [`Measure`]; `graphType`: `line` or `area`; `stack`
/// - `tick`: what the script has with this, for its next request; null where it always needs everything
///
/// A reader who has the chart of a while ago gets only what that lacks, in place of `columns` and of what never changes:
///
/// - `since`: the `tick` of that chart
/// - `heads`, `tails`: of each column, the samples that replace the first ones and those from `kept` on
/// - `sum`: of the whole columns; a script that gets another one requests everything
///
/// `unstable`: how long samples may change; None: all of them may at each refresh.
///
/// The marks of infinities are always whole: infinities are gaps in `columns`, so no sum would notice a change of them.
pub fn island(plot: &Plot, unstable: Option<Duration>, held: Option<&Tick>) -> Island {
    let shape = Shape {
        option: option(plot),
        step: plot.grid.step_ms,
        within: plot.is_reduced().then(|| number((plot.grid.step_ms * 2) as f64, &Unit::Milliseconds)),
        names: plot.series.iter().map(|s| s.name.as_str()).collect(),
        colours: plot.series.iter().map(|s| s.colour).collect(),
        unit: &plot.y_measure,
        graph_type: plot.graph_type.as_str(),
        stack: plot.stack,
        from_zero: plot.from_zero,
    };
    let hash = shape.hash();
    let state = IslandState {
        tick: unstable.map(|unstable| Tick::of(plot, hash, unstable)),
        from: plot.from_ms,
        to: plot.to_ms,
        start: plot.grid.start_ms,
        y: axis(plot),
        more: plot.digits.most(),
        marks: marks(plot),
    };
    let slots = |range: Range<usize>| {
        let column = |series| ColumnValues::of(series, range.clone());
        plot.series.iter().map(column).collect::<Vec<_>>()
    };
    let tail = held.zip(unstable);
    let tail = tail.and_then(|(held, unstable)| Some((held, Tail::of(plot, hash, held, unstable)?)));
    match tail {
        None => Island::of(&Whole { shape: &shape, state: &state, columns: slots(0..usize::MAX) }),
        Some((since, Tail { head, kept })) => Island::of(&Newer {
            since,
            state: &state,
            heads: slots(0..head),
            kept,
            tails: slots(kept..usize::MAX),
            sum: tick::sum(plot),
        }),
    }
}

/// None where ECharts chooses the ticks.
fn axis(plot: &Plot) -> Option<AxisJson<'_>> {
    let ValueAxis { min, max, interval, log } = plot.y;
    let ticks = log.map(|_| &*plot.y_labels.ticks);
    let head = plot.y_labels.head.as_deref().filter(|_| log.is_some());
    (interval.is_some() || log.is_some()).then_some(AxisJson {
        min,
        max,
        interval,
        fixed: plot.is_fixed,
        ticks,
        head,
    })
}

/// The width of a line, in pixels.
const LINE: f64 = 1.5;

/// Null when it cannot be serialized, which the types rule out; the script then draws without it.
/// `Chart`'s `Display` is not used, because it strips quotes from data.
fn option(plot: &Plot) -> Value {
    let mut option = serde_json::to_value(skeleton(plot)).unwrap_or_default();
    for (path, value) in further_settings() {
        set(&mut option, path, value);
    }
    let line = serde_json::to_value(line(plot)).unwrap_or_default();
    if let (Value::Object(option), Value::Object(line)) = (&mut option, line) {
        let series = plot.series.iter().map(|s| named(&line, &s.name)).collect();
        option.insert("series".to_owned(), Value::Array(series));
    }
    option
}

fn skeleton(plot: &Plot) -> Chart {
    Chart::new()
        .animation(false)
        .tooltip(Tooltip::new().trigger(Trigger::Axis))
        .grid(
            Grid::new()
                // The script has the gutter of its labels.
                .left(f64::from(layout::LEFT))
                .right(f64::from(layout::RIGHT))
                .top(f64::from(plot.top()))
                .bottom(f64::from(layout::BOTTOM))
                .contain_label(false),
        )
        .x_axis(Axis::new().type_(AxisType::Time))
        .y_axis(Axis::new().type_(AxisType::Value))
}

/// The look of every series. One for all, because a `Line` has six kilobytes.
fn line(plot: &Plot) -> Line {
    let line = Line::new().show_symbol(false).connect_nulls(false).line_style(LineStyle::new().width(LINE));
    let line = match plot.graph_type {
        GraphType::Line | GraphType::Stat => line,
        GraphType::Area => line.area_style(AreaStyle::new().opacity(0.2)),
    };
    if plot.stack { line.stack("all") } else { line }
}

fn named(line: &Map<String, Value>, name: &str) -> Value {
    let mut series = line.clone();
    series.insert("name".to_owned(), Value::String(name.to_owned()));
    Value::Object(series)
}

/// A series that is always visible: lines at moments, and marks of infinite samples at the edge of the chart.
/// None without either.
fn marks(plot: &Plot) -> Option<Value> {
    let line = |mark: &Mark| {
        let label = Label::new().show(true).position(LabelPosition::InsideEndTop).formatter(mark.text);
        MarkLineVariant::Simple(MarkLineData::new().x_axis(mark.at_ms as f64).label(label))
    };
    let lines = plot.marks.iter().map(line).collect::<Vec<_>>();
    let infinity_marks = infinity_marks(plot);
    if lines.is_empty() && infinity_marks.is_empty() {
        return None;
    }
    let mark_line = MarkLine::new().silent(true).symbol(vec![Symbol::None, Symbol::None]).data(lines);
    let mut series = serde_json::to_value(Line::new().mark_line(mark_line)).ok()?;
    let object = series.as_object_mut()?;
    // Without data of its own it would show the first column of the others.
    object.insert("data".to_owned(), Value::Array(Vec::new()));
    if !infinity_marks.is_empty() {
        let points = json!({"silent": true, "symbol": "rect", "symbolSize": [2, 8], "label": {"show": false},
            "data": infinity_marks});
        object.insert("markPoint".to_owned(), points);
    }
    Some(series)
}

/// A mark at a moment and at a height in pixels, for which charming has no type.
fn infinity_marks(plot: &Plot) -> Vec<Value> {
    let height = |up| if up { plot.top() + 4 } else { layout::HEIGHT - layout::BOTTOM - 4 };
    let at = |slot: usize| plot.grid.start_ms + plot.grid.step_ms * i64::try_from(slot).unwrap_or(0);
    let of_series = plot.series.iter().flat_map(|series| &series.infinite);
    let mut places: Vec<(i64, bool)> = of_series.map(|(slot, up)| (at(*slot), *up)).collect();
    places.sort_unstable();
    places.dedup();
    places.into_iter().map(|(at, up)| json!({"xAxis": at, "y": height(up).to_string()})).collect()
}

/// What charming has no words for, each with its path in the option.
fn further_settings() -> [(&'static [&'static str], Value); 8] {
    [
        (&["useUTC"], true.into()),
        // Inside the chart, so that a frame does not cut it off.
        (&["tooltip", "confine"], true.into()),
        // On a canvas of its own, and without a mark on every line: else each move of a pointer paints all lines again.
        (&["axisPointer", "zlevel"], 1.into()),
        (&["axisPointer", "triggerEmphasis"], false.into()),
        (&["xAxis", "axisLabel", "hideOverlap"], true.into()),
        // Not at zero, where the values' lines would cross the labels of time.
        (&["xAxis", "axisLine", "onZero"], false.into()),
        (&["yAxis", "axisLabel", "hideOverlap"], true.into()),
        (&["yAxis", "axisLine", "onZero"], false.into()),
    ]
}

fn set(option: &mut Value, path: &[&str], value: Value) {
    let mut place = option;
    for key in path {
        let Value::Object(object) = place else { return };
        place = object.entry(*key).or_insert_with(|| Value::Object(Map::new()));
    }
    *place = value;
}

#[cfg(test)]
mod tests;
