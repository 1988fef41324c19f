//! Graph -> Plot: everything a chart shows, decided once; printers decide nothing.

use super::palette;
use crate::annotations::{GraphType, Unit};
use crate::monitoring::{Graph, Period};
use crate::prometheus::is_absent;

/// A chart, decided.
#[derive(Clone, Debug)]
pub struct Plot {
    pub graph_type: GraphType,
    pub stack: bool,
    pub unit: Unit,
    /// The requested range in epoch milliseconds: the x axis spans it, data or not.
    pub from_ms: i64,
    pub to_ms: i64,
    /// As many as the answer has, in its order.
    pub series: Vec<PlotSeries>,
    /// Samples that are NaN or infinite: they are drawn as gaps, and the panel says so.
    pub non_finite: usize,
    /// Moments that matter, each a line across the chart.
    pub marks: Vec<Mark>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Epoch milliseconds; beyond the requested range it is not seen.
    pub at_ms: i64,
    /// A word or two, without `{` or `}`: ECharts takes those for names of figures.
    pub text: &'static str,
}

#[derive(Clone, Debug)]
pub struct PlotSeries {
    /// No two alike.
    pub name: String,
    /// Index into the palette: 0 to 9.
    pub colour: usize,
    pub legend: LegendRow,
    /// Places of the samples that a line alone would not show: finite, without a finite neighbour.
    pub lone: Vec<usize>,
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
        let answered = &graph.answer.value.series;
        let colours = palette::colours(answered.iter().map(|series| &series.labels));
        let series =
            answered.iter().zip(&graph.names).zip(colours).map(|((series, name), colour)| PlotSeries {
                name: name.clone(),
                colour,
                legend: LegendRow::of(&series.values),
                lone: lone(&series.values),
            });
        let non_finite = |values: &[f64]| values.iter().filter(|v| !v.is_finite() && !is_absent(**v)).count();
        Self {
            graph_type: graph.graph_type,
            stack: graph.stack,
            unit: graph.unit.clone(),
            from_ms: period.from.as_millisecond(),
            to_ms: period.to.as_millisecond(),
            series: series.collect(),
            non_finite: answered.iter().map(|series| non_finite(&series.values)).sum(),
            marks: Vec::new(),
        }
    }
}

impl LegendRow {
    fn of(values: &[f64]) -> Self {
        let mut row = Self::default();
        for value in values.iter().copied().filter(|v| !v.is_nan()) {
            row.last = Some(value);
            row.min = Some(row.min.map_or(value, |min| min.min(value)));
            row.max = Some(row.max.map_or(value, |max| max.max(value)));
        }
        Self { avg: average(values.iter().copied().filter(|v| v.is_finite())), ..row }
    }
}

fn average(finite: impl Iterator<Item = f64> + Clone) -> Option<f64> {
    let (sum, count) = finite.clone().fold((0.0, 0.0), |(sum, count), v| (sum + v, count + 1.0));
    if count == 0.0 {
        None
    } else if f64::is_finite(sum) {
        Some(sum / count)
    } else {
        // The sum overflowed, the average cannot.
        Some(finite.map(|v| v / count).sum())
    }
}

fn lone(values: &[f64]) -> Vec<usize> {
    let finite = |i: Option<usize>| i.and_then(|i| values.get(i)).is_some_and(|v| v.is_finite());
    (0..values.len())
        .filter(|i| finite(Some(*i)) && !finite(i.checked_sub(1)) && !finite(i.checked_add(1)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prometheus::ABSENT;

    const NAN: f64 = f64::NAN;
    const INF: f64 = f64::INFINITY;

    /// Expected: last, min, max, avg.
    fn check_legend(values: &[f64], expected: [Option<f64>; 4]) {
        let row = LegendRow::of(values);
        assert_eq!([row.last, row.min, row.max, row.avg], expected, "{values:?}");
    }

    #[test]
    fn legend_figures() {
        check_legend(&[], [None; 4]);
        check_legend(&[ABSENT, NAN], [None; 4]);
        check_legend(&[0.0], [Some(0.0); 4]);
        check_legend(&[1.0, 3.0, -1.0], [Some(-1.0), Some(-1.0), Some(3.0), Some(1.0)]);
        check_legend(&[1.0, 2.0, NAN, ABSENT], [Some(2.0), Some(1.0), Some(2.0), Some(1.5)]);
        check_legend(&[1.0, INF, 3.0], [Some(3.0), Some(1.0), Some(INF), Some(2.0)]);
        check_legend(&[-INF, INF], [Some(INF), Some(-INF), Some(INF), None]);
        check_legend(&[f64::MAX, f64::MAX], [Some(f64::MAX); 4]);
        check_legend(&[f64::MAX, -f64::MAX], [Some(-f64::MAX), Some(-f64::MAX), Some(f64::MAX), Some(0.0)]);
    }

    #[test]
    fn lone_samples() {
        let check = |values: &[f64], expected: &[usize]| assert_eq!(lone(values), expected, "{values:?}");
        check(&[], &[]);
        check(&[1.0], &[0]);
        check(&[1.0, 2.0], &[]);
        check(&[1.0, ABSENT, 2.0, 3.0, NAN, 4.0, INF, 5.0], &[0, 5, 7]);
        check(&[NAN, ABSENT], &[]);
    }
}
