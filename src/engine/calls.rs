//! Calls of functions.

use std::f64::consts::PI;

use super::aggregation::nan_last;
use super::calendar;
use super::column::{Column, StepGrid, check_unique, merged};
use super::error::EngineError;
use super::evaluation::{Evaluation, StepValues};
use super::fixed::is_fixed;
use super::float;
use super::histogram::histogram_quantile;
use super::labels::EngineLabels;
use super::over_time::{WindowFunction, window_function};
use super::relabel::{Replacement, label_join, label_replace};
use super::selection::LOOKBACK_MS;
use super::window::seconds;
use crate::promql::tree::{FunctionCall, QueryTree};
use crate::promql::{METRIC_NAME, MatchOp, Matcher};

/// The arguments of a call. The parser has checked their number and nearly all of their types.
struct CallArguments<'t>(&'t [QueryTree]);

impl<'t> CallArguments<'t> {
    fn get(&self, index: usize) -> Result<&'t QueryTree, EngineError> {
        self.0.get(index).ok_or_else(|| EngineError::Invalid("too few arguments".to_owned()))
    }

    fn text(&self, index: usize) -> Result<&'t str, EngineError> {
        match self.get(index)? {
            QueryTree::Text(text) => Ok(text),
            _ => Err(EngineError::wrong_type("string")),
        }
    }

    fn texts_from(&self, first: usize) -> Result<Vec<&'t str>, EngineError> {
        (first..self.0.len()).map(|index| self.text(index)).collect()
    }
}

