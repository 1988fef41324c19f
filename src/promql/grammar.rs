//! Calls the parser, for queries that passed the guard.

use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::panic::catch_unwind;

use promql_parser::parser::{Expr, parse};

use super::forms::{blank, normalize};
use super::grouping::outermost_by;
use super::measured::{self, MeasuredMetric};
use super::names;
use super::per_instant::is_per_instant;
use super::plain::{dropped, marked, plain_form};
use super::query_value::QueryValue;
use super::scan::{Kind, Scan};
use crate::diagnostic::Span;

/// The longest reason of the parser that is kept, in characters; it may repeat parts of the query.
const MAX_REASON_CHARS: usize = 160;

/// What the parser says of a query that it understands, and refuses: types or numbers of arguments do not fit.
const TYPE_ERRORS: [&str; 20] = [
    "expected ",
    "wrong number of arguments",
    "no arguments for aggregate",
    "ranges only allowed",
    "no offset modifiers",
    "no @ modifiers",
    "@ <timestamp> may not",
    "@ modifier must",
    "offset may not",
    "offset modifier must",
    "unary expression only",
    "binary expression must",
    "bool modifier can only",
    "comparisons between scalars",
    "set operator",
    "no grouping allowed",
    "vector matching only",
    "label '",
    "subquery is only allowed",
    NAMED_TWICE,
];
const NAMED_TWICE: &str = "metric name must not be set twice";
/// What it says of a value without quotes, which only MetricsQL's `WITH` can have.
const UNQUOTED: [&str; 2] = ["unexpected identifier", "unexpected '='"];
/// And of a selector that may match everything, as only one in `info` may.
pub(super) const SELECTS_ALL: &str = "vector selector must contain";

/// Why the parser refuses a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// It does not know the grammar: newer PromQL, MetricsQL, or no query at all.
    Unknown(String),
    /// It understands the query. Prometheus refuses it too.
    Types(String),
    /// No grammar that is known has this.
    Syntax(String),
}

impl From<&str> for Refusal {
    fn from(reason: &str) -> Self {
        Self::Unknown(reason.to_owned())
    }
}

impl Refusal {
    fn of(query: &str, reason: &str) -> Self {
        // It goes on with values of matchers, and regexes are not in the plain form.
        let reason = if reason.starts_with(NAMED_TWICE) { NAMED_TWICE } else { reason };
        let text = reason.chars().take(MAX_REASON_CHARS).collect();
        let is_of_types = TYPE_ERRORS.iter().any(|begin| reason.starts_with(begin))
            || (reason.starts_with(SELECTS_ALL) && !calls(query, |word| word == "info"));
        let is_unquoted = UNQUOTED.iter().any(|begin| reason.starts_with(begin));
        match (is_of_types, is_unquoted && !calls(query, |word| word.eq_ignore_ascii_case("with"))) {
            (true, _) => Self::Types(text),
            (_, true) => Self::Syntax(text),
            _ => match without_operand(query) {
                Some(operator) => Self::Syntax(format!("no operand after `{operator}`")),
                None => Self::Unknown(text),
            },
        }
    }
}

/// The operator at the end of the query or before a `)`. No grammar that is known lets one end there.
fn without_operand(query: &str) -> Option<&str> {
    let scan = Scan::finished(query);
    let mut last = None;
    for (kind, span) in scan.words().filter(|(kind, _)| *kind != Kind::Blank) {
        if kind == Kind::Close(b')') && last.is_some() {
            return last;
        }
        last = matches!(kind, Kind::Sign | Kind::Operator).then(|| span.of(query));
    }
    last
}

/// Whether a parenthesis follows a word that is wanted.
fn calls(query: &str, is_wanted: impl Fn(&str) -> bool) -> bool {
    let scan = Scan::finished(query);
    let words: Vec<(Kind, Span)> = scan.words().filter(|(kind, _)| *kind != Kind::Blank).collect();
    words
        .windows(2)
        .any(|pair| matches!(pair, [(Kind::Word, word), (Kind::Open(b'('), _)] if is_wanted(word.of(query))))
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Unknown(reason) | Self::Types(reason) | Self::Syntax(reason)) = self;
        f.write_str(reason)
    }
}

/// What the parser finds in a query.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct QueryAnalysis {
    /// The labels of the outermost `by (...)`.
    pub outermost_by: Vec<String>,
    pub metrics: Vec<String>,
    pub measured: Vec<MeasuredMetric>,
    /// What the query's value is.
    pub value: QueryValue,
    /// The value at an instant is the same whatever else is requested.
    pub is_per_instant: bool,
}

