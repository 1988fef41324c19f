//! What a query reads and cannot do without: why it may have no value although its metrics exist.

use std::fmt::Write as _;
use std::time::Duration;

use promql_parser::label::{METRIC_NAME, MatchOp, Matcher};
use promql_parser::parser::token::{T_EQLC, T_GTE, T_GTR, T_LSS, T_LTE, T_LUNLESS, T_NEQ};
use promql_parser::parser::{BinaryExpr, Call, Expr, MatrixSelector, Offset, VectorSelector};

use super::functions::keeps_labels;
use super::matcher::is_plain_name;
use super::plain;
use super::quoted::quote;
use super::walk::{is_scalar, vector_argument};
use super::{PossibleValues, forms, grammar, measured, result_labels};

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
/// Functions that have a value where their vector has none.
const NEED_NOTHING: [&str; 4] = ["absent", "absent_over_time", "scalar", "vector"];

/// What a query reads and cannot do without.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QueryNeeds {
    /// The query has a value wherever this has samples, and no other value.
    pub samples: Option<NeededSamples>,
    pub ranges: Vec<NeededRange>,
    /// A function of a histogram whose buckets are no longer told apart: `le` was aggregated away.
    pub without_le: Option<&'static str>,
}

/// One selector, and how far back it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NeededSamples {
    /// Without a range and `offset`.
    selector: String,
    /// ` offset 5m`, or nothing.
    offset: String,
    /// None: as far as Prometheus looks back.
    pub range: Option<Duration>,
}

/// A range that a function reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NeededRange {
    pub range: Duration,
    /// What the function has a value of: 1 or 2.
    pub samples: u32,
    /// The step of a subquery; without one, samples are as far apart as scrapes.
    pub step: Option<Duration>,
}

impl NeededSamples {
    /// Has a value where there are samples within a longer range, and none where the query looks for them.
    pub fn probe(&self, longer_ms: i64) -> String {
        let Self { selector, offset, range } = self;
        let read = match range {
            None => format!("{selector}{offset}"),
            Some(range) => format!("last_over_time({selector}[{}ms]{offset})", range.as_millis()),
        };
        format!("count(last_over_time({selector}[{longer_ms}ms]{offset})) unless count({read})")
    }
}

/// Nothing of a query that the grammar refuses. The query must have passed the guard.
pub(super) fn of(query: &str) -> QueryNeeds {
    let Ok(mut expr) = grammar::parsed(query, plain::marked) else { return QueryNeeds::default() };
    forms::name_metrics(&mut expr);
    let mut needs = QueryNeeds::default();
    visit(&expr, &mut |call| {
        needs.ranges.extend(call.args.args.iter().filter_map(|arg| range_of(call, arg)));
        needs.without_le = needs.without_le.or_else(|| lost_buckets(call));
    });
    if !plain::is_doubtful(query) {
        needs.samples = needed_samples(&expr).and_then(written);
    }
    needs
}

/// Each call without whose value the query has none. As deep as the query is nested.
fn visit(expr: &Expr, act: &mut dyn FnMut(&Call)) {
    match expr {
        Expr::Paren(paren) => visit(&paren.expr, act),
        Expr::Unary(unary) => visit(&unary.expr, act),
        Expr::Subquery(subquery) => visit(&subquery.expr, act),
        Expr::Aggregate(aggregate) => visit(&aggregate.expr, act),
        Expr::Binary(binary) => {
            visit(&binary.lhs, act);
            if binary.op.id() != T_LUNLESS {
                visit(&binary.rhs, act);
            }
        }
        Expr::Call(call) if !NEED_NOTHING.contains(&call.func.name) => {
            act(call);
            call.args.args.iter().for_each(|arg| visit(arg, act));
        }
        _ => {}
    }
}

fn range_of(call: &Call, argument: &Expr) -> Option<NeededRange> {
    let samples = if NEED_TWO_SAMPLES.contains(&call.func.name) { 2 } else { 1 };
    match argument {
        Expr::Paren(paren) => range_of(call, &paren.expr),
        Expr::MatrixSelector(matrix) => Some(NeededRange { range: matrix.range, samples, step: None }),
        // The server's default step is not known.
        Expr::Subquery(subquery) => {
            subquery.step.map(|step| NeededRange { range: subquery.range, samples, step: Some(step) })
        }
        _ => None,
    }
}

/// The name of a function of classic buckets whose series lack `le`. A native histogram needs none.
fn lost_buckets(call: &Call) -> Option<&'static str> {
    let name =
        ["histogram_quantile", "histogram_fraction"].into_iter().find(|name| *name == call.func.name)?;
    let buckets = vector_argument(call)?;
    let is_classic = measured::metrics(buckets).iter().any(|metric| metric.contains("bucket"));
    (is_classic && result_labels::of(buckets, "le") == PossibleValues::absent()).then_some(name)
}

/// A selector, and its range.
type Read<'e> = (&'e VectorSelector, Option<Duration>);

/// What the query has a value of exactly where it has samples. As deep as the query is nested.
fn needed_samples(expr: &Expr) -> Option<Read<'_>> {
    match expr {
        Expr::VectorSelector(selector) => Some((selector, None)),
        Expr::MatrixSelector(MatrixSelector { vs, range }) => Some((vs, Some(*range))),
        Expr::Paren(paren) => needed_samples(&paren.expr),
        Expr::Unary(unary) => needed_samples(&unary.expr),
        Expr::Aggregate(aggregate) => needed_samples(&aggregate.expr),
        Expr::Call(call) => {
            let name = call.func.name;
            let passes = keeps_labels(name) || matches!(name, "label_replace" | "label_join");
            needed_samples(vector_argument(call).filter(|_| passes)?)
        }
        Expr::Binary(binary) => of_binary(binary),
        _ => None,
    }
    .filter(|(selector, _)| selector.at.is_none() && selector.matchers.or_matchers.is_empty())
}

/// A comparison may leave nothing of what there is.
fn of_binary(binary: &BinaryExpr) -> Option<Read<'_>> {
    let operator = binary.op.id();
    let compares = matches!(operator, T_EQLC | T_NEQ | T_LTE | T_LSS | T_GTE | T_GTR);
    if operator == T_LUNLESS || (compares && !binary.return_bool()) {
        return None;
    }
    match (is_scalar(&binary.lhs), is_scalar(&binary.rhs)) {
        (true, _) => needed_samples(&binary.rhs),
        (_, true) => needed_samples(&binary.lhs),
        _ => {
            let (left, right) = (needed_samples(&binary.lhs)?, needed_samples(&binary.rhs)?);
            (left == right).then_some(left)
        }
    }
}

fn written((selector, range): Read<'_>) -> Option<NeededSamples> {
    let mut text = String::from("{");
    let name = selector.name.iter().map(|name| Matcher::new(MatchOp::Equal, METRIC_NAME, name));
    for (at, matcher) in name.chain(selector.matchers.matchers.iter().cloned()).enumerate() {
        let comma = if at == 0 { "" } else { "," };
        let (op, value) = plain::as_written(&matcher);
        let name = if is_plain_name(&matcher.name) { matcher.name.clone() } else { quote(&matcher.name) };
        write!(text, "{comma}{name}{}{}", op.as_str(), quote(value)).ok()?;
    }
    text.push('}');
    let offset = match &selector.offset {
        None => String::new(),
        Some(Offset::Pos(past)) => format!(" offset {}ms", past.as_millis()),
        Some(Offset::Neg(future)) => format!(" offset -{}ms", future.as_millis()),
    };
    Some(NeededSamples { selector: text, offset, range })
}

#[cfg(test)]
mod tests;
