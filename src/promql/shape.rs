//! What is left of a parsed query without the names and texts in it.

use promql_parser::label::Matcher;
use promql_parser::parser::Expr;

use super::walk::{children_mut, label_lists_mut, selector_mut};

/// Empties every string, metric name, label name and label value. As deep as the query is nested.
pub(super) fn blank(expr: &mut Expr) {
    children_mut(expr).into_iter().for_each(blank);
    for labels in label_lists_mut(expr) {
        labels.labels.iter_mut().for_each(String::clear);
    }
    if let Expr::StringLiteral(literal) = expr {
        literal.val.clear();
    }
    let Some(selector) = selector_mut(expr) else { return };
    if let Some(name) = &mut selector.name {
        name.clear();
    }
    let matchers = &mut selector.matchers;
    let all = matchers.matchers.iter_mut().chain(matchers.or_matchers.iter_mut().flatten());
    all.for_each(|Matcher { name, value, .. }| {
        name.clear();
        value.clear();
    });
}
