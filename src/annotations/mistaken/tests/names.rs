//! Names of alerts that are none.

use super::*;

/// Values, their place, and the annotation that is advised.
const NAMES: [(&str, &str, &str, &str); 47] = [
    ("Payments\u{200b}Down", "Payments\u{200b}Down", ALERT, "PaymentsDown"),
    ("\u{feff}PaymentsDown,B", "\u{feff}PaymentsDown", ALERT, "PaymentsDown,B"),
    ("Payments\u{2060}Down", "Payments\u{2060}Down", ALERT, "PaymentsDown"),
    ("Payments\u{a0}Down", "Payments\u{a0}Down", ALERT, "Payments Down"),
    ("PaymentsDown\u{202c}", "PaymentsDown\u{202c}", ALERT, "PaymentsDown"),
    ("PaymentsDown，PaymentsSlow", "PaymentsDown，PaymentsSlow", ALERT, "PaymentsDown,PaymentsSlow"),
    ("A、B", "A、B", ALERT, "A,B"),
    ("A；B,C", "A；B", ALERT, "A,B,C"),
    ("up == 0", "up == 0", RULE, "up == 0"),
    ("up==0", "up==0", RULE, "up==0"),
    ("http_errors > 5", "http_errors > 5", RULE, "http_errors > 5"),
    ("job:errors:rate5m >= 0.1", "job:errors:rate5m >= 0.1", RULE, "job:errors:rate5m >= 0.1"),
    ("alertname: PaymentsDown", "alertname: PaymentsDown", ALERT, "PaymentsDown"),
    ("name: PaymentsDown,B", "name: PaymentsDown", ALERT, "PaymentsDown,B"),
    ("'A, B'", "'A, B'", ALERT, "A,B"),
    ("`A, B`", "`A, B`", ALERT, "A,B"),
    ("(A, B)", "(A, B)", ALERT, "A,B"),
    ("{A, B}", "{A, B}", ALERT, "A,B"),
    ("(PaymentsDown)", "(PaymentsDown)", ALERT, "PaymentsDown"),
    ("PaymentsDown,\n# PaymentsSlow,\nOther", "# PaymentsSlow", ALERT, "PaymentsDown,Other"),
    ("A,B\nC", "B\nC", ALERT, "A,B,C"),
    ("A, # the first\nB", "# the first\nB", ALERT, "A,B"),
    ("Payments?", "Payments?", LABELS, "alertname=~\"Payments.\""),
    ("Pay?entsDown,B", "Pay?entsDown", LABELS, "alertname=~\"Pay.entsDown|B\""),
    ("Pay{ments,roll}Down", "Pay{ments,roll}Down", LABELS, "alertname=~\"Pay(ments|roll)Down\""),
    ("A,Pay{ments, roll}", "A,Pay{ments, roll}", LABELS, "alertname=~\"A|Pay(ments|roll)\""),
    ("/payments/i", "/payments/i", LABELS, "alertname=~\"(?i)payments\""),
    ("regex:Payments.*", "regex:Payments.*", LABELS, "alertname=~\"Payments.*\""),
    ("re:Payments.*", "re:Payments.*", LABELS, "alertname=~\"Payments.*\""),
    ("=~\"Payments.*\"", "=~\"Payments.*\"", LABELS, "alertname=~\"Payments.*\""),
    ("~\"Payments.*\"", "~\"Payments.*\"", LABELS, "alertname=~\"Payments.*\""),
    ("=~ 'Payments.*'", "=~ 'Payments.*'", LABELS, "alertname=~\"Payments.*\""),
    ("{\"alerts\":[\"A\"]}", "{\"alerts\":[\"A\"]}", ALERT, "A"),
    ("{\"alerts\": [\"A\", \"B\"]}", "{\"alerts\": [\"A\", \"B\"]}", ALERT, "A,B"),
    ("alerts: [A, B]", "alerts: [A, B]", ALERT, "A,B"),
    ("[A, B]", "[A, B]", ALERT, "A,B"),
    ("* A1\n* B1", "* A1\n* B1", ALERT, "A1,B1"),
    ("alerts:\n- A\n- B", "alerts:\n- A\n- B", ALERT, "A,B"),
    ("1. A\n2. B", "1. A\n2. B", ALERT, "A,B"),
    ("- name: A", "- name: A", ALERT, "A"),
    ("- name: A\n- alertname: \"B\"", "- name: A\n- alertname: \"B\"", ALERT, "A,B"),
    (">-\n PaymentsDown", ">-\n PaymentsDown", ALERT, "PaymentsDown"),
    ("- A,\n- B,", "- A,\n- B,", ALERT, "A,B"),
    ("team: shop, severity: page", "team: shop, severity: page", LABELS, "team=shop,severity=page"),
    ("- severity: page\n- team: shop", "- severity: page\n- team: shop", LABELS, "severity=page,team=shop"),
    (
        "alertname=\"A\",severity=\"page\"",
        "alertname=\"A\",severity=\"page\"",
        LABELS,
        "alertname=A,severity=page",
    ),
    ("{\"severity\":\"page\"}", "{\"severity\":\"page\"}", LABELS, "severity=page"),
];

