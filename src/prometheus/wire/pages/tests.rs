//! Pages: joined in order, bounded, and never in a circle.

use super::*;
use crate::prometheus::AlertState;
use crate::prometheus::wire::read_rules;
use crate::upstream::HeaderSecrets;

fn page(name: &str, next: Option<&str>) -> RulesPage {
    let rule = format!(r#"{{"name":"{name}","type":"alerting","state":"inactive"}}"#);
    let groups =
        format!(r#"[{{"name":"{name}","rules":[{rule}]}},{{"name":"{name}2","rules":[{rule},{rule}]}}]"#);
    let next = next.map(|token| format!(r#","groupNextToken":"{token}""#)).unwrap_or_default();
    let warnings = format!(r#""warnings":["of {name}","of each"],"infos":["i"]"#);
    let body = format!(r#"{{"status":"success","data":{{"groups":{groups}{next}}},{warnings}}}"#);
    read_rules(body.as_bytes(), None).unwrap()
}

#[test]
fn pages_are_joined_in_order() {
    let mut pages = Pages::default();
    let next = pages.add(page("A", Some("t2")));
    assert_eq!(next, Some(NextPage { token: "t2".into(), groups: 2 }));
    assert_eq!(pages.add(page("B", None)), None);
    let rules = pages.into_rules(&HeaderSecrets::default());
    let of_groups: Vec<Vec<&str>> = rules
        .groups
        .iter()
        .map(|group| rules.of_group(group).iter().map(|rule| rule.name.as_str()).collect())
        .collect();
    assert_eq!(of_groups, [vec!["A"], vec!["A", "A"], vec!["B"], vec!["B", "B"]]);
    assert_eq!(rules.warnings, ["of A", "of each", "of B"]);
    assert_eq!(rules.infos, ["i"]);
}

#[test]
fn a_page_that_leads_back_is_the_last_one_and_gives_a_warning() {
    let warning = "the instance has more rules, but repeats a groupNextToken";
    let mut pages = Pages::default();
    pages.add(page("A", Some("t2")));
    pages.add(page("B", Some("t3")));
    assert_eq!(pages.add(page("C", Some("t2"))), None);
    let rules = pages.into_rules(&HeaderSecrets::default());
    assert_eq!((rules.rules.len(), rules.warnings[0].as_str()), (9, warning));
    let mut pages = Pages::default();
    pages.add(page("A", Some("t2")));
    assert_eq!(pages.add(page("A", Some("t2"))), None);
    let rules = pages.into_rules(&HeaderSecrets::default());
    assert_eq!(
        (rules.rules.len(), rules.warnings[0].as_str()),
        (3, warning),
        "the same page is no second one"
    );
    let mut pages = Pages::default();
    pages.add(page("A", Some("t2")));
    let mut other = page("A", Some("t2"));
    other.rules.rules[2].state = AlertState::Firing;
    pages.add(other);
    assert_eq!(pages.into_rules(&HeaderSecrets::default()).rules.len(), 6, "it says more");
}

#[test]
fn pages_without_end_are_cut_off_with_a_warning() {
    let mut pages = Pages::default();
    for i in 1..MOST_PAGES {
        assert!(pages.add(page("A", Some(&i.to_string()))).is_some(), "{i}");
    }
    assert_eq!(pages.add(page("A", Some("last"))), None);
    let rules = pages.into_rules(&HeaderSecrets::default());
    assert_eq!(rules.rules.len(), MOST_PAGES * 3);
    let warning = "the instance has more rules than the 100 pages that were read".to_owned();
    assert!(rules.warnings.contains(&warning), "{:?}", rules.warnings);
}

#[test]
fn pages_of_too_many_bytes_are_cut_off_with_a_warning() {
    let mut pages = Pages::default();
    let large = RulesPage { bytes: MAX_BODY / 2, ..page("A", Some("t2")) };
    assert!(pages.add(large).is_some());
    let large = RulesPage { bytes: MAX_BODY / 2, ..page("B", Some("t3")) };
    assert_eq!(pages.add(large), None);
    assert!(pages.into_rules(&HeaderSecrets::default()).warnings.iter().any(|w| w.contains("2 pages")));
    let mut pages = Pages::default();
    let many = RulesPage { rows: MOST_ROWS, ..page("A", Some("t2")) };
    assert_eq!(pages.add(many), None);
    assert!(
        pages
            .into_rules(&HeaderSecrets::default())
            .warnings
            .iter()
            .any(|w| w.ends_with("more rules than the page that was read"))
    );
}

#[test]
fn what_cannot_be_read_is_counted_over_all_pages() {
    let broken = |next: &str| {
        let body = format!(r#"{{"status":"success","data":{{"groups":[null]{next}}}}}"#);
        read_rules(body.as_bytes(), None).unwrap()
    };
    let mut pages = Pages::default();
    pages.add(broken(r#","groupNextToken":"t2""#));
    pages.add(broken(""));
    let warning = "2 rule groups cannot be read, so their rules are missing here";
    assert_eq!(pages.into_rules(&HeaderSecrets::default()).warnings, [warning]);
}
