//! `sum by (a) (x)` and the other aggregations.

use std::cmp::Ordering;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap};

use super::column::{Column, merged};
use super::error::EngineError;
use super::float::{in_digits, is_final_mean, quantile};
use super::labels::{EngineLabels, is_label_name};
use super::selection::SampleReader;
use crate::promql::tree::{AggregationOp, LabelChoice};

/// What it costs to write a value of `count_values` into a label.
const COST_OF_LABEL: usize = 64;

/// The first argument of an aggregation that has two, at each step.
pub(super) enum AggregationParameter {
    None,
    Numbers(Vec<f64>),
    Text(String),
}

pub(super) fn aggregate(
    reader: &mut SampleReader<'_>,
    operator: AggregationOp,
    choice: &LabelChoice,
    parameter: &AggregationParameter,
    columns: Vec<Column>,
    steps: usize,
) -> Result<Vec<Column>, EngineError> {
    match (operator, parameter) {
        (AggregationOp::TopK | AggregationOp::BottomK, AggregationParameter::Numbers(counts)) => {
            selected(operator, choice, &counts_of(counts)?, columns, steps)
        }
        (AggregationOp::CountValues, AggregationParameter::Text(label)) => {
            count_values(reader, choice, label, &columns, steps)
        }
        (_, parameter) => {
            let mut groups = Vec::new();
            for (labels, columns) in grouped(choice, columns) {
                groups.push(Column { labels, values: each_step(operator, parameter, &columns, steps) });
            }
            merged(groups)
        }
    }
}

/// In the order of the first column of each group.
fn grouped(choice: &LabelChoice, columns: Vec<Column>) -> Vec<(EngineLabels, Vec<Column>)> {
    let mut places: HashMap<EngineLabels, usize> = HashMap::new();
    let mut groups: Vec<(EngineLabels, Vec<Column>)> = Vec::new();
    for column in columns {
        let labels = column.labels.chosen(choice);
        let place = *places.entry(labels.clone()).or_insert(groups.len());
        match groups.get_mut(place) {
            Some((_, group)) => group.push(column),
            None => groups.push((labels, vec![column])),
        }
    }
    groups
}

fn each_step(
    operator: AggregationOp,
    parameter: &AggregationParameter,
    columns: &[Column],
    steps: usize,
) -> Vec<Option<f64>> {
    let mut present = Vec::with_capacity(columns.len());
    let mut values = Vec::with_capacity(steps);
    for step in 0..steps {
        present.clear();
        present.extend(columns.iter().filter_map(|column| column.at(step)));
        let number = match parameter {
            AggregationParameter::Numbers(numbers) => numbers.get(step).copied().unwrap_or(f64::NAN),
            _ => f64::NAN,
        };
        values.push((!present.is_empty()).then(|| of_values(operator, number, &mut present)));
    }
    values
}

/// Of at least one value.
fn of_values(operator: AggregationOp, parameter: f64, values: &mut [f64]) -> f64 {
    let all = values.iter().copied();
    match operator {
        AggregationOp::Sum => all.reduce(|sum, value| sum + value).unwrap_or_default(),
        AggregationOp::Avg => average(values),
        AggregationOp::Min => {
            all.reduce(|least, v| if least > v || least.is_nan() { v } else { least }).unwrap_or_default()
        }
        AggregationOp::Max => {
            all.reduce(|most, v| if most < v || most.is_nan() { v } else { most }).unwrap_or_default()
        }
        AggregationOp::Stdvar => variance(values),
        AggregationOp::Stddev => variance(values).sqrt(),
        AggregationOp::Quantile => quantile(parameter, values),
        AggregationOp::Group => 1.0,
        _ => values.len() as f64,
    }
}

fn average(values: &[f64]) -> f64 {
    let (mut mean, mut count) = (values.first().copied().unwrap_or_default(), 1.0);
    for value in values.iter().skip(1) {
        count += 1.0;
        if !is_final_mean(mean, *value) {
            mean += value / count - mean / count;
        }
    }
    mean
}

