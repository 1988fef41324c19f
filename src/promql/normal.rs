//! The form that equal queries share: parentheses, blanks and the order of matchers and labels do not count.

use promql_parser::label::{Labels, Matcher};
use promql_parser::parser::VectorSelector;
use promql_parser::parser::{BinModifier, Expr, LabelModifier, NumberLiteral, VectorMatchCardinality};

/// Puts what may be written in several ways in one. As deep as the query is nested.
pub(super) fn settle(expr: Expr) -> Expr {
    match expr {
        Expr::Paren(paren) => settle(*paren.expr),
        Expr::Unary(mut unary) => match settle(*unary.expr) {
            // Prometheus prints a negative number as one.
            Expr::NumberLiteral(number) => Expr::NumberLiteral(NumberLiteral { val: -number.val }),
            inner => {
                unary.expr = Box::new(inner);
                Expr::Unary(unary)
            }
        },
        Expr::Aggregate(mut aggregate) => {
            aggregate.expr = Box::new(settle(*aggregate.expr));
            aggregate.param = aggregate.param.map(|param| Box::new(settle(*param)));
            if let Some(modifier) = &mut aggregate.modifier {
                settle_modifier(modifier);
            }
            Expr::Aggregate(aggregate)
        }
        Expr::Binary(mut binary) => {
            binary.lhs = Box::new(settle(*binary.lhs));
            binary.rhs = Box::new(settle(*binary.rhs));
            if let Some(modifier) = &mut binary.modifier {
                settle_matching(modifier);
            }
            Expr::Binary(binary)
        }
        Expr::Subquery(mut subquery) => {
            subquery.expr = Box::new(settle(*subquery.expr));
            Expr::Subquery(subquery)
        }
        Expr::Call(mut call) => {
            call.args.args = call.args.args.into_iter().map(|arg| Box::new(settle(*arg))).collect();
            Expr::Call(call)
        }
        Expr::VectorSelector(mut selector) => {
            settle_selector(&mut selector);
            Expr::VectorSelector(selector)
        }
        Expr::MatrixSelector(mut matrix) => {
            settle_selector(&mut matrix.vs);
            Expr::MatrixSelector(matrix)
        }
        other => other,
    }
}

fn settle_selector(selector: &mut VectorSelector) {
    let key = |m: &Matcher| (m.name.clone(), m.op.to_string(), m.value.clone());
    selector.matchers.matchers.sort_by_key(key);
}

fn settle_matching(modifier: &mut BinModifier) {
    if let Some(matching) = &mut modifier.matching {
        settle_modifier(matching);
    }
    match &mut modifier.card {
        VectorMatchCardinality::ManyToOne(labels) | VectorMatchCardinality::OneToMany(labels) => {
            settle_labels(labels);
        }
        VectorMatchCardinality::OneToOne | VectorMatchCardinality::ManyToMany => {}
    }
}

fn settle_modifier(modifier: &mut LabelModifier) {
    match modifier {
        LabelModifier::Include(labels) | LabelModifier::Exclude(labels) => settle_labels(labels),
    }
}

fn settle_labels(labels: &mut Labels) {
    labels.labels.sort();
    labels.labels.dedup();
}
