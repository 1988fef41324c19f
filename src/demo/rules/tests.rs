//! The rule files have the form that Prometheus reads.

use super::{DemoRule, FILES, document, list, pairs, read};
use crate::prometheus::Labels;
use crate::promql::{PromQl, parse_duration};
use crate::yaml::Node;

fn keys(node: &Node) -> Vec<&str> {
    node.as_map().expect("a mapping").iter().map(|entry| entry.key.as_str()).collect()
}

#[test]
fn rule_files_have_the_form_of_prometheus() {
    for (file, text) in FILES {
        let document = document(file, text).expect(file);
        assert_eq!(keys(&document), ["groups"], "{file}");
        for group in list(&document, "groups").expect(file) {
            assert_eq!(keys(group), ["name", "interval", "rules"], "{file}");
            for rule in list(group, "rules").expect(file) {
                let known = ["alert", "expr", "for", "keep_firing_for", "labels", "annotations"];
                assert!(keys(rule).iter().all(|key| known.contains(key)), "{:?}", keys(rule));
                let text = |key: &str| rule.get(key).and_then(Node::as_text).expect(key);
                let (query, problems) = PromQl::read(text("expr"));
                assert!(query.is_some_and(|query| query.is_checked()), "{}: {problems:?}", text("alert"));
                assert!(parse_duration(text("for")).is_ok(), "{}", text("alert"));
                for key in ["labels", "annotations"] {
                    let texts = pairs(rule, key).expect(key).len();
                    assert_eq!(keys(rule.get(key).expect(key)).len(), texts, "{} {key}", text("alert"));
                }
            }
        }
    }
}

#[test]
fn an_alert_has_the_labels_of_its_rule_and_of_its_sample() {
    let groups = read(&FILES).expect("the embedded rules");
    let rule = groups.iter().flat_map(|group| &group.rules).find(|rule| rule.name == "PaymentsMemoryGrows");
    let sample: Labels = [("__name__", "x"), ("pod", "p"), ("namespace", "other")].into_iter().collect();
    let expected = [
        ("alertname", "PaymentsMemoryGrows"),
        ("namespace", "shop"),
        ("pod", "p"),
        ("severity", "info"),
        ("team", "payments"),
    ];
    assert_eq!(rule.expect("the rule").alert_labels(&sample), expected.into_iter().collect());
}

#[test]
fn unreadable_parts_are_errors() {
    let node = document("test", "name: [a]\nlist: text\nlabels: {a: [b]}\nfor: soon").expect("a document");
    assert!(super::text_of(&node, "name").is_err() && super::text_of(&node, "absent").is_err());
    assert!(list(&node, "list").is_err() && list(&node, "absent").is_err());
    assert!(pairs(&node, "labels").is_err() && pairs(&node, "absent").is_ok());
    assert!(super::duration(&node, "for").is_err());
    assert!(document("test", "a: [").is_err() && document("test", "").is_err());
    for (rule, named) in [
        ("{alert: A, expr: up, labels: {a: '{{ $value }}'}}", "label a"),
        ("{alert: A, expr: up, annotations: {a: '{{ range query }}'}}", "range query"),
        ("{alert: A}", "expr"),
    ] {
        let error = DemoRule::read(&document("test", rule).expect("a document")).expect_err(rule);
        assert!(error.contains(named), "{error}");
    }
}
