//! Which entities are found for which labels, compared with asking every one of them.

use std::collections::BTreeMap;

use proptest::prelude::{Strategy, any, prop, proptest};
use proptest::sample::select;

use super::*;
use crate::annotations::ALERT;
use crate::catalog::{Annotation, EntityRef};

fn entity(name: &str, annotations: &[(&str, &str)]) -> Arc<Entity> {
    let annotation = |(key, value): &(&str, &str)| {
        let value = Annotation { value: (*value).to_owned(), place: None, key_place: None, origins: None };
        ((*key).to_owned(), value)
    };
    Arc::new(Entity {
        reference: EntityRef::new("component", "default", name).unwrap(),
        kind: "Component".to_owned(),
        api_version: "backstage.io/v1alpha1".to_owned(),
        name: name.to_owned(),
        title: None,
        description: None,
        labels: BTreeMap::new(),
        annotations: annotations.iter().filter(|(_, value)| !value.is_empty()).map(annotation).collect(),
        tags: Vec::new(),
        links: Vec::new(),
        other_metadata: serde_json::Map::new(),
        spec: serde_json::Value::Null,
        relations: Vec::new(),
        place: None,
        faults: Vec::new(),
    })
}

fn owners(entities: &[(&str, &str, &str)]) -> Owners {
    let all = entities.iter().map(|(name, alert, labels)| entity(name, &[(ALERT, alert), (LABELS, labels)]));
    Owners::of(Arc::new(Snapshot::new(all)))
}

fn names(found: &[Owning]) -> String {
    found.iter().map(|owning| owning.entity.name.clone()).collect::<Vec<_>>().join(" ")
}

fn labels(text: &str) -> Labels {
    text.split(' ').filter_map(|pair| pair.split_once('=')).collect()
}

#[test]
fn labels_find_who_would_show_them_the_closest_first() {
    let owners = owners(&[
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
    for (asked, wanted) in [
        ("alertname=HighLoad service=payments", "not-eu pattern payments loose platform"),
        ("alertname=HighLoad service=books severity=critical", "ledger not-eu critical loose platform"),
        ("alertname=HighLoad zone=eu-1", "without loose platform"),
        ("alertname=Slow service=payments", "payments platform"),
        ("alertname=Other severity=critical", "critical platform"),
        ("severity=critical", "critical platform"),
        ("alertname=Other", "platform"),
    ] {
        assert_eq!(names(&owners.find(&labels(asked))), wanted, "{asked}");
    }
    assert_eq!(owners.len(), 8);
}

#[test]
fn an_entity_with_a_matcher_that_cannot_be_read_owns_nothing() {
    let owners = owners(&[
        ("good", "HighLoad", "service=payments"),
        ("half", "HighLoad", "service=payments,team=~\"(\""),
        ("unread", "HighLoad", "service"),
        ("all", "all", "service: payments"),
        ("unnamed", "", "=payments"),
    ]);
    let asked = labels("alertname=HighLoad service=payments");
    assert_eq!(names(&owners.find(&asked)), "good");
    assert_eq!(names(&owners.of_rule("HighLoad", &asked, 9)), "good");
    assert_eq!(owners.len(), 1);
}

#[test]
fn a_rule_finds_who_may_show_its_alerts() {
    let owners = owners(&[
        ("payments", "HighLoad", "service=payments"),
        ("critical", "HighLoad", "severity=critical"),
        ("warning", "HighLoad", "severity=warning"),
        ("any-warning", "", "severity=warning"),
        ("any-service", "", "service=x"),
    ]);
    let found = |text: &str, most| names(&owners.of_rule("HighLoad", &labels(text), most));
    assert_eq!(found("severity=warning", 9), "payments warning any-warning");
    assert_eq!(found("severity={{$labels.s}}", 9), "critical payments warning");
    assert_eq!(found("severity=warning", 1).split(' ').count(), 1);
    assert_eq!(names(&owners.of_rule("Other", &labels("severity=critical"), 9)), "");
}

/// What the index must say, asked of every entity.
fn slowly(owners: &Owners, asked: &Labels) -> Vec<String> {
    let shows = |entity: &&Arc<Entity>| {
        let Some(spec) = MonitoringSpec::of(entity).alerts else { return false };
        let named = match &spec.names {
            AlertNames::Named(names) => asked.get("alertname").is_some_and(|n| names.iter().any(|x| x == n)),
            AlertNames::All | AlertNames::Unnamed => true,
        };
        named && spec.matchers.hold(|label| asked.get(label))
    };
    owners.snapshot.entities.iter().filter(shows).map(|e| e.name.clone()).collect()
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
        let told = matchers.iter().map(|(label, op, value)| format!("{label}{op}\"{value}\""));
        (names.to_owned(), told.collect::<Vec<_>>().join(","))
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
        let owners = Owners::of(Arc::new(Snapshot::new(all)));
        let pairs = [("alertname", name), ("a", a), ("b", b), ("c", if more { "z" } else { "" })];
        let asked: Labels = pairs.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        let mut found: Vec<String> = owners.find(&asked).iter().map(|o| o.entity.name.clone()).collect();
        found.sort();
        assert_eq!(found, slowly(&owners, &asked));
    }
}
