//! Matchers of labels that are none, or have values that hardly any alert has.

use super::*;
use crate::diagnostic::Severity;

#[test]
fn labels_without_a_matcher_are_told_with_what_was_meant() {
    for (value, place, part) in [
        ("TillDown,TillSlow", "TillDown,TillSlow", "prometheus.io/alert: TillDown,TillSlow"),
        ("true", "true", "prometheus.io/alert: all"),
        ("...", "...", "not filled in"),
        ("app=${{ values.name }}", "app=${{ values.name }}", "`values.name` was not filled in"),
        ("app=\"{{ .Release.Name }}\"", "app=\"{{ .Release.Name }}\"", "`.Release.Name` was not filled in"),
    ] {
        check(LABELS, value, place, &[part]);
        assert!(problems(LABELS, value).iter().all(|(_, problem)| problem.is_error()), "{value}");
    }
}

#[test]
fn matchers_in_another_form_are_advised_in_ours() {
    for (value, labels) in [
        ("severity: critical\nteam: payments", "severity=critical,team=payments"),
        ("severity: critical", "severity=critical"),
        ("severity: critical, team: payments", "severity=critical,team=payments"),
        ("- severity=critical\n- team=payments", "severity=critical,team=payments"),
        ("- severity=critical", "severity=critical"),
        ("* severity: critical\n* team: payments", "severity=critical,team=payments"),
        ("severity=critical\nteam=payments", "severity=critical,team=payments"),
        ("{\"severity\":\"critical\",\"team\":\"payments\"}", "severity=critical,team=payments"),
        ("{severity: critical}", "severity=critical"),
        ("[\"severity=critical\", \"team=payments\"]", "severity=critical,team=payments"),
        ("- severity=~\"a|b\"", "severity=~\"a|b\""),
        ("'severity=critical'", "severity=critical"),
        ("(severity=critical)", "severity=critical"),
    ] {
        check(LABELS, value, value, &[&pasted(LABELS, labels)]);
        assert!(problems(LABELS, value).iter().all(|(_, problem)| problem.is_error()), "{value}");
    }
    for (value, part) in [
        ("team=a,team=b", "one value of team"),
        ("severity=~\"(\",team=a", "invalid regex"),
        ("a.b=c", "put this label name in quotes"),
    ] {
        let found = problems(LABELS, value);
        assert!(found.len() == 1 && found[0].1.message.contains(part), "{value}: {found:#?}");
    }
    for value in ["sev\u{200b}erity=x", "\u{feff}severity=x"] {
        check(LABELS, value, value.trim_end_matches("=x"), &["invisible character (U+"]);
    }
}

/// Matchers, their place, and the annotation that was meant.
const VALUES: [(&str, &str, &str); 30] = [
    ("severity=warn*", "warn*", "severity=~\"warn.*\""),
    ("severity=\"warn*\"", "warn*", "severity=~\"warn.*\""),
    ("severity=warn.*", "warn.*", "severity=~\"warn.*\""),
    ("severity!=warn*", "warn*", "severity!~\"warn.*\""),
    ("severity=*", "*", "severity=~\".+\""),
    ("severity=.*", ".*", "severity=~\".*\""),
    ("alertname=Txt*", "Txt*", "alertname=~\"Txt.*\""),
    ("team=shop,service=payments-*", "payments-*", "team=shop,service=~\"payments-.*\""),
    ("service=*-prod,team=a", "*-prod", "service=~\".*-prod\",team=a"),
    ("team=payments-*|ledger", "payments-*|ledger", "team=~\"payments-.*|ledger\""),
    ("severity=critical|warning", "critical|warning", "severity=~\"critical|warning\""),
    ("severity!=info|debug", "info|debug", "severity!~\"info|debug\""),
    ("a=x*,b=y*", "y*", "a=~\"x.*\",b=~\"y.*\""),
    ("host=%.example.com", "%.example.com", "host=~\".*\\\\.example\\\\.com\""),
    ("host=*.example.com", "*.example.com", "host=~\".*\\\\.example\\\\.com\""),
    ("service=payments%", "payments%", "service=~\"payments.*\""),
    ("service=%payments%", "%payments%", "service=~\".*payments.*\""),
    ("severity=crit?cal", "crit?cal", "severity=~\"crit.cal\""),
    ("team=\"{payments,ledger}\"", "{payments,ledger}", "team=~\"(payments|ledger)\""),
    ("team=\"pay{ments,roll}\"", "pay{ments,roll}", "team=~\"pay(ments|roll)\""),
    ("alertname=~/Txt.*/", "/Txt.*/", "alertname=~\"Txt.*\""),
    ("alertname=~\"/^Txt.*$/\"", "/^Txt.*$/", "alertname=~\"Txt.*\""),
    ("alertname=~/txt.*/i", "/txt.*/i", "alertname=~\"(?i)txt.*\""),
    ("alertname!~/Txt/", "/Txt/", "alertname!~\"Txt\""),
    ("alertname=/Txt.*/", "/Txt.*/", "alertname=~\"Txt.*\""),
    ("severity=~crit*", "crit*", "severity=~\"crit.*\""),
    ("severity=~\"crit*|warn\"", "crit*|warn", "severity=~\"crit.*|warn\""),
    ("severity=\"(critical|warning)\"", "(critical|warning)", "severity=~\"(critical|warning)\""),
    ("{severity=\"warn*\", team=\"a b\"}", "warn*", "severity=~\"warn.*\",team=\"a b\""),
    ("instance=10.0.*", "10.0.*", "instance=~\"10.0.*\""),
];

