//! Names and patterns of alerts, files and lists where queries are expected.

use super::*;
use crate::diagnostic::Severity;

/// Values, and the annotation that is advised.
const ENTRIES: [(&str, &str, &str); 30] = [
    ("TillDown\nTillSlow", ALERT, "TillDown,TillSlow"),
    ("- TillDown\n- TillSlow", ALERT, "TillDown,TillSlow"),
    ("* TillDown\n* Till is slow", ALERT, "TillDown,Till is slow"),
    ("1. TillDown\n2. TillSlow", ALERT, "TillDown,TillSlow"),
    ("TillDown;TillSlow", ALERT, "TillDown,TillSlow"),
    ("[TillDown, TillSlow]", ALERT, "TillDown,TillSlow"),
    ("[\"TillDown\", \"TillSlow\"]", ALERT, "TillDown,TillSlow"),
    ("High Error Rate (payments)", ALERT, "High Error Rate (payments)"),
    ("SLO: error budget burn", ALERT, "SLO: error budget burn"),
    ("[prod] Payments down", ALERT, "[prod] Payments down"),
    ("Errors (shop)", ALERT, "Errors (shop)"),
    ("Is it down?", ALERT, "Is it down?"),
    ("~Payments.*", LABELS, "alertname=~\"Payments.*\""),
    ("=~\"Payments.*\"", LABELS, "alertname=~\"Payments.*\""),
    ("/^Payments.*$/", LABELS, "alertname=~\"Payments.*\""),
    ("/payments/i", LABELS, "alertname=~\"(?i)payments\""),
    ("^Payments.+$", LABELS, "alertname=~\"Payments.+\""),
    ("Pay?entsDown", LABELS, "alertname=~\"Pay.entsDown\""),
    ("Payments{Down,Slow}", LABELS, "alertname=~\"Payments(Down|Slow)\""),
    ("severity: critical", LABELS, "severity=critical"),
    ("team: shop, severity: critical", LABELS, "team=shop,severity=critical"),
    ("- severity: critical", LABELS, "severity=critical"),
    ("query: up", RULE, "up"),
    ("- query: sum(up)", RULE, "sum(up)"),
    ("promql: sum(rate(x[5m]))", RULE, "sum(rate(x[5m]))"),
    ("* up\n* sum(down)", RULE, "up, sum(down)"),
    ("1. up\n2. sum(down)", RULE, "up, sum(down)"),
    ("[\"up\",\"down\"]", RULE, "up, down"),
    ("```\nup\nsum(x)\n```", RULE, "up, sum(x)"),
    ("- up\n- sum(down)", RULE, "up, sum(down)"),
];

#[test]
fn an_entry_in_the_wrong_annotation_is_advised_in_the_right_one() {
    for (value, key, advised) in ENTRIES {
        let found = problems(RULE, value);
        let place = found.first().map(|(place, _)| place.clone()).unwrap_or_default();
        check(RULE, value, &place, &[&pasted(key, advised)]);
        assert!(found.iter().all(|(_, p)| p.severity == Severity::Warning), "{value}: {found:#?}");
    }
}

#[test]
fn what_is_neither_a_query_nor_a_name_gets_no_advice_to_paste() {
    for value in ["dashboard: abc", "kind: PrometheusRule", "title: Up\nquery: up", "TODO: add a query"] {
        let found = problems(RULE, value);
        assert!(!found.is_empty(), "{value}");
        assert!(found.iter().all(|(_, p)| advised(&p.message).is_empty()), "{value}: {found:#?}");
    }
    check(RULE, "TODO: add a query", "TODO: add a query", &["was not filled in"]);
    for value in ["Payments.*", "~Payments.*", "*", "<query>", "-"] {
        assert_eq!(problems(RULE, value).len(), 1, "{value}");
    }
}

#[test]
fn names_of_files_are_called_that() {
    for value in [
        "monitoring/payments-rules",
        "default/payments",
        "configmap/prometheus-rules",
        "kube-system/alerts",
        "shop/payments/rules",
        "rules/payments.yml",
    ] {
        check(RULE, value, value, &["the name of a file"]);
        assert!(problems(RULE, value).iter().all(|(_, p)| p.severity == Severity::Warning), "{value}");
    }
}

#[test]
fn signs_that_no_grammar_has_are_advised_in_ascii() {
    for (value, sign) in [
        ("x ≥ 5", "write >="),
        ("x ≤ 5", "write <="),
        ("x ≠ 5", "write !="),
        ("x × 2", "write *"),
        ("x ÷ 2", "write /"),
        ("up – down", "write -"),
        ("up–down", "write -"),
        ("up − down", "write -"),
        ("up｜job", "write |"),
        ("sum（up）", "write ("),
        ("up&nbsp;> 1", "write a blank"),
        ("x{a=\"b\"} ≥ 5", "write >="),
    ] {
        check(RULE, value, value, &[sign]);
        assert!(problems(RULE, value).iter().all(|(_, p)| p.severity == Severity::Warning), "{value}");
    }
}

#[test]
fn queries_on_lines_and_of_other_grammars_are_left_alone() {
    for value in [
        "up\n- down",
        "up\n* down",
        "up\n  /\ndown",
        "sum(\n  rate(x[5m])\n) by (job)",
        "(\n  up\n  - down\n)",
        "errors_total/requests_total",
        "errors/requests",
        "hits/misses",
        "up / down",
        "x{title=\"a ≥ b – c\"}",
        "x{a=\"it’s\"}",
        "{job=\"a\", pod=\"b\"}",
        "(a + b) / (c)",
        "a_b/c_d-e_f",
        "job:a:rate5m/job:b:rate5m",
    ] {
        let found = problems(RULE, value);
        assert!(found.is_empty(), "{value}: {found:#?}");
    }
    for value in [
        "x{a=\"it’s ≥ 1\"} default 0",
        "x\ndefault 0",
        "sum(x) keep_metric_names",
        "x keep_metric_names",
        "median_over_time (x[5m])",
        "median_over_time(x[5m])*2",
        "payments.latency.p99",
        "WITH (a = b) a + c",
    ] {
        let found = problems(RULE, value);
        assert!(
            found.iter().all(|(_, problem)| problem.message.contains("not checked here")),
            "{value}: {found:#?}"
        );
    }
}
