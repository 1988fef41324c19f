//! The door to the parser: asks it about a query that the guard let through.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::panic::catch_unwind;

use promql_parser::parser::token::{T_BOTTOMK, T_COUNT_VALUES, T_LIMIT_RATIO, T_LIMITK, T_TOPK};
use promql_parser::parser::value::ValueType;
use promql_parser::parser::{AggregateExpr, Call, Expr, LabelModifier, parse};

use super::NormalForm;
use super::measured::{self, Measured};
use super::normal;
use super::quoted::{quote, unquote};
use super::shape;
use super::words::{Kind, words};

/// How much of the parser's reason is told; it may repeat parts of the query.
const MAX_REASON_CHARS: usize = 160;

/// What the grammar knows of a query.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Known {
    /// The labels of the outermost `by (...)`.
    pub outermost_by: Vec<String>,
    pub metrics: Vec<String>,
    pub measured: Vec<Measured>,
}

/// Asks the parser; its reason when it refuses.
pub(super) fn judge(query: &str) -> Result<Known, String> {
    let expr = parsed(query, Regexes::Left)?;
    Ok(Known {
        outermost_by: outermost_by(&expr),
        metrics: measured::metrics(&expr),
        measured: measured::measured(&expr),
    })
}

/// The query must have passed the guard. None when the parser refuses it.
pub(super) fn normal_form(query: &str) -> Option<NormalForm> {
    let settled = normal::settle(parsed(query, Regexes::Told).ok()?);
    let mut hasher = DefaultHasher::new();
    format!("{settled:?}").hash(&mut hasher);
    Some(NormalForm(hasher.finish()))
}

/// What the text of a regex begins with where it is told.
pub(super) const TOLD: &str = "\u{1}";

/// What becomes of regexes, which the parser must not see.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Regexes {
    /// All are one text.
    Left,
    /// Each is a text of its own behind [`TOLD`], which hardly a plain matcher has.
    Told,
}

/// Whether two queries are built alike: the same but for what strings say and how labels and metrics are named.
/// Both must have passed the guard. False when the parser refuses one.
pub(super) fn same_shape(one: &str, other: &str) -> bool {
    let shape = |query| {
        parsed(query, Regexes::Left).map(|mut expr| {
            shape::blank(&mut expr);
            expr
        })
    };
    matches!((shape(one), shape(other)), (Ok(one), Ok(other)) if one == other)
}

/// The query must have passed the guard.
pub(super) fn parsed(query: &str, regexes: Regexes) -> Result<Expr, String> {
    let plain = plain_form(query, regexes)?;
    // The plain form avoids every panic of the parser that is known; this is the net for the others.
    let parsed = catch_unwind(|| parse(&plain)).map_err(|_| "our parser gave up".to_owned())?;
    parsed.map_err(|reason| reason.chars().take(MAX_REASON_CHARS).collect())
}

/// The query as the parser can take it, equal in all that is asked of the parser, or why the parser
/// is not asked. Regexes become plain texts: the parser would compile each, at a cost that the author
/// of the query decides. Raw strings become quoted ones: the parser takes their backslashes for escapes.
fn plain_form(query: &str, regexes: Regexes) -> Result<String, &'static str> {
    let mut plain = String::with_capacity(query.len());
    let mut in_braces = false;
    // The last piece that is not blank, and whether a duration may follow: behind `[`, `[5m:` or `offset`.
    let mut last = (Kind::Blank, "");
    let mut duration_place = false;
    for (kind, span) in words(query) {
        let word = span.of(query);
        match (kind, word) {
            (Kind::Quoted, _) if regexes == Regexes::Told && in_braces && matches!(last.1, "=~" | "!~") => {
                let said = unquote(word).map_or_else(String::new, |(said, _)| said);
                plain.push_str(&quote(&format!("{TOLD}{said}")));
            }
            (Kind::Quoted, _) if in_braces && matches!(last.1, "=~" | "!~") => {
                plain.push_str(if obviously_empty(word) { "\"\"" } else { "\"x\"" });
            }
            (Kind::Quoted, raw) if raw.starts_with('`') => plain.push_str(&quote(raw.trim_matches('`'))),
            (Kind::Operator, "=~") if in_braces => plain.push('='),
            (Kind::Operator, "!~") if in_braces => plain.push_str("!="),
            (Kind::Word, number) if duration_place && is_out_of_range(number) => {
                // The parser panics on it.
                return Err("a duration in it is out of range");
            }
            (Kind::Word, or) if in_braces && last.0 == Kind::Quoted && or.eq_ignore_ascii_case("or") => {
                return Err("Prometheus has no or between label matchers");
            }
            _ => plain.push_str(word),
        }
        if kind == Kind::Blank {
            continue;
        }
        match kind {
            Kind::Open(open) => in_braces = open == b'{',
            Kind::Close(_) => in_braces = false,
            _ => {}
        }
        duration_place = match kind {
            Kind::Open(open) => open == b'[',
            Kind::Word => word.eq_ignore_ascii_case("offset"),
            Kind::Sign => duration_place,
            _ => word == ":",
        };
        last = (kind, word);
    }
    Ok(plain)
}