impl Evaluation<'_> {
    pub(super) fn call(&mut self, call: &FunctionCall, grid: StepGrid) -> Result<StepValues, EngineError> {
        let arguments = CallArguments(&call.arguments);
        let constant = |of: &dyn Fn(i64) -> f64| StepValues::Scalar(grid.instants().map(of).collect());
        let values = match call.function {
            "time" => constant(&seconds),
            "pi" => constant(&|_| PI),
            "scalar" => StepValues::Scalar(self.only_elements(arguments.get(0)?, grid)?),
            name => StepValues::Vector(match window_function(name) {
                Some(function) => self.of_windows(name, function, &arguments, grid)?,
                None => self.of_vector(name, &arguments, grid)?,
            }),
        };
        if let StepValues::Vector(columns) = &values {
            self.reader.spend(columns.len().saturating_mul(grid.count))?;
        }
        Ok(values)
    }

    /// The functions that give a vector, of all arguments but ranges.
    fn of_vector(
        &mut self,
        name: &str,
        arguments: &CallArguments<'_>,
        grid: StepGrid,
    ) -> Result<Vec<Column>, EngineError> {
        match name {
            "vector" => {
                let values = self.scalar(arguments.get(0)?, grid)?;
                Ok(vec![unlabelled(values.into_iter().map(Some).collect())])
            }
            "absent" => self.absent(arguments.get(0)?, grid),
            "absent_over_time" => self.absent_over_time(arguments.get(0)?, grid),
            "timestamp" => self.timestamps(arguments.get(0)?, grid),
            "sort" | "sort_desc" => self.sorted(arguments.get(0)?, grid, name == "sort_desc"),
            "histogram_quantile" => {
                let quantiles = self.scalar(arguments.get(0)?, grid)?;
                histogram_quantile(&quantiles, &self.vector(arguments.get(1)?, grid)?)
            }
            "label_replace" => {
                let columns = self.vector(arguments.get(0)?, grid)?;
                let replacement = Replacement {
                    target: arguments.text(1)?,
                    template: arguments.text(2)?,
                    source: arguments.text(3)?,
                    regex: arguments.text(4)?,
                };
                label_replace(&mut self.reader, columns, &replacement)
            }
            "label_join" => {
                let columns = self.vector(arguments.get(0)?, grid)?;
                let sources = arguments.texts_from(3)?;
                label_join(columns, arguments.text(1)?, arguments.text(2)?, &sources)
            }
            "clamp" | "clamp_min" | "clamp_max" => self.clamped(name, arguments, grid),
            "round" => self.rounded(arguments, grid),
            _ => self.mapped(name, arguments, grid),
        }
    }

    /// The functions of one number.
    fn mapped(
        &mut self,
        name: &str,
        arguments: &CallArguments<'_>,
        grid: StepGrid,
    ) -> Result<Vec<Column>, EngineError> {
        if let Some(function) = float::of_value(name) {
            let columns = self.vector(arguments.get(0)?, grid)?;
            return merged(mapped(columns, |_, value| Some(function(value))));
        }
        let function =
            calendar::of_time(name).ok_or_else(|| EngineError::Unknown(format!("the function {name}")))?;
        match arguments.0.first() {
            Some(argument) => merged(mapped(self.vector(argument, grid)?, |_, value| Some(function(value)))),
            None => {
                let seconds = grid.instants().map(|at| Some(function(at.div_euclid(1000) as f64)));
                Ok(vec![unlabelled(seconds.collect())])
            }
        }
    }

    /// `quantile_over_time` has its number before its range, `predict_linear` behind it.
    fn of_windows(
        &mut self,
        name: &str,
        function: WindowFunction,
        arguments: &CallArguments<'_>,
        grid: StepGrid,
    ) -> Result<Vec<Column>, EngineError> {
        let (range, number) = match name {
            "quantile_over_time" => (1, Some(0)),
            "predict_linear" => (0, Some(1)),
            _ => (0, None),
        };
        let number = number.map(|index| arguments.get(index)).transpose()?;
        let numbers = number.map_or(Ok(Vec::new()), |number| self.scalar(number, grid))?;
        let is_moving = name == "predict_linear" || number.is_some_and(|number| !is_fixed(number));
        let range = arguments.get(range)?;
        let range = if is_moving { self.moving_range(range, grid)? } else { self.range_vector(range, grid)? };
        let number = |step: usize| numbers.get(step).copied().unwrap_or_default();
        let mut columns = self.over_windows(&range, grid, &|window, step| function(window, number(step)))?;
        if name != "last_over_time" {
            columns.iter_mut().for_each(|column| column.labels = column.labels.without_name());
        }
        check_unique(&columns)?;
        Ok(columns)
    }

    /// The only element of a vector at each step; NaN where there is none or more than one.
    fn only_elements(&mut self, tree: &QueryTree, grid: StepGrid) -> Result<Vec<f64>, EngineError> {
        let columns = self.vector(tree, grid)?;
        let only = |step: usize| {
            let mut present = columns.iter().filter_map(|column| column.at(step));
            present.next().filter(|_| present.next().is_none()).unwrap_or(f64::NAN)
        };
        Ok((0..grid.count).map(only).collect())
    }

    fn absent(&mut self, tree: &QueryTree, grid: StepGrid) -> Result<Vec<Column>, EngineError> {
        let columns = self.vector(tree, grid)?;
        Ok(vec![absence(tree, &columns, grid)])
    }

    fn absent_over_time(&mut self, tree: &QueryTree, grid: StepGrid) -> Result<Vec<Column>, EngineError> {
        let range = self.range_vector(tree, grid)?;
        let columns = self.over_windows(&range, grid, &|_, _| Some(1.0))?;
        Ok(vec![absence(tree, &columns, grid)])
    }

    /// The time of each sample; of what is computed, the step.
    fn timestamps(&mut self, tree: &QueryTree, grid: StepGrid) -> Result<Vec<Column>, EngineError> {
        let QueryTree::Selector(selector) = tree else {
            let steps: Vec<f64> = grid.instants().map(seconds).collect();
            let columns = self.vector(tree, grid)?;
            return merged(mapped(columns, |step, _| steps.get(step).copied()));
        };
        let mut selector = selector.clone();
        let offset_ms = selector.shift.offset_ms;
        let mut earliest = f64::NEG_INFINITY;
        if selector.shift.at.is_some() {
            // Prometheus 2 looks back from the fixed instant, and sees only what is behind the offset.
            selector.shift.offset_ms = 0;
            earliest = seconds(self.reader.reference(selector.shift, grid.start).saturating_sub(LOOKBACK_MS));
            selector.shift.offset_ms = offset_ms.max(0);
        }
        let columns = self.reader.newest(&selector, grid, |point| seconds(point.at_ms))?;
        merged(mapped(columns, |_, value| Some(value).filter(|at| *at >= earliest)))
    }

    /// Only an instant has an order.
    fn sorted(
        &mut self,
        tree: &QueryTree,
        grid: StepGrid,
        is_down: bool,
    ) -> Result<Vec<Column>, EngineError> {
        let mut columns = self.vector(tree, grid)?;
        if grid.count == 1 {
            let value = |column: &Column| column.at(0).unwrap_or(f64::NAN);
            columns.sort_by(|a, b| nan_last(value(a), value(b), is_down));
        }
        Ok(columns)
    }

    fn clamped(
        &mut self,
        name: &str,
        arguments: &CallArguments<'_>,
        grid: StepGrid,
    ) -> Result<Vec<Column>, EngineError> {
        let columns = self.vector(arguments.get(0)?, grid)?;
        let first = self.scalar(arguments.get(1)?, grid)?;
        let second = if name == "clamp" { self.scalar(arguments.get(2)?, grid)? } else { Vec::new() };
        merged(mapped(columns, |step, value| {
            let bound = *first.get(step)?;
            match (name, second.get(step)) {
                ("clamp_min", _) => Some(float::max(bound, value)),
                ("clamp_max", _) => Some(float::min(bound, value)),
                (_, Some(most)) if *most < bound => None,
                (_, Some(most)) => Some(float::max(bound, float::min(*most, value))),
                (_, None) => None,
            }
        }))
    }

    fn rounded(&mut self, arguments: &CallArguments<'_>, grid: StepGrid) -> Result<Vec<Column>, EngineError> {
        let columns = self.vector(arguments.get(0)?, grid)?;
        let nearest = match arguments.0.get(1) {
            Some(nearest) => self.scalar(nearest, grid)?,
            None => vec![1.0; grid.count],
        };
        merged(mapped(columns, |step, value| Some(float::round(value, *nearest.get(step)?))))
    }
}

