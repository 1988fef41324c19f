//! Counting beside making the table: both must say the same of any rules and any specification.

use std::cmp::Reverse;
use std::sync::Arc;

use jiff::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::alertmanager::{AlertmanagerState, ReceivedAlert};
use crate::annotations::Matchers;
use crate::diagnostic::Diagnostic;
use crate::monitoring::alerts::AlertTable;
use crate::prometheus::{Alert, AlertState, AlertingRule, InstanceName, Labels, RuleHealth};
use crate::promql::Matcher;
use crate::store::Answer;
use crate::upstream::SentTime;

fn labels() -> impl Strategy<Value = Labels> {
    let pairs = prop::collection::vec(("[ab]", prop_oneof!["[xy]", Just("{{ $x }}".to_owned())]), 0..3);
    let severity = prop::option::of(prop::sample::select(vec!["critical", "Warn", "none", "zz", ""]));
    (pairs, severity).prop_map(|(pairs, severity)| {
        let severity = severity.map(|word| ("severity".to_owned(), word.to_owned()));
        pairs.into_iter().chain(severity).collect()
    })
}

fn state() -> impl Strategy<Value = AlertState> {
    prop_oneof![
        Just(AlertState::Firing),
        Just(AlertState::Pending),
        Just(AlertState::Inactive),
        Just(AlertState::Unknown)
    ]
}

prop_compose! {
    fn alert()(
        labels in labels(), state in state(), since in prop::option::of("1970-01-01T00:00:0[0-3]Z"),
    ) -> Alert {
        let active_at = since.map(SentTime::of);
        Alert { labels, state, annotations: Labels::default(), active_at, value: None }
    }
}

fn health() -> impl Strategy<Value = RuleHealth> {
    prop_oneof![Just(RuleHealth::Ok), Just(RuleHealth::Err), Just(RuleHealth::Unknown)]
}

prop_compose! {
    fn rule()(
        name in "[PQ]", labels in labels(), state in state(), health in health(),
        alerts in prop::collection::vec(alert(), 0..4), evaluated in prop::option::of("19(69|70)-01-01T00:00:00Z"),
    ) -> AlertingRule {
        let text = String::new;
        AlertingRule {
            group: text(), file: text(), interval: 15.0, query: text(), duration: 0.0, keep_firing_for: 0.0,
            annotations: Labels::default(), last_error: None, evaluation_time: 0.0, last_evaluation: evaluated.map(SentTime::of),
            name, health, labels, state, alerts,
        }
    }
}

fn spec() -> impl Strategy<Value = AlertSpec> {
    let named = prop::sample::subsequence(vec!["P".to_owned(), "Q".to_owned(), "R".to_owned()], 1..=3);
    let names =
        prop_oneof![Just(AlertNames::All), Just(AlertNames::Unnamed), named.prop_map(AlertNames::Named)];
    let matchers = prop::sample::subsequence(
        vec!["a=x", "a!=x", "a=~x|y", "b=~x.*", "b!~\"y|\"", "b=~\"x|\"", "b=\"\"", "a=x*"],
        0..3,
    );
    let chance = prop::bool::weighted(0.1);
    (names, matchers, any::<bool>(), chance).prop_map(|(names, texts, broken, unreadable)| {
        let (matchers, problems) = Matcher::read_list(&texts.join(","));
        let is_contradiction = |problem: &Diagnostic| problem.message.contains("all matchers must hold");
        assert!(problems.iter().all(is_contradiction), "{problems:?}");
        let matchers = if unreadable { Matchers::Unreadable } else { Matchers::All(matchers) };
        AlertSpec { names, matchers, broken: broken || unreadable }
    })
}

fn silences() -> impl Strategy<Value = Silences> {
    let ui_url: url::Url = "http://am.example/".parse().unwrap();
    let known = known(ui_url.clone(), AlertmanagerState::default());
    prop_oneof![Just(known), Just(Silences::Unknown { ui_url, failure: None }), Just(Silences::NotConfigured)]
}

/// By its definition.
fn worst(rows: &[AlertRow]) -> Option<WorstAlerts> {
    let active = |row: &&AlertRow| matches!(row.state(), AlertState::Firing | AlertState::Pending);
    let active: Vec<_> = rows.iter().filter(active).filter(|row| !row.is_suppressed()).collect();
    let state = active.iter().map(|row| row.state()).min()?;
    let all = active.iter().filter(|row| row.state() == state);
    let severity = all.clone().map(|row| row.severity_rank()).min()?;
    let worst = all.clone().filter(|row| row.severity_rank() == severity);
    let count = |n: usize| Reverse(u32::try_from(n).unwrap());
    Some(WorstAlerts {
        state,
        severity,
        count: count(worst.clone().count()),
        all: count(all.count()),
        newest: Reverse(worst.map(|row| row.active_at()).max().flatten()),
    })
}

fn known(ui_url: url::Url, state: AlertmanagerState) -> Silences {
    let answer = Answer::of(state, Timestamp::UNIX_EPOCH);
    Silences::Known { ui_url, answer, external: Arc::default(), undecided: 0 }
}

/// Of each alert in turn: nothing, its own copy silenced or sent on, one that may be another's silenced or sent on.
fn suppressing(rules: &Rules, kinds: &[u8]) -> AlertmanagerState {
    let alerts = rules.rules.iter().flat_map(|rule| &rule.alerts);
    let copy = |(alert, kind): (&Alert, &u8)| {
        let cluster = (*kind > 2).then_some(("cluster", "eu"));
        let labels: Labels = alert.labels.iter().chain(cluster).collect();
        (*kind > 0).then(|| ReceivedAlert {
            labels: labels.iter().map(|(n, v)| (n.into(), v.into())).collect(),
            fingerprint: "".into(),
            is_suppressed: kind % 2 == 1,
            ends: None,
            silenced_by: Vec::new(),
            inhibited_by: Vec::new(),
            muted_by: vec!["nights".into()],
        })
    };
    AlertmanagerState::new(alerts.zip(kinds).filter_map(copy).collect(), Vec::new())
}

proptest! {
    #[test]
    fn a_count_is_what_the_table_counts(
        rules in prop::collection::vec(rule(), 0..5), spec in spec(), warned in any::<bool>(),
        kinds in prop::collection::vec(0u8..5, 20), silences in silences(),
    ) {
        let warnings = if warned { vec!["a store is down".to_owned()] } else { Vec::new() };
        let rules = Arc::new(Rules { rules, warnings, ..Rules::default() });
        let answer = Answer::of(rules.clone(), Timestamp::UNIX_EPOCH);
        let table = AlertTable::of(InstanceName::new("default"), &spec, answer, false);
        let silences = match silences {
            Silences::Known { ui_url, .. } => known(ui_url, suppressing(&rules, &kinds)),
            other => other,
        };
        let tally = Tally::of(&rules, Timestamp::UNIX_EPOCH).silenced_by(&silences, Timestamp::UNIX_EPOCH);
        let table = table.silenced_by(silences, Timestamp::UNIX_EPOCH);
        prop_assert_eq!(tally.count(&spec), (table.evidence(), worst(&table.rows)));
        prop_assert_eq!(WorstAlerts::of(table.rows.iter().rev()), worst(&table.rows));
    }
}
