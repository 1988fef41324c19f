//! Rewrites parsed queries, so that those that are alike become equal.

use promql_parser::label::{METRIC_NAME, MatchOp, Matcher};
use promql_parser::parser::{BinModifier, Expr, LabelModifier, NumberLiteral};

use super::plain::REGEX_MARK;
use super::walk::{children_mut, label_lists_mut, selector_mut};

/// Rewrites everything that has several spellings to one: parentheses, blanks and the order of matchers and labels
/// do not count. As deep as the query is nested.
pub(super) fn normalize(expr: &mut Expr) {
    children_mut(expr).into_iter().for_each(normalize);
    name_metric(expr);
    if let Some(selector) = selector_mut(expr) {
        let key = |m: &Matcher| (m.name.clone(), m.op.to_string(), m.value.clone());
        selector.matchers.matchers.sort_by_key(key);
    }
    for labels in label_lists_mut(expr) {
        labels.labels.sort();
        labels.labels.dedup();
    }
    drop_empty_lists(expr);
    let simpler = match expr {
        Expr::Paren(paren) => Some(std::mem::replace(&mut *paren.expr, zero())),
        Expr::Unary(unary) => match &*unary.expr {
            // Prometheus prints a negative number as one.
            Expr::NumberLiteral(number) => Some(Expr::NumberLiteral(NumberLiteral { val: -number.val })),
            _ => None,
        },
        _ => None,
    };
    if let Some(simpler) = simpler {
        *expr = simpler;
    }
}

/// `{__name__="x"}` becomes `x`. Regexes must be marked. As deep as the query is nested.
pub(super) fn name_metrics(expr: &mut Expr) {
    children_mut(expr).into_iter().for_each(name_metrics);
    name_metric(expr);
}

fn name_metric(expr: &mut Expr) {
    let Some(selector) = selector_mut(expr).filter(|selector| selector.name.is_none()) else { return };
    let is_name =
        |m: &Matcher| m.name == METRIC_NAME && m.op == MatchOp::Equal && !m.value.starts_with(REGEX_MARK);
    let matchers = &mut selector.matchers.matchers;
    if matchers.iter().filter(|m| m.name == METRIC_NAME).count() == 1
        && let Some(at) = matchers.iter().position(is_name)
    {
        selector.name = Some(matchers.remove(at).value);
    }
}

/// `by ()` and `ignoring ()` mean what their absence means.
fn drop_empty_lists(expr: &mut Expr) {
    let is_empty = |list: &mut LabelModifier| list.labels().labels.is_empty();
    match expr {
        Expr::Aggregate(aggregate) => {
            aggregate.modifier.take_if(|list| list.is_include() && is_empty(list));
        }
        Expr::Binary(binary) => {
            if let Some(modifier) = &mut binary.modifier {
                modifier.matching.take_if(|list| !list.is_include() && is_empty(list));
            }
            binary.modifier.take_if(|modifier| *modifier == BinModifier::default());
        }
        _ => {}
    }
}

fn zero() -> Expr {
    Expr::NumberLiteral(NumberLiteral { val: 0.0 })
}

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
