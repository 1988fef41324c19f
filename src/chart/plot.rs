//! Graph -> Plot: decides everything that a chart shows; printers only print.

use std::borrow::Cow;
use std::cmp::Ordering;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::axes::{AxisLabels, TimeTick, ValueAxis, time_ticks};
use super::figures::{LegendDigits, LegendRow};
use super::format::Measure;
use super::layout;
use super::palette::{self, Preference};
use super::reduce::{Grid, Reduced, reduce, samples_a_pixel};
use crate::annotations::{GraphType, Unit};
use crate::monitoring::{Graph, Period};
use crate::prometheus::{ABSENT, Series, is_absent};

/// The size and the limits of a plot.
#[derive(Clone, Debug)]
pub struct Canvas {
    /// In pixels, gutters included.
    pub width: u32,
    pub height: u32,
    /// The zone of the time axis.
    pub zone: TimeZone,
    /// The most series that are drawn.
    pub most_series: usize,
}

/// A chart before it is printed.
#[derive(Clone, Debug)]
pub struct Plot {
    pub title: String,
    pub graph_type: GraphType,
    pub stack: bool,
    pub unit: Unit,
    /// How the unit is written.
    pub measure: Measure,
    /// The same on the axis, and for the script.
    pub y_measure: Measure,
    /// The requested range in epoch milliseconds: the x axis spans it, data or not.
    pub from_ms: i64,
    pub to_ms: i64,
    pub zone: TimeZone,
    pub x_ticks: Vec<TimeTick>,
    pub y: ValueAxis,
    pub y_labels: AxisLabels,
    /// How many more digits tell the legend's rows apart.
    pub digits: LegendDigits,
    /// Where every column has its values.
    pub grid: Grid,
    /// The answer's series that are drawn, in its order.
    pub series: Vec<PlotSeries>,
    /// How many series the answer has.
    pub of_series: usize,
    /// How many samples of the answer are NaN or infinite; no line shows them, and the panel counts them.
    pub non_finite: usize,
    /// How many finite samples have no place on a logarithmic axis.
    pub without_logarithm: usize,
    /// Whether lines go beyond an end of the axis.
    pub is_cut: bool,
    /// Ends that a logarithmic axis does not have.
    pub unusable_ends: Vec<f64>,
    /// The axis was chosen, and not by the data alone.
    pub is_fixed: bool,
    pub from_zero: bool,
    /// Moments that are marked by a line across the chart.
    pub marks: Vec<Mark>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Epoch milliseconds; outside the requested range it is not drawn.
    pub at_ms: i64,
    /// A word or two, without `{` or `}`, which ECharts reads as placeholders.
    pub text: &'static str,
}

#[derive(Clone, Debug)]
pub struct PlotSeries {
    /// No two alike.
    pub name: String,
    /// Index into the palette: 0 to 9.
    pub colour: usize,
    pub legend: LegendRow,
    /// One for each slot of the grid: finite, or absent.
    pub values: Vec<f64>,
    /// The sum below each value in a stack; empty where nothing is stacked.
    pub stack_base: Vec<f64>,
    /// Slots that no line shows: finite, without a finite neighbour of another sample.
    pub isolated: Vec<usize>,
    /// The middle slot of each run of infinite samples of one sign, and whether they are positive.
    pub infinite: Vec<(usize, bool)>,
}

