//! The cells of an alert row that the address selects: all labels, all annotations, and columns of one of them.

use super::{Field, cut};
use crate::monitoring::AlertRow;
use crate::page_params::{ColumnSource, ExtraColumn};
use crate::prometheus::Labels;
use crate::web::links::safe_href;

/// Longer texts are cut in a cell; the details have them whole.
const MAX_TEXT: usize = 160;
/// A cell shows this many labels or annotations.
const MAX_PAIRS: usize = 40;

/// The extra columns' cells of a row, empty where it has no such label or annotation.
pub fn extra(columns: &[ExtraColumn], row: &AlertRow) -> Vec<Field> {
    columns.iter().map(|column| cell(column, value(column, row))).collect()
}

/// The same of several rows, empty where their values differ.
pub fn shared_extra(columns: &[ExtraColumn], rows: &[&AlertRow]) -> Vec<Field> {
    let shared = |column: &ExtraColumn| {
        let mut values = rows.iter().map(|row| value(column, row));
        let first = values.next().flatten();
        first.filter(|_| values.all(|value| value == first))
    };
    columns.iter().map(|column| cell(column, shared(column))).collect()
}

pub fn all_pairs(labels: &Labels) -> Vec<(String, String)> {
    labels.iter().take(MAX_PAIRS).map(|(name, value)| (cut(name, 60), cut(value, MAX_TEXT))).collect()
}

fn cell(column: &ExtraColumn, value: Option<&str>) -> Field {
    let value = value.unwrap_or_default();
    let href = (column.source == ColumnSource::Annotations).then(|| safe_href(value)).flatten();
    Field { name: column.title(), text: cut(value, MAX_TEXT), href }
}

fn value<'r>(column: &ExtraColumn, row: &'r AlertRow) -> Option<&'r str> {
    match column.source {
        ColumnSource::Annotations => row.annotations(),
        ColumnSource::Labels => row.labels(),
    }
    .get(&column.name)
}
