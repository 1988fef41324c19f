//! Which values a label may have in a query's result, as far as the query alone determines it.
//!
//! The rules are those of Prometheus' engine (`promql/engine.go`: `aggregation`, `resultMetric`, `VectorAnd`,
//! `VectorOr`, `VectorUnless`; `promql/functions.go`). In doubt a label may have any value.

use promql_parser::label::Labels;
use promql_parser::parser::token::{
    T_ADD, T_ATAN2, T_AVG, T_BOTTOMK, T_COUNT, T_COUNT_VALUES, T_DIV, T_EQLC, T_GROUP, T_GTE, T_GTR, T_LAND,
    T_LIMIT_RATIO, T_LIMITK, T_LOR, T_LSS, T_LTE, T_LUNLESS, T_MAX, T_MIN, T_MOD, T_MUL, T_NEQ, T_POW,
    T_QUANTILE, T_STDDEV, T_STDVAR, T_SUB, T_SUM, T_TOPK,
};
use promql_parser::parser::value::ValueType;
use promql_parser::parser::{
    AggregateExpr, BinaryExpr, Call, Expr, LabelModifier, VectorMatchCardinality, VectorMatchFillValues,
    VectorSelector,
};

use super::matcher::{MatchOp, alternatives};
use super::plain;
use super::possible_values::PossibleValues;
use super::walk::{inner, is_scalar, selector, vector_argument};
use super::{functions, grammar, guard};

/// The labels of a query's result, as far as the query alone determines them.
#[derive(Clone, Debug)]
pub struct ResultLabels(Option<Expr>);

impl ResultLabels {
    /// A query that the grammar does not know, or that the guard refuses, determines nothing.
    pub fn of(query: &str) -> Self {
        let query = query.trim();
        if plain::is_doubtful(query) || guard::fault(query).is_some() {
            return Self(None);
        }
        Self(grammar::parsed(query, plain::marked).ok())
    }

    /// Which values the label may have: any, for the labels that begin with `__`, which are Prometheus' own.
    pub fn values(&self, label: &str) -> PossibleValues {
        match &self.0 {
            Some(expr) if !label.starts_with("__") => of(expr, label),
            _ => PossibleValues::Any,
        }
    }
}

/// As deep as the query is nested.
pub(super) fn of(expr: &Expr, label: &str) -> PossibleValues {
    match expr {
        Expr::Aggregate(aggregate) => of_aggregate(aggregate, label),
        Expr::Binary(binary) => of_binary(binary, label),
        Expr::Call(call) => of_call(call, label),
        Expr::NumberLiteral(_) => PossibleValues::absent(),
        _ => match (selector(expr), inner(expr)) {
            (Some(selector), _) => of_selector(selector, label),
            (None, Some(inner)) => of(inner, label),
            (None, None) => PossibleValues::Any,
        },
    }
}

/// All matchers of the label hold.
fn of_selector(selector: &VectorSelector, label: &str) -> PossibleValues {
    let mut values = PossibleValues::Any;
    if !selector.matchers.or_matchers.is_empty() {
        return values;
    }
    for matcher in selector.matchers.matchers.iter().filter(|m| m.name == label) {
        let one = match plain::as_written(matcher) {
            (MatchOp::Equal, value) => PossibleValues::OneOf(vec![value.into()]),
            (MatchOp::Regex, regex) => alternatives(regex).map_or(PossibleValues::Any, PossibleValues::of),
            _ => PossibleValues::Any,
        };
        values = values.and(one);
    }
    values
}

fn lists(labels: &Labels, label: &str) -> bool {
    labels.labels.iter().any(|listed| listed == label)
}

/// Whether `by` or `on` lists the label, or `without` or `ignoring` does not.
fn selects(modifier: &LabelModifier, label: &str) -> bool {
    match modifier {
        LabelModifier::Include(labels) => lists(labels, label),
        LabelModifier::Exclude(labels) => !lists(labels, label),
    }
}

/// `by` leaves the listed labels, `without` the others, neither leaves none. `topk` and its like choose series
/// and leave them all their labels.
fn of_aggregate(aggregate: &AggregateExpr, label: &str) -> PossibleValues {
    match aggregate.op.id() {
        T_TOPK | T_BOTTOMK | T_LIMITK | T_LIMIT_RATIO => return of(&aggregate.expr, label),
        T_COUNT_VALUES => match aggregate.param.as_deref().and_then(text) {
            Some(counted) if counted != label => {}
            _ => return PossibleValues::Any,
        },
        T_SUM | T_AVG | T_COUNT | T_MIN | T_MAX | T_GROUP | T_STDDEV | T_STDVAR | T_QUANTILE => {}
        _ => return PossibleValues::Any,
    }
    let stays = aggregate.modifier.as_ref().is_some_and(|modifier| selects(modifier, label));
    if stays { of(&aggregate.expr, label) } else { PossibleValues::absent() }
}

