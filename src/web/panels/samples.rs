//! A graph's samples as a paged table, newest first: what the chart draws, in figures.

use super::detail::exact;
use super::rows::Paging;
use super::times::Moment;
use super::{Setting, counted};
use crate::monitoring::Graph;
use crate::prometheus::is_absent;
use crate::web::links::Link;

/// How many series stand side by side; all of them are in the JSON form.
const MOST_SERIES: usize = 12;

pub struct SampleRow {
    pub at: Moment,
    /// One for each name; empty where there is no sample.
    pub values: Vec<String>,
}

pub struct Samples {
    pub names: Vec<String>,
    pub rows: Vec<SampleRow>,
    pub beyond: Option<String>,
    pub text: String,
    pub previous: Option<Link>,
    pub next: Option<Link>,
    pub page: String,
}

impl Samples {
    pub fn of(setting: &Setting<'_>, number: usize, graph: &Graph) -> Self {
        let params = setting.params();
        let matrix = &graph.answer.value;
        let paging = Paging::of(matrix.window.len(), params.table.page, params.table.page_size);
        let shown = matrix.series.get(..MOST_SERIES).unwrap_or(&matrix.series);
        let row = |back: usize| {
            let i = matrix.window.len().saturating_sub(1 + back);
            let at = jiff::Timestamp::from_millisecond(matrix.window.at(i)).unwrap_or(params.period.now);
            let value = |value: Option<&f64>| match value {
                Some(v) if !is_absent(*v) => exact(*v),
                _ => String::new(),
            };
            SampleRow {
                at: Moment::of(at, params.period.now, &params.zone),
                values: shown.iter().map(|s| value(s.values.get(i))).collect(),
            }
        };
        let left = matrix.series.len() - shown.len();
        let own = setting.graph(number);
        let to = |page: usize| {
            setting.links.with(own.path(), &[("view", Some("table")), ("page", Some(&page.to_string()))])
        };
        Self {
            names: graph.names.iter().take(shown.len()).cloned().collect(),
            rows: (paging.start..paging.end).map(row).collect(),
            beyond: (left > 0)
                .then(|| format!("{} more in the JSON form.", counted(left, "series is", "series are"))),
            text: format!(
                "{}–{} of {}",
                paging.start + 1,
                paging.end,
                counted(paging.total, "sample", "samples")
            ),
            previous: (paging.page > 1).then(|| to(paging.page - 1)),
            next: (paging.page < paging.pages).then(|| to(paging.page + 1)),
            page: format!("Page {} of {}", paging.page, paging.pages),
        }
    }
}
