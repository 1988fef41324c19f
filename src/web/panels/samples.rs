//! A graph's samples as a paged table, newest first.

use std::sync::Arc;

use super::rows::Paging;
use super::times::Moment;
use super::{Pager, PanelContext, counted};
use crate::monitoring::Graph;
use crate::prometheus::{Float, Matrix, is_absent};
use crate::web::links::NavLink;

/// The table has this many series; the JSON form has all.
const MAX_SERIES: usize = 12;

pub struct Samples<'a> {
    context: PanelContext<'a>,
    pub names: Vec<String>,
    matrix: Arc<Matrix>,
    paging: Paging,
    pub pager: Pager,
}

impl<'a> Samples<'a> {
    pub fn of(context: PanelContext<'a>, number: usize, graph: &Graph) -> Self {
        let table = &context.params().table;
        let matrix = graph.answer.value.clone();
        let paging = Paging::of(matrix.window.len(), table.page, table.page_size);
        let own = context.graph(number);
        let link = |page: usize| {
            let page = page.to_string();
            let href = context.links.with(own.path(), &[("view", Some("table")), ("page", Some(&page))]);
            NavLink::new(page, href, false)
        };
        Self {
            context,
            names: graph.names.iter().take(MAX_SERIES).cloned().collect(),
            matrix,
            paging,
            pager: Pager::of("samples", paging, &counted(paging.total, "sample", "samples"), link),
        }
    }

    /// The places of the samples in their series.
    pub fn rows(&self) -> impl Iterator<Item = usize> {
        let samples = self.matrix.window.len();
        (self.paging.start..self.paging.end).map(move |back| samples.saturating_sub(1 + back))
    }

    pub fn at(&self, row: usize) -> Moment {
        self.context.moment_of(self.matrix.window.at(row))
    }

    /// One for each name; empty where there is no sample.
    pub fn values(&self, row: usize) -> Vec<String> {
        let value = |value: Option<&f64>| {
            value.filter(|v| !is_absent(**v)).map(|v| Float(*v).to_string()).unwrap_or_default()
        };
        self.matrix.series.iter().take(MAX_SERIES).map(|series| value(series.values.get(row))).collect()
    }

    /// How many series are not shown.
    pub fn hidden(&self) -> usize {
        self.matrix.series.len().saturating_sub(MAX_SERIES)
    }
}
