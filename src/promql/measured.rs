//! Which metrics a query reads, and how its value derives from them.

use promql_parser::parser::token::{
    T_ADD, T_AVG, T_BOTTOMK, T_DIV, T_EQLC, T_GTE, T_GTR, T_LAND, T_LIMIT_RATIO, T_LIMITK, T_LOR, T_LSS,
    T_LTE, T_LUNLESS, T_MAX, T_MIN, T_NEQ, T_QUANTILE, T_STDDEV, T_SUB, T_SUM, T_TOPK, TokenId,
};
use promql_parser::parser::{AggregateExpr, BinaryExpr, Call, Expr, VectorSelector};

use super::functions::keeps_quantity;
use super::walk::{inner, is_scalar, selector, vector_argument};

/// A query of more metrics than this is described by the first of them.
const MOST_METRICS: usize = 16;

/// How a value derives from a metric's samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Derivation {
    /// Unchanged.
    Level,
    /// Summed over series.
    Sum,
    /// Their change per second.
    Rate,
    /// Their change over a period.
    Increase,
    /// How far they lie apart.
    Spread,
    /// A value between the bounds of the metric's buckets.
    Quantile,
    /// The metric's `_sum` over its `_count`; `metric` is the name before either.
    Mean,
    /// The time since the instants in the samples, or until them.
    Age,
    /// The value is an instant: of the evaluation, or of the samples.
    Instant,
    /// The time between two of these.
    Lapse,
}

/// A metric, and how a query's value derives from it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MeasuredMetric {
    pub metric: String,
    pub derivation: Derivation,
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
        Expr::Binary(binary) => {
            collect(&binary.lhs, found);
            collect(&binary.rhs, found);
        }
        Expr::Call(call) => call.args.args.iter().for_each(|arg| collect(arg, found)),
        _ => {
            inner(expr).into_iter().for_each(|inner| collect(inner, found));
            let name = selector(expr).and_then(|selector| selector.name.clone());
            let is_new = |name: &String| found.len() < MOST_METRICS && !found.contains(name);
            found.extend(name.filter(is_new));
        }
    }
}

/// The metrics that the query's value derives from, and how. Of several, each describes the value.
/// Empty when they are unknown.
pub(super) fn measured(expr: &Expr) -> Vec<MeasuredMetric> {
    let all = of(expr).unwrap_or_default();
    if all.len() > MOST_METRICS { Vec::new() } else { all }
}

fn of(expr: &Expr) -> Option<Vec<MeasuredMetric>> {
    match expr {
        Expr::Aggregate(aggregate) => of_aggregate(aggregate),
        Expr::Call(call) => of_call(call),
        Expr::Binary(binary) => of_binary(binary),
        _ => match (selector(expr), inner(expr)) {
            (Some(selector), _) => level(selector),
            (None, inner) => of(inner?),
        },
    }
}

fn level(selector: &VectorSelector) -> Option<Vec<MeasuredMetric>> {
    let metric = selector.name.clone()?;
    Some(vec![MeasuredMetric { metric, derivation: Derivation::Level }])
}

fn of_aggregate(aggregate: &AggregateExpr) -> Option<Vec<MeasuredMetric>> {
    match aggregate.op.id() {
        T_AVG | T_MIN | T_MAX | T_TOPK | T_BOTTOMK | T_LIMITK | T_LIMIT_RATIO | T_QUANTILE => {
            of(&aggregate.expr)
        }
        T_STDDEV => spread(&aggregate.expr),
        T_SUM => {
            let mut all = of(&aggregate.expr)?;
            if all.iter().any(|one| one.derivation == Derivation::Instant) {
                return None;
            }
            for one in all.iter_mut().filter(|one| one.derivation == Derivation::Level) {
                one.derivation = Derivation::Sum;
            }
            Some(all)
        }
        _ => None,
    }
}

