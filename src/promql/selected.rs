//! What a query selects, and what its value is.

use std::iter::successors;
use std::time::Duration;

use promql_parser::parser::Expr;
use promql_parser::parser::value::ValueType;

use super::scan::{Kind, Scan};
use super::walk::inner;
use crate::diagnostic::Span;

/// Functions of a range that have no value where it holds one sample.
const NEED_TWO_SAMPLES: [&str; 9] = [
    "rate",
    "irate",
    "increase",
    "delta",
    "idelta",
    "deriv",
    "predict_linear",
    "holt_winters",
    "double_exponential_smoothing",
];

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

/// The selector of a query that is nothing but one, or plain aggregations of one: such a query has a value wherever
/// the selector has samples. None with `offset` or `@`. It may end in a comment.
pub(super) fn lone_selector(expr: &Expr, query: &str) -> Option<String> {
    selector_in(expr, &Scan::finished(query), Span::whole(query))
        .map(|place| place.of(query).trim().to_owned())
}

/// Where the selector is in the text of an expression. As deep as the query is nested.
fn selector_in(expr: &Expr, scan: &Scan<'_>, place: Span) -> Option<Span> {
    match expr {
        Expr::VectorSelector(selector) => {
            (selector.offset.is_none() && selector.at.is_none()).then_some(place)
        }
        Expr::Paren(paren) => selector_in(&paren.expr, scan, brackets(scan, place.start)?),
        Expr::Aggregate(aggregate) if aggregate.param.is_none() => {
            let operator = next_word(scan, place.start)?;
            let next = next_word(scan, operator.1.end)?;
            // `by (...)` or `without (...)` may come first.
            let labels = (next.0 == Kind::Word).then(|| brackets(scan, next.1.end));
            let start = labels.map_or(Some(operator.1.end), |labels| Some(labels?.end + 1))?;
            selector_in(&aggregate.expr, scan, brackets(scan, start)?)
        }
        _ => None,
    }
}

/// The first word at or behind `at` that is not blank.
fn next_word(scan: &Scan<'_>, at: usize) -> Option<(Kind, Span)> {
    let mut words = successors(scan.word(at), |(_, span)| scan.word(span.end));
    words.find(|(kind, _)| *kind != Kind::Blank)
}

/// Between the brackets that are the next word.
fn brackets(scan: &Scan<'_>, at: usize) -> Option<Span> {
    let (kind, open) = next_word(scan, at)?;
    let end = scan.behind_brackets(open.start).filter(|_| kind == Kind::Open(b'('))?;
    Some(Span::new(open.end, end - 1))
}

/// The shortest range that a function has which needs two samples. As deep as the query is nested.
pub(super) fn shortest_rate(expr: &Expr) -> Option<Duration> {
    match expr {
        Expr::Aggregate(aggregate) => shortest_rate(&aggregate.expr),
        Expr::Binary(binary) => {
            [&binary.lhs, &binary.rhs].into_iter().filter_map(|side| shortest_rate(side)).min()
        }
        Expr::Call(call) => {
            let needs_two = NEED_TWO_SAMPLES.contains(&call.func.name);
            let of = |arg: &Expr| shortest_rate(arg).or_else(|| range(arg).filter(|_| needs_two));
            call.args.args.iter().filter_map(|arg| of(arg)).min()
        }
        _ => inner(expr).and_then(shortest_rate),
    }
}

fn range(expr: &Expr) -> Option<Duration> {
    match expr {
        Expr::MatrixSelector(matrix) => Some(matrix.range),
        Expr::Paren(paren) => range(&paren.expr),
        _ => None,
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

    #[test]
    fn only_a_query_that_is_one_selector_has_a_lone_one() {
        for (query, selector) in [
            ("up", Some("up")),
            (" up # all of them", Some("up # all of them")),
            (r#"{a="\"", b!~"c)"}"#, Some(r#"{a="\"", b!~"c)"}"#)),
            ("(( up ))", Some("up")),
            ("sum(up{a=~\"b|c\"})", Some("up{a=~\"b|c\"}")),
            ("sum by (sum) (max without() (x)) # ) not", Some("x")),
            ("count(x) by (x)", Some("x")),
            ("sum # (\n by # )\n (a, b) ({\"a.b\"} # c\n)", Some("{\"a.b\"} # c")),
            ("up == 0", None),
            ("sum(errors_total > 5)", None),
            ("sum(x) > 5", None),
            ("x and y", None),
            ("x unless x", None),
            ("up offset 1w", None),
            ("sum(up offset 5m)", None),
            ("up @ 1600000000", None),
            ("topk(3, x)", None),
            ("-x", None),
            ("scalar(x)", None),
            ("rate(x[5m])", None),
            ("sum(rate(x[5m]))", None),
            ("max_over_time(x[1h:1m])", None),
            ("vector(1)", None),
            ("nobody_knows(x)", None),
        ] {
            assert_eq!(PromQl::read(query).0.unwrap().lone_selector(), selector, "{query}");
        }
    }

    #[test]
    fn only_ranges_of_which_two_samples_are_needed_count() {
        for (query, seconds) in [
            ("sum(rate(x[30s])) / on() y", Some(30)),
            ("rate(x[5m]) / rate(x[1m])", Some(60)),
            ("increase((x[20s])) > 5", Some(20)),
            ("irate(x[1s]) or idelta(x[2s]) or delta(x[3s])", Some(1)),
            ("predict_linear(x[10s], 3600)", Some(10)),
            ("-max_over_time(deriv(x[10s])[1h:])", Some(10)),
            ("max_over_time(x[20s]) > 5", None),
            ("rate(x[5m]) > last_over_time(x[20s])", Some(300)),
            ("rate(max_over_time(x[20s])[5m:])", None),
            ("max_over_time(x[1h:1m])", None),
            ("count_over_time(x[1s])", None),
            ("up", None),
        ] {
            let shortest = PromQl::read(query).0.unwrap().shortest_rate();
            assert_eq!(shortest, seconds.map(Duration::from_secs), "{query}");
        }
    }
}