fn text(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Paren(paren) => text(&paren.expr),
        Expr::StringLiteral(literal) => Some(&literal.val),
        _ => None,
    }
}

/// Both sides have the same value of a label that is matched: one of `on (...)`, or none of `ignoring (...)`.
fn of_binary(binary: &BinaryExpr, label: &str) -> PossibleValues {
    let (left, right) = (|| of(&binary.lhs, label), || of(&binary.rhs, label));
    if is_scalar(&binary.lhs) {
        return right();
    }
    if is_scalar(&binary.rhs) {
        return left();
    }
    let (matching, card) = match &binary.modifier {
        // What is filled in has the labels of one side, which may be either.
        Some(modifier) if modifier.fill_values != VectorMatchFillValues::default() => {
            return PossibleValues::Any;
        }
        Some(modifier) => (modifier.matching.as_ref(), Some(&modifier.card)),
        None => (None, None),
    };
    let is_matched = matching.is_none_or(|modifier| selects(modifier, label));
    match binary.op.id() {
        T_LOR => left().or(right()),
        T_LAND if is_matched => left().and(right()),
        T_LAND | T_LUNLESS => left(),
        T_ADD | T_SUB | T_MUL | T_DIV | T_MOD | T_POW | T_ATAN2 | T_EQLC | T_NEQ | T_LTE | T_LSS | T_GTE
        | T_GTR => match card {
            // The side of the "one" gives the labels that the group lists.
            Some(VectorMatchCardinality::ManyToOne(group)) if lists(group, label) => right(),
            Some(VectorMatchCardinality::OneToMany(group)) if lists(group, label) => left(),
            _ if is_matched => left().and(right()),
            Some(VectorMatchCardinality::ManyToOne(_)) => left(),
            Some(VectorMatchCardinality::OneToMany(_)) => right(),
            Some(VectorMatchCardinality::OneToOne) | None => PossibleValues::absent(),
            Some(VectorMatchCardinality::ManyToMany) => PossibleValues::Any,
        },
        _ => PossibleValues::Any,
    }
}

fn of_call(call: &Call, label: &str) -> PossibleValues {
    let name = call.func.name;
    if call.func.return_type == ValueType::Scalar || name == "vector" {
        return PossibleValues::absent();
    }
    let args = &call.args.args;
    match (name, vector_argument(call)) {
        ("absent" | "absent_over_time", Some(watched)) => of_absent(watched, label),
        // Classic buckets are consumed; a native histogram keeps a label of that name.
        ("histogram_quantile" | "histogram_fraction", Some(buckets)) if label == "le" => {
            of(buckets, label).or(PossibleValues::absent())
        }
        ("label_replace" | "label_join", Some(vector)) => match args.get(1).and_then(|arg| text(arg)) {
            Some(destination) if destination != label => of(vector, label),
            _ => PossibleValues::Any,
        },
        (_, Some(vector)) if functions::keeps_labels(name) => of(vector, label),
        // `hour()` and its like are of the evaluation's own time.
        (_, None) if functions::keeps_labels(name) && args.is_empty() => PossibleValues::absent(),
        _ => PossibleValues::Any,
    }
}

/// What `absent` returns has the labels that a selector compares with `=`, unless it compares them twice
/// (`createLabelsForAbsentFunction`); of anything but a selector it has none.
fn of_absent(watched: &Expr, label: &str) -> PossibleValues {
    let selector = match watched {
        Expr::Paren(paren) => return of_absent(&paren.expr, label),
        Expr::VectorSelector(selector) => selector,
        Expr::MatrixSelector(matrix) => &matrix.vs,
        _ => return PossibleValues::absent(),
    };
    let matchers = &selector.matchers;
    if !matchers.or_matchers.is_empty() {
        return PossibleValues::Any;
    }
    let of_label = matchers.matchers.iter().filter(|m| m.name == label).map(plain::as_written);
    let equal = of_label.filter(|(op, _)| *op == MatchOp::Equal).map(|(_, value)| value);
    PossibleValues::of(equal.chain([""]).map(Into::into).collect())
}

#[cfg(test)]
mod tests;