fn of_call(call: &Call) -> Option<Vec<MeasuredMetric>> {
    match call.func.name {
        "time" => return Some(vec![instant(String::new())]),
        "vector" => return of(call.args.args.first()?),
        _ => {}
    }
    let vector = vector_argument(call)?;
    match call.func.name {
        "timestamp" => Some(of(vector)?.into_iter().map(|one| instant(one.metric)).collect()),
        "rate" | "irate" | "deriv" => change(vector, Derivation::Rate),
        "increase" => change(vector, Derivation::Increase),
        "histogram_quantile" => of(vector)?.into_iter().map(quantile).collect(),
        "delta" | "idelta" | "mad_over_time" | "stddev_over_time" => spread(vector),
        name if keeps_quantity(name) => of(vector),
        _ => None,
    }
}

fn instant(metric: String) -> MeasuredMetric {
    MeasuredMetric { metric, derivation: Derivation::Instant }
}

/// Unknown for anything but a selector, which is rare: a subquery.
fn change(vector: &Expr, derivation: Derivation) -> Option<Vec<MeasuredMetric>> {
    let all = of(vector)?;
    let plain = all.iter().all(|one| one.derivation == Derivation::Level);
    plain.then(|| all.into_iter().map(|one| MeasuredMetric { derivation, ..one }).collect())
}

fn spread(expr: &Expr) -> Option<Vec<MeasuredMetric>> {
    let mut all = of(expr)?;
    for one in &mut all {
        one.derivation = match one.derivation {
            Derivation::Level => Derivation::Spread,
            Derivation::Instant => Derivation::Lapse,
            other => other,
        };
    }
    Some(all)
}

/// A name without `_bucket` is that of a native histogram.
fn quantile(buckets: MeasuredMetric) -> Option<MeasuredMetric> {
    let metric = buckets.metric.strip_suffix("_bucket").unwrap_or(&buckets.metric).to_owned();
    (buckets.derivation != Derivation::Quantile)
        .then_some(MeasuredMetric { metric, derivation: Derivation::Quantile })
}

fn of_binary(binary: &BinaryExpr) -> Option<Vec<MeasuredMetric>> {
    let (left, right) = (&*binary.lhs, &*binary.rhs);
    match binary.op.id() {
        T_LAND | T_LUNLESS => of(left),
        T_LOR => both(left, right),
        op if is_comparison(op) && !binary.return_bool() => of(if is_scalar(left) { right } else { left }),
        T_SUB if is_now(left) => of(right)?.into_iter().map(age).collect(),
        T_SUB if is_now(right) => of(left)?.into_iter().map(age).collect(),
        // A moment before a time stamp is a time stamp, but the time from one to another is none.
        T_SUB if is_scalar(left) && !is_scalar(right) => spread(right),
        T_SUB if is_scalar(right) && !is_scalar(left) && !is_constant(right) => spread(left),
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

fn both(left: &Expr, right: &Expr) -> Option<Vec<MeasuredMetric>> {
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

/// Whether the value is the same at each instant, as written. As deep as the query is nested.
fn is_constant(expr: &Expr) -> bool {
    match expr {
        Expr::NumberLiteral(_) => true,
        Expr::Paren(paren) => is_constant(&paren.expr),
        Expr::Unary(unary) => is_constant(&unary.expr),
        Expr::Binary(binary) => is_constant(&binary.lhs) && is_constant(&binary.rhs),
        _ => false,
    }
}

fn age(instant: MeasuredMetric) -> Option<MeasuredMetric> {
    let derivation = match instant.derivation {
        Derivation::Level => Derivation::Age,
        Derivation::Instant => Derivation::Lapse,
        _ => return None,
    };
    Some(MeasuredMetric { derivation, ..instant })
}

/// `rate(x_sum[5m]) / rate(x_count[5m])`, also added up.
fn mean(left: &Expr, right: &Expr) -> Option<Vec<MeasuredMetric>> {
    let (sum, count) = (of(left)?, of(right)?);
    let ([sum], [count]) = (sum.as_slice(), count.as_slice()) else { return None };
    let metric = sum.metric.strip_suffix("_sum")?;
    let fits = count.metric.strip_suffix("_count") == Some(metric) && sum.derivation == count.derivation;
    fits.then(|| vec![MeasuredMetric { metric: metric.to_owned(), derivation: Derivation::Mean }])
}
