//! The cells of an alert row that the address chooses: all labels, all annotations, and columns of one of them.

use super::cut;
use crate::monitoring::AlertRow;
use crate::page_params::{ColumnSource, ExtraColumn};
use crate::prometheus::Labels;
use crate::web::links::safe_href;
use crate::web::params::ColumnParams;

/// Longer texts are cut in a cell; the opened row has them whole.
const LONGEST: usize = 160;
/// How many pairs a cell shows of all.
const MOST_PAIRS: usize = 40;

/// Which columns the table has beside those that it always has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shows {
    pub summary: bool,
    pub labels: bool,
    /// Not only those that tell a row apart.
    pub all_labels: bool,
    pub annotations: bool,
}

impl Shows {
    pub fn of(params: &ColumnParams) -> Self {
        Self {
            summary: params.show_annotations != Some(false),
            labels: params.show_labels != Some(false),
            all_labels: params.show_labels == Some(true),
            annotations: params.show_annotations == Some(true),
        }
    }
}

/// What an extra column shows of a row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    pub title: String,
    /// Empty where the row has no such label or annotation.
    pub text: String,
    pub href: Option<String>,
}

pub fn extra(columns: &[ExtraColumn], row: &AlertRow) -> Vec<Cell> {
    columns.iter().map(|column| Cell::of(column, value(column, row))).collect()
}

/// A cell has a text where all rows have the same.
pub fn shared_extra(columns: &[ExtraColumn], rows: &[AlertRow]) -> Vec<Cell> {
    let shared = |column: &ExtraColumn| {
        let mut values = rows.iter().map(|row| value(column, row));
        let first = values.next().flatten();
        first.filter(|_| values.all(|value| value == first))
    };
    columns.iter().map(|column| Cell::of(column, shared(column))).collect()
}

pub fn all_pairs(labels: &Labels) -> Vec<(String, String)> {
    labels.iter().take(MOST_PAIRS).map(|(name, value)| (cut(name, 60), cut(value, LONGEST))).collect()
}

impl Cell {
    fn of(column: &ExtraColumn, value: Option<&str>) -> Self {
        let value = value.unwrap_or_default();
        let href = (column.source == ColumnSource::Annotations).then(|| safe_href(value)).flatten();
        Self { title: column.title(), text: cut(value, LONGEST), href }
    }
}

fn value<'r>(column: &ExtraColumn, row: &'r AlertRow) -> Option<&'r str> {
    match column.source {
        ColumnSource::Annotations => row.annotations(),
        ColumnSource::Labels => row.labels(),
    }
    .get(&column.name)
}
