//! A graph's samples as a paged table, newest first.

use super::rows::Paging;
use super::times::Moment;
use super::{Pager, PanelContext, counted};
use crate::monitoring::Graph;
use crate::prometheus::{Float, is_absent};
use crate::web::links::NavLink;

/// The table has this many series; the JSON form has all.
const MAX_SERIES: usize = 12;

pub struct SampleRow {
    pub at: Moment,
    /// One for each name; empty where there is no sample.
    pub values: Vec<String>,
}

pub struct Samples {
    pub names: Vec<String>,
    pub rows: Vec<SampleRow>,
    /// How many series are not shown.
    pub hidden: Option<String>,
    pub pager: Pager,
}

impl Samples {
    pub fn of(context: &PanelContext<'_>, number: usize, graph: &Graph) -> Self {
        let params = context.params();
        let matrix = &graph.answer.value;
        let paging = Paging::of(matrix.window.len(), params.table.page, params.table.page_size);
        let shown = matrix.series.get(..MAX_SERIES).unwrap_or(&matrix.series);
        let row = |back: usize| {
            let i = matrix.window.len().saturating_sub(1 + back);
            let at = jiff::Timestamp::from_millisecond(matrix.window.at(i)).unwrap_or(params.period.now);
            let value = |value: Option<&f64>| match value {
                Some(v) if !is_absent(*v) => Float(*v).to_string(),
                _ => String::new(),
            };
            SampleRow {
                at: context.moment(at),
                values: shown.iter().map(|s| value(s.values.get(i))).collect(),
            }
        };
        let hidden = matrix.series.len() - shown.len();
        let own = context.graph(number);
        let link = |page: usize| {
            let page = page.to_string();
            let href = context.links.with(own.path(), &[("view", Some("table")), ("page", Some(&page))]);
            NavLink::new(page, href, false)
        };
        Self {
            names: graph.names.iter().take(shown.len()).cloned().collect(),
            rows: (paging.start..paging.end).map(row).collect(),
            hidden: (hidden > 0).then(|| format!("{hidden} more series in the JSON form.")),
            pager: Pager::of("samples", paging, &counted(paging.total, "sample", "samples"), link),
        }
    }
}
