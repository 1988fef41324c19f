//! What stays of a parsed query when the names and texts in it are taken away.

use promql_parser::label::{Labels, Matcher};
use promql_parser::parser::{BinModifier, Expr, LabelModifier, VectorMatchCardinality, VectorSelector};

/// Empties every string, metric name, label name and label value. As deep as the query is nested.
pub(super) fn blank(expr: &mut Expr) {
    match expr {
        Expr::Aggregate(aggregate) => {
            blank(&mut aggregate.expr);
            if let Some(param) = &mut aggregate.param {
                blank(param);
            }
            if let Some(modifier) = &mut aggregate.modifier {
                blank_modifier(modifier);
            }
        }
        Expr::Unary(unary) => blank(&mut unary.expr),
        Expr::Binary(binary) => {
            blank(&mut binary.lhs);
            blank(&mut binary.rhs);
            if let Some(modifier) = &mut binary.modifier {
                blank_matching(modifier);
            }
        }
        Expr::Paren(paren) => blank(&mut paren.expr),
        Expr::Subquery(subquery) => blank(&mut subquery.expr),
        Expr::StringLiteral(literal) => literal.val.clear(),
        Expr::VectorSelector(selector) => blank_selector(selector),
        Expr::MatrixSelector(matrix) => blank_selector(&mut matrix.vs),
        Expr::Call(call) => call.args.args.iter_mut().for_each(|arg| blank(arg)),
        Expr::NumberLiteral(_) | Expr::Extension(_) => {}
    }
}

fn blank_selector(selector: &mut VectorSelector) {
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

fn blank_matching(modifier: &mut BinModifier) {
    if let Some(matching) = &mut modifier.matching {
        blank_modifier(matching);
    }
    match &mut modifier.card {
        VectorMatchCardinality::ManyToOne(labels) | VectorMatchCardinality::OneToMany(labels) => {
            blank_labels(labels);
        }
        VectorMatchCardinality::OneToOne | VectorMatchCardinality::ManyToMany => {}
    }
}

fn blank_modifier(modifier: &mut LabelModifier) {
    match modifier {
        LabelModifier::Include(labels) | LabelModifier::Exclude(labels) => blank_labels(labels),
    }
}

fn blank_labels(labels: &mut Labels) {
    labels.labels.iter_mut().for_each(String::clear);
}
