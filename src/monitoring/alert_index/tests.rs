//! Which entities are found for which labels, compared with asking every one of them.

use proptest::prelude::{Strategy, any, prop, proptest};
use proptest::sample::select;

use super::*;
use crate::annotations::{ALERT, AlertNames, LABELS, MonitoringSpec};
use crate::catalog::EntityRef;
use crate::prometheus::Labels;

fn entity(name: &str, annotations: &[(&str, &str)]) -> Arc<Entity> {
    let reference = EntityRef::new("component", "default", name).unwrap();
    let given = annotations.iter().filter(|(_, value)| !value.is_empty());
    Arc::new(Entity {
        annotations: given.map(|(key, value)| (*key, (*value).to_owned())).collect(),
        ..Entity::new(reference, "Component", "backstage.io/v1alpha1", name.to_owned())
    })
}

fn index(entities: &[(&str, &str, &str)]) -> AlertIndex {
    let all = entities.iter().map(|(name, alert, labels)| entity(name, &[(ALERT, alert), (LABELS, labels)]));
    AlertIndex::of(Arc::new(Snapshot::new(all)))
}

fn names(found: &[Match]) -> String {
    found.iter().map(|found_match| found_match.entity.name.clone()).collect::<Vec<_>>().join(" ")
}

fn labels(text: &str) -> Labels {
    text.split(' ').filter_map(|pair| pair.split_once('=')).collect()
}

#[test]
fn labels_find_the_entities_that_would_show_them_the_closest_first() {
    let index = index(&[
        ("payments", "HighLoad,Slow", "service=payments"),
        ("ledger", "HighLoad", "service=~\"ledger|books\",severity=critical"),
        ("platform", "all", ""),
        ("critical", "", "severity=critical"),
        ("not-eu", "HighLoad", "zone!~\"eu-.*\""),
        ("loose", "HighLoad", ""),
        ("without", "HighLoad", "service=\"\""),
        ("silent", "", ""),
        ("pattern", "HighLoad", "service=~\"pay.*\""),
    ]);
    for (given, wanted) in [
        ("alertname=HighLoad service=payments", "not-eu pattern payments loose platform"),
        ("alertname=HighLoad service=books severity=critical", "ledger not-eu critical loose platform"),
        ("alertname=HighLoad zone=eu-1", "without loose platform"),
        ("alertname=Slow service=payments", "payments platform"),
        ("alertname=Other severity=critical", "critical platform"),
        ("severity=critical", "critical platform"),
        ("alertname=Other", "platform"),
    ] {
        assert_eq!(names(&index.search().find(&labels(given))), wanted, "{given}");
    }
    assert_eq!(index.len(), 8);
}

#[test]
fn an_entity_with_a_matcher_that_cannot_be_read_owns_nothing() {
    let index = index(&[
        ("good", "HighLoad", "service=payments"),
        ("half", "HighLoad", "service=payments,team=~\"(\""),
        ("unread", "HighLoad", "service"),
        ("all", "all", "service: payments"),
        ("unnamed", "", "=payments"),
    ]);
    let given = labels("alertname=HighLoad service=payments");
    assert_eq!(names(&index.search().find(&given)), "good");
    assert_eq!(names(&index.search().of_rule("HighLoad", &given, 9)), "good");
    assert_eq!(index.len(), 1);
}

#[test]
fn a_rule_finds_the_entities_that_may_show_its_alerts() {
    let index = index(&[
        ("payments", "HighLoad", "service=payments"),
        ("critical", "HighLoad", "severity=critical"),
        ("warning", "HighLoad", "severity=warning"),
        ("any-warning", "", "severity=warning"),
        ("any-service", "", "service=x"),
    ]);
    let found = |text: &str, most| names(&index.search().of_rule("HighLoad", &labels(text), most));
    assert_eq!(found("severity=warning", 9), "payments warning any-warning");
    assert_eq!(found("severity={{$labels.s}}", 9), "critical payments warning");
    assert_eq!(found("severity=warning", 1).split(' ').count(), 1);
    assert_eq!(names(&index.search().of_rule("Other", &labels("severity=critical"), 9)), "");
}

/// What the index must say, given of every entity.
fn slowly(index: &AlertIndex, given: &Labels) -> Vec<String> {
    let shows = |entity: &&Arc<Entity>| {
        let Some(spec) = MonitoringSpec::of(entity).alerts else { return false };
        let named = match &spec.names {
            AlertNames::Named(names) => given.get("alertname").is_some_and(|n| names.iter().any(|x| x == n)),
            AlertNames::All | AlertNames::Unnamed => true,
        };
        named && spec.matchers.hold(|label| given.get(label))
    };
    index.snapshot.entities.iter().filter(shows).map(|e| e.name.clone()).collect()
}

