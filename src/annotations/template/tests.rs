//! What templates say of an entity, and all that they may not.

use serde_json::json;

use super::*;
use crate::annotations::spec::tests::entity;
use crate::catalog::{EntityRef, Relation};

fn payments() -> Entity {
    let mut entity = entity(&[("backstage.io/kubernetes-id", "pay"), ("quote", "a\"} or up{b=\"")]);
    entity.labels = [("team", "A.B")].into_iter().collect();
    entity.title = Some("Payments (\"new\")".to_owned());
    entity.tags = vec!["java".into()];
    let other = [("namespace", json!("Shop")), ("uid", json!("1-2")), ("labels", json!({}))];
    entity.other_metadata = other.into_iter().collect();
    let target = EntityRef::parse("group:team-a").unwrap();
    entity.relations = vec![Relation { kind: "ownedBy".into(), target }];
    entity
}

fn check(expression: &str, wanted: Result<&str, &str>) {
    let entity = payments();
    let value = Templates::of(&entity).value(expression);
    match (&value, wanted) {
        (Ok(value), Ok(wanted)) => assert_eq!(value, wanted, "{expression}"),
        (Err(found), Err(part)) => assert!(found.contains(part), "{expression}: {found}"),
        _ => panic!("{expression}: {value:?}, not {wanted:?}"),
    }
}

#[test]
fn an_expression_reads_the_entity() {
    check(" metadata.name ", Ok("payments"));
    check("metadata[\"name\"]", Ok("payments"));
    check("metadata.namespace", Ok("Shop"));
    check("metadata.uid", Ok("1-2"));
    check("metadata.title", Ok("Payments (\"new\")"));
    check("metadata.annotations['backstage.io/kubernetes-id']", Ok("pay"));
    check("metadata.labels.team", Ok("A.B"));
    check("metadata.tags[0]", Ok("java"));
    check("spec.lifecycle", Ok("production"));
    check("spec.size", Ok("2"));
    check("kind", Ok("Component"));
    check("apiVersion", Ok("backstage.io/v1alpha1"));
    check("entityRef", Ok("component:default/payments"));
    check("relations[0].targetRef", Ok("group:default/team-a"));
    check("relations[0].type", Ok("ownedBy"));
    check("metadata.name ~ \"-\" ~ spec.lifecycle", Ok("payments-production"));
    check("'a' if kind == 'API' else 'b'", Ok("b"));
    check("\"{{\"", Ok("{{"));
}

#[test]
fn filters_are_few() {
    check("kind | lower", Ok("component"));
    check("kind | upper", Ok("COMPONENT"));
    check("metadata.name | replace('pay', 'bill') | replace('m', '')", Ok("billents"));
    check("spec.nothing | default('x')", Ok("x"));
    check("spec.empty | default('x')", Ok("x"));
    check("spec.lifecycle | default('x')", Ok("production"));
    check("nothing | default(kind)", Ok("Component"));
    check("'' | default('x', true)", Ok("x"));
    for expression in ["kind | safe", "kind | tojson", "kind | length", "metadata | list"] {
        check(expression, Err("unknown filter"));
    }
}

#[test]
fn what_is_missing_is_named() {
    check("spec.nothing", Err("the entity has no `spec.nothing`"));
    check("spec.nothing.at.all", Err("the entity has no `spec.nothing`"));
    check("spec.empty", Err("the entity has no `spec.empty`"));
    check("spec.empty.x", Err("the entity has no `spec.empty`"));
    check("kind ~ spec.nothing", Err("the entity has no `spec.nothing`"));
    check("spec.nothing | lower", Err("the entity has no `spec.nothing`"));
    check("metadata.annotations['x/y']", Err("the entity has no `metadata.annotations['x/y']`"));
    check("relations[7].targetRef", Err("the entity has no `relations[7].targetRef`"));
    check("entity.name", Err("unknown name `entity` in a template; use metadata, spec"));
    check("namespace", Err("unknown name `namespace`"));
    check("self", Err("unknown name `self`"));
    check("loop", Err("unknown name `loop`"));
    check("spec", Err("a mapping"));
    check("relations", Err("a list"));
    check("[kind]", Err("a list"));
}

