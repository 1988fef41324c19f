//! A graph's samples as a paged table, newest first.

use std::sync::Arc;

use super::rows::Paging;
use super::times::Moment;
use super::{Pager, PanelContext, counted};
use crate::chart::format::Measure;
use crate::chart::{LegendDigits, LegendRow};
use crate::monitoring::Graph;
use crate::prometheus::{Float, Matrix, is_absent};
use crate::web::links::NavLink;

/// The table has this many series; the JSON form has all.
const MAX_SERIES: usize = 12;

pub struct Samples<'a> {
    context: PanelContext<'a>,
    pub names: Vec<String>,
    matrix: Arc<Matrix>,
    /// How the values are written: as in the legend of the chart.
    measure: Measure,
    /// How many more digits tell the series apart.
    digits: usize,
    paging: Paging,
    pub pager: Pager,
}

/// One value of a series; the default where there is no sample.
#[derive(Default)]
pub struct SampleCell {
    /// With its unit.
    pub text: String,
    /// Without rounding and unit.
    pub full: String,
    /// The time that the value is, if it is one.
    pub instant: Option<Moment>,
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
        let figures: Vec<LegendRow> =
            matrix.series.iter().take(MAX_SERIES).map(|series| LegendRow::of(&series.values)).collect();
        let extent = figures.iter().flat_map(|row| [row.min, row.max]).flatten();
        let measure = Measure::of(&graph.unit).over(extent);
        Self {
            context,
            digits: LegendDigits::of(figures.iter(), &measure).most(),
            measure,
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

    /// One for each name.
    pub fn values(&self, row: usize) -> impl Iterator<Item = SampleCell> {
        self.matrix.series.iter().take(MAX_SERIES).map(move |series| {
            let value = series.values.get(row).filter(|value| !is_absent(**value));
            value.map(|value| self.cell(*value)).unwrap_or_default()
        })
    }

    fn cell(&self, value: f64) -> SampleCell {
        SampleCell {
            text: self.measure.text(value, self.digits),
            full: Float(value).to_string(),
            instant: self.measure.instant(value).map(|at| self.context.moment(&at)),
        }
    }

    /// How many series are not shown.
    pub fn hidden(&self) -> usize {
        self.matrix.series.len().saturating_sub(MAX_SERIES)
    }
}
