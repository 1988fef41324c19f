//! Which rows an annotation chooses, and in which order.

use jiff::Timestamp;

use super::*;
use crate::prometheus::{Alert, Labels};
use crate::promql::MatchOp;

fn labels(text: &str) -> Labels {
    text.split(' ').filter_map(|pair| pair.split_once('=')).collect()
}

/// `state activeAt label=value...`
fn alert(text: &str) -> Alert {
    let mut words = text.splitn(3, ' ');
    Alert {
        state: state(words.next().unwrap()),
        active_at: words.next().filter(|t| *t != "-").map(str::to_owned),
        labels: labels(words.next().unwrap_or("")),
        annotations: Labels::default(),
        value: Some(1.0),
    }
}

fn state(word: &str) -> AlertState {
    match word {
        "firing" => AlertState::Firing,
        "pending" => AlertState::Pending,
        "inactive" => AlertState::Inactive,
        _ => AlertState::Unknown,
    }
}

/// `name state health label=value...`
fn rule(text: &str, alerts: &[&str]) -> AlertingRule {
    let mut words = text.splitn(4, ' ');
    let name = words.next().unwrap().to_owned();
    let state = state(words.next().unwrap());
    let health = match words.next().unwrap() {
        "ok" => RuleHealth::Ok,
        "err" => RuleHealth::Err,
        _ => RuleHealth::Unknown,
    };
    AlertingRule {
        group: "g".to_owned(),
        file: "f".to_owned(),
        name,
        query: "up == 0".to_owned(),
        duration: 0.0,
        keep_firing_for: 0.0,
        labels: labels(words.next().unwrap_or("")),
        annotations: Labels::default(),
        state,
        last_error: (health == RuleHealth::Err).then(|| "vector cannot contain twice".to_owned()),
        health,
        evaluation_time: 0.0,
        last_evaluation: None,
        alerts: alerts.iter().map(|text| alert(text)).collect(),
    }
}

fn table(rules: Vec<AlertingRule>, spec: &AlertSpec, show_inactive: bool) -> AlertTable {
    let value = Arc::new(Rules { rules, ..Rules::default() });
    let answer = Answer { value, as_of: Timestamp::UNIX_EPOCH, failure: None };
    AlertTable::of(InstanceName::new("default"), spec, answer, show_inactive)
}

fn spec(names: Option<&[&str]>, matchers: &[(&str, MatchOp, &str)]) -> AlertSpec {
    let matcher = |(name, op, value): &(&str, MatchOp, &str)| Matcher::new(name, *op, value).unwrap();
    AlertSpec {
        names: names
            .map_or(AlertNames::All, |n| AlertNames::Named(n.iter().map(ToString::to_string).collect())),
        matchers: matchers.iter().map(matcher).collect(),
        broken: false,
    }
}

/// `name state distinguishing-label` of every row.
fn told(rows: &[AlertRow]) -> Vec<String> {
    let which = |row: &AlertRow| row.labels().get("i").unwrap_or("-").to_owned();
    rows.iter().map(|r| format!("{} {} {}", r.name(), r.state().as_str(), which(r))).collect()
}

#[test]
fn a_total_order_by_state_severity_time_name_and_labels() {
    let rules = || {
        vec![
            rule("Zed inactive ok severity=critical", &[]),
            rule("New unknown unknown severity=critical", &[]),
            rule(
                "Low firing ok",
                &[
                    "firing 2026-11-23T10:00:00Z i=a severity=info",
                    "firing 2026-11-23T10:00:00Z i=b severity=none",
                ],
            ),
            rule("Odd firing ok", &["firing 2026-11-23T10:00:00Z i=a severity=zz", "firing - i=b"]),
            rule("Wait pending ok", &["pending 2026-11-23T10:00:00Z i=a severity=critical"]),
            rule(
                "Hot firing ok",
                &[
                    "firing 2026-11-23T10:00:00.000000001Z i=c severity=critical",
                    "firing 2026-11-23T11:00:00+01:00 i=b severity=Page",
                    "firing 2026-11-23T10:00:00Z i=a severity=critical",
                    "firing not-a-time i=d severity=critical",
                    "firing 2026-11-23T10:00:01Z i=e severity=warning",
                ],
            ),
        ]
    };
    let expected = [
        "Hot firing c",
        "Hot firing a",
        "Hot firing b",
        "Hot firing d",
        "Hot firing e",
        "Low firing a",
        "Low firing b",
        "Odd firing a",
        "Odd firing b",
        "Wait pending a",
        "Zed inactive -",
        "New unknown -",
    ];
    assert_eq!(told(&table(rules(), &spec(None, &[]), true).rows), expected);
    let mut turned = rules();
    turned.reverse();
    turned.iter_mut().for_each(|rule| rule.alerts.reverse());
    assert_eq!(told(&table(turned, &spec(None, &[]), true).rows), expected);
}