impl Plot {
    pub fn of(graph: &Graph, period: &Period, canvas: &Canvas) -> Self {
        let window = &graph.answer.value.window;
        let all = &graph.answer.value.series;
        let figures: Vec<LegendRow> = all.iter().map(|series| LegendRow::of(&series.values)).collect();
        let chosen = highest(&figures, canvas.most_series);
        let (from_ms, to_ms) = (period.from.as_millisecond(), period.to.as_millisecond());
        let size = samples_a_pixel(to_ms.saturating_sub(from_ms), window.step_ms(), canvas.width);
        let columns = chosen.iter().filter_map(|i| all.get(*i)).map(|series| &*series.values);
        let columns: Vec<Cow<'_, [f64]>> = columns
            .map(|values| if graph.scale.log { above_zero(values) } else { Cow::Borrowed(values) })
            .collect();
        // Logarithms have no sums.
        let is_stacked = graph.stack && !graph.scale.log;
        let reduced =
            reduce(window, &columns.iter().map(|values| &**values).collect::<Vec<_>>(), size, is_stacked);
        let grid = reduced.grid;
        let mut series = plotted(graph, &figures, &chosen, reduced);
        if is_stacked {
            stack(&mut series);
        }
        let from_zero = graph.scale.zero.unwrap_or(is_stacked || graph.graph_type == GraphType::Area);
        let x_room = layout::time_room(canvas.width);
        let y_room = (canvas.height / layout::VALUE_ROOM).max(2);
        let extent = extent(&series);
        let measure =
            Measure::of(&graph.unit).over(extent.into_iter().flat_map(|(least, most)| [least, most]));
        let axis = |measure: &Measure| ValueAxis::scaled(extent, measure, y_room, from_zero, &graph.scale);
        // An axis of times may end beside the calendar: then it is one of plain numbers.
        let times = axis(&measure);
        let y_measure =
            if measure.holds(times.min, times.max) { measure.clone() } else { Measure::of(&Unit::None) };
        let y = if y_measure == measure { times } else { axis(&y_measure) };
        let is_cut = graph.scale.is_fixed() && is_cut(&series, &y);
        Self {
            title: graph.title.clone(),
            graph_type: graph.graph_type,
            stack: is_stacked,
            unit: graph.unit.clone(),
            from_ms,
            to_ms,
            x_ticks: time_ticks(from_ms, to_ms, x_room, &canvas.zone, period.now),
            y_labels: AxisLabels::of(&y, &y_measure, &canvas.zone),
            digits: LegendDigits::of(series.iter().map(|series| &series.legend), &measure),
            measure,
            y_measure,
            zone: canvas.zone.clone(),
            grid,
            series,
            of_series: all.len(),
            without_logarithm: if graph.scale.log { count(all, |value| value <= 0.0) } else { 0 },
            is_cut,
            unusable_ends: graph.scale.unusable_ends(),
            is_fixed: graph.scale.is_fixed(),
            from_zero,
            y,
            non_finite: all.iter().map(|series| non_finite(&series.values)).sum(),
            marks: Vec::new(),
        }
    }

    /// The pixels above the chart of a page: there is a line for what all labels of values have in common.
    pub fn top(&self) -> u32 {
        layout::TOP + if self.y_labels.head.is_some() { layout::HEAD } else { 0 }
    }

    /// The class and the width of the gutter for the labels of values.
    pub fn gutter(&self) -> (&'static str, u32) {
        layout::gutter(self.y_labels.longest())
    }

    /// Whether more than one sample may share a slot.
    pub fn is_reduced(&self) -> bool {
        self.grid.bucket > 1
    }

    pub fn from(&self) -> Timestamp {
        Timestamp::from_millisecond(self.from_ms).unwrap_or_default()
    }

    pub fn to(&self) -> Timestamp {
        Timestamp::from_millisecond(self.to_ms).unwrap_or_default()
    }
}

/// The indices of the series with the highest maximum, in their own order. People look for peaks, and a mean would
/// hide the one series that has one.
fn highest(figures: &[LegendRow], most: usize) -> Vec<usize> {
    let mut places: Vec<usize> = (0..figures.len()).collect();
    if places.len() > most {
        let peak = |i: &usize| figures.get(*i).and_then(|row| row.max).unwrap_or(f64::NEG_INFINITY);
        places.sort_by(|a, b| peak(b).partial_cmp(&peak(a)).unwrap_or(Ordering::Equal));
        places.truncate(most);
        places.sort_unstable();
    }
    places
}