pub(super) fn analyze(query: &str) -> Result<QueryAnalysis, Refusal> {
    let mut expr = parsed(query, dropped)?;
    Ok(QueryAnalysis {
        outermost_by: outermost_by(&expr),
        metrics: measured::metrics(&expr),
        measured: measured::measured(&expr),
        value: QueryValue::of(&expr),
        is_per_instant: is_per_instant(&mut expr),
    })
}

/// A hash of the query's normal form. The query must have passed the guard. None when the parser refuses it.
pub(super) fn normal_hash(query: &str) -> Option<u64> {
    let mut expr = parsed(query, marked).ok()?;
    normalize(&mut expr);
    Some(hash_of(format!("{expr:?}")))
}

/// A hash of the query's words: of what the parser refuses, only blanks and remarks do not count.
pub(super) fn words_hash(query: &str) -> u64 {
    let scan = Scan::finished(query);
    let words = scan.words().filter(|(kind, _)| *kind != Kind::Blank);
    hash_of(words.map(|(_, span)| span.of(query)).collect::<Vec<_>>())
}

fn hash_of(value: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// Whether two queries differ in nothing but strings and the names of labels and metrics.
/// Both must have passed the guard. False when the parser refuses one.
pub(super) fn same_shape(one: &str, other: &str) -> bool {
    let shape = |query| {
        let mut expr = parsed(query, dropped).ok()?;
        blank(&mut expr);
        Some(expr)
    };
    shape(one).is_some_and(|one| shape(other) == Some(one))
}

/// The query must have passed the guard. `regex` writes what takes the place of a regex.
pub(super) fn parsed(query: &str, regex: fn(&str) -> String) -> Result<Expr, Refusal> {
    let plain = plain_form(query, regex)?;
    // The plain form avoids every known panic of the parser. This catches the others.
    let parsed = catch_unwind(|| parse(&plain)).map_err(|_| "the parser failed")?;
    let mut expr = parsed.map_err(|reason| Refusal::of(query, &reason))?;
    names::unmark(&mut expr);
    Ok(expr)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_outermost_by() {
        for (query, wanted) in [
            ("up", &[][..]),
            ("sum(up)", &[]),
            ("sum by (pod, zone) (rate(x[5m]))", &["pod", "zone"]),
            ("sum(rate(x[5m])) by (pod)", &["pod"]),
            ("sum without (pod) (sum by (zone) (x))", &[]),
            ("sum by (a) (sum by (b) (x))", &["a"]),
            ("((sum by (a) (x)))", &["a"]),
            ("-sum by (a) (x)", &["a"]),
            ("100 * sum by (a) (x)", &["a"]),
            ("sum by (a) (x) / on (a) sum by (a) (y)", &["a"]),
            ("histogram_quantile(0.9, sum by (le, pod) (rate(x_bucket[5m])))", &["pod"]),
            ("max_over_time(sum by (a) (x)[1h:5m])", &["a"]),
            ("topk(5, sum by (a) (x))", &["a"]),
            ("topk by (z) (5, x)", &["z"]),
            ("count_values by (a) (\"v\", x)", &["a", "v"]),
            ("sum by (\"k8s.pod\") ({\"a.b\"})", &["k8s.pod"]),
        ] {
            let analysis = analyze(query).unwrap_or_else(|reason| panic!("{query}: {reason}"));
            assert_eq!(analysis.outermost_by, wanted, "{query}");
        }
    }

    #[test]
    fn knows_what_the_parser_alone_would_refuse() {
        for query in
            [r"x{p=~`/api/\d+`}", r"x{p=`\`}", "x{a=~\"a{bb}\"}", "x{a!~'(?i)b', c='d'}", "x[5m] offset -1h"]
        {
            let analysis = analyze(if query.contains('[') { "rate(x[5m] offset -1h)" } else { query });
            assert!(analysis.is_ok(), "{query}: {analysis:?}");
        }
    }

    #[test]
    fn tells_queries_that_are_built_alike() {
        for (one, other, wanted) in [
            ("a", "b", true),
            ("a{b=\"c\"}", "x{y=\"\"}", true),
            ("a{b=\"c\"}", "a{b!=\"c\"}", false),
            ("a{b=\"c\"}", "a{b=\"c\",d=\"e\"}", false),
            ("a{b=~\".*\"}", "a{b=~\"x\"}", true),
            ("sum by (a) (x)", "sum by (b) (y)", true),
            ("sum by (a) (x)", "sum by (a, b) (x)", false),
            ("sum by (a) (x)", "sum without (a) (x)", false),
            ("sum(x)", "max(x)", false),
            ("a", "Inf", false),
            ("a + on (b) group_left (c) d", "x + on (y) group_left (z) w", true),
            ("a + on (b) d", "a + ignoring (b) d", false),
            ("a + 1", "a + 2", false),
            ("rate(a[5m])", "rate(b[1m])", false),
            ("a offset 1m", "a", false),
            (
                "label_replace(a, \"b\", \"c\", \"d\", \"e\")",
                "label_replace(z, \"\", \"\", \"\", \"\")",
                true,
            ),
            ("a", "a b", false),
        ] {
            assert_eq!(same_shape(one, other), wanted, "{one} and {other}");
            assert_eq!(same_shape(other, one), wanted, "{other} and {one}");
        }
    }

    #[test]
    fn equal_queries_have_one_normal_hash() {
        for (one, other, wanted) in [
            ("sum(rate(x[5m])) by (b,a) > 1", "sum by (a, b) (rate(x[5m])) > 1", true),
            ("x{b=\"1\",a=~\"y.*\"}", "x{a=~\"y.*\", b=\"1\"}", true),
            ("x{a=~\"y.*\"}", "x{a=~\"z.*\"}", false),
            ("x{a=~\"y\"}", "x{a=\"y\"}", false),
            ("x{a=~\"y\"}", "x{a!~\"y\"}", false),
            ("(x + y) * 2", "((x) + y) * 2", true),
            ("(x + y) * 2", "x + y * 2", false),
            ("x > -1000", "x > - 1000", true),
            ("x > 1e9", "x > 1e+09", true),
            ("rate(x[24h])", "rate(x[1d])", true),
            ("x # a remark\n > 1", "x > 1", true),
            ("a / on (b, c) group_left (d) e", "a / on(c,b) group_left(d) e", true),
            ("a / b", "b / a", false),
            ("x{a='y'}", "x{a=`y`}", true),
            ("vector(7.25843968e+09)", "vector(7258439680)", true),
            ("sum by () (x)", "sum(x)", true),
            ("sum(x) by ()", "sum(x)", true),
            ("topk by () (5, x)", "topk(5, x)", true),
            ("sum without () (x)", "sum(x)", false),
            ("sum by (a) (x)", "sum(x)", false),
            ("a + ignoring () b", "a + b", true),
            ("a and ignoring () b", "a and b", true),
            ("a > bool ignoring () b", "a > bool b", true),
            ("a + on () b", "a + b", false),
            ("a > bool b", "a > b", false),
            ("a + on (b) group_left () c", "a + on (b) group_left c", true),
            ("a + on (b) group_left c", "a + on (b) c", false),
            ("m{z=\"1\"}", "{__name__=\"m\",z=\"1\"}", true),
            ("m{z=\"1\"}", "{\"m\", z='1'}", true),
            ("sum(rate(m[5m]))", "sum(rate({__name__=\"m\"}[5m]))", true),
            ("m", "{__name__=~\"m\"}", false),
            ("m{a=\"b\"}", "{__name__!=\"m\",a=\"b\"}", false),
            ("{__name__=\"m\",__name__!=\"n\"}", "{__name__!=\"n\",__name__=\"m\"}", true),
            ("sum by (anchored) (smoothed)", "sum(smoothed) by (anchored)", true),
        ] {
            let (first, second) = (normal_hash(one), normal_hash(other));
            assert!(first.is_some() && second.is_some(), "{one} and {other}");
            assert_eq!(first == second, wanted, "{one} and {other}");
        }
        assert_eq!(normal_hash("x y"), None);
    }

    #[test]
    fn refuses_with_a_reason() {
        for query in [
            "nonsense(x)",
            "rate(x)",
            "x y",
            "{a=~\".*\"}",
            "x{a=\"\\d\"}",
            "rate(x[1e30])",
            "rate(x[5m:1e99])",
            "x offset inf",
            "x offset -1e40",
            "x offset NaN",
            "x @ 1e400",
            "rate(x[1e30:5m])",
            "x !~ y",
            "x{a=\"b\" or c=\"d\"}",
            "rate(x[$__rate_interval])",
        ] {
            let reason = analyze(query).expect_err(query).to_string();
            assert!(!reason.is_empty() && reason.chars().count() <= MAX_REASON_CHARS, "{query}: {reason}");
        }
    }
}
