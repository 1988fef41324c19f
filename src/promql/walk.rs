//! Access to the parts of a parsed query.

use promql_parser::label::Labels;
use promql_parser::parser::value::ValueType;
use promql_parser::parser::{Call, Expr, LabelModifier, VectorMatchCardinality, VectorSelector};

/// The expressions directly inside, in their order.
pub(super) fn children_mut(expr: &mut Expr) -> Vec<&mut Expr> {
    match expr {
        Expr::Aggregate(aggregate) => {
            let param = aggregate.param.as_deref_mut();
            std::iter::once(&mut *aggregate.expr).chain(param).collect()
        }
        Expr::Unary(unary) => vec![&mut unary.expr],
        Expr::Binary(binary) => vec![&mut binary.lhs, &mut binary.rhs],
        Expr::Paren(paren) => vec![&mut paren.expr],
        Expr::Subquery(subquery) => vec![&mut subquery.expr],
        Expr::Call(call) => call.args.args.iter_mut().map(|arg| &mut **arg).collect(),
        Expr::VectorSelector(_)
        | Expr::MatrixSelector(_)
        | Expr::NumberLiteral(_)
        | Expr::StringLiteral(_)
        | Expr::Extension(_) => Vec::new(),
    }
}

pub(super) fn selector_mut(expr: &mut Expr) -> Option<&mut VectorSelector> {
    match expr {
        Expr::VectorSelector(selector) => Some(selector),
        Expr::MatrixSelector(matrix) => Some(&mut matrix.vs),
        _ => None,
    }
}

pub(super) fn selector(expr: &Expr) -> Option<&VectorSelector> {
    match expr {
        Expr::VectorSelector(selector) => Some(selector),
        Expr::MatrixSelector(matrix) => Some(&matrix.vs),
        _ => None,
    }
}

/// The lists of labels of `by`, `on`, `group_left` and the like.
pub(super) fn label_lists_mut(expr: &mut Expr) -> Vec<&mut Labels> {
    let (modifier, card) = match expr {
        Expr::Aggregate(aggregate) => (aggregate.modifier.as_mut(), None),
        Expr::Binary(binary) => match binary.modifier.as_mut() {
            Some(modifier) => (modifier.matching.as_mut(), Some(&mut modifier.card)),
            None => (None, None),
        },
        _ => (None, None),
    };
    let listed = modifier.map(|modifier| match modifier {
        LabelModifier::Include(labels) | LabelModifier::Exclude(labels) => labels,
    });
    let grouped = match card {
        Some(VectorMatchCardinality::ManyToOne(labels) | VectorMatchCardinality::OneToMany(labels)) => {
            Some(labels)
        }
        _ => None,
    };
    listed.into_iter().chain(grouped).collect()
}

/// The expression in parentheses, behind a sign or in a subquery, whose series have the same labels.
pub(super) fn inner(expr: &Expr) -> Option<&Expr> {
    match expr {
        Expr::Paren(paren) => Some(&paren.expr),
        Expr::Unary(unary) => Some(&unary.expr),
        Expr::Subquery(subquery) => Some(&subquery.expr),
        _ => None,
    }
}

/// The first argument with series.
pub(super) fn vector_argument(call: &Call) -> Option<&Expr> {
    let mut args = call.args.args.iter().map(|arg| &**arg);
    args.find(|arg| matches!(arg.value_type(), ValueType::Vector | ValueType::Matrix))
}

pub(super) fn is_scalar(expr: &Expr) -> bool {
    expr.value_type() == ValueType::Scalar
}
