//! The evaluation of one query: each part of its tree at all steps before the part around it.

use super::aggregation::{AggregationParameter, aggregate};
use super::arithmetic::with_scalar;
use super::column::{Column, Point, StepGrid, check_unique};
use super::error::EngineError;
use super::fixed::is_fixed;
use super::matching::matched;
use super::selection::{RangeVector, SampleReader};
use super::sets::set_operation;
use super::window::SampleWindow;
use super::{Engine, Evaluated};
use crate::promql::tree::{
    Aggregation, AggregationOp, Operation, QueryTree, SeriesSelector, Subquery, TimeShift,
};

use std::rc::Rc;

/// The most steps of one subquery.
const MAX_SUBQUERY_STEPS: i64 = 100_000;

/// The value of a part of a query at each step.
pub(super) enum StepValues {
    Scalar(Vec<f64>),
    Vector(Vec<Column>),
    Text(String),
}

pub(super) struct Evaluation<'e> {
    pub reader: SampleReader<'e>,
}

impl<'e> Evaluation<'e> {
    /// `between_ms`: the first and the last step of the query.
    pub(super) fn new(engine: &'e Engine, now_ms: i64, between_ms: (i64, i64)) -> Self {
        Self { reader: SampleReader::new(engine, now_ms, between_ms) }
    }

    pub(super) fn instant(&mut self, tree: &QueryTree, at: i64) -> Result<Evaluated, EngineError> {
        let grid = StepGrid::instant(at);
        if matches!(tree, QueryTree::Range { .. } | QueryTree::Subquery(_)) {
            let range = self.range_vector(tree, grid)?;
            let end = self.reader.reference(range.shift, at);
            let start = end.saturating_sub(range.range_ms);
            let within = |point: &&Point| (start..=end).contains(&point.at_ms);
            let series = range.series.into_iter();
            let series =
                series.map(|(labels, points)| (labels, points.iter().filter(within).copied().collect()));
            let mut series: Vec<(_, Vec<_>)> =
                series.filter(|(_, points): &(_, Vec<_>)| !points.is_empty()).collect();
            series.sort_by(|a, b| a.0.cmp(&b.0));
            return Ok(Evaluated::Matrix(series));
        }
        Ok(match self.values(tree, grid)? {
            StepValues::Text(text) => Evaluated::Text(text),
            StepValues::Scalar(values) => Evaluated::Scalar(values.first().copied().unwrap_or(f64::NAN)),
            StepValues::Vector(columns) => Evaluated::Vector(
                columns
                    .into_iter()
                    .filter_map(|column| Some((column.labels.clone(), column.at(0)?)))
                    .collect(),
            ),
        })
    }

    pub(super) fn range(&mut self, tree: &QueryTree, grid: StepGrid) -> Result<Evaluated, EngineError> {
        let of_type = match tree {
            QueryTree::Range { .. } | QueryTree::Subquery(_) => Some("range vector"),
            QueryTree::Text(_) => Some("string"),
            _ => None,
        };
        if let Some(name) = of_type {
            return Err(EngineError::not_a_graph(name));
        }
        let columns = match self.values(tree, grid)? {
            StepValues::Scalar(values) => vec![constant_labels(values)],
            StepValues::Vector(columns) => columns,
            StepValues::Text(_) => Vec::new(),
        };
        let series = columns.into_iter().filter(|column| !column.is_empty());
        let mut series: Vec<_> = series.map(|column| (column.labels.clone(), column.points(grid))).collect();
        series.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(Evaluated::Matrix(series))
    }

    /// The value at each step. As deep as the query is nested.
    pub(super) fn values(&mut self, tree: &QueryTree, grid: StepGrid) -> Result<StepValues, EngineError> {
        match tree {
            QueryTree::Number(number) => Ok(StepValues::Scalar(vec![*number; grid.count])),
            QueryTree::Text(text) => Ok(StepValues::Text(text.clone())),
            QueryTree::Selector(selector) => {
                self.reader.newest(selector, grid, |point| point.value).map(StepValues::Vector)
            }
            QueryTree::Range { .. } | QueryTree::Subquery(_) => {
                Err(EngineError::wrong_type("instant vector or scalar, got range vector"))
            }
            QueryTree::Negated(inner) => self.negated(inner, grid),
            QueryTree::Call(call) => self.call(call, grid),
            QueryTree::Aggregation(aggregation) => self.aggregated(aggregation, grid).map(StepValues::Vector),
            QueryTree::Operation(operation) => self.operation(operation, grid),
        }
    }

