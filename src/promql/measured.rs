//! Which metrics a query reads, and what it makes of them on the way to its value.

use promql_parser::parser::token::{
    T_ADD, T_AVG, T_BOTTOMK, T_DIV, T_EQLC, T_GTE, T_GTR, T_LAND, T_LIMIT_RATIO, T_LIMITK, T_LOR, T_LSS,
    T_LTE, T_LUNLESS, T_MAX, T_MIN, T_NEQ, T_QUANTILE, T_STDDEV, T_SUB, T_SUM, T_TOPK, TokenId,
};
use promql_parser::parser::value::ValueType;
use promql_parser::parser::{AggregateExpr, BinaryExpr, Call, Expr, VectorSelector};

/// A query of more metrics than this is described by the first of them.
const MOST_METRICS: usize = 16;

/// What becomes of a metric's samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Made {
    /// They stay what they are.
    Level,
    /// They are added up over series.
    Sum,
    /// Their change per second.
    Rate,
    /// Their change over a while.
    Increase,
    /// A value between the bounds of the metric's buckets.
    Quantile,
    /// The metric's `_sum` over its `_count`; `metric` is the name before either.
    Mean,
    /// The time that went by since the instant that they hold.
    Age,
}

/// A metric, and what a query makes of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Measured {
    pub metric: String,
    pub made: Made,
}

/// The metrics that a query names, each once, in its order.
pub(super) fn metrics(expr: &Expr) -> Vec<String> {
    let mut found = Vec::new();
    collect(expr, &mut found);
    found
}

fn collect(expr: &Expr, found: &mut Vec<String>) {
    match expr {
        Expr::Aggregate(aggregate) => collect(&aggregate.expr, found),
        Expr::Unary(unary) => collect(&unary.expr, found),
        Expr::Binary(binary) => {
            collect(&binary.lhs, found);
            collect(&binary.rhs, found);
        }
        Expr::Paren(paren) => collect(&paren.expr, found),
        Expr::Subquery(subquery) => collect(&subquery.expr, found),
        Expr::VectorSelector(selector) => keep(selector, found),
        Expr::MatrixSelector(matrix) => keep(&matrix.vs, found),
        Expr::Call(call) => call.args.args.iter().for_each(|arg| collect(arg, found)),
        Expr::NumberLiteral(_) | Expr::StringLiteral(_) | Expr::Extension(_) => {}
    }
}

fn keep(selector: &VectorSelector, found: &mut Vec<String>) {
    if let Some(name) = &selector.name
        && found.len() < MOST_METRICS
        && !found.contains(name)
    {
        found.push(name.clone());
    }
}

/// What the query's value is made of; where there are several, the value is of what all of them are.
/// Empty: it cannot be told.
pub(super) fn measured(expr: &Expr) -> Vec<Measured> {
    let all = of(expr).unwrap_or_default();
    if all.len() > MOST_METRICS { Vec::new() } else { all }
}

fn of(expr: &Expr) -> Option<Vec<Measured>> {
    match expr {
        Expr::Paren(paren) => of(&paren.expr),
        Expr::Unary(unary) => of(&unary.expr),
        Expr::Subquery(subquery) => of(&subquery.expr),
        Expr::VectorSelector(selector) => level(selector),
        Expr::MatrixSelector(matrix) => level(&matrix.vs),
        Expr::Aggregate(aggregate) => of_aggregate(aggregate),
        Expr::Call(call) => of_call(call),
        Expr::Binary(binary) => of_binary(binary),
        Expr::NumberLiteral(_) | Expr::StringLiteral(_) | Expr::Extension(_) => None,
    }
}

fn level(selector: &VectorSelector) -> Option<Vec<Measured>> {
    let metric = selector.name.clone()?;
    Some(vec![Measured { metric, made: Made::Level }])
}

fn of_aggregate(aggregate: &AggregateExpr) -> Option<Vec<Measured>> {
    match aggregate.op.id() {
        T_AVG | T_MIN | T_MAX | T_TOPK | T_BOTTOMK | T_LIMITK | T_LIMIT_RATIO | T_QUANTILE | T_STDDEV => {
            of(&aggregate.expr)
        }
        T_SUM => {
            let mut all = of(&aggregate.expr)?;
            for one in all.iter_mut().filter(|one| one.made == Made::Level) {
                one.made = Made::Sum;
            }
            Some(all)
        }
        _ => None,
    }
}

