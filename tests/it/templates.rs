//! Templates in queries, from the catalog file to the query that is sent.

use promql_parser::parser::Expr;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::json;
use world::World;
use world::upstream::Reply;

const CATALOG: &str = r#"
apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: Payments
  title: 'The "new" payments'
  team: core
  labels: {zone: 'eu.1|x'}
  annotations:
    example.com/job: 'pay"} or up{job="'
    prometheus.io/rule: >-
      sum(rate({{ metadata.name | lower }}_total{job="{{ metadata.annotations['example.com/job'] }}"}[5m]))|job,
      up{zone=~"{{ metadata.labels.zone }}-.*", team='{{ metadata.team }}'}|title={{ metadata.title }},
      up{owner="{{ relations[0].targetRef }}", entity="{{ entityRef }}"},
      up{lifecycle="{{ spec.lifecycle }}"},
      {{ metadata.title }}
spec: {owner: team-a}
"#;

const PAYMENTS: &str = "/catalog/default/component/payments";

#[tokio::test]
async fn templates_are_filled_from_the_entity() {
    let world = World::of(CATALOG).await;
    let body = world.get(&format!("{PAYMENTS}.json")).await.json();
    let graph = |n: usize| (body["graphs"][n]["query"].clone(), body["graphs"][n]["title"].clone());
    let first = r#"sum(rate(payments_total{job="pay\"} or up{job=\""}[5m]))"#;
    assert_eq!(graph(0), (json!(first), json!(first)));
    let second = r#"up{zone=~"eu\\.1\\|x-.*", team='core'}"#;
    assert_eq!(graph(1), (json!(second), json!("The \"new\" payments")));
    let third = r#"up{owner="group:default/team-a", entity="component:default/payments"}"#;
    assert_eq!(graph(2).0, json!(third));
    let problems: Vec<_> =
        body["problems"].as_array().unwrap().iter().map(|p| p["message"].clone()).collect();
    assert_eq!(problems.len(), 2, "{problems:?}");
    assert_eq!(problems[0], "the entity has no `spec.lifecycle`");
    assert!(problems[1].as_str().unwrap().contains("outside strings"), "{problems:?}");

    world.upstream.on(first, Reply::result(json!([])));
    let answer = world.get(&format!("{PAYMENTS}/graphs/1.json")).await;
    assert_eq!((answer.status.as_u16(), answer.json()["query"].clone()), (200, json!(first)));
    let sent = world.upstream.requests();
    assert_eq!(sent.iter().map(|request| request.form("query").unwrap()).collect::<Vec<_>>(), [first]);
    assert_eq!(world.get(&format!("{PAYMENTS}/graphs/4.json")).await.status, 422);
    assert_eq!(world.upstream.requests().len(), 1);
}

/// Values of an entity that try to change the structure of a query.
fn hostile() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a\"'`\\\\{}()\\[\\]|,#=~!$%. \t+*?^-]{0,24}",
        "\\PC{0,16}",
        prop::sample::select(vec![
            "\"} or up{a=\"",
            "\\",
            "\\\"",
            "a\"}[5m]) or vector(1) #",
            "{{ kind }}",
            "{% x %}"
        ])
        .prop_map(str::to_owned),
    ]
}

/// The label matcher with the value: the first one of `x{a="...",b="c"} or y`.
fn matcher(query: &mut Expr) -> &mut String {
    let Expr::Binary(or) = query else { panic!("no or") };
    let Expr::VectorSelector(selector) = or.lhs.as_mut() else { panic!("no selector") };
    let matcher = selector.matchers.matchers.iter_mut().find(|matcher| matcher.name == "a").unwrap();
    &mut matcher.value
}

/// What the parser makes of a query: the same tree as without templates, and the entity's text in its one place.
#[tokio::test]
async fn entity_values_change_only_literals_of_a_query() {
    let mut runner = TestRunner::deterministic();
    let values: Vec<String> = (0..300).map(|_| hostile().new_tree(&mut runner).unwrap().current()).collect();
    let entity = |(i, value): (usize, &String)| {
        let value = serde_json::to_string(value).unwrap();
        format!(
            "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: n{i}\n  title: {value}\n  annotations:\n    \
             prometheus.io/rule: 'x{{a=\"{{{{ metadata.title }}}}\",b=\"c\"}} or y'\n"
        )
    };
    let catalog: Vec<String> = values.iter().enumerate().map(entity).collect();
    let world = World::of(&catalog.join("---\n")).await;
    let harmless = promql_parser::parser::parse("x{a=\"\",b=\"c\"} or y").unwrap();
    let (mut filled, mut refused) = (0, 0);
    for (i, value) in values.iter().enumerate() {
        let reply = world.get(&format!("/catalog/default/component/n{i}.json")).await;
        assert_eq!(reply.status, 200, "{value:?}");
        let body = reply.json();
        if body["problems"].as_array().unwrap().iter().any(|problem| problem["severity"] == "error") {
            refused += 1;
            continue;
        }
        let query = body["graphs"][0]["query"].as_str().unwrap();
        let mut tree =
            promql_parser::parser::parse(query).unwrap_or_else(|e| panic!("{value:?}: {query}: {e}"));
        assert_eq!(matcher(&mut tree), value, "{query}");
        matcher(&mut tree).clear();
        assert_eq!(tree, harmless, "{value:?}: {query}");
        filled += 1;
    }
    assert!(filled > 200 && refused < 100, "{filled} filled, {refused} refused");
}