#[test]
fn inactive_rows_are_counted_and_shown_on_request() {
    let rules = || {
        vec![
            rule("Fires firing ok", &["firing - i=1", "pending - i=2", "inactive - i=3"]),
            rule("Rests inactive ok severity=warning", &[]),
            rule("Waits inactive unknown", &[]),
            rule("Resolved inactive ok", &["inactive - i=1"]),
            rule("Contradicts firing ok", &[]),
        ]
    };
    let counts = StateCounts { firing: 2, pending: 1, inactive: 2, unknown: 1, ..StateCounts::default() };
    let hidden = table(rules(), &spec(None, &[]), false);
    assert_eq!(told(&hidden.rows), ["Contradicts firing -", "Fires firing 1", "Fires pending 2"]);
    assert_eq!(hidden.counts, counts);
    let shown = table(rules(), &spec(None, &[]), true);
    assert_eq!(told(&shown.rows)[3..], ["Rests inactive -", "Resolved inactive -", "Waits unknown -"]);
    assert_eq!(shown.counts, counts);
    let rests = &shown.rows[3];
    assert_eq!(*rests.labels(), labels("alertname=Rests severity=warning"));
    assert_eq!((rests.value(), rests.active_at(), rests.severity()), (None, None, Some("warning")));
}

#[test]
fn names_are_exact_and_matchers_read_the_row() {
    let rules = || {
        vec![
            rule("Disk firing ok", &[]),
            rule("A firing ok team=x", &["firing - i=1 team=y", "firing - i=2 team=x", "firing - i=3"]),
            rule("AB firing ok", &["firing - i=4 team=x"]),
            rule("Quiet inactive ok team=x", &[]),
        ]
    };
    let names: Option<&[&str]> = Some(&["A", "Quiet", "a", "Gone", "Gone"]);
    let found = table(rules(), &spec(names, &[("team", MatchOp::Equal, "x")]), true);
    assert_eq!(told(&found.rows), ["A firing 2", "Quiet inactive -"]);
    assert_eq!(found.unmatched_names, ["a", "Gone"]);
    let found = table(rules(), &spec(None, &[("team", MatchOp::NotEqual, "x")]), true);
    assert_eq!(told(&found.rows), ["A firing 1", "A firing 3", "Disk firing -"]);
    let found = table(rules(), &spec(None, &[("alertname", MatchOp::Equal, "Quiet")]), true);
    assert_eq!(told(&found.rows), ["Quiet inactive -"]);
    assert_eq!(found.unmatched_names, [""; 0]);
}

#[test]
fn a_failing_rule_is_told_even_when_inactive_rows_are_hidden() {
    let rules = || {
        vec![
            rule("Fine inactive ok team=x", &[]),
            rule("Named inactive err", &[]),
            rule("Other inactive err team=y", &[]),
            rule("Templated inactive err team={{$labels.team}}", &[]),
            rule("Firing firing err team=y", &["firing - i=1 team=x"]),
        ]
    };
    let check = |names: Option<&[&str]>, expected: &[&str]| {
        let found = table(rules(), &spec(names, &[("team", MatchOp::Equal, "x")]), false);
        let names: Vec<&str> = found.unhealthy.iter().map(AlertRow::name).collect();
        assert_eq!(names, expected);
        assert!(found.unhealthy.iter().all(|row| row.rule().last_error.is_some()));
    };
    check(None, &["Firing"]);
    check(Some(&["Fine", "Named", "Other", "Templated", "Firing"]), &["Firing", "Named", "Templated"]);
    check(Some(&["Fine"]), &[]);
}