fn annotations() -> impl Strategy<Value = (String, String)> {
    let names = select(vec!["", "all", "A", "B", "A,B", "\"A,B\",A"]);
    let matcher = (
        select(vec!["a", "b"]),
        select(vec!["=", "!=", "=~", "!~"]),
        select(vec![
            "x", "", "x|y", "x|", ".*", ".+", "y.?", "x.*", "x.+", "xy?", "xé*.", "x|y.*", "(?i)X.*",
        ]),
    );
    let matchers = prop::collection::vec(matcher, 0..4);
    (names, matchers).prop_map(|(names, matchers)| {
        let text = matchers.iter().map(|(label, op, value)| format!("{label}{op}\"{value}\""));
        (names.to_owned(), text.collect::<Vec<_>>().join(","))
    })
}

proptest! {
    #[test]
    fn the_index_finds_exactly_those_that_match(
        entities in prop::collection::vec(annotations(), 0..12),
        name in select(vec!["", "A", "B", "A,B", "C"]),
        a in select(vec!["", "x", "y", "xy", "xé"]),
        b in select(vec!["", "x", "y"]),
        more in any::<bool>(),
    ) {
        let all = entities.iter().enumerate().map(|(i, (alert, labels))| {
            entity(&format!("e{i:02}"), &[(ALERT, alert), (LABELS, labels)])
        });
        let index = AlertIndex::of(Arc::new(Snapshot::new(all)));
        let pairs = [("alertname", name), ("a", a), ("b", b), ("c", if more { "z" } else { "" })];
        let given: Labels = pairs.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        let mut found: Vec<String> = index.search().find(&given).iter().map(|o| o.entity.name.clone()).collect();
        found.sort();
        assert_eq!(found, slowly(&index, &given));
    }
}

/// Entities that choose by two regexes each, all of them distinct.
fn distinct(count: usize) -> AlertIndex {
    let chosen = |i: usize| format!("x=~\"(a|b){{1,{}}}.*-{i}.[^c]{{3}}\",y!~\"z{i}.?.?\"", i % 50 + 1);
    let all = (0..count).map(|i| entity(&format!("e{i}"), &[(LABELS, &chosen(i))]));
    AlertIndex::of(Arc::new(Snapshot::new(all)))
}

#[test]
fn thousands_of_distinct_regexes_find_the_right_entities_and_none_is_compiled_for_it() {
    let (entities, alerts) = (1_500, 100);
    let index = distinct(entities);
    let mut lookup = index.search();
    for i in 0..alerts {
        let found = lookup.find(&labels(&format!("alertname=A x=abab-{i}-xyz y=q")));
        assert_eq!(names(&found), format!("e{i}"));
        assert_eq!(names(&lookup.find(&labels(&format!("alertname=A x=abab-{i}-xyz y=z{i}.")))), "");
    }
    let work = lookup.work();
    // Of `x` the regexes whose text is in the value (`-7` and `-70` in `-70-`); of `y` the one whose `x` matches.
    assert_eq!(work.tests, 10 + 2 * 90 + alerts, "{work:?}");
    assert_eq!((work.cost, work.untried), (work.tests, 0), "a test is a walk through a table");
}

#[test]
fn a_value_is_tested_once_with_each_regex_however_many_alerts_have_it() {
    let index = distinct(200);
    let mut lookup = index.search();
    let once = lookup.find(&labels("alertname=A x=abab-7-xyz y=q n=0")).len();
    let work = lookup.work();
    for n in 1..1_000 {
        assert_eq!(lookup.find(&labels(&format!("alertname=A x=abab-7-xyz y=q n={n}"))).len(), once);
    }
    assert_eq!((once, lookup.work()), (1, work));
}

#[test]
fn names_and_plain_values_spare_the_regexes() {
    let index = index(&[
        ("other-name", "Slow", "x=~\"a[bc]+\""),
        ("other-value", "HighLoad", "x=~\"a[bc]+\",service=ledger"),
        ("other-absence", "HighLoad", "x=~\"a[bc]+\",service!=payments"),
        ("own", "HighLoad", "x=~\"a[bc]+\",service!=ledger"),
    ]);
    let mut lookup = index.search();
    let found = lookup.find(&labels("alertname=HighLoad service=payments x=ab"));
    assert_eq!((names(&found).as_str(), lookup.work().tests), ("own", 1));
}

#[test]
fn what_is_too_much_work_is_skipped_and_counted() {
    let index = distinct(100);
    let mut lookup = IndexSearch::within(&index, 0);
    let given = labels("alertname=A x=abab-7-xyz y=q");
    assert_eq!(names(&lookup.find(&given)), "");
    let work = lookup.work();
    assert!(work.cost == 0 && work.untried > 0, "{work:?}");
    // Beyond ASCII a regex is tested by other means, which are a hundred times the work.
    let mut lookup = index.search();
    assert_eq!(names(&lookup.find(&labels("alertname=A x=ab\u{e9}-7-xyz y=q"))), "e7");
    assert!(
        lookup.work().cost > 10 * lookup.work().tests && lookup.work().untried == 0,
        "{:?}",
        lookup.work()
    );
}