fn of_call(call: &Call) -> Option<Vec<Measured>> {
    let vector = call
        .args
        .args
        .iter()
        .find(|arg| matches!(arg.value_type(), ValueType::Vector | ValueType::Matrix))?;
    match call.func.name {
        "rate" | "irate" | "deriv" => change(vector, Made::Rate),
        "increase" => change(vector, Made::Increase),
        "histogram_quantile" => of(vector)?.into_iter().map(quantile).collect(),
        "abs"
        | "ceil"
        | "floor"
        | "round"
        | "clamp"
        | "clamp_max"
        | "clamp_min"
        | "sort"
        | "sort_desc"
        | "sort_by_label"
        | "sort_by_label_desc"
        | "label_replace"
        | "label_join"
        | "delta"
        | "idelta"
        | "predict_linear"
        | "avg_over_time"
        | "min_over_time"
        | "max_over_time"
        | "last_over_time"
        | "first_over_time"
        | "quantile_over_time"
        | "stddev_over_time"
        | "mad_over_time"
        | "scalar"
        | "histogram_avg"
        | "histogram_stddev"
        | "holt_winters"
        | "double_exponential_smoothing" => of(vector),
        _ => None,
    }
}

/// A change of anything but a selector is a subquery's, and rare.
fn change(vector: &Expr, made: Made) -> Option<Vec<Measured>> {
    let all = of(vector)?;
    let plain = all.iter().all(|one| one.made == Made::Level);
    plain.then(|| all.into_iter().map(|one| Measured { made, ..one }).collect())
}

/// Without `_bucket` it is a native histogram's.
fn quantile(buckets: Measured) -> Option<Measured> {
    let metric = buckets.metric.strip_suffix("_bucket").unwrap_or(&buckets.metric).to_owned();
    (buckets.made != Made::Quantile).then_some(Measured { metric, made: Made::Quantile })
}

fn of_binary(binary: &BinaryExpr) -> Option<Vec<Measured>> {
    let (left, right) = (&*binary.lhs, &*binary.rhs);
    let is_scalar = |expr: &Expr| expr.value_type() == ValueType::Scalar;
    match binary.op.id() {
        T_LAND | T_LUNLESS => of(left),
        T_LOR => both(left, right),
        op if is_comparison(op) && !binary.return_bool() => of(if is_scalar(left) { right } else { left }),
        T_SUB if is_now(left) => of(right)?.into_iter().map(age).collect(),
        T_ADD | T_SUB => match (is_scalar(left), is_scalar(right)) {
            (false, false) => both(left, right),
            (true, false) => of(right),
            (false, true) => of(left),
            (true, true) => None,
        },
        T_DIV => mean(left, right),
        _ => None,
    }
}

fn is_comparison(op: TokenId) -> bool {
    matches!(op, T_EQLC | T_NEQ | T_LTE | T_LSS | T_GTE | T_GTR)
}

fn both(left: &Expr, right: &Expr) -> Option<Vec<Measured>> {
    let mut all = of(left)?;
    all.extend(of(right)?);
    Some(all)
}

fn is_now(expr: &Expr) -> bool {
    match expr {
        Expr::Paren(paren) => is_now(&paren.expr),
        Expr::Call(call) => call.func.name == "time",
        _ => false,
    }
}

fn age(instant: Measured) -> Option<Measured> {
    (instant.made == Made::Level).then_some(Measured { made: Made::Age, ..instant })
}

/// `rate(x_sum[5m]) / rate(x_count[5m])`, also added up.
fn mean(left: &Expr, right: &Expr) -> Option<Vec<Measured>> {
    let (sum, count) = (of(left)?, of(right)?);
    let ([sum], [count]) = (sum.as_slice(), count.as_slice()) else { return None };
    let metric = sum.metric.strip_suffix("_sum")?;
    let fits = count.metric.strip_suffix("_count") == Some(metric) && sum.made == count.made;
    fits.then(|| vec![Measured { metric: metric.to_owned(), made: Made::Mean }])
}
