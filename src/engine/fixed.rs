//! Which parts of a query have one value at all steps, because `@` fixes their samples.

use crate::promql::tree::QueryTree;

/// Functions of the step itself.
const OF_THE_STEP: [&str; 11] = [
    "days_in_month",
    "day_of_month",
    "day_of_week",
    "day_of_year",
    "hour",
    "minute",
    "month",
    "year",
    "predict_linear",
    "time",
    "timestamp",
];

/// As Prometheus decides it, which evaluates such a part once. The first argument of `topk` and the like does not
/// count there. As deep as the query is nested.
pub(super) fn is_fixed(tree: &QueryTree) -> bool {
    match tree {
        QueryTree::Number(_) | QueryTree::Text(_) => true,
        QueryTree::Selector(selector) | QueryTree::Range { selector, .. } => selector.shift.at.is_some(),
        QueryTree::Subquery(subquery) => subquery.shift.at.is_some(),
        QueryTree::Negated(inner) => is_fixed(inner),
        QueryTree::Aggregation(aggregation) => is_fixed(&aggregation.inner),
        QueryTree::Operation(operation) => is_fixed(&operation.left) && is_fixed(&operation.right),
        QueryTree::Call(call) => !OF_THE_STEP.contains(&call.function) && call.arguments.iter().all(is_fixed),
    }
}