#[test]
fn nothing_but_the_entity_is_reached() {
    for expression in [
        "range(1000000)",
        "dict()",
        "namespace()",
        "debug()",
        "lipsum()",
        "metadata.name.upper()",
        "spec.items()",
        "kind is string",
        "cycler('a')",
    ] {
        check(expression, Err("functions and tests are not supported"));
    }
    for expression in ["", " ", "- kind", "-kind-", "kind -", "a b", "a |", "{", "'", "include 'x'", "\\"] {
        check(expression, Err(""));
    }
}

/// Also a test of the stack: this runs in half of what threads have.
#[test]
fn hostile_expressions_end_soon() {
    let mut entity = payments();
    entity.spec = json!({"large": "x".repeat(1 << 20), "text": "x".repeat(4_000)}).into();
    let evaluate_all = move || {
        let templates = Templates::of(&entity);
        let repeat = |part: &str, n: usize| part.repeat(n);
        for expression in [
            "'x' * 1000000000".to_owned(),
            "spec.large ~ spec.large ~ spec.large".to_owned(),
            "spec.large | replace('x', 'y')".to_owned(),
            "spec.large | upper".to_owned(),
            "spec.text | replace('x', 'xxxxxxxx')".to_owned(),
            "spec.text | replace('', 'x')".to_owned(),
            "[1] * 100000000".to_owned(),
            "9 ** 9 ** 9 ** 9 ** 9".to_owned(),
            format!("{}1{}", repeat("(", 120), repeat(")", 120)),
            format!("{}1{}", repeat("[", 8), repeat("]", 8)),
            format!("1{}", repeat("[1", 9)),
            format!("1{}x", repeat("-", 240)),
            repeat("not ", 60),
            repeat("kind~", 51),
            repeat("a.", 127),
            repeat("x", 257),
            format!("{}1", repeat("1 if 1 else ", 20)),
            format!("kind{}", repeat("|lower", 41)) + "|",
        ] {
            let value = templates.value(&expression);
            assert!(value.is_err() || value.is_ok_and(|text| text.len() < 1000), "{expression}");
        }
        let nested = format!("{}kind{}", repeat("(", 8), repeat(")", 8));
        assert_eq!(templates.value(&nested).as_deref(), Ok("Component"));
    };
    std::thread::Builder::new().stack_size(1024 * 1024).spawn(evaluate_all).unwrap().join().unwrap();
}

#[test]
fn a_query_is_filled_and_its_problems_stand_in_its_text() {
    let entity = payments();
    let templates = Templates::of(&entity);
    let check = |text: &str, wanted: Option<&str>, problems: &[&str]| {
        let (query, found) = templates.query(text);
        assert_eq!(query.as_ref().map(PromQl::as_str), wanted, "{text}: {found:?}");
        assert_eq!(found.iter().map(|p| p.part_of(text)).collect::<Vec<_>>(), problems, "{text}: {found:?}");
    };
    check("up", Some("up"), &[]);
    check(
        " up{app=\"{{ metadata.annotations[\"quote\"] }}\"} ",
        Some("up{app=\"a\\\"} or up{b=\\\"\"}"),
        &[],
    );
    check("up{app=~\"{{ metadata.labels.team }}\"}", Some("up{app=~\"A\\\\.B\"}"), &[]);
    check("{{ kind | lower }}_total", Some("component_total"), &[]);
    check("{{ metadata.title }}", None, &["{{ metadata.title }}"]);
    check("up{a=\"{{ x }}\",b=\"{{ spec.y }}\"}", None, &["{{ x }}", "{{ spec.y }}"]);
    check("median_over_time(x{a=\"{{ kind }}\"}[5m])", None, &["median_over_time(x{a=\"{{ kind }}\"}[5m])"]);
    check("median_over_time(x[5m])", Some("median_over_time(x[5m])"), &["median_over_time(x[5m])"]);
}

#[test]
fn a_title_has_values_as_they_are() {
    let entity = payments();
    let text = |text: &str| Templates::of(&entity).text(text);
    assert_eq!(text("Requests"), Ok("Requests".to_owned()));
    assert_eq!(text("{{ metadata.title }}: {{kind}}!"), Ok("Payments (\"new\"): Component!".to_owned()));
    assert_eq!(text("a {{ b"), Ok("a {{ b".to_owned()));
    assert_eq!(text("a {{ spec.b }} c"), Err("the entity has no `spec.b`".to_owned()));
}