#[test]
fn a_value_that_hardly_any_alert_has_is_told_with_what_was_meant() {
    for (value, place, labels) in VALUES {
        check(LABELS, value, place, &[&pasted(LABELS, labels)]);
        let found = problems(LABELS, value);
        assert!(found.iter().all(|(_, p)| p.severity == Severity::Warning), "{value}: {found:#?}");
        let alerts = MonitoringSpec::of(&entity(&[(LABELS, value)])).alerts.unwrap();
        assert!(!alerts.broken && alerts.mistaken_matchers().count() == found.len(), "{value}");
    }
    for (value, place) in [
        ("severity=<severity>", "<severity>"),
        ("service=TODO", "TODO"),
        ("service=todo,severity=warn*", "todo"),
        ("service=...", "..."),
        ("service=changeme", "changeme"),
        ("service=null", "null"),
        ("service=$SERVICE", "$SERVICE"),
        ("service=\"${SERVICE}\"", "${SERVICE}"),
        ("service=\"${SERVICE:-shop}-api\"", "${SERVICE:-shop}-api"),
        ("service=%SERVICE%", "%SERVICE%"),
        ("service=~<name>", "<name>"),
        ("service!=<name>", "<name>"),
    ] {
        check(LABELS, value, place, &["was not filled in"]);
        let alerts = MonitoringSpec::of(&entity(&[(LABELS, value)])).alerts.unwrap();
        assert!(!alerts.broken && alerts.mistaken_matchers().next().is_some(), "{value}");
    }
    check(LABELS, "service=TODO,severity=warn*", "warn*", &["letter for letter; write severity=~\"warn.*\""]);
    check(LABELS, "severity=warn*,team", "warn*", &["letter for letter; write severity=~\"warn.*\""]);
}

#[test]
fn values_are_left_alone() {
    for value in [
        "severity=critical,team!=info",
        "severity=none",
        "severity=~\"critical|warning\"",
        "severity=~warn.*",
        "alertname=~\"Txt.*\"",
        "alertname=~\"(?i)txt.+|Other\"",
        "team=",
        "team!=\"\"",
        "canary=false,dry_run=no,state=off,mode=disabled,tier=n/a",
        "path=/api/v1",
        "path=~\"/api/.*/\"",
        "path=~\"/api.*/\"",
        "url=\"http://x/y?a=b\"",
        "handler=\"/static/*filepath\"",
        "route=/api/*",
        "accept=\"*/*\"",
        "schedule=\"*/5 * * * *\"",
        "schedule=\"0 3 * * 1\"",
        "instance=10.0.0.1:9100",
        "version=1.2.3",
        "host=~\".*\\\\.example\\\\.com\"",
        "severity=~\"warn\\\\*\"",
        "mountpoint=~\"/var/.*\"",
        "mountpoint=/",
        "cost=$5",
        "usage=\"90%\"",
        "name=\"Is it down?\"",
        "path=a%20b",
        "job=kube-state-metrics,namespace=payments-prod",
        "a=\"{b}\"",
        "le=\"+Inf\"",
        "quantile=0.99",
        "email=a@example.com",
        "time=~\"[0-9]*\"",
        "pod=~\"till-[a-z0-9]*\"",
        "title=\"C++\"",
        "note=\"2 * 3\"",
    ] {
        let found = problems(LABELS, value);
        assert!(found.is_empty(), "{value}: {found:#?}");
        let alerts = MonitoringSpec::of(&entity(&[(LABELS, value)])).alerts.unwrap();
        assert_eq!(alerts.mistaken_matchers().count(), 0, "{value}");
    }
}
