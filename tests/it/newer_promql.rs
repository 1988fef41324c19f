//! Queries in newer PromQL and in MetricsQL: kept and sent to the letter. What is not checked is no mistake.

use serde_json::{Value, json};
use world::World;
use world::upstream::Reply;

/// Queries of Prometheus 3, of MetricsQL, and a few of Grafana.
const QUERIES: &str = include_str!("../fixtures/newer-promql.json");

#[tokio::test]
async fn queries_of_other_grammars_are_kept_to_the_letter() {
    let queries: Vec<String> = serde_json::from_str(QUERIES).unwrap();
    let rule = json!(queries.join(",\n\n"));
    let catalog = format!(
        "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: newer\n  annotations:\n    \
         prometheus.io/rule: {rule}\n"
    );
    let world = World::of(&catalog).await;
    world.upstream.on_any(Reply::matrix(&[]));
    let form = world.get("/catalog/default/component/newer.json").await.json();
    let graphs = form["graphs"].as_array().unwrap();
    let found: Vec<&str> = graphs.iter().map(|graph| graph["query"].as_str().unwrap()).collect();
    assert_eq!(found, queries);
    let problems = form["problems"].as_array().unwrap();
    assert!(problems.iter().all(|problem| problem["severity"] == "warning"), "{problems:#?}");
    let about = |query: &str| {
        let start = rule.as_str().unwrap().find(query).unwrap();
        let is_about = |problem: &&Value| problem["start"].as_u64() == Some(u64::try_from(start).unwrap());
        problems.iter().find(is_about).map(|problem| problem["message"].as_str().unwrap_or_default())
    };
    for (query, wanted) in [
        ("anchored{job=", None),
        ("sum by (smoothed) (till)", None),
        ("sum(till) by () > bool 2", None),
        ("till fill_left(0) / other", Some("not checked here")),
        ("till == on(job) group_left(a,b) other", None),
        ("rate(till_requests_total[5m] smoothed)", Some("not checked here")),
        ("till default 0", Some("not checked here")),
        (
            "rate(till_total),",
            Some("type error: expected type matrix in call to function 'rate', got vector"),
        ),
    ] {
        let found = about(query);
        let is_wanted =
            wanted.map_or(found.is_none(), |wanted| found.is_some_and(|found| found.contains(wanted)));
        assert!(is_wanted, "{query}: {found:?}");
    }
    // Its second graph, which the parser does not know.
    world.get("/catalog/default/component/newer/graphs/3.json").await;
    let sent: Vec<String> =
        world.upstream.requests().iter().filter_map(|request| request.form("query")).collect();
    assert_eq!(sent, ["rate(till_requests_total[5m] smoothed)"]);
}