    pub(super) fn vector(&mut self, tree: &QueryTree, grid: StepGrid) -> Result<Vec<Column>, EngineError> {
        match self.values(tree, grid)? {
            StepValues::Vector(columns) => Ok(columns),
            StepValues::Scalar(_) => Err(EngineError::wrong_type("instant vector, got scalar")),
            StepValues::Text(_) => Err(EngineError::wrong_type("instant vector, got string")),
        }
    }

    pub(super) fn scalar(&mut self, tree: &QueryTree, grid: StepGrid) -> Result<Vec<f64>, EngineError> {
        match self.values(tree, grid)? {
            StepValues::Scalar(values) => Ok(values),
            StepValues::Vector(_) => Err(EngineError::wrong_type("scalar, got instant vector")),
            StepValues::Text(_) => Err(EngineError::wrong_type("scalar, got string")),
        }
    }

    fn negated(&mut self, inner: &QueryTree, grid: StepGrid) -> Result<StepValues, EngineError> {
        Ok(match self.values(inner, grid)? {
            StepValues::Scalar(values) => {
                StepValues::Scalar(values.into_iter().map(|value| -value).collect())
            }
            StepValues::Vector(columns) => {
                let negative = columns.into_iter().map(|column| column.mapped(|_, value| Some(-value)));
                let negative: Vec<Column> = negative.collect();
                check_unique(&negative)?;
                StepValues::Vector(negative)
            }
            StepValues::Text(_) => {
                return Err(EngineError::wrong_type("scalar or instant vector, got string"));
            }
        })
    }

    fn aggregated(&mut self, aggregation: &Aggregation, grid: StepGrid) -> Result<Vec<Column>, EngineError> {
        let parameter = match (&aggregation.parameter, aggregation.operator) {
            (None, _) => AggregationParameter::None,
            (Some(tree), AggregationOp::CountValues) => match &**tree {
                QueryTree::Text(label) => AggregationParameter::Text(label.clone()),
                _ => return Err(EngineError::wrong_type("string")),
            },
            (Some(tree), _) => {
                let mut numbers = self.scalar(tree, grid)?;
                if let (Some(first), true) = (numbers.first().copied(), is_fixed(&aggregation.inner)) {
                    numbers.fill(first);
                }
                AggregationParameter::Numbers(numbers)
            }
        };
        let columns = self.vector(&aggregation.inner, grid)?;
        self.reader.spend(columns.len().saturating_mul(grid.count))?;
        let Aggregation { operator, labels, .. } = aggregation;
        aggregate(&mut self.reader, *operator, labels, &parameter, columns, grid.count)
    }

    fn operation(&mut self, operation: &Operation, grid: StepGrid) -> Result<StepValues, EngineError> {
        let left = self.values(&operation.left, grid)?;
        let right = self.values(&operation.right, grid)?;
        let Operation { operator, returns_bool, matching, .. } = operation;
        let columns = match (left, right) {
            (StepValues::Scalar(left), StepValues::Scalar(right)) => {
                let pairs = left.into_iter().zip(right);
                let values = pairs.map(|(left, right)| operator.of_scalars(left, right)).collect();
                return Ok(StepValues::Scalar(values));
            }
            (StepValues::Vector(left), StepValues::Scalar(right)) => {
                with_scalar(*operator, left, &right, false, *returns_bool)?
            }
            (StepValues::Scalar(left), StepValues::Vector(right)) => {
                with_scalar(*operator, right, &left, true, *returns_bool)?
            }
            (StepValues::Vector(left), StepValues::Vector(right)) if operator.is_set_operation() => {
                set_operation(*operator, left, right, matching)?
            }
            (StepValues::Vector(left), StepValues::Vector(right)) => {
                matched(&mut self.reader, operation, &left, &right, grid.count)?
            }
            _ => return Err(EngineError::wrong_type("scalar or instant vector, got string")),
        };
        self.reader.spend_on_values(columns.len().saturating_mul(grid.count))?;
        Ok(StepValues::Vector(columns))
    }

