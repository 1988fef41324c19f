//! Which rows an annotation chooses, and in which order.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::*;
use crate::monitoring::verdict::{Doubts, Verdict};
use crate::prometheus::{Alert, AlertState, Labels, RuleHealth};
use crate::promql::{MatchOp, Matcher};
use crate::upstream::SentTime;

fn labels(text: &str) -> Labels {
    text.split(' ').filter_map(|pair| pair.split_once('=')).collect()
}

/// `state activeAt label=value...`
fn alert(text: &str) -> Alert {
    let mut words = text.splitn(3, ' ');
    Alert {
        state: state(words.next().unwrap()),
        active_at: words.next().filter(|t| *t != "-").map(|t| SentTime::of(t.to_owned())),
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
        "error" => AlertState::Error,
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
        interval: 15.0,
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
    let answer = Answer::of(value, Timestamp::UNIX_EPOCH);
    AlertTable::of(InstanceName::new("default"), spec, answer, show_inactive)
}

fn spec(names: Option<&[&str]>, matchers: &[(&str, MatchOp, &str)]) -> AlertSpec {
    let matcher = |(name, op, value): &(&str, MatchOp, &str)| Matcher::new(name, *op, value).unwrap();
    AlertSpec {
        names: names
            .map_or(AlertNames::All, |n| AlertNames::Named(n.iter().map(ToString::to_string).collect())),
        matchers: Matchers::All(matchers.iter().map(matcher).collect()),
        broken: false,
    }
}

/// `name state distinguishing-label` of every row.
fn lines(rows: &[AlertRow]) -> Vec<String> {
    let which = |row: &AlertRow| row.labels().get("i").unwrap_or("-").to_owned();
    rows.iter().map(|r| format!("{} {} {}", r.name(), r.state().as_str(), which(r))).collect()
}

#[test]
fn a_total_order_by_state_severity_time_name_and_labels() {
    let rules = || {
        vec![
            rule("Zed inactive ok severity=critical", &[]),
            rule("New unknown unknown severity=critical", &[]),
            rule("Bad inactive err", &[]),
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
        "Hot firing d",
        "Hot firing b",
        "Hot firing e",
        "Low firing a",
        "Odd firing a",
        "Low firing b",
        "Odd firing b",
        "Wait pending a",
        "Bad error -",
        "New unknown -",
        "Zed inactive -",
    ];
    assert_eq!(lines(&table(rules(), &spec(None, &[]), true).rows), expected);
    let mut turned = rules();
    turned.reverse();
    turned.iter_mut().for_each(|rule| rule.alerts.reverse());
    assert_eq!(lines(&table(turned, &spec(None, &[]), true).rows), expected);
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
    assert_eq!(
        lines(&hidden.rows),
        ["Contradicts firing -", "Fires firing 1", "Fires pending 2", "Waits unknown -"]
    );
    assert_eq!(hidden.counts, counts);
    let shown = table(rules(), &spec(None, &[]), true);
    assert_eq!(lines(&shown.rows)[3..], ["Waits unknown -", "Rests inactive -", "Resolved inactive -"]);
    assert_eq!(shown.counts, counts);
    let rests = &shown.rows[4];
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
    assert_eq!(lines(&found.rows), ["A firing 2", "Quiet inactive -"]);
    assert_eq!(unmatched(&found), [("a", Some("A")), ("Gone", None)]);
    let found = table(rules(), &spec(None, &[("team", MatchOp::NotEqual, "x")]), true);
    assert_eq!(lines(&found.rows), ["A firing 1", "A firing 3", "Disk firing -"]);
    let found = table(rules(), &spec(None, &[("alertname", MatchOp::Equal, "Quiet")]), true);
    assert_eq!(lines(&found.rows), ["Quiet inactive -"]);
    assert_eq!(unmatched(&found), []);
}

#[test]
fn a_name_without_a_rule_comes_with_the_nearest_name() {
    let rules = || vec![rule("HighErrorRate firing ok", &[]), rule("HighLatency inactive ok", &[])];
    let found = |names: &[&str]| table(rules(), &spec(Some(names), &[]), true);
    let table = found(&["HighErrorRates", "highlatency", "SlowCheckout", "HighErrorRates"]);
    let expected = [
        ("HighErrorRates", Some("HighErrorRate")),
        ("highlatency", Some("HighLatency")),
        ("SlowCheckout", None),
    ];
    assert_eq!(unmatched(&table), expected);
    let many: Vec<String> = (0..20).map(|number| format!("HighErrorRate{number}")).collect();
    let table = found(&many.iter().map(String::as_str).collect::<Vec<_>>());
    let with_name = unmatched(&table).iter().filter(|(_, similar)| similar.is_some()).count();
    assert_eq!((table.unmatched_names.len(), with_name), (20, 5));
    assert_eq!(unmatched(&found(&["x".repeat(65_000).as_str()]))[0].1, None);
}

/// The names without a rule, each with the rule's that is near.
fn unmatched(found: &AlertTable) -> Vec<(&str, Option<&str>)> {
    found.unmatched_names.iter().map(|one| (one.name.as_str(), one.similar.as_deref())).collect()
}

/// The names of the rules in doubt, each with what is missing.
fn doubtful(found: &AlertTable) -> Vec<(&str, Vec<Doubt>)> {
    found.doubtful.iter().map(|rule| (rule.row.name(), rule.doubts.iter().collect())).collect()
}

#[test]
fn a_rule_that_cannot_be_evaluated_is_in_error_and_its_active_alerts_keep_their_state() {
    let rules = vec![
        rule("Fine inactive ok team=x", &[]),
        rule("Named inactive err", &[]),
        rule("New unknown err", &[]),
        rule("Other inactive err team=y", &[]),
        rule("Templated inactive err team={{$labels.team}}", &[]),
        rule("Firing firing err team=y", &["firing - i=1 team=x"]),
        rule("Pends pending err", &["pending - i=1"]),
    ];
    let failing = [Doubt::FailingRule].to_vec();
    let found = table(rules.clone(), &spec(None, &[]), false);
    let states = [
        "Firing firing 1",
        "Pends pending 1",
        "Named error -",
        "New error -",
        "Other error -",
        "Templated error -",
    ];
    assert_eq!(lines(&found.rows), states);
    assert_eq!(
        found.counts,
        StateCounts { firing: 1, pending: 1, error: 4, inactive: 1, ..StateCounts::default() }
    );
    let found = table(rules, &spec(None, &[("team", MatchOp::Equal, "x")]), false);
    let doubts = ["Firing", "Pends", "Named", "New", "Templated"].map(|name| (name, failing.clone()));
    assert_eq!(
        BTreeSet::from_iter(doubtful(&found).into_iter().map(|rule| rule.0)),
        BTreeSet::from_iter(doubts.iter().map(|rule| rule.0))
    );
    assert!(doubtful(&found).iter().all(|rule| rule.1 == failing));
    assert_eq!(lines(&found.rows), ["Firing firing 1"]);
}

#[test]
fn a_rule_that_may_be_chosen_and_was_never_evaluated_keeps_everything_unknown() {
    for (state, named) in [("inactive", true), ("inactive", false), ("unknown", true), ("unknown", false)] {
        let rules = vec![rule(&format!("A {state} unknown"), &[]), rule("B inactive ok", &[])];
        let names: Option<&[&str]> = named.then_some(&["A"]);
        let found = table(rules, &spec(names, &[("job", MatchOp::Equal, "till")]), false);
        assert_eq!(doubtful(&found), [("A", vec![Doubt::UnevaluatedRule])]);
        assert_eq!(found.evidence().verdict(), Verdict::Unknown);
    }
    let other = vec![rule("A unknown unknown job=other", &[]), rule("B inactive ok", &[])];
    let found = table(other, &spec(None, &[("job", MatchOp::Equal, "till")]), false);
    assert_eq!(found.evidence().verdict(), Verdict::Quiet);
}

#[test]
fn a_rule_that_fires_without_listing_it_fires_for_all_that_may_choose_it() {
    let check = |matchers: &[(&str, MatchOp, &str)], alerts: &[&str], rows: &[&str], verdict| {
        let found = table(vec![rule("A firing ok team=x", alerts)], &spec(Some(&["A"]), matchers), false);
        assert_eq!(lines(&found.rows), rows);
        assert_eq!((found.evidence().verdict(), found.evidence().is_complete()), (verdict, rows.is_empty()));
    };
    check(&[], &[], &["A firing -"], Verdict::Firing);
    check(&[("job", MatchOp::Equal, "till")], &[], &["A firing -"], Verdict::Firing);
    check(
        &[("team", MatchOp::Equal, "x")],
        &["pending - i=1 team=x"],
        &["A firing -", "A pending 1"],
        Verdict::Firing,
    );
    check(&[("team", MatchOp::Equal, "y")], &[], &[], Verdict::None);
}

#[test]
fn a_rule_is_late_after_three_intervals_and_a_minute() {
    let now: Timestamp = "2026-11-23T10:00:00Z".parse().unwrap();
    let check = |interval: f64, evaluated: Option<&str>, is_late: bool| {
        let rule = AlertingRule {
            interval,
            last_evaluation: evaluated.map(|text| SentTime::of(text.to_owned())),
            ..rule("A inactive ok", &[])
        };
        let value = Arc::new(Rules { rules: vec![rule], ..Rules::default() });
        let answer = Answer::of(value, now);
        let found = AlertTable::of(InstanceName::new("default"), &spec(None, &[]), answer, false);
        let doubts: Doubts = is_late.then_some(Doubt::LateRule).into_iter().collect();
        assert_eq!(found.evidence().doubts, doubts, "{interval} {evaluated:?}");
    };
    check(15.0, Some("2026-11-23T09:59:00Z"), false);
    check(15.0, Some("2026-11-23T09:58:59Z"), true);
    check(60.0, Some("2026-11-23T09:57:00Z"), false);
    check(60.0, Some("2026-11-23T10:56:59+01:00"), true);
    check(0.0, Some("2026-11-23T09:57:00Z"), false);
    check(0.0, Some("2026-11-23T09:56:59Z"), true);
    check(3_600.0, Some("2026-11-23T08:00:00Z"), false);
    check(15.0, Some("2026-11-23T10:01:00Z"), false);
    check(15.0, Some("2026-11-23T10:01:01Z"), true);
    check(1e300, Some("2026-11-03T10:00:00Z"), false);
    check(1e300, Some("2026-11-02T09:59:59Z"), true);
    check(15.0, Some("yesterday"), true);
    check(15.0, None, false);
    check(f64::INFINITY, Some("2026-11-23T08:00:00Z"), false);
    check(f64::NAN, Some("2026-11-23T09:56:59Z"), true);
}

#[test]
fn a_rule_is_late_by_either_clock_where_they_differ() {
    let now: Timestamp = "2026-11-23T10:00:00Z".parse().unwrap();
    for (date, evaluated, is_late) in [
        ("2026-11-23T09:59:00Z", "2026-11-23T09:58:30Z", false),
        ("2026-11-23T09:58:00Z", "2026-11-23T09:58:00Z", true),
        ("1970-01-01T00:00:00Z", "2026-11-23T09:59:59Z", true),
        ("2026-11-23T11:00:00Z", "2026-11-23T11:00:00Z", false),
        ("2026-11-23T11:00:00Z", "2026-11-23T10:00:00Z", true),
    ] {
        let rule = AlertingRule {
            interval: 15.0,
            last_evaluation: Some(SentTime::of(evaluated.to_owned())),
            ..rule("A inactive ok", &[])
        };
        let rules = Rules { rules: vec![rule], date: date.parse().ok(), ..Rules::default() };
        let answer = Answer::of(rules, now);
        let found = AlertTable::of(InstanceName::new("default"), &spec(None, &[]), answer, false);
        assert_eq!(found.evidence().doubts.has(Doubt::LateRule), is_late, "{date} {evaluated}");
    }
}

#[test]
fn a_rule_of_an_unknown_state_leaves_all_that_may_choose_it_unknown() {
    let evidence = |text: &str, alerts: &[&str]| {
        let found = table(vec![rule(text, alerts)], &spec(None, &[("team", MatchOp::Equal, "x")]), false);
        (found.evidence().verdict(), found.evidence().doubts.has(Doubt::UnknownState))
    };
    assert_eq!(evidence("A unknown ok", &[]), (Verdict::Unknown, true));
    assert_eq!(evidence("A unknown ok team=x", &[]), (Verdict::Unknown, true));
    assert_eq!(evidence("A unknown ok team=y", &[]), (Verdict::None, false));
    assert_eq!(evidence("A unknown ok", &["inactive - i=1"]), (Verdict::Unknown, true));
    assert_eq!(evidence("A unknown ok", &["firing - i=1 team=y"]), (Verdict::Quiet, false));
}

#[test]
fn quiet_and_no_rule_are_two_things() {
    let verdict = |rules, spec: &AlertSpec| table(rules, spec, false).evidence().verdict();
    let rests = || vec![rule("A inactive ok team=x", &[])];
    assert_eq!(verdict(rests(), &spec(None, &[])), Verdict::Quiet);
    assert_eq!(verdict(rests(), &spec(None, &[("job", MatchOp::Equal, "till")])), Verdict::Quiet);
    assert_eq!(verdict(rests(), &spec(None, &[("team", MatchOp::Equal, "y")])), Verdict::None);
    assert_eq!(verdict(Vec::new(), &spec(None, &[])), Verdict::None);
    assert_eq!(verdict(Vec::new(), &spec(Some(&["A"]), &[])), Verdict::Unknown);
    assert_eq!(verdict(rests(), &AlertSpec { broken: true, ..spec(None, &[]) }), Verdict::Unknown);
}
