//! `and`, `or`, `unless`.

use std::collections::HashMap;

use super::column::{Column, merged};
use super::error::EngineError;
use super::labels::EngineLabels;
use crate::promql::tree::{BinaryOp, LabelChoice};

pub(super) fn set_operation(
    operator: BinaryOp,
    left: Vec<Column>,
    right: Vec<Column>,
    matching: &LabelChoice,
) -> Result<Vec<Column>, EngineError> {
    merged(match operator {
        BinaryOp::And => Presence::of(&right, matching).filter(left, true),
        BinaryOp::Unless => Presence::of(&right, matching).filter(left, false),
        _ => {
            let others = Presence::of(&left, matching).filter(right, false);
            left.into_iter().chain(others).collect()
        }
    })
}

/// At which steps a vector has an element of each group.
struct Presence<'m> {
    matching: &'m LabelChoice,
    groups: HashMap<EngineLabels, Vec<bool>>,
}

impl<'m> Presence<'m> {
    fn of(columns: &[Column], matching: &'m LabelChoice) -> Self {
        let mut groups: HashMap<_, Vec<bool>> = HashMap::new();
        for column in columns {
            let steps = groups.entry(column.labels.chosen(matching)).or_default();
            steps.resize(column.values.len(), false);
            for (is_present, value) in steps.iter_mut().zip(&column.values) {
                *is_present |= value.is_some();
            }
        }
        Self { matching, groups }
    }

    /// Keeps the values of other columns where the presence of their group is the wanted one.
    fn filter(&self, mut columns: Vec<Column>, wanted: bool) -> Vec<Column> {
        for column in &mut columns {
            let steps = self.groups.get(&column.labels.chosen(self.matching));
            for (step, value) in column.values.iter_mut().enumerate() {
                let is_present = steps.and_then(|steps| steps.get(step)).copied().unwrap_or_default();
                if is_present != wanted {
                    *value = None;
                }
            }
        }
        columns
    }
}