fn plotted(graph: &Graph, figures: &[LegendRow], chosen: &[usize], reduced: Reduced) -> Vec<PlotSeries> {
    let all = &graph.answer.value.series;
    let preference = |place: &usize| {
        let name = graph.names.get(*place).map_or("", String::as_str);
        Some(Preference::of(name, &all.get(*place)?.labels, &graph.query))
    };
    let colours = palette::colours(&chosen.iter().filter_map(preference).collect::<Vec<_>>());
    let longest = if reduced.grid.bucket > 1 { 2 } else { 1 };
    let width = if reduced.grid.bucket > 1 { 2 } else { 1 };
    let infinite = reduced.infinite.iter().map(|slots| runs(slots, width)).collect::<Vec<_>>();
    let columns = reduced.columns.into_iter().zip(infinite);
    let all = chosen.iter().zip(colours).zip(columns);
    all.map(|((place, colour), (values, infinite))| PlotSeries {
        name: graph.names.get(*place).cloned().unwrap_or_default(),
        colour,
        legend: figures.get(*place).copied().unwrap_or_default(),
        isolated: isolated(&values, longest),
        values,
        stack_base: Vec::new(),
        infinite,
    })
    .collect()
}

/// Values above zero are stacked upwards, those below downwards.
fn stack(series: &mut [PlotSeries]) {
    let slots = series.first().map_or(0, |series| series.values.len());
    let (mut above, mut below) = (vec![0.0; slots], vec![0.0; slots]);
    for one in series {
        one.stack_base = Vec::with_capacity(slots);
        for ((value, above), below) in one.values.iter().zip(&mut above).zip(&mut below) {
            let side = if *value < 0.0 { below } else { above };
            one.stack_base.push(*side);
            if value.is_finite() {
                *side += value;
            }
        }
    }
}

impl PlotSeries {
    /// Where a slot's value is drawn: on top of the stack below it.
    pub fn top(&self, slot: usize) -> f64 {
        let value = self.values.get(slot).copied().unwrap_or(f64::NAN);
        value + self.stack_base.get(slot).copied().unwrap_or(0.0)
    }
}

/// None: there is no value.
fn extent(series: &[PlotSeries]) -> Option<(f64, f64)> {
    let tops = series.iter().flat_map(|one| (0..one.values.len()).map(|slot| one.top(slot)));
    tops.filter(|top| top.is_finite()).fold(None, |found, top| match found {
        None => Some((top, top)),
        Some((least, most)) => Some((top.min(least), top.max(most))),
    })
}

/// With gaps in place of what has no logarithm.
fn above_zero(values: &[f64]) -> Cow<'_, [f64]> {
    let has_none = |value: &f64| value.is_finite() && *value <= 0.0;
    let above = |value: &f64| if has_none(value) { ABSENT } else { *value };
    if values.iter().any(has_none) { values.iter().map(above).collect() } else { values.into() }
}

fn count(all: &[Series], matches: impl Fn(f64) -> bool) -> usize {
    all.iter().flat_map(|series| series.values.iter()).filter(|v| v.is_finite() && matches(**v)).count()
}

fn is_cut(series: &[PlotSeries], axis: &ValueAxis) -> bool {
    let mut tops = series.iter().flat_map(|one| (0..one.values.len()).map(|slot| one.top(slot)));
    tops.any(|top| top.is_finite() && !axis.holds(top))
}

fn non_finite(values: &[f64]) -> usize {
    values.iter().filter(|value| !value.is_finite() && !is_absent(**value)).count()
}

/// The first slot of each run of at most `longest` finite values between gaps.
fn isolated(values: &[f64], longest: usize) -> Vec<usize> {
    let mut found = Vec::new();
    let mut run = 0;
    for (at, value) in values.iter().chain([&f64::NAN]).enumerate() {
        if value.is_finite() {
            run += 1;
        } else {
            if (1..=longest).contains(&run) {
                found.push(at - run);
            }
            run = 0;
        }
    }
    found
}

/// The middle of each run of slots that are `width` apart and have one sign.
fn runs(slots: &[(usize, bool)], width: usize) -> Vec<(usize, bool)> {
    let mut found = Vec::new();
    for sign in [true, false] {
        let of_sign: Vec<usize> = slots.iter().filter(|(_, up)| *up == sign).map(|(slot, _)| *slot).collect();
        let run = of_sign.chunk_by(|before, after| after - before <= width);
        found.extend(run.filter_map(|run| Some((*run.get(run.len() / 2)?, sign))));
    }
    found
}

#[cfg(test)]
mod tests;
