//! What queries need, and which need nothing.

use std::time::Duration;

use super::*;
use crate::promql::PromQl;

fn needs(query: &str) -> QueryNeeds {
    PromQl::read(query).0.unwrap().needs()
}

#[test]
fn a_query_that_has_a_value_wherever_one_selector_has_needs_it() {
    for (query, selector) in [
        ("up", "{__name__=\"up\"}"),
        ("(( up )) # all", "{__name__=\"up\"}"),
        ("{__name__=\"up\",a=\"b\"}", "{__name__=\"up\",a=\"b\"}"),
        (r#"{a="\"", b!~"c\\d|e)"}"#, r#"{a="\"",b!~"c\\d|e)"}"#),
        ("sum by (sum) (max without() (x{a=~'b|c',d!=''})) # )", "{__name__=\"x\",a=~\"b|c\",d!=\"\"}"),
        ("{\"a.b\", \"k8s.pod\"=\"x\"}", "{__name__=\"a.b\",\"k8s.pod\"=\"x\"}"),
        ("up * 100", "{__name__=\"up\"}"),
        ("1 - up", "{__name__=\"up\"}"),
        ("-up", "{__name__=\"up\"}"),
        ("abs(up)", "{__name__=\"up\"}"),
        ("round(up, 0.1)", "{__name__=\"up\"}"),
        ("topk(3, up)", "{__name__=\"up\"}"),
        ("clamp_max(up, 1)", "{__name__=\"up\"}"),
        ("max by (job) (up) * 100", "{__name__=\"up\"}"),
        ("label_replace(up, \"a\", \"$1\", \"b\", \"(.*)\")", "{__name__=\"up\"}"),
        ("up offset 1m", "{__name__=\"up\"} offset 60000ms"),
        ("sum(up offset -5m) / 2", "{__name__=\"up\"} offset -300000ms"),
        ("sort_desc(up > bool 1)", "{__name__=\"up\"}"),
        ("time() - timestamp(up)", "{__name__=\"up\"}"),
        ("up / up", "{__name__=\"up\"}"),
        ("sum(up) / count(up)", "{__name__=\"up\"}"),
        ("up or up", "{__name__=\"up\"}"),
        ("sum(rate(x[5m]))", "{__name__=\"x\"} 300"),
        ("avg_over_time(x[1m] offset 1h) * 2", "{__name__=\"x\"} offset 3600000ms 60"),
    ] {
        let NeededSamples { selector: found, offset, range } = needs(query).samples.expect(query);
        let range = range.map_or_else(String::new, |range| format!(" {}", range.as_secs()));
        assert_eq!(format!("{found}{offset}{range}"), selector, "{query}");
    }
    for query in [
        "up == 0",
        "sum(errors_total > 5)",
        "sum(x) > 5",
        "x and y",
        "x / y",
        "x - x offset 1d",
        "x unless x",
        "up @ 1600000000",
        "scalar(x)",
        "absent(x)",
        "absent_over_time(x[5m])",
        "rate(x[5m]) / rate(x[1m])",
        "max_over_time(x[1h:1m])",
        "vector(1)",
        "time()",
        "nobody_knows(x)",
        "up{a=\"\\x01b\"}",
    ] {
        assert_eq!(needs(query).samples, None, "{query}");
    }
}

#[test]
fn each_range_needs_one_sample_or_two() {
    for (query, expected) in [
        ("sum(rate(x[30s])) / on() y", &[(30, 2, None)][..]),
        ("rate(x[5m]) / rate(x[1m])", &[(300, 2, None), (60, 2, None)]),
        ("increase((x[20s])) > 5", &[(20, 2, None)]),
        ("irate(x[1s]) or idelta(x[2s]) or delta(x[3s])", &[(1, 2, None), (2, 2, None), (3, 2, None)]),
        ("predict_linear(x[10s], 3600)", &[(10, 2, None)]),
        ("-max_over_time(deriv(x[10s])[1h:1m])", &[(3600, 1, Some(60)), (10, 2, None)]),
        ("last_over_time(x[3s])", &[(3, 1, None)]),
        ("quantile_over_time(0.9, x[20s]) > 5", &[(20, 1, None)]),
        ("rate(max_over_time(x[20s])[5m:])", &[(20, 1, None)]),
        ("rate(x[5m:10m])", &[(300, 2, Some(600))]),
        ("x unless rate(y[1s])", &[]),
        ("absent_over_time(x[1s])", &[]),
        ("vector(scalar(rate(x[1s])))", &[]),
        ("up", &[]),
    ] {
        let found: Vec<_> = needs(query)
            .ranges
            .into_iter()
            .map(|needed| {
                (needed.range.as_secs(), needed.samples, needed.step.map(|step: Duration| step.as_secs()))
            })
            .collect();
        assert_eq!(found, expected, "{query}");
    }
}

#[test]
fn buckets_need_le() {
    for (query, is_without) in [
        ("histogram_quantile(0.9, sum(rate(x_bucket[5m])))", true),
        ("histogram_quantile(0.9, sum by (handler) (rate(x_bucket[5m])))", true),
        ("1000 * (histogram_quantile(0.9, sum without (le) (rate(x_bucket[5m])))) > 5", true),
        ("max(histogram_fraction(0, 1, avg(x_bucket)))", true),
        ("histogram_quantile(0.9, topk(3, sum by (job) (x_bucket)) / 2)", true),
        ("histogram_quantile(0.9, sum by (le) (rate(x_bucket[5m])))", false),
        ("histogram_quantile(0.9, sum without (job) (rate(x_bucket[5m])))", false),
        ("histogram_quantile(0.9, rate(x_bucket[5m]))", false),
        ("histogram_quantile(0.9, count_values(\"le\", x_bucket))", false),
        ("histogram_quantile(0.9, sum(rate(x[5m])))", false),
        ("absent(histogram_quantile(0.9, sum(rate(x_bucket[5m]))))", false),
        ("sum(rate(x_bucket[5m]))", false),
    ] {
        assert_eq!(needs(query).without_le.is_some(), is_without, "{query}");
    }
}
