//! The legend of a chart: a row for each series with its figures, in the reader's order.

use std::cmp::Ordering;

use super::PanelContext;
use super::controls::ColumnHead;
use crate::chart::{Plot, PlotSeries};
use crate::web::links::NavLink;
use crate::web::params::{ColumnOrder, LegendColumn, OrderKey};

/// The table under a chart.
pub struct Legend {
    pub columns: Vec<ColumnHead>,
    /// The places of the series in the plot, in the order of the rows.
    pub rows: Vec<usize>,
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
        let head = |column: &LegendColumn| head(context, graph, *column, order, plot.series.len());
        Self {
            columns: LegendColumn::ALL.iter().map(head).collect(),
            rows: series.into_iter().map(|(place, _)| place).collect(),
        }
    }
}

fn head(
    context: &PanelContext<'_>,
    graph: &str,
    key: LegendColumn,
    order: Option<ColumnOrder<LegendColumn>>,
    series: usize,
) -> ColumnHead {
    let (title, class) = match key {
        LegendColumn::Name => (format!("{series} series"), "name"),
        LegendColumn::Last => ("Last".to_owned(), "num"),
        LegendColumn::Min => ("Min".to_owned(), "num opt"),
        LegendColumn::Max => ("Max".to_owned(), "num"),
        LegendColumn::Avg => ("Avg".to_owned(), "num opt"),
    };
    let now = order.filter(|order| order.key == key);
    // The largest first, names from A on.
    let first = ColumnOrder { key, descending: key != LegendColumn::Name };
    let href = context.links.ordered(context.page, graph, first.after(order));
    ColumnHead {
        key: key.as_str(),
        link: Some(NavLink::new(title.clone(), href, now.is_some())),
        sorted: now.map(ColumnOrder::direction),
        ..ColumnHead::new(class, title)
    }
}

/// What has no figure comes last, whichever way.
fn compare(order: ColumnOrder<LegendColumn>, a: &PlotSeries, b: &PlotSeries) -> Ordering {
    let turned = |ordering: Ordering| if order.descending { ordering.reverse() } else { ordering };
    let figure = |series: &PlotSeries| match order.key {
        LegendColumn::Name => None,
        LegendColumn::Last => series.legend.last,
        LegendColumn::Min => series.legend.min,
        LegendColumn::Max => series.legend.max,
        LegendColumn::Avg => series.legend.avg,
    };
    match (figure(a), figure(b)) {
        _ if order.key == LegendColumn::Name => turned(a.name.cmp(&b.name)),
        (Some(a), Some(b)) => turned(a.total_cmp(&b)),
        (a, b) => b.is_some().cmp(&a.is_some()),
    }
}