fn variance(values: &[f64]) -> f64 {
    let (mut mean, mut squares, mut count) = (values.first().copied().unwrap_or_default(), 0.0, 1.0);
    for value in values.iter().skip(1) {
        count += 1.0;
        let distance = value - mean;
        mean += distance / count;
        squares += distance * (value - mean);
    }
    squares / count
}

fn counts_of(numbers: &[f64]) -> Result<Vec<usize>, EngineError> {
    let count = |number: &f64| {
        // As Prometheus has it: all that fits into 64 bits. More than there are elements makes no difference.
        if number.abs() <= i64::MAX as f64 - 1024.0 {
            Ok(number.max(0.0) as usize)
        } else {
            Err(EngineError::not_a_count(&exponential(*number)))
        }
    };
    numbers.iter().map(count).collect()
}

/// As Go prints a number of this size.
fn exponential(number: f64) -> String {
    if number.abs() < 1e21 || !number.is_finite() {
        return in_digits(number);
    }
    format!("{number:e}").replace('e', "e+")
}

/// The largest or the smallest elements of each group. At one step, they are in order.
fn selected(
    operator: AggregationOp,
    choice: &LabelChoice,
    counts: &[usize],
    columns: Vec<Column>,
    steps: usize,
) -> Result<Vec<Column>, EngineError> {
    let order = |a: f64, b: f64| nan_last(a, b, operator == AggregationOp::TopK);
    let mut result = Vec::new();
    for (_, mut group) in grouped(choice, columns) {
        for step in 0..steps {
            let mut present: Vec<(usize, f64)> = (group.iter().enumerate())
                .filter_map(|(index, column)| Some((index, column.at(step)?)))
                .collect();
            present.sort_by(|a, b| order(a.1, b.1));
            for (index, _) in present.iter().skip(counts.get(step).copied().unwrap_or_default()) {
                let value = group.get_mut(*index).and_then(|column| column.values.get_mut(step));
                value.into_iter().for_each(|value| *value = None);
            }
        }
        if steps == 1 {
            group.retain(|column| !column.is_empty());
            let value = |column: &Column| column.at(0).unwrap_or(f64::NAN);
            group.sort_by(|a, b| order(value(a), value(b)));
        }
        result.extend(group);
    }
    merged(result)
}

/// Sorts numbers down or up, NaN last.
pub(super) fn nan_last(a: f64, b: f64, is_down: bool) -> Ordering {
    match a.partial_cmp(&b) {
        Some(order) => {
            if is_down {
                order.reverse()
            } else {
                order
            }
        }
        None => a.is_nan().cmp(&b.is_nan()),
    }
}

/// One column for each different number.
fn count_values(
    reader: &mut SampleReader<'_>,
    choice: &LabelChoice,
    label: &str,
    columns: &[Column],
    steps: usize,
) -> Result<Vec<Column>, EngineError> {
    if !is_label_name(label) {
        return Err(EngineError::invalid_label(label));
    }
    let choice = match choice {
        LabelChoice::Only(names) => {
            LabelChoice::Only(names.iter().cloned().chain([label.to_owned()]).collect())
        }
        LabelChoice::Without(_) => choice.clone(),
    };
    let mut groups: BTreeMap<EngineLabels, Vec<Option<f64>>> = BTreeMap::new();
    for column in columns {
        for (step, value) in column.values.iter().enumerate() {
            let Some(value) = value else { continue };
            reader.spend(COST_OF_LABEL)?;
            let labels = column.labels.with(label, &in_digits(*value)).chosen(&choice);
            let counts = match groups.entry(labels) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(vacant) => {
                    reader.spend_on_values(steps)?;
                    vacant.insert(vec![None; steps])
                }
            };
            counts.get_mut(step).into_iter().for_each(|count| *count = Some(count.unwrap_or(0.0) + 1.0));
        }
    }
    Ok(groups.into_iter().map(|(labels, values)| Column { labels, values }).collect())
}
