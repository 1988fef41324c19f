//! Operators on two numbers, and of a vector with a number.

use super::column::{Column, merged};
use super::error::EngineError;
use crate::promql::tree::BinaryOp;

impl BinaryOp {
    pub(super) fn is_comparison(self) -> bool {
        matches!(
            self,
            Self::Equal
                | Self::NotEqual
                | Self::Greater
                | Self::Less
                | Self::GreaterOrEqual
                | Self::LessOrEqual
        )
    }

    pub(super) fn is_set_operation(self) -> bool {
        matches!(self, Self::And | Self::Or | Self::Unless)
    }

    /// Whether results lose the metric's name. In Prometheus 2, `atan2` keeps it.
    pub(super) fn drops_name(self) -> bool {
        !self.is_comparison() && !self.is_set_operation() && self != Self::Atan2
    }

    fn holds(self, left: f64, right: f64) -> bool {
        match self {
            Self::Equal => left == right,
            Self::NotEqual => left != right,
            Self::Greater => left > right,
            Self::Less => left < right,
            Self::GreaterOrEqual => left >= right,
            Self::LessOrEqual => left <= right,
            _ => true,
        }
    }

    /// Of two numbers. A comparison gives 1 or 0.
    pub(super) fn of_scalars(self, left: f64, right: f64) -> f64 {
        if self.is_comparison() { as_number(self.holds(left, right)) } else { self.arithmetic(left, right) }
    }

    fn arithmetic(self, left: f64, right: f64) -> f64 {
        match self {
            Self::Add => left + right,
            Self::Sub => left - right,
            Self::Mul => left * right,
            Self::Div => left / right,
            Self::Mod => left % right,
            Self::Pow => left.powf(right),
            Self::Atan2 => left.atan2(right),
            _ => left,
        }
    }

    /// Of two elements of vectors. None: a comparison drops the left one.
    pub(super) fn of_elements(self, left: f64, right: f64, returns_bool: bool) -> Option<f64> {
        match (self.is_comparison(), self.holds(left, right)) {
            (false, _) => Some(self.arithmetic(left, right)),
            (true, holds) if returns_bool => Some(as_number(holds)),
            (true, holds) => holds.then_some(left),
        }
    }
}

fn as_number(holds: bool) -> f64 {
    if holds { 1.0 } else { 0.0 }
}

/// A vector and a number for each step. `is_swapped`: the number is on the left.
pub(super) fn with_scalar(
    operator: BinaryOp,
    vector: Vec<Column>,
    scalar: &[f64],
    is_swapped: bool,
    returns_bool: bool,
) -> Result<Vec<Column>, EngineError> {
    let of = |element: f64, scalar: f64| {
        if !is_swapped {
            return operator.of_elements(element, scalar, returns_bool);
        }
        let value = operator.of_elements(scalar, element, returns_bool)?;
        // A comparison keeps the element, not the number.
        Some(if operator.is_comparison() && !returns_bool { element } else { value })
    };
    let columns = vector.into_iter().map(|column| {
        let drops_name = operator.drops_name() || returns_bool;
        let labels = if drops_name { column.labels.without_name() } else { column.labels };
        let pairs = column.values.into_iter().zip(scalar);
        Column { labels, values: pairs.map(|(element, scalar)| of(element?, *scalar)).collect() }
    });
    merged(columns.collect())
}
