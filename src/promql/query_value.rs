//! What a query's value is.

use promql_parser::parser::Expr;
use promql_parser::parser::value::ValueType;

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::promql::PromQl;

    #[test]
    fn values_of_queries() {
        use QueryValue::{Scalar, Series, String};
        for (query, value) in [
            ("up", Series),
            ("scalar(up)", Scalar),
            ("(scalar(up{a=~\"b|c\"} offset 5m) + 1)", Scalar),
            ("time()", Scalar),
            ("-(1 + pi())", Scalar),
            (r#""a text""#, String),
            ("vector(1)", Series),
            ("x keep_metric_names", Series),
        ] {
            assert_eq!(PromQl::read(query).0.unwrap().value(), value, "{query}");
        }
    }
}
