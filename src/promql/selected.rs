//! What a query selects, and what its value is.

use std::time::Duration;

use promql_parser::parser::value::ValueType;
use promql_parser::parser::{Expr, VectorSelector};

use super::quoted::quote;

/// What a query's value is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum QueryValue {
    /// Of any number of series, or unknown.
    #[default]
    Series,
    /// One number without labels: `scalar(up)`, `time()`.
    Scalar,
    /// A text, which no graph can show.
    String,
}

impl QueryValue {
    pub(super) fn of(expr: &Expr) -> Self {
        match expr.value_type() {
            ValueType::Scalar => Self::Scalar,
            ValueType::String => Self::String,
            ValueType::Vector | ValueType::Matrix => Self::Series,
        }
    }
}

/// A selector of samples at one instant: the query itself if it is one, else the first without matchers. The parser
/// does not know the values of matchers.
pub(super) fn instant_selector(expr: &Expr, query: &str) -> Option<String> {
    match expr {
        Expr::VectorSelector(selector) if selector.offset.is_none() && selector.at.is_none() => {
            Some(query.trim().to_owned())
        }
        _ => first_name(expr).map(|name| format!("{{__name__={}}}", quote(&name))),
    }
}

/// The name of the first selector that is not a range's, if it has nothing but a name. As deep as the query is nested.
fn first_name(expr: &Expr) -> Option<String> {
    match expr {
        Expr::VectorSelector(selector) => only_name(selector),
        Expr::Aggregate(aggregate) => first_name(&aggregate.expr),
        Expr::Unary(unary) => first_name(&unary.expr),
        Expr::Paren(paren) => first_name(&paren.expr),
        Expr::Binary(binary) => first_name(&binary.lhs).or_else(|| first_name(&binary.rhs)),
        Expr::Call(call) => call.args.args.iter().find_map(|arg| first_name(arg)),
        // A subquery has points of its own.
        Expr::Subquery(_)
        | Expr::MatrixSelector(_)
        | Expr::NumberLiteral(_)
        | Expr::StringLiteral(_)
        | Expr::Extension(_) => None,
    }
}

fn only_name(selector: &VectorSelector) -> Option<String> {
    let matchers = &selector.matchers;
    let has_others = !matchers.matchers.is_empty() || !matchers.or_matchers.is_empty();
    selector.name.clone().filter(|_| !has_others)
}

/// The shortest range of a selector. As deep as the query is nested.
pub(super) fn shortest_range(expr: &Expr) -> Option<Duration> {
    match expr {
        Expr::MatrixSelector(matrix) => Some(matrix.range),
        Expr::Aggregate(aggregate) => shortest_range(&aggregate.expr),
        Expr::Unary(unary) => shortest_range(&unary.expr),
        Expr::Paren(paren) => shortest_range(&paren.expr),
        Expr::Subquery(subquery) => shortest_range(&subquery.expr),
        Expr::Binary(binary) => {
            [&binary.lhs, &binary.rhs].into_iter().filter_map(|side| shortest_range(side)).min()
        }
        Expr::Call(call) => call.args.args.iter().filter_map(|arg| shortest_range(arg)).min(),
        Expr::VectorSelector(_) | Expr::NumberLiteral(_) | Expr::StringLiteral(_) | Expr::Extension(_) => {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::promql::PromQl;

    #[test]
    fn values_and_selectors_of_queries() {
        use QueryValue::{Scalar, Series, String};
        for (query, value, selector, range) in [
            ("up", Series, Some("up"), None),
            ("scalar(up)", Scalar, Some(r#"{__name__="up"}"#), None),
            ("(scalar(up{a=~\"b|c\"} offset 5m) + 1)", Scalar, None, None),
            ("time()", Scalar, None, None),
            ("-(1 + pi())", Scalar, None, None),
            (r#""a text""#, String, None, None),
            ("vector(1)", Series, None, None),
            ("sum(rate(x[30s])) / on() y", Series, Some(r#"{__name__="y"}"#), Some(30)),
            ("rate(x[5m]) / rate(x[1m])", Series, None, Some(60)),
            ("max_over_time(x[1h:1m])", Series, None, None),
            (r#"{a="\"", b!~"c"}"#, Series, Some(r#"{a="\"", b!~"c"}"#), None),
            ("up offset 5m", Series, Some(r#"{__name__="up"}"#), None),
            ("x keep_metric_names", Series, None, None),
        ] {
            let read = PromQl::read(query).0.unwrap();
            assert_eq!(read.value(), value, "{query}");
            assert_eq!(read.instant_selector(), selector, "{query}");
            assert_eq!(read.shortest_range(), range.map(Duration::from_secs), "{query}");
        }
    }
}