/// Whether a quoted regex obviously matches the empty text too; the parser refuses a selector of only such.
fn obviously_empty(quoted: &str) -> bool {
    matches!(quoted.trim_matches(['"', '\'', '`']), "" | ".*")
}

fn is_out_of_range(word: &str) -> bool {
    word.parse::<f64>().is_ok_and(|seconds| !(0.0..=1e12).contains(&seconds))
}

/// The labels that the result's series are told apart by, as far as the query says so.
fn outermost_by(expr: &Expr) -> Vec<String> {
    match expr {
        Expr::Paren(paren) => outermost_by(&paren.expr),
        Expr::Unary(unary) => outermost_by(&unary.expr),
        Expr::Subquery(subquery) => outermost_by(&subquery.expr),
        Expr::Aggregate(aggregate) => aggregate_by(aggregate),
        Expr::Call(call) => call_by(call),
        Expr::Binary(binary) if binary.lhs.value_type() == ValueType::Scalar => outermost_by(&binary.rhs),
        Expr::Binary(binary) => outermost_by(&binary.lhs),
        _ => Vec::new(),
    }
}

fn aggregate_by(aggregate: &AggregateExpr) -> Vec<String> {
    if matches!(aggregate.op.id(), T_TOPK | T_BOTTOMK | T_LIMITK | T_LIMIT_RATIO) {
        // These pick series and leave them their labels.
        let inner = outermost_by(&aggregate.expr);
        if !inner.is_empty() {
            return inner;
        }
    }
    let mut labels = match &aggregate.modifier {
        Some(LabelModifier::Include(labels)) => labels.labels.clone(),
        _ => Vec::new(),
    };
    if let (T_COUNT_VALUES, Some(Expr::StringLiteral(counted))) =
        (aggregate.op.id(), aggregate.param.as_deref())
    {
        labels.push(counted.val.clone());
    }
    labels
}

fn call_by(call: &Call) -> Vec<String> {
    let vector =
        call.args.args.iter().find(|arg| matches!(arg.value_type(), ValueType::Vector | ValueType::Matrix));
    let mut labels = vector.map(|arg| outermost_by(arg)).unwrap_or_default();
    if call.func.name.starts_with("histogram_") {
        // A quantile over buckets has consumed them.
        labels.retain(|label| label != "le");
    }
    labels
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
            let known = judge(query).unwrap_or_else(|reason| panic!("{query}: {reason}"));
            assert_eq!(known.outermost_by, wanted, "{query}");
        }
    }

    #[test]
    fn knows_what_the_parser_alone_would_refuse() {
        for query in
            [r"x{p=~`/api/\d+`}", r"x{p=`\`}", "x{a=~\"a{bb}\"}", "x{a!~'(?i)b', c='d'}", "x[5m] offset -1h"]
        {
            let known = judge(if query.contains('[') { "rate(x[5m] offset -1h)" } else { query });
            assert!(known.is_ok(), "{query}: {known:?}");
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
    fn equal_queries_have_one_normal_form() {
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
        ] {
            let (first, second) = (normal_form(one), normal_form(other));
            assert!(first.is_some() && second.is_some(), "{one} and {other}");
            assert_eq!(first == second, wanted, "{one} and {other}");
        }
        assert_eq!(normal_form("x y"), None);
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
            let reason = judge(query).expect_err(query);
            assert!(!reason.is_empty() && reason.chars().count() <= MAX_REASON_CHARS, "{query}: {reason}");
        }
    }
}
