//! Queries that are filled from their entity, from the catalog's file to the instance.

use serde_json::json;

use crate::world::World;
use crate::world::upstream::Reply;

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
async fn templates_are_filled_from_the_entity_and_sent() {
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
    assert!(problems[1].as_str().unwrap().contains("outside of strings"), "{problems:?}");

    world.upstream.on(first, Reply::result(json!([])));
    let answer = world.get(&format!("{PAYMENTS}/graphs/1.json")).await;
    assert_eq!((answer.status.as_u16(), answer.json()["query"].clone()), (200, json!(first)));
    let asked = world.upstream.requests();
    assert_eq!(asked.iter().map(|request| request.form("query").unwrap()).collect::<Vec<_>>(), [first]);
    assert_eq!(world.get(&format!("{PAYMENTS}/graphs/4.json")).await.status, 422);
    assert_eq!(world.upstream.requests().len(), 1);
}
