//! Values that people write in the wrong place, and what they are told.

mod matchers;
mod names;
mod rules;

use super::*;
use crate::annotations::MonitoringSpec;
use crate::annotations::spec::tests::entity;
use crate::annotations::{ALERT, LABELS, RULE};
use crate::diagnostic::Diagnostic;

/// The problems of one annotation, and their places.
fn problems(key: &str, value: &str) -> Vec<(String, Diagnostic)> {
    let spec = MonitoringSpec::of(&entity(&[(key, value)]));
    let all = spec.problems.into_iter();
    all.map(|problem| (problem.part_of(value).to_owned(), problem)).collect()
}

/// The annotations that a message gives to paste, as keys and values.
fn advised(message: &str) -> Vec<(&'static str, String)> {
    let of_key = |key: &'static str| {
        let begin = format!("{key}: ");
        let found = message.split(&begin).skip(1).map(move |rest| {
            let quoted = rest.strip_prefix('\'').map(|rest| rest.replace("''", "\0"));
            let value = match &quoted {
                Some(rest) => rest.split('\'').next().unwrap().replace('\0', "'"),
                None => {
                    let rest = rest.split("; for alerts, write ").next().unwrap();
                    rest.strip_suffix(" instead of this one").unwrap_or(rest).to_owned()
                }
            };
            (key, value)
        });
        found.collect::<Vec<_>>()
    };
    [RULE, ALERT, LABELS].into_iter().flat_map(of_key).collect()
}

/// One of the problems has all parts, and what the problems say to paste has none.
fn check(key: &str, value: &str, place: &str, parts: &[&str]) {
    let found = problems(key, value);
    for (key, advised) in found.iter().flat_map(|(_, problem)| advised(&problem.message)) {
        let again = problems(key, &advised);
        assert!(again.is_empty(), "{value:?}: advised {key}: {advised}: {again:#?}");
    }
    let is_found = |(at, problem): &(String, Diagnostic)| {
        *at == place && parts.iter().all(|part| problem.message.contains(part))
    };
    assert!(found.iter().any(is_found), "{value}: {found:#?}");
}

const FOR_ALERTS: &str = "for the alerts of its rules, write the annotation prometheus.io/alert: ";

/// Rule files, and the annotation of their alerts.
const RULE_FILES: [(&str, &str); 10] = [
    (
        "- alert: TillErrors\n  expr: rate(x[5m]) > 1\n  labels:\n    severity: page\n- alert: TillDown\n  expr: up == 0\n",
        "TillErrors,TillDown",
    ),
    (
        "# rules\ngroups:\n- name: till\n  rules:\n  - alert: TillErrors\n    expr: up == 0\n  - alert: TillDown\n",
        "TillErrors,TillDown",
    ),
    ("- name: till\n  rules:\n  - alert: TillErrors\n  - alert: TillDown\n", "TillErrors,TillDown"),
    ("alert: TillErrors\nexpr: up\n---\nalert: TillDown", "TillErrors,TillDown"),
    (
        "apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nspec:\n  groups:\n  - name: x\n    rules:\n    - alert: \"Till is down\" # now\n      expr: up == 0\n",
        "Till is down",
    ),
    (
        "- alert: TillErrors expr: rate(x[5m]) > 1 for: 5m labels: severity: page - alert: TillDown expr: up == 0",
        "TillErrors,TillDown",
    ),
    (
        "{\"groups\":[{\"rules\":[{\"alert\":\"TillErrors\",\"expr\":\"up == 0\"},{\"alert\": \"TillDown\"}]}]}",
        "TillErrors,TillDown",
    ),
    ("[{alert: TillErrors, expr: up == 0}, {alert: TillDown, expr: up}]", "TillErrors,TillDown"),
    ("- expr: up == 0\n  for: 5m\n  alert: TillDown", "TillDown"),
    ("---\nalert: 'Down, or slow'\nexpr: up", "'\"Down, or slow\"'"),
];

#[test]
fn a_rule_file_is_called_that_with_its_alerts() {
    for (text, alerts) in RULE_FILES {
        for key in [RULE, ALERT, LABELS] {
            let found = problems(key, text);
            let [(place, problem)] = found.as_slice() else { panic!("{text}: {found:#?}") };
            assert!(
                problem.is_error() && problem.message.ends_with(&format!("{FOR_ALERTS}{alerts}")),
                "{problem:#?}"
            );
            assert!(!place.is_empty() && !place.contains('\n'), "{place}");
        }
    }
    check(
        RULE,
        "- record: a:b\n  expr: sum(b)",
        "- record: a:b",
        &["write the annotation prometheus.io/rule: a:b"],
    );
    check(
        RULE,
        "expr: sum(b)",
        "expr: sum(b)",
        &["this is a rule file", "write queries in prometheus.io/rule"],
    );
    for text in [
        "",
        "up",
        "up,\n  job:up:sum|job",
        "-up",
        "alert",
        "- up",
        "sum(alert:rate)",
        "alert:rate + expr:rate",
        "x{alert=\"a\"}",
    ] {
        assert_eq!(rule_file(text), None, "{text}");
    }
}

