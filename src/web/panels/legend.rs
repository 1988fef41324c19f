//! The legend of a chart: a row for each series with its figures, in the reader's order.

use std::cmp::Ordering;

use super::PanelContext;
use super::controls::ColumnHead;
use crate::chart::{LegendRow, Plot, PlotSeries, format};
use crate::prometheus::Float;
use crate::web::links::NavLink;
use crate::web::params::{LegendColumn, LegendOrder};

/// The table under a chart.
pub struct Legend {
    pub columns: Vec<ColumnHead>,
    pub rows: Vec<LegendEntry>,
}

/// A series, its figures as text.
pub struct LegendEntry {
    /// The series' place in the chart, from 0.
    pub index: usize,
    pub name: String,
    pub colour: usize,
    pub figures: [Figure; 4],
}

/// A number as people read it, and in full.
pub struct Figure {
    pub class: &'static str,
    pub text: String,
    pub full: String,
}

impl Legend {
    /// Of the panel with this id.
    pub fn of(context: &PanelContext<'_>, panel: &str, plot: &Plot) -> Self {
        let graph = panel.strip_prefix("graph-").unwrap_or(panel);
        let order = context.params().legends.order(graph);
        let mut series: Vec<_> = plot.series.iter().enumerate().collect();
        if let Some(order) = order {
            series.sort_by(|(_, a), (_, b)| compare(order, a, b));
        }
        let rows = series.into_iter().map(|(index, series)| LegendEntry::of(index, series, plot));
        Self {
            columns: LegendColumn::ALL
                .into_iter()
                .map(|column| head(context, graph, column, order, plot.series.len()))
                .collect(),
            rows: rows.collect(),
        }
    }
}

fn head(
    context: &PanelContext<'_>,
    graph: &str,
    column: LegendColumn,
    order: Option<LegendOrder>,
    series: usize,
) -> ColumnHead {
    let (title, class) = match column {
        LegendColumn::Name => (format!("{series} series"), "name"),
        LegendColumn::Last => ("Last".to_owned(), "num"),
        LegendColumn::Min => ("Min".to_owned(), "num opt"),
        LegendColumn::Max => ("Max".to_owned(), "num"),
        LegendColumn::Avg => ("Avg".to_owned(), "num opt"),
    };
    let now = order.filter(|order| order.column == column);
    // The largest first, names from A on; then the other way; then the graph's own order again.
    let first = column != LegendColumn::Name;
    let next = match now {
        None => Some(LegendOrder { column, descending: first }),
        Some(order) if order.descending == first => Some(LegendOrder { column, descending: !first }),
        Some(_) => None,
    };
    let href = context.links.ordered(context.page, graph, next);
    ColumnHead {
        key: column.as_str(),
        link: Some(NavLink::new(title.clone(), href, now.is_some())),
        sorted: now.map(|order| if order.descending { "descending" } else { "ascending" }),
        ..ColumnHead::new(class, title)
    }
}

impl LegendEntry {
    fn of(index: usize, series: &PlotSeries, plot: &Plot) -> Self {
        let figure = |class, value: Option<f64>| Figure {
            class,
            text: value.map_or_else(|| "–".to_owned(), |v| format::number(v, &plot.unit)),
            full: value.map(|v| Float(v).to_string()).unwrap_or_default(),
        };
        let LegendRow { last, min, max, avg } = series.legend;
        Self {
            index,
            name: series.name.clone(),
            colour: series.colour,
            figures: [
                figure("num", last),
                figure("num opt", min),
                figure("num", max),
                figure("num opt", avg),
            ],
        }
    }
}

/// What has no figure comes last, whichever way.
fn compare(order: LegendOrder, a: &PlotSeries, b: &PlotSeries) -> Ordering {
    let turned = |ordering: Ordering| if order.descending { ordering.reverse() } else { ordering };
    let figure = |series: &PlotSeries| match order.column {
        LegendColumn::Name => None,
        LegendColumn::Last => series.legend.last,
        LegendColumn::Min => series.legend.min,
        LegendColumn::Max => series.legend.max,
        LegendColumn::Avg => series.legend.avg,
    };
    match (figure(a), figure(b)) {
        _ if order.column == LegendColumn::Name => turned(a.name.cmp(&b.name)),
        (Some(a), Some(b)) => turned(a.total_cmp(&b)),
        (a, b) => b.is_some().cmp(&a.is_some()),
    }
}