#[test]
fn a_name_in_another_form_is_advised_in_ours() {
    for (value, place, key, advised) in NAMES {
        check(ALERT, value, place, &[&pasted(key, advised)]);
    }
}

const PATTERN: &str = "prometheus.io/labels: alertname=~\"Payments.*|High_.*|A\\\\.b\"";

/// Values, their place, and parts of the message.
const MISTAKES: &[(&str, &str, &[&str])] = &[
    ("Payments*,High_.*,A.b", "Payments*", &["letter for letter", PATTERN]),
    ("Payments*,High_.*,A.b", "High_.*", &[PATTERN]),
    ("***-availability", "***-availability", &["alertname=~\".*-availability\""]),
    ("^Pay.+$", "^Pay.+$", &["alertname=~\"Pay.+\""]),
    ("~Pay(A|B)", "~Pay(A|B)", &["alertname=~\"Pay(A|B)\""]),
    ("/pay/", "/pay/", &["alertname=~\"pay\""]),
    ("Payments%", "Payments%", &["alertname=~\"Payments.*\""]),
    ("severity: critical", "severity: critical", &["prometheus.io/labels: severity=critical"]),
    ("team:shop,A", "team:shop", &["prometheus.io/labels: team=shop"]),
    ("true", "true", &["prometheus.io/alert: all"]),
    ("*", "*", &["prometheus.io/alert: all"]),
    (".*", ".*", &["prometheus.io/alert: all"]),
    ("A,...", "...", &["not filled in"]),
    ("<name>", "<name>", &["not filled in"]),
    ("severity=critical", "severity=critical", &["prometheus.io/labels: severity=critical"]),
    ("alertname=\"TillDown\"", "alertname=\"TillDown\"", &["prometheus.io/alert: TillDown"]),
    (
        "{severity=\"critical\", team!=\"x\"}",
        "{severity=\"critical\", team!=\"x\"}",
        &["prometheus.io/labels: severity=critical,team!=x"],
    ),
    (
        "ALERTS{alertname=\"X\", a=\"b\"}",
        "ALERTS{alertname=\"X\", a=\"b\"}",
        &["this is a query", "prometheus.io/rule: ALERTS{"],
    ),
    ("rate(x[5m]) > 1", "rate(x[5m]) > 1", &["this is a query", "prometheus.io/rule: rate(x[5m]) > 1"]),
    (
        "TillDown|TillSlow",
        "TillDown|TillSlow",
        &["separated by commas", "prometheus.io/alert: TillDown,TillSlow"],
    ),
    ("A1, B1; C1", "B1; C1", &["prometheus.io/alert: A1,B1,C1"]),
    ("TillDown\nTillSlow", "TillDown\nTillSlow", &["prometheus.io/alert: TillDown,TillSlow"]),
    ("- TillDown\n- 'TillSlow'", "- TillDown\n- 'TillSlow'", &["prometheus.io/alert: TillDown,TillSlow"]),
    (
        "[\"TillDown\", \"TillSlow\"]",
        "[\"TillDown\", \"TillSlow\"]",
        &["prometheus.io/alert: TillDown,TillSlow"],
    ),
    ("'TillDown','TillSlow'", "'TillDown'", &["prometheus.io/alert: TillDown,TillSlow"]),
    (
        "estate:pod_cpu_cores:rate5m",
        "estate:pod_cpu_cores:rate5m",
        &["a recording rule", "prometheus.io/rule: estate:pod_cpu_cores:rate5m"],
    ),
    ("https://prom.example/alerts", "https://prom.example/alerts", &["an address"]),
    ("rules/payments.yml", "rules/payments.yml", &["the name of a file"]),
    ("A,payments.rules", "payments.rules", &["the name of a file"]),
    ("${ALERT}", "${ALERT}", &["not filled in"]),
    ("$ALERT,B", "$ALERT", &["not filled in"]),
    ("%ALERT%", "%ALERT%", &["not filled in"]),
    ("${{ values.name }}Down", "${{ values.name }}Down", &["`values.name` was not filled in"]),
    (
        "{{ metadata.name }}Down",
        "{{ metadata.name }}Down",
        &["templates are supported in prometheus.io/rule only"],
    ),
];

#[test]
fn a_name_that_is_none_is_told_with_what_was_meant() {
    for (value, place, parts) in MISTAKES {
        check(ALERT, value, place, parts);
    }
}

#[test]
fn names_are_left_alone() {
    for value in [
        "Excessive Memory Usage",
        "all",
        "\"all\",\"a|b*\"",
        "Is it down?",
        "[prod] Disk (root) is full",
        "CPU > 90%, Cost in $",
        "it's \"so\"",
        "KubePodCrashLooping,etcdMembersDown",
        "Disk | full",
        "HTTP 5xx: too many",
        "a.b.c-d_e",
        "支払い停止、確認",
        "خطای می\u{200c}شود",
        "3. floor is hot",
        "CPU > 90",
        "Is up == down?",
        "Error {code} seen",
        "Übertragung gestört",
        "\"# x\"",
        "\"a\u{200b}b\"",
        "Cost of $5",
        "A/B test",
        "Payments (EU), Payments (US)",
        "-PaymentsDown",
        "Down!",
    ] {
        let found = problems(ALERT, value);
        assert!(found.is_empty(), "{value}: {found:#?}");
    }
}