    /// A range, or a subquery.
    pub(super) fn range_vector(
        &mut self,
        tree: &QueryTree,
        grid: StepGrid,
    ) -> Result<RangeVector, EngineError> {
        match tree {
            QueryTree::Range { selector, range_ms } => {
                self.reader.range(&selector.matchers, selector.shift, *range_ms, grid)
            }
            QueryTree::Subquery(subquery) => self.subquery(subquery, subquery.shift, grid),
            _ => Err(EngineError::wrong_type("range vector")),
        }
    }

    /// The same. If `@` fixes the range, it fixes only that of the first step, and no later sample is seen. So does
    /// Prometheus where the function depends on the step too.
    pub(super) fn moving_range(
        &mut self,
        tree: &QueryTree,
        grid: StepGrid,
    ) -> Result<RangeVector, EngineError> {
        let (QueryTree::Range { selector: SeriesSelector { shift, .. }, .. }
        | QueryTree::Subquery(Subquery { shift, .. })) = tree
        else {
            return Err(EngineError::wrong_type("range vector"));
        };
        if shift.at.is_none() {
            return self.range_vector(tree, grid);
        }
        let end = self.reader.reference(*shift, grid.start);
        let moving = TimeShift { offset_ms: grid.start.saturating_sub(end), at: None };
        let now = self.reader.set_now(end);
        let range = match tree {
            QueryTree::Range { selector, range_ms } => {
                self.reader.range(&selector.matchers, moving, *range_ms, grid)
            }
            QueryTree::Subquery(subquery) => self.subquery(subquery, moving, grid),
            _ => Err(EngineError::wrong_type("range vector")),
        };
        self.reader.set_now(now);
        range
    }

    /// Its steps are multiples of their distance, whatever the query's steps are.
    fn subquery(
        &mut self,
        subquery: &Subquery,
        shift: TimeShift,
        grid: StepGrid,
    ) -> Result<RangeVector, EngineError> {
        let Subquery { inner, range_ms, .. } = subquery;
        let step = subquery.step_ms.unwrap_or(self.reader.history().scrape_interval_ms);
        let from = self.reader.reference(shift, grid.start).saturating_sub(*range_ms);
        let to = self.reader.reference(shift, grid.end());
        let first = from.div_euclid(step) + i64::from(from.rem_euclid(step) > 0);
        let count = to.div_euclid(step) - first + 1;
        if count > MAX_SUBQUERY_STEPS {
            return Err(EngineError::too_much_work());
        }
        let count = usize::try_from(count).unwrap_or_default();
        let steps = StepGrid { start: first * step, step, count };
        let columns = self.vector(inner, steps)?;
        let series = columns.into_iter().map(|column| (column.labels.clone(), Rc::new(column.points(steps))));
        Ok(RangeVector { series: series.collect(), range_ms: *range_ms, shift })
    }

    /// What `of` makes of the window of each series, at each step.
    pub(super) fn over_windows(
        &mut self,
        range: &RangeVector,
        grid: StepGrid,
        of: &dyn Fn(&SampleWindow<'_>, usize) -> Option<f64>,
    ) -> Result<Vec<Column>, EngineError> {
        let mut columns = Vec::new();
        for (labels, points) in &range.series {
            self.reader.spend_on_values(grid.count)?;
            let (mut first, mut behind) = (0, 0);
            let mut values = Vec::with_capacity(grid.count);
            for (step, at_ms) in grid.instants().enumerate() {
                let end_ms = self.reader.reference(range.shift, at_ms);
                let start_ms = end_ms.saturating_sub(range.range_ms);
                while points.get(behind).is_some_and(|point| point.at_ms <= end_ms) {
                    behind += 1;
                }
                while points.get(first).is_some_and(|point| point.at_ms < start_ms) {
                    first += 1;
                }
                let points = points.get(first..behind).unwrap_or_default();
                self.reader.spend(points.len())?;
                let window = SampleWindow { points, start_ms, end_ms, at_ms };
                values.push(if points.is_empty() { None } else { of(&window, step) });
            }
            columns.push(Column { labels: labels.clone(), values });
        }
        columns.retain(|column| !column.is_empty());
        Ok(columns)
    }
}

fn constant_labels(values: Vec<f64>) -> Column {
    Column { labels: Default::default(), values: values.into_iter().map(Some).collect() }
}