fn mapped(columns: Vec<Column>, of: impl Fn(usize, f64) -> Option<f64>) -> Vec<Column> {
    columns.into_iter().map(|column| column.mapped(&of)).collect()
}

fn unlabelled(values: Vec<Option<f64>>) -> Column {
    Column { labels: EngineLabels::default(), values }
}

/// 1 at the steps without an element.
fn absence(tree: &QueryTree, columns: &[Column], grid: StepGrid) -> Column {
    let is_absent = |step: usize| columns.iter().all(|column| column.at(step).is_none());
    let values = (0..grid.count).map(|step| is_absent(step).then_some(1.0));
    Column { labels: absent_labels(tree), values: values.collect() }
}

/// The labels whose values a selector fixes. Of several matchers of one name, Prometheus has the first `=` count only
/// if none follows it.
fn absent_labels(tree: &QueryTree) -> EngineLabels {
    let (QueryTree::Selector(selector) | QueryTree::Range { selector, .. }) = tree else {
        return EngineLabels::default();
    };
    let mut pairs: Vec<(&str, Option<&str>)> = Vec::new();
    for Matcher { name, op, value, .. } in selector.matchers.iter().filter(|m| m.name != METRIC_NAME) {
        let known = pairs.iter_mut().find(|(own, _)| own == name);
        match (known, *op == MatchOp::Equal) {
            (None, true) => pairs.push((name, Some(value))),
            (Some((_, value)), _) => *value = None,
            (None, false) => {}
        }
    }
    let fixed = pairs.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())));
    EngineLabels::new(fixed)
}