/// A selector without braces means either.
const BOTH: [&str; 2] = [
    "prometheus.io/rule: '{namespace=\"shop\", container=\"till\"}'",
    "prometheus.io/labels: namespace=shop,container=till",
];

/// Annotations, the entry that is told, and parts of its message.
const ENTRIES: [(&str, &str, &[&str]); 29] = [
    (
        "till-high-latency-alerts",
        "till-high-latency-alerts",
        &["subtracts metrics", "prometheus.io/alert: till-high-latency-alerts"],
    ),
    ("DiskWillFill|job", "DiskWillFill", &["the name of an alert", "prometheus.io/alert: DiskWillFill"]),
    ("Till_is_down_alert", "Till_is_down_alert", &["the name of an alert"]),
    ("Till is slow", "Till is slow", &["not a PromQL query", "prometheus.io/alert: Till is slow"]),
    ("up, Kasse ist zu langsam", "Kasse ist zu langsam", &["prometheus.io/alert: Kasse ist zu langsam"]),
    ("Payments*", "Payments*", &["prometheus.io/labels: alertname=~\"Payments.*\""]),
    ("namespace=shop,container=till", "namespace=shop", &BOTH),
    ("namespace=shop,container=till", "container=till", &BOTH),
    (
        "job=\"till\"",
        "job=\"till\"",
        &["prometheus.io/rule: '{job=\"till\"}'", "prometheus.io/labels: job=till"],
    ),
    ("up,job=~\"a|b\"", "job=~\"a|b\"", &["prometheus.io/labels: job=~\"a|b\""]),
    ("up|job,type=area", "type=area", &["options are separated by |; write up|job|type=area"]),
    ("up, title=Up now", "title=Up now", &["write up|title=Up now"]),
    ("unit=bytes", "unit=bytes", &["write query|unit=bytes"]),
    ("true", "true", &["prometheus.io/alert: all"]),
    ("all", "all", &["prometheus.io/alert: all"]),
    ("...", "...", &["was not filled in"]),
    ("TODO", "TODO", &["was not filled in"]),
    ("<your query>", "<your query>", &["was not filled in"]),
    (
        "https://prom.example/graph?g0.expr=up",
        "https://prom.example/graph?g0.expr=up",
        &["this is an address"],
    ),
    ("rules/till.yaml", "rules/till.yaml", &["the name of a file"]),
    (
        "[\"up\", \"sum by (a, b) (down)\"]",
        "[\"up\", \"sum by (a, b) (down)\"]",
        &["prometheus.io/rule: up, sum by (a, b) (down)"],
    ),
    ("- up\n- sum(down)", "- up\n- sum(down)", &["prometheus.io/rule: up, sum(down)"]),
    ("rate(x[$__rate_interval])", "$__rate_interval", &["a variable of Grafana", "such as 5m"]),
    ("rate(x{job=\"$job\"}[5m])", "$job", &["a variable of Grafana", "{{ metadata.name }}"]),
    ("up{job=~\"${job:regex}\"}", "${job:regex}", &["a variable of Grafana"]),
    ("up{job=~\"[[job]]\"}", "[[job]]", &["a variable of Grafana"]),
    (
        "x{pod=~\"${{ values.appName }}-.*\"}|pod",
        "{{ values.appName }}",
        &["`values.appName` was not filled in"],
    ),
    ("x{pod=~\"{{ .Values.name }}\"}", "{{ .Values.name }}", &["`.Values.name` was not filled in"]),
    ("x{pod=~\"{{ $labels.pod }}\"}", "{{ $labels.pod }}", &["`$labels.pod` was not filled in"]),
];

#[test]
fn an_entry_that_is_no_query_is_told_with_what_was_meant() {
    for (value, place, parts) in ENTRIES {
        check(RULE, value, place, parts);
        assert!(
            problems(RULE, value).iter().all(|(_, p)| !p.message.contains("not checked here")),
            "{value}"
        );
    }
    for (value, part) in [
        ("up = 0", "write up == 0"),
        ("rate(x[5m]) &gt; 1", "&gt; is an escape of HTML; write >"),
        ("up{job=“till”}", "typographic quotes"),
        ("up{job=\"a\"} \u{a0}> 1", "invisible character (U+00A0)"),
    ] {
        check(RULE, value, value, &[part]);
    }
    let several = "queries are separated by commas: prometheus.io/rule: up, sum by (a, b) (down)";
    for value in ["up\nsum by (a, b) (down)\n", "up; sum by (a, b) (down)"] {
        check(RULE, value, value.trim(), &[several]);
    }
    let names = "prometheus.io/alert: TillDown,TillSlow,till-high-latency";
    check(RULE, "TillDown, TillSlow,till-high-latency", "TillSlow", &[names]);
    check(RULE, "up|type:area", "type:area", &["an option is written with =: type=area"]);
    check(RULE, "up|job\ndown|job", "job\ndown", &["expected a comma before the next line"]);
    check(RULE, "up|job;a\ndown", "job;a\ndown", &["expected a comma before the next line"]);
    check(RULE, "mem|job,|instance", "", &["separated by `;`: mem|job;instance"]);
}

