//! Thousands of alerts, and alerts that are equal in all labels.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};
use world::World;
use world::markup::words;
use world::upstream::Reply;

fn alert(name: &str, i: usize, state: &str) -> Value {
    json!({"labels": {"alertname": name, "severity": "warning", "instance": format!("till-{i}:9100"), "job": "till",
        "pod": format!("till-{i}")}, "annotations": {"summary": format!("Till {i} is down"),
        "description": "The till does not answer. ".repeat(4)}, "state": state,
        "activeAt": "2026-11-27T09:00:00.123Z", "value": "0e+00"})
}

fn rule(name: &str, alerts: Vec<Value>) -> Value {
    json!({"state": "firing", "name": name, "query": "up == 0", "duration": 60, "labels": {"severity": "warning"},
        "annotations": {}, "alerts": alerts, "health": "ok", "type": "alerting",
        "lastEvaluation": "2026-11-27T10:00:00Z"})
}

/// So many alerts of so many rules.
async fn many(alerts: usize, rules: usize) -> World {
    let world = World::with("", |settings| {
        settings.store.max_bytes = 256 << 20;
        settings.instances[0].timeout = Duration::from_secs(20);
    })
    .await;
    let rule = |r: usize| {
        let name = format!("TillDown{r}");
        rule(&name, (r..alerts).step_by(rules).map(|i| alert(&name, i, "firing")).collect())
    };
    let rules: Vec<Value> = (0..rules).map(rule).collect();
    let groups = json!([{"name": "g", "file": "f", "interval": 60, "rules": rules}]);
    world.upstream.on_rules(Reply::rules(groups));
    world
}

fn ids(page: &str) -> BTreeSet<&str> {
    page.split("id=\"alert-")
        .skip(1)
        .filter_map(|rest| rest.get(..16))
        .filter(|id| !id.contains('s'))
        .collect()
}

#[tokio::test]
async fn page_of_thousands_of_alerts_is_of_bounded_size_and_counts_them_all() {
    const ALERTS: usize = 4_000;
    for (rules, all) in [(200, 1_000), (1, 1_000), (2_000, 1_000)] {
        let world = many(ALERTS, rules).await;
        for (address, most) in [
            ("/alerts?alerts=all", 200),
            ("/alerts?alerts=all&page=2", 200),
            ("/alerts?alerts=all&sort=name", 20),
            ("/alerts?alerts=all&pageSize=50", 200),
            ("/alerts?alerts=all&search=till-1", 200),
            ("/alerts?alerts=all&pageSize=all", all),
            ("/alerts?alerts=all&pageSize=all&sort=name", all),
        ] {
            let reply = world.get(address).await;
            let text = reply.text();
            let rows = ids(text).len();
            assert!(rows > 0 && rows <= most, "{rows} rows of {rules} rules: {address}");
            assert!(text.len() < most * 5_000 + 50_000, "{} bytes of {rules} rules: {address}", text.len());
            let text = words(text);
            assert!(text.contains("4000 firing"), "{address}: {}", &text[..2_000]);
            assert!(
                text.contains("4000 rows") || text.contains("more: show all") || address.contains("search"),
                "{address} of {rules} rules"
            );
            let tells = text.contains("A page has at most 1000 rows");
            let has_pages = rules > all || address.contains("sort");
            assert_eq!(tells, address.contains("pageSize=all") && has_pages, "{address} of {rules} rules");
        }
        let data = world.get("/alerts.json?alerts=all&pageSize=all").await.json();
        let ids: BTreeSet<&str> =
            data["alerts"].as_array().unwrap().iter().map(|a| a["id"].as_str().unwrap()).collect();
        assert_eq!((ids.len(), &data["counts"]["firing"]), (ALERTS, &json!(ALERTS)));
        let lines = world.get("/alerts.csv?alerts=all").await.text().lines().count();
        assert_eq!(lines, 2 + ALERTS, "the names of the columns, what is missing, and the rows");
    }
}

#[tokio::test]
async fn equal_alerts_of_three_shards_are_three_rows_with_ids_of_their_own() {
    let world = World::of("").await;
    let group = |state: &str| {
        let mut one = rule("TillDown", vec![alert("TillDown", 1, state)]);
        one["state"] = json!(state);
        json!({"name": "g", "file": "f", "interval": 60, "rules": [one]})
    };
    world.upstream.on_rules(Reply::rules(json!([group("firing"), group("firing"), group("pending")])));
    let found = |data: &Value| {
        let rows = data["alerts"].as_array().unwrap().iter();
        rows.map(|row| (row["id"].as_str().unwrap().to_owned(), row["state"].to_string()))
            .collect::<BTreeSet<_>>()
    };
    let data = world.get("/alerts.json?alerts=all").await.json();
    let rows: Vec<_> =
        data["alerts"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap()).collect();
    let of_data: BTreeSet<&str> = rows.iter().copied().collect();
    assert_eq!(of_data.len(), 3, "{data}");
    let page = world.get("/alerts?alerts=all").await;
    assert_eq!(ids(page.text()), of_data, "pages and data name rows alike");
    world.upstream.on("up", Reply::matrix(&[(&[("job", "till")], 1.0)]));
    for id in rows {
        let page = world.get(&format!("/alerts?alerts=all&alert={id}")).await;
        let text = page.text();
        assert!(!text.contains("no longer active") && text.contains(" marked\" id=\"alert-"), "{id}");
        assert!(text.contains(&format!("marked\" id=\"alert-{id}\"")), "{id} opens a row of its own");
        let graph = world.get(&format!("/alerts/graph?alerts=all&alert={id}")).await;
        assert!(!words(graph.text()).contains("no longer active"), "{id}");
        // A filter changes no id.
        let filtered = world.get("/alerts.json?alerts=all&state=firing").await.json();
        assert!(found(&data).is_superset(&found(&filtered)));
    }
}
