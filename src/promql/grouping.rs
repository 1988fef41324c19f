//! The labels that a query's result is grouped by.

use promql_parser::parser::token::{T_BOTTOMK, T_COUNT_VALUES, T_LIMIT_RATIO, T_LIMITK, T_TOPK};
use promql_parser::parser::{AggregateExpr, Call, Expr, LabelModifier};

use super::walk::{inner, is_scalar, vector_argument};

/// The labels of the outermost `by (...)`.
pub(super) fn outermost_by(expr: &Expr) -> Vec<String> {
    match expr {
        Expr::Aggregate(aggregate) => aggregate_by(aggregate),
        Expr::Call(call) => call_by(call),
        Expr::Binary(binary) if is_scalar(&binary.lhs) => outermost_by(&binary.rhs),
        Expr::Binary(binary) => outermost_by(&binary.lhs),
        _ => inner(expr).map(outermost_by).unwrap_or_default(),
    }
}

fn aggregate_by(aggregate: &AggregateExpr) -> Vec<String> {
    if matches!(aggregate.op.id(), T_TOPK | T_BOTTOMK | T_LIMITK | T_LIMIT_RATIO) {
        // These select series, which keep their labels.
        let inner = outermost_by(&aggregate.expr);
        if !inner.is_empty() {
            return inner;
        }
    }
    let mut labels = match &aggregate.modifier {
        Some(LabelModifier::Include(labels)) => labels.labels.clone(),
        _ => Vec::new(),
    };
    if let (T_COUNT_VALUES, Some(Expr::StringLiteral(counted))) =
        (aggregate.op.id(), aggregate.param.as_deref())
    {
        labels.push(counted.val.clone());
    }
    labels
}

fn call_by(call: &Call) -> Vec<String> {
    let mut labels = vector_argument(call).map(outermost_by).unwrap_or_default();
    if call.func.name.starts_with("histogram_") {
        // A quantile over buckets has consumed them.
        labels.retain(|label| label != "le");
    }
    labels
}
