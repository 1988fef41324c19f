//! Which graphs are asked for as single values, and how they are shown.

use serde_json::json;
use world::World;
use world::markup::words;
use world::upstream::{Reply, Request};

const CATALOG: &str = r#"
apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: tills
  annotations: {prometheus.io/rule: "scalar(up),up,up|type=stat,scalar(up)|type=line"}
"#;
const ENTITY: &str = "/catalog/default/component/tills";

/// A scalar, a vector or a matrix, as Prometheus does by endpoint and query.
fn answer(request: &Request) -> Reply {
    let at = |name: &str| request.form(name).unwrap().parse::<f64>().unwrap();
    let data = match (request.path.ends_with("/query"), request.form("query").unwrap().contains("scalar")) {
        (true, true) => json!({"resultType": "scalar", "result": [at("time"), "7"]}),
        (true, false) => {
            json!({"resultType": "vector", "result": [{"metric": {"job": "a"}, "value": [at("time"), "7"]}]})
        }
        (false, _) => {
            json!({"resultType": "matrix", "result": [{"metric": {"job": "a"}, "values": [[at("end"), "7"]]}]})
        }
    };
    Reply::json(200, &json!({"status": "success", "data": data}))
}

#[tokio::test]
async fn scalars_and_stats_are_asked_for_by_query() {
    let world = World::of(CATALOG).await;
    world.upstream.on_any(Reply::computed(answer));
    for (address, by_query, graph_type) in [
        ("graphs/1.json", true, "stat"),
        ("graphs/2.json", false, "line"),
        ("graphs/3.json", true, "stat"),
        ("graphs/4.json", false, "line"),
        ("graphs/2.json?graphType=stat&from=1795000000000&to=1795003600000", true, "stat"),
        ("graphs/3.json?graphType=area&from=1795000000000&to=1795003600000", false, "area"),
    ] {
        let data = world.get(&format!("{ENTITY}/{address}")).await.json();
        let request = world.upstream.requests().pop().unwrap();
        assert_eq!(request.path.ends_with("/query"), by_query, "{address}: {}", request.path);
        assert_eq!((&data["graphType"], data["stats"].is_array()), (&json!(graph_type), by_query), "{data}");
    }
    // One value is not beside the clock of the zone.
    let days = "from=1647234000000&to=1647666000000&step=1d&tz=America/Chicago";
    for (graph_type, notices) in [("stat", 0), ("line", 1)] {
        let data = world.get(&format!("/graph.json?query=up&graphType={graph_type}&{days}")).await.json();
        assert_eq!(data["notices"].as_array().unwrap().len(), notices, "{data}");
    }
    let spec = world.get(&format!("{ENTITY}.json")).await.json();
    let types: Vec<_> = spec["graphs"].as_array().unwrap().iter().map(|g| g["graphType"].clone()).collect();
    assert_eq!(types, ["stat", "line", "stat", "line"]);
    let page = words(world.get(&format!("{ENTITY}/graphs/1")).await.text());
    assert!(page.contains("scalar(up) 7 at"), "{page}");
    // A picture has the values, and neither axes nor lines.
    for (address, name) in [("graphs/1.svg", "scalar(up)"), ("graphs/3.svg?height=120", "up")] {
        let svg = world.get(&format!("{ENTITY}/{address}")).await;
        assert!(
            svg.text().contains(">7</text>") && svg.text().contains(&format!(">{name}</text>")),
            "{}",
            svg.text()
        );
        assert!(!svg.text().contains("series as") && !svg.text().contains("One point per"), "{}", svg.text());
    }
    let bad = world.get("/graph.json?query=up&graphType=pie").await;
    assert_eq!(bad.status, 400);
}

#[tokio::test]
async fn tile_of_an_instance_that_fails_shows_its_age() {
    let world = World::of(CATALOG).await;
    world.upstream.on_any(Reply::computed(answer));
    let tile = format!("{ENTITY}/graphs/1.json?step=15");
    assert_eq!(world.get(&tile).await.json()["stale"], false);
    world.upstream.on_any(Reply::html(500, "oops"));
    tokio::time::sleep(std::time::Duration::from_millis(5_200)).await;
    let data = world.get(&tile).await.json();
    assert_eq!((&data["stale"], &data["stats"][0]["value"]), (&json!(true), &json!(7.0)), "{data}");
    // A reader's own query gets no older value.
    assert_eq!(world.get("/graph.json?query=scalar(up)").await.status, 502);
}

#[tokio::test]
async fn tile_waits_for_no_newer_value_and_data_does() {
    let world = World::with(CATALOG, |settings| {
        settings.instances[0].scrape_interval = std::time::Duration::from_secs(2);
    })
    .await;
    world.upstream.on_any(Reply::computed(answer));
    let tile = format!("{ENTITY}/graphs/1");
    assert!(words(world.get(&tile).await.text()).contains("scalar(up) 7 at"));
    let instants = || {
        let requests = world.upstream.requests();
        requests.iter().filter_map(|request| request.form("time")).collect::<std::collections::BTreeSet<_>>()
    };
    let eight =
        json!({"status": "success", "data": {"resultType": "scalar", "result": [1_795_000_000, "8"]}});
    world.upstream.on_any(Reply::json(200, &eight).after(std::time::Duration::from_millis(1_500)));
    // Until the next instant is being fetched.
    while instants().len() == 1 {
        let page = words(world.get(&tile).await.text());
        assert!(page.contains("scalar(up) 7 at"), "{page}");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(world.get(&format!("{tile}.json")).await.json()["stats"][0]["value"], 8.0);
    for _ in 0..100 {
        if words(world.get(&tile).await.text()).contains("scalar(up) 8 at") {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("the newer value is never shown");
}

#[tokio::test]
async fn picture_counts_all_values_that_it_does_not_show() {
    let world = World::of(CATALOG).await;
    let of = |n: usize| json!({"metric": {"job": format!("j{n}")}, "value": [1_795_000_000, "7"]});
    let all: Vec<_> = (0..75).map(of).collect();
    let data = json!({"resultType": "vector", "result": all});
    world.upstream.on_any(Reply::json(200, &json!({"status": "success", "data": data})));
    let svg = world.get("/graph.svg?query=up&graphType=stat").await.text().to_owned();
    let shown = svg.matches("font-size=\"24\"").count();
    let more = svg.split_once("And ").unwrap().1.split(' ').next().unwrap();
    assert_eq!(shown + more.parse::<usize>().unwrap(), 75, "{svg}");
}
