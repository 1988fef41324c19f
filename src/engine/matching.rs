//! Operations of two vectors whose series match by their labels.

use std::collections::BTreeMap;

use super::column::{Column, merged};
use super::error::EngineError;
use super::labels::EngineLabels;
use super::selection::SampleReader;
use crate::promql::tree::{GroupModifier, LabelChoice, Operation};

/// The columns of one group, by its labels.
type Groups<'c> = BTreeMap<EngineLabels, Vec<&'c Column>>;

/// An operation that is no set operation. In one group, each column of one side meets each of the other.
pub(super) fn matched(
    reader: &mut SampleReader<'_>,
    operation: &Operation,
    left: &[Column],
    right: &[Column],
    steps: usize,
) -> Result<Vec<Column>, EngineError> {
    let is_swapped = matches!(operation.group, Some(GroupModifier::Right(_)));
    let (many, one) = if is_swapped { (right, left) } else { (left, right) };
    let match_one = OneSide::of(one, operation, is_swapped);
    match_one.check(&any_present(many, steps))?;
    let mut columns = Vec::new();
    for (group, many) in groups(many, &operation.matching) {
        let Some(one) = match_one.groups.get(&group) else { continue };
        reader.spend_on_values(many.len().saturating_mul(one.len()).saturating_mul(steps))?;
        let pairs = many.iter().flat_map(|many| one.iter().map(move |one| (*many, *one)));
        let results = pairs.map(|(many, one)| result(operation, many, one, is_swapped));
        columns.extend(joined(results.collect(), operation.group.is_some(), steps)?);
    }
    merged(columns)
}

fn groups<'c>(columns: &'c [Column], matching: &LabelChoice) -> Groups<'c> {
    let mut groups = Groups::new();
    for column in columns {
        groups.entry(column.labels.chosen(matching)).or_default().push(column);
    }
    groups
}

/// Whether a vector has an element at each step.
fn any_present(columns: &[Column], steps: usize) -> Vec<bool> {
    (0..steps).map(|step| columns.iter().any(|column| column.at(step).is_some())).collect()
}

/// The side of which each group may have one element only.
struct OneSide<'c> {
    groups: Groups<'c>,
    side: &'static str,
    matching: &'c LabelChoice,
}

impl<'c> OneSide<'c> {
    fn of(columns: &'c [Column], operation: &'c Operation, is_swapped: bool) -> Self {
        let matching = &operation.matching;
        Self { groups: groups(columns, matching), side: if is_swapped { "left" } else { "right" }, matching }
    }

    /// At the steps at which there is something to match.
    fn check(&self, steps: &[bool]) -> Result<(), EngineError> {
        for columns in self.groups.values().filter(|columns| columns.len() > 1) {
            for step in steps.iter().enumerate().filter(|(_, has_many)| **has_many).map(|(step, _)| step) {
                let mut present = columns.iter().filter(|column| column.at(step).is_some());
                if let (Some(first), Some(second)) = (present.next(), present.next()) {
                    let group = second.labels.chosen(self.matching);
                    return Err(EngineError::many_to_many(&group, self.side, &second.labels, &first.labels));
                }
            }
        }
        Ok(())
    }
}

/// The values where both have one.
fn result(operation: &Operation, many: &Column, one: &Column, is_swapped: bool) -> Column {
    let of = |many: f64, one: f64| {
        let (left, right) = if is_swapped { (one, many) } else { (many, one) };
        operation.operator.of_elements(left, right, operation.returns_bool)
    };
    let pairs = many.values.iter().zip(&one.values);
    let values = pairs.map(|(many, one)| of((*many)?, (*one)?)).collect();
    Column { labels: result_labels(operation, &many.labels, &one.labels), values }
}

fn result_labels(operation: &Operation, many: &EngineLabels, one: &EngineLabels) -> EngineLabels {
    let drops_name = operation.operator.drops_name();
    let named = if drops_name { many.without_name() } else { many.clone() };
    let labels = match (&operation.group, &operation.matching) {
        (None, LabelChoice::Only(names)) => named.kept(|own| names.iter().any(|name| name == own)),
        (None, LabelChoice::Without(names)) => named.kept(|own| names.iter().all(|name| name != own)),
        (Some(GroupModifier::Left(taken) | GroupModifier::Right(taken)), _) => {
            taken.iter().fold(named, |labels, name| labels.with(name, one.get(name).unwrap_or_default()))
        }
    };
    if operation.returns_bool { labels.without_name() } else { labels }
}

/// Joins the results of one group. An error where it has several elements at a step that may have only one.
fn joined(results: Vec<Column>, is_grouped: bool, steps: usize) -> Result<Vec<Column>, EngineError> {
    if is_grouped {
        return merged(results).map_err(|_| EngineError::ambiguous_group());
    }
    for step in 0..steps {
        if results.iter().filter(|column| column.at(step).is_some()).count() > 1 {
            return Err(EngineError::many_to_one());
        }
    }
    Ok(results)
}
