//! What queries of each form determine.

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