#[test]
fn queries_are_left_alone() {
    for value in [
        "up",
        "a_b-c_d",
        "a-1",
        "up - down",
        "ALERTS",
        "memUsage",
        "rate(x[5m])",
        "{job=\"till\"}",
        "1",
        "x == 1|type=area",
        "label_replace(x, \"a\", \"$1\", \"b\", \"(?P<c>.*)\")",
        "label_replace(x, \"a\", \"${c}-$d\", \"b\", \"(?P<c>.*)(?P<d>.)\")",
        "x{a=~\"b$|c.*$\"}",
        "x{a=~\"[[:alpha:]]\"}",
        "x * y",
        "alertmanager_alerts",
        "grafana_alerting_alerts",
        "up|job;\n  instance",
        "up|job\n;\n  \"k8s.pod\";",
    ] {
        let found = problems(RULE, value);
        assert!(found.is_empty(), "{value}: {found:#?}");
    }
    // What the parser does not know is no name of an alert.
    for value in
        ["till default 0", "till if other", "x ifnot y", "sum(x) limit 5", "x offset y", "a smoothed"]
    {
        let found = problems(RULE, value);
        assert!(
            found.iter().all(|(_, problem)| problem.message.contains("not checked here")),
            "{value}: {found:#?}"
        );
    }
}

#[test]
fn what_is_pasted_is_the_value_in_yaml() {
    for (value, wanted) in [
        ("A", "k: A"),
        ("A,b c", "k: A,b c"),
        ("true", "k: 'true'"),
        ("{a=\"b\"}", "k: '{a=\"b\"}'"),
        ("it's: so", "k: 'it''s: so'"),
        ("a #b", "k: 'a #b'"),
        ("12", "k: '12'"),
        ("\"A, b\",C", "k: '\"A, b\",C'"),
    ] {
        let text = pasted("k", value);
        assert_eq!(text, wanted);
    }
    assert_eq!(pasted("k", &"ä".repeat(5_000)), "k", "what is cut is not for pasting");
    assert_eq!(pasted(RULE, "up # a remark, \n > 1"), "prometheus.io/rule: up > 1");
    assert_eq!(pasted(RULE, "up{a=`b\nc`}"), RULE);
    assert_eq!(pasted(ALERT, "Till # 5"), "prometheus.io/alert: 'Till # 5'");
    let several = "queries are separated by commas: prometheus.io/rule: up, sum(down)";
    for value in ["up # a\nsum(down) # b", "- up # a\n- sum(down) # b"] {
        check(RULE, value, value, &[several]);
    }
}

#[test]
fn a_blank_annotation_has_no_names_and_no_advice() {
    for value in ["  ", "\n", " , "] {
        let found = problems(ALERT, value);
        let [(_, problem)] = found.as_slice() else { panic!("{value:?}: {found:#?}") };
        assert!(problem.message.starts_with("no alert name; "), "{value:?}: {problem:#?}");
    }
}

#[test]
fn many_mistakes_of_one_kind_are_counted() {
    let value = (0..30).map(|i| format!("a{i}*,severity=~\"b{i}\"")).collect::<Vec<_>>().join(",");
    let found = problems(ALERT, &value);
    let counted: Vec<_> =
        found.iter().filter(|(_, problem)| problem.message.ends_with("before: 20")).collect();
    let places: Vec<&str> = counted.iter().map(|(place, _)| place.as_str()).collect();
    assert_eq!((found.len(), places), (22, vec!["severity=~\"b10\"", "a10*"]), "{found:#?}");
    // An error is one at any place.
    let found = problems(ALERT, &format!("{value},{{{{ metadata.name }}}}"));
    assert!(found.iter().any(|(_, problem)| problem.is_error()), "{found:#?}");
}

/// These took minutes, or gigabytes.
#[test]
fn hostile_annotations_have_short_problems() {
    let fill = |entry: &dyn Fn(usize) -> String| {
        let mut value = String::new();
        for entry in (0..).map(entry) {
            if value.len() + entry.len() > 65_536 {
                break;
            }
            value.push_str(&entry);
        }
        value
    };
    for value in [
        fill(&|i| format!("{i:x}*,")),
        fill(&|i| format!("a{i:x},")),
        fill(&|i| format!("'{i:x}',")),
        fill(&|i| format!("a{i:x}|b,")),
        fill(&|i| format!("a=~\"{i:x}.{{9}}\",")),
        fill(&|i| format!("a:{i:x},")),
        fill(&|_| "alert: x ".to_owned()),
        fill(&|i| format!("alert: x{i:x} expr: up ")),
        fill(&|_| "alert: x - ".to_owned()),
        fill(&|_| "alert: 'x ".to_owned()),
    ] {
        for key in [ALERT, RULE] {
            let found = problems(key, &value);
            let bytes: usize = found.iter().map(|(place, problem)| place.len() + problem.message.len()).sum();
            assert!(bytes < 1 << 20, "{bytes}: {key}: {:.40}", value);
        }
    }
}
