//! Which values a label may have in a query's result, as far as the query alone determines it.
//!
//! The rules are those of Prometheus' engine (`promql/engine.go`: `aggregation`, `resultMetric`, `VectorAnd`,
//! `VectorOr`, `VectorUnless`; `promql/functions.go`). In doubt a label may have any value.

use promql_parser::label::{Labels, MatchOp};
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

use super::matcher::alternatives;
use super::plain::{self, REGEX_MARK};
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
        // A text in it could pass for a regex, which the grammar marks by a control character.
        let is_doubtful = [REGEX_MARK, "\\x", "\\u", "\\U", "\\0"].iter().any(|odd| query.contains(odd));
        if is_doubtful || guard::fault(query).is_some() {
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
fn of(expr: &Expr, label: &str) -> PossibleValues {
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
        let one = match (&matcher.op, matcher.value.strip_prefix(REGEX_MARK)) {
            (MatchOp::Equal, None) => PossibleValues::OneOf(vec![matcher.value.as_str().into()]),
            (MatchOp::Equal, Some(regex)) => {
                alternatives(regex).map_or(PossibleValues::Any, PossibleValues::of)
            }
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
    let equal = matchers.matchers.iter().filter(|m| m.name == label && m.op == MatchOp::Equal);
    let plain = equal.map(|m| m.value.as_str()).filter(|value| !value.starts_with(REGEX_MARK));
    PossibleValues::of(plain.chain([""]).map(Into::into).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::promql::Matcher;

    fn values(query: &str, label: &str) -> PossibleValues {
        ResultLabels::of(query).values(label)
    }

    /// `wanted`: the values with blanks between them, `-` for an absent label, `any`, or nothing.
    fn check(query: &str, wanted: &str) {
        let message = match values(query, "job") {
            PossibleValues::Any => "any".to_owned(),
            PossibleValues::OneOf(values) => {
                let shown = values.iter().map(|v| if v.is_empty() { "-" } else { v });
                shown.collect::<Vec<_>>().join(" ")
            }
        };
        assert_eq!(message, wanted, "{query}");
    }

    #[test]
    fn a_selector_pins_what_it_compares_for_equality() {
        for (query, wanted) in [
            ("up", "any"),
            ("up{job=\"till\"}", "till"),
            ("up{job='till'}", "till"),
            ("up{job=`till`}", "till"),
            ("up{job=\"a\\\"b\"}", "a\"b"),
            ("{\"up\", \"job\"=\"till\"}", "till"),
            ("up{job=~\"till|shop\"}", "shop till"),
            ("up{job=~\"till|\"}", "- till"),
            ("up{job=~\"till.*\"}", "any"),
            ("up{job=~\"till.*\", job=\"shop\"}", "shop"),
            ("up{job=~\"till|shop\", job=~\"shop|x\"}", "shop"),
            ("up{job=\"till\", job=\"shop\"}", ""),
            ("up{job!=\"till\"}", "any"),
            ("up{job!~\"till\"}", "any"),
            ("up{job=\"\"}", "-"),
            ("up{job=~\"\"}", "-"),
            ("up{team=\"till\"}", "any"),
            ("rate(up{job=\"till\"}[5m] offset 1h) > 0", "till"),
            ("max_over_time(rate(up{job=\"till\"}[5m])[1h:5m])", "till"),
            ("-(up{job=\"till\"} @ end())", "till"),
        ] {
            check(query, wanted);
        }
    }

    #[test]
    fn aggregations_keep_what_they_list() {
        for (query, wanted) in [
            ("sum(up{job=\"till\"})", "-"),
            ("sum by (job) (up)", "any"),
            ("sum by (job) (up{job=\"till\"})", "till"),
            ("sum by (team) (up{job=\"till\"})", "-"),
            ("sum without (job) (up{job=\"till\"})", "-"),
            ("sum without (team) (up{job=\"till\"})", "till"),
            ("sum without () (up{job=\"till\"})", "till"),
            ("sum by () (up{job=\"till\"})", "-"),
            ("topk(3, up{job=\"till\"})", "till"),
            ("bottomk by (team) (3, up{job=\"till\"})", "till"),
            ("topk(3, sum(up))", "-"),
            ("quantile by (job) (0.9, up{job=\"till\"})", "till"),
            ("count_values(\"job\", up{job=\"till\"})", "any"),
            ("count_values((\"job\"), up{job=\"till\"})", "any"),
            ("count_values(\"n\", up{job=\"till\"})", "-"),
            ("count_values by (job) (\"n\", up{job=\"till\"})", "till"),
        ] {
            check(query, wanted);
        }
    }

    #[test]
    fn operators_match_take_and_drop_labels() {
        for (query, wanted) in [
            ("up{job=\"till\"} == 0", "till"),
            ("0 == bool up{job=\"till\"}", "till"),
            ("up{job=\"till\"} > scalar(up{job=\"x\"})", "till"),
            ("1 + 2", "-"),
            ("up{job=\"till\"} / down", "till"),
            ("up / down{job=\"till\"} > 2", "till"),
            ("up{job=\"till\"} / down{job=\"shop\"}", ""),
            ("up{job=\"till\"} / on (job) down", "till"),
            ("up{job=\"till\"} / on (team) down", "-"),
            ("up{job=\"till\"} > on (team) down", "-"),
            ("up{job=\"till\"} / ignoring (job) down{job=\"shop\"}", "-"),
            ("up{job=\"till\"} / ignoring (team) down", "till"),
            ("up{job=\"till\"} * on (team) group_left () info{job=\"shop\"}", "till"),
            ("up{job=\"till\"} * on (team) group_left (job) info{job=\"shop\"}", "shop"),
            ("up{job=\"till\"} * on (team) group_left (job) info", "any"),
            ("up{job=\"till\"} * on (team) group_right () info{job=\"shop\"}", "shop"),
            ("up{job=\"till\"} * on (team) group_right (job) info{job=\"shop\"}", "till"),
            ("up * on (job) group_left (x) info{job=\"shop\"}", "shop"),
            ("up * ignoring (x) group_left (x) info{job=\"shop\"}", "shop"),
            ("up{job=\"till\"} * ignoring (job) group_left (x) info{job=\"shop\"}", "till"),
            ("up{job=\"till\"} and down", "till"),
            ("up and down{job=\"till\"}", "till"),
            ("up and on (team) down{job=\"till\"}", "any"),
            ("up and ignoring (job) down{job=\"till\"}", "any"),
            ("up{job=\"till\"} and on () vector(1)", "till"),
            ("up{job=\"till\"} unless down{job=\"shop\"}", "till"),
            ("up{job=\"till\"} or down{job=\"shop\"}", "shop till"),
            ("up{job=\"till\"} or on (team) down", "any"),
            ("up{job=\"till\"} or vector(0)", "- till"),
            ("up{job=\"a\"} or up{job=\"b\"} and up{job=\"c\"}", "a"),
        ] {
            check(query, wanted);
        }
    }

    #[test]
    fn functions_keep_labels_or_leave_doubt() {
        for (query, wanted) in [
            ("vector(1)", "-"),
            ("time() > bool 3", "-"),
            ("vector(scalar(up{job=\"till\"}))", "-"),
            ("hour() > 3", "-"),
            ("hour(up{job=\"till\"})", "till"),
            ("clamp_max(up{job=\"till\"}, 1)", "till"),
            ("sort_desc(up{job=\"till\"})", "till"),
            ("histogram_quantile(0.9, sum by (le, job) (rate(x{job=\"till\"}[5m])))", "till"),
            ("label_replace(up{job=\"till\"}, \"job\", \"$1\", \"x\", \"(.*)\")", "any"),
            ("label_replace(up{job=\"till\"}, \"x\", \"$1\", \"job\", \"(.*)\")", "till"),
            ("label_join(up{job=\"till\"}, \"job\", \"-\", \"a\", \"b\")", "any"),
            ("label_join(up{job=\"till\"}, \"x\", \"-\", \"a\", \"b\")", "till"),
            ("absent(up{job=\"till\"})", "- till"),
            ("absent(up{job=\"till\", job=\"shop\"})", "- shop till"),
            ("absent((up{job=~\"till\"}))", "-"),
            ("absent(sum(up{job=\"till\"}))", "-"),
            ("absent_over_time(up{job=\"till\"}[5m])", "- till"),
            ("info(up{job=\"till\"})", "any"),
        ] {
            check(query, wanted);
        }
        assert_eq!(
            values("histogram_quantile(0.9, x{le=\"1\"})", "le"),
            PossibleValues::of(vec!["".into(), "1".into()])
        );
    }

    #[test]
    fn what_is_not_known_may_be_anything() {
        for query in [
            "",
            "up{",
            "up{job=\"till\"",
            "sum by (team) (up",
            "up{job=\"till\" or job=\"shop\"}",
            "rollup(up{job=\"till\"})",
            "up{job=\"till\"} default 0",
            "rate(up{job=\"till\"}[$__rate_interval])",
            "{{ $labels.job }}",
            "\"till\"",
            "up{job=\"\\x01till\"}",
            "up{job=\"\u{1}till\"}",
            "up{job=\"till\"} + on (job) fill (0) down",
            &format!("up{{job=\"{}\"}}", "x".repeat(guard::MAX_QUERY_BYTES)),
            &format!("{}up{{job=\"till\"}}{}", "(".repeat(200), ")".repeat(200)),
        ] {
            check(query, "any");
        }
        assert_eq!(ResultLabels::of("sum(up)").values("__name__"), PossibleValues::Any);
    }

    #[test]
    fn admits_what_a_value_or_its_absence_satisfies() {
        let admits = |query: &str, matcher: &str| {
            let (matchers, problems) = Matcher::read_list(matcher);
            assert_eq!(problems, []);
            values(query, &matchers[0].name).admits(&matchers[0])
        };
        for (query, matcher, wanted) in [
            ("up", "job=till", true),
            ("up{job=\"till\"}", "job=till", true),
            ("up{job=\"till\"}", "job=shop", false),
            ("up{job=\"till\"}", "job!=till", false),
            ("up{job=\"till\"}", "job=~t.*", true),
            ("up{job=\"till\"}", "job=", false),
            ("up{job=~\"till|shop\"}", "job=shop", true),
            ("sum(up)", "job=till", false),
            ("sum(up)", "job!=till", true),
            ("sum(up)", "job=", true),
            ("up{job=\"till\"} or vector(1)", "job=", true),
            ("up{job=\"till\"} + up{job=\"shop\"}", "job!=x", false),
        ] {
            assert_eq!(admits(query, matcher), wanted, "{query} and {matcher}");
        }
    }
}
