//! The cells of an alert row that the address selects: all labels, all annotations, and columns of one of them.

use super::cut;
use super::prose::{ProsePart, cut_prose, label_parts, prose};
use crate::monitoring::AlertRow;
use crate::page_params::{ColumnSource, ExtraColumn};

/// Longer texts are cut in a cell; the details have them whole.
const MAX_TEXT: usize = 160;
/// A cell shows this many labels or annotations.
const MAX_PAIRS: usize = 40;

/// The cell of an extra column.
#[derive(Clone, Debug)]
pub struct ExtraCell {
    /// The column's title.
    pub title: String,
    pub parts: Vec<ProsePart>,
}

/// The extra columns' cells of a row, empty where it has no such label or annotation.
pub fn extra(columns: &[ExtraColumn], row: &AlertRow) -> Vec<ExtraCell> {
    columns.iter().map(|column| cell(column, row, value(column, row))).collect()
}

/// The same of several rows, empty where their values differ.
pub fn shared_extra(columns: &[ExtraColumn], first: &AlertRow, rows: &[&AlertRow]) -> Vec<ExtraCell> {
    let shared = |column: &ExtraColumn| {
        let mut values = rows.iter().map(|row| value(column, row));
        let first = values.next().flatten();
        first.filter(|_| values.all(|value| value == first))
    };
    columns.iter().map(|column| cell(column, first, shared(column))).collect()
}

/// A label's name, and its value.
pub type LabelPair = (String, Vec<ProsePart>);

pub fn all_pairs(row: &AlertRow) -> Vec<LabelPair> {
    let labels = row.labels().iter().take(MAX_PAIRS);
    labels.map(|(name, value)| (cut(name, 60), cut_prose(label_parts(row, value), MAX_TEXT))).collect()
}

/// The annotations of a row, as many as a cell has space for.
pub fn all_annotations(row: &AlertRow) -> Vec<(String, Vec<ProsePart>)> {
    let annotations = row.annotations().iter().take(MAX_PAIRS);
    annotations.map(|(name, value)| (cut(name, 60), cut_prose(prose(row, value), MAX_TEXT))).collect()
}

fn cell(column: &ExtraColumn, row: &AlertRow, value: Option<&str>) -> ExtraCell {
    let value = value.unwrap_or_default();
    let parts = match column.source {
        ColumnSource::Annotations => cut_prose(prose(row, value), MAX_TEXT),
        ColumnSource::Labels => cut_prose(label_parts(row, value), MAX_TEXT),
    };
    ExtraCell { title: column.title(), parts }
}

fn value<'r>(column: &ExtraColumn, row: &'r AlertRow) -> Option<&'r str> {
    match column.source {
        ColumnSource::Annotations => row.annotations(),
        ColumnSource::Labels => row.labels(),
    }
    .get(&column.name)
}
