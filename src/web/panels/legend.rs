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
    /// Bytes of the query or the metric that all names begin with.
    common: usize,
}

impl Legend {
    /// Of the panel with this id.
    pub fn of(context: &PanelContext<'_>, panel: &str, plot: &Plot) -> Self {
        let graph = panel.strip_prefix("graph-").unwrap_or(panel);
        let order = context.params().legends.order(graph);
        let mut series: Vec<_> = plot.series.iter().enumerate().collect();
        series.sort_by(|(_, a), (_, b)| {
            let chosen = order.map_or(Ordering::Equal, |order| compare(order, a, b));
            chosen.then_with(|| natural(&a.name, &b.name))
        });
        let head = |column: &LegendColumn| head(context, graph, *column, order, plot.series.len());
        Self {
            columns: LegendColumn::ALL.iter().map(head).collect(),
            rows: series.into_iter().map(|(place, _)| place).collect(),
            common: common(plot.series.iter().map(|series| &*series.name)),
        }
    }

    /// What all names begin with, and the rest: `up ` and `{job="a"}`.
    pub fn parts<'n>(&self, name: &'n str) -> (&'n str, &'n str) {
        name.split_at_checked(self.common).unwrap_or(("", name))
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
        _ if order.key == LegendColumn::Name => turned(natural(&a.name, &b.name)),
        (Some(a), Some(b)) => turned(a.total_cmp(&b)),
        (a, b) => b.is_some().cmp(&a.is_some()),
    }
}

/// How long the query or the metric is that all names begin with. In `up {job="a"}` and `up {job="b"}` it is the name and a blank.
fn common<'n>(mut names: impl Iterator<Item = &'n str>) -> usize {
    let Some((base, _)) = names.next().and_then(|first| first.split_once(" {")) else { return 0 };
    let (mut others, is_base) =
        (names.peekable(), |name: &str| name.split_once(" {").is_some_and(|(other, _)| other == base));
    if others.peek().is_some() && others.all(is_base) { base.len() + 1 } else { 0 }
}

/// 9 before 100: runs of digits compare as numbers.
fn natural(a: &str, b: &str) -> Ordering {
    let (mut a_rest, mut b_rest) = (a, b);
    loop {
        let (a_digits, b_digits) = (digits(a_rest), digits(b_rest));
        let ordering = match (a_rest.chars().next(), b_rest.chars().next()) {
            (Some(_), Some(_)) if !a_digits.is_empty() && !b_digits.is_empty() => {
                (a_rest, b_rest) = (
                    a_rest.get(a_digits.len()..).unwrap_or_default(),
                    b_rest.get(b_digits.len()..).unwrap_or_default(),
                );
                let (x, y) = (a_digits.trim_start_matches('0'), b_digits.trim_start_matches('0'));
                x.len().cmp(&y.len()).then_with(|| x.cmp(y))
            }
            (Some(x), Some(y)) => {
                (a_rest, b_rest) = (
                    a_rest.get(x.len_utf8()..).unwrap_or_default(),
                    b_rest.get(y.len_utf8()..).unwrap_or_default(),
                );
                x.cmp(&y)
            }
            (x, y) => return x.cmp(&y).then_with(|| a.cmp(b)),
        };
        if ordering.is_ne() {
            return ordering;
        }
    }
}

fn digits(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_names_are_in_their_order() {
        let mut names = ["shard 100", "shard 9", "a", "shard 009", "é", "", "shard", "9", "10", "shard 9b"];
        names.sort_by(|a, b| natural(a, b));
        assert_eq!(
            names,
            ["", "9", "10", "a", "shard", "shard 009", "shard 9", "shard 9b", "shard 100", "é"]
        );
    }

    #[test]
    fn what_all_names_begin_with_is_the_query() {
        for (names, expected) in [
            (vec![r#"rate(x{a="1"}[5m]) {b="1"}"#, r#"rate(x{a="1"}[5m]) {b="2"}"#], 19),
            (vec![r#"up {a="1"}"#, r#"down {a="1"}"#], 0),
            (vec![r#"up {a="1"}"#], 0),
            (vec!["a", "b"], 0),
            (vec![], 0),
        ] {
            assert_eq!(common(names.iter().copied()), expected, "{names:?}");
        }
    }
}
