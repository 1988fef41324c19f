//! Single values as a real Prometheus gives them: asked for by `query`, shown as tiles.

use serde_json::Value;
use world::catalog::{Entity, catalog};
use world::markup::words;
use world::{World, encoded};

use crate::prometheus::RealPrometheus;

const QUERIES: [&str; 6] = [
    r#"scalar(load{zone="a"})"#,
    "time()",
    r#""a <b>text</b>""#,
    "sum(last_over_time(load[3h]))|type=stat",
    "1 + 2",
    "last_over_time(load[3h])|zone|type=stat",
];

async fn world(prometheus: &RealPrometheus) -> World {
    let api = url::Url::parse(&format!("{}/api/v1/", prometheus.url)).unwrap();
    World::with(catalog([Entity::component("tiles").rule(&QUERIES.join(",\n"))]), |settings| {
        settings.instances[0].api = api;
    })
    .await
}

/// The values of Prometheus' own answer, as written.
fn values(answer: &Value) -> Vec<String> {
    let result = &answer["data"]["result"];
    let text = |point: &Value| point[1].as_str().unwrap().to_owned();
    match answer["data"]["resultType"].as_str().unwrap() {
        "vector" => result.as_array().unwrap().iter().map(|sample| text(&sample["value"])).collect(),
        _ => vec![text(result)],
    }
}

#[tokio::test]
async fn single_values_are_tiles_and_equal_those_of_prometheus() {
    let prometheus = RealPrometheus::start().await;
    let world = world(&prometheus).await;
    let entity = "/catalog/default/component/tiles";
    let page = world.get(entity).await;
    assert_eq!(page.text().matches("<ul class=\"tiles\">").count(), QUERIES.len(), "{}", page.text());
    for (i, source) in QUERIES.iter().enumerate() {
        let number = i + 1;
        let data = world.get(&format!("{entity}/graphs/{number}.json")).await.json();
        let query = source.split("|zone").next().unwrap().split("|type").next().unwrap();
        let at = data["end"].to_string();
        let own = values(&prometheus.get("/api/v1/query", &[("query", query), ("time", &at)]).await);
        let stats = data["stats"].as_array().unwrap();
        assert_eq!((data["graphType"].as_str(), stats.len()), (Some("stat"), own.len()), "{data}");
        assert!(data["series"].as_array().unwrap().is_empty());
        for stat in stats {
            let ours = &stat["value"];
            let is_own = |own: &String| match ours {
                // `serde_json` may read a number one off in its last bit.
                Value::Number(number) => {
                    let (own, ours) = (own.parse::<f64>().unwrap(), number.as_f64().unwrap());
                    (own - ours).abs() <= own.abs() * 1e-15
                }
                other => other.as_str() == Some(own),
            };
            assert!(own.iter().any(is_own), "{query}: {ours} among {own:?}");
        }
        let csv = world.get(&format!("{entity}/graphs/{number}.csv")).await;
        assert_eq!(csv.text().lines().count(), 1 + own.len(), "{}", csv.text());
        let svg = world.get(&format!("{entity}/graphs/{number}.svg")).await;
        assert!(svg.status == 200 && !svg.text().contains("No data"), "{}", svg.text());
        let alone = world.get(&format!("/graph?query={}&graphType=stat", encoded(query))).await;
        assert!(alone.text().contains("<ul class=\"tiles\">"), "{query}: {}", words(alone.text()));
    }
    let names = words(world.get(&format!("{entity}/graphs/6")).await.text());
    assert!(["a", "b", "c"].iter().all(|zone| names.contains(&format!(" {zone} "))), "{names}");
    // Who wants a line of a number gets one.
    let line = world.get("/graph.json?query=time()&graphType=line").await.json();
    assert_eq!((&line["graphType"], line["series"].as_array().unwrap().len()), (&"line".into(), 1), "{line}");
}
