//! A chart that refreshes gets only the samples that it lacks.

use serde_json::{Map, Value, json};
use world::load::payments;
use world::markup::{panel, tags};
use world::upstream::{Reply, Request};
use world::{Reply as Page, World};

const PANEL: &str = "/catalog/default/component/payments/graphs/1";
/// A day that has passed, in seconds.
const START: i64 = 1_789_999_980;
const DAY: i64 = 86_400;

/// So many series. Each value depends on the instant alone, as in an instance.
fn series(count: usize) -> Reply {
    sparse(count, 1)
}

/// The same with a sample only at every so many minutes.
fn sparse(count: usize, minutes: i64) -> Reply {
    Reply::computed(move |request: &Request| {
        let at = |name| request.form(name).unwrap().parse::<i64>().unwrap();
        let (start, end, step) = (at("start"), at("end"), at("step"));
        let instants =
            (start..=end).step_by(usize::try_from(step).unwrap()).filter(|at| at / 60 % minutes == 0);
        let one = |i: usize| {
            let value = |at: i64| 8_000_000_000 + i as i64 * 1_000_000_000 + at * 7_919 % 104_729 * 1_009;
            let values: Vec<Value> = instants.clone().map(|at| json!([at, value(at).to_string()])).collect();
            json!({"metric": {"__name__": "memory", "instance": format!("node-{i}:9100")}, "values": values})
        };
        Reply::result((0..count).map(one).collect())
    })
}

async fn of_series(count: usize) -> World {
    let world = World::of(payments("memory|instance|unit=bytes")).await;
    world.upstream.on("memory", series(count));
    world
}

/// The address of the panel for a day that begins so many seconds later.
fn day(later: i64, since: &str) -> String {
    let (from, to) = ((START + later) * 1_000, (START + later + DAY) * 1_000);
    format!("{PANEL}?step=60&from={from}&to={to}&drawn=700{since}")
}

/// A panel shows what is there of a new window. Data waits for all of it.
async fn complete(world: &World, path: &str, headers: &[(&str, &str)]) -> Page {
    assert_eq!(world.get(&path.replace("/1?", "/1.json?")).await.status, 200, "{path}");
    let reply = world.get_with(path, headers).await;
    assert_eq!(reply.status, 200, "{path}");
    reply
}

/// The panel without the data of its chart, and these.
async fn fragment(world: &World, path: &str) -> (String, Map<String, Value>) {
    let reply = complete(world, path, &[("HX-Request", "true")]).await;
    let (before, rest) = reply.text().split_once(" id=\"graph-1-data\">").unwrap();
    let (island, after) = rest.split_once("</script>").unwrap();
    (format!("{before}></script>{after}"), serde_json::from_str(island).unwrap())
}

fn since(island: &Map<String, Value>) -> String {
    format!("&since={}", island["tick"].as_str().unwrap())
}

/// As the script puts the newer samples behind those that it has.
fn continued(held: &Map<String, Value>, newer: &Map<String, Value>) -> Map<String, Value> {
    let number = |value: &Value| value.as_i64().unwrap();
    let list = |value: &Value| value.as_array().unwrap().clone();
    let gone =
        usize::try_from((number(&newer["start"]) - number(&held["start"])) / number(&held["step"])).unwrap();
    let kept = usize::try_from(number(&newer["kept"])).unwrap();
    let parts = list(&newer["heads"]).into_iter().zip(list(&held["columns"])).zip(list(&newer["tails"]));
    let columns = parts.map(|((head, column), tail)| {
        let (head, column) = (list(&head), list(&column));
        Value::from([&head, &column[gone + head.len()..gone + kept], &list(&tail)].concat())
    });
    let mut all = held.clone();
    all.extend(newer.iter().map(|(name, value)| (name.clone(), value.clone())));
    all.insert("columns".to_owned(), columns.collect());
    for name in ["since", "heads", "kept", "tails", "sum"] {
        all.remove(name);
    }
    all
}

#[tokio::test]
async fn a_refreshed_chart_gets_what_it_lacks_and_a_whole_panel() {
    let world = of_series(3).await;
    let (_, held) = fragment(&world, &day(0, "")).await;
    for later in [0, 60, 240, 3_600] {
        let (panel, newer) = fragment(&world, &day(later, &since(&held))).await;
        let (same, whole) = fragment(&world, &day(later, "")).await;
        assert_eq!(panel, same, "only the data of the chart differ");
        assert_eq!(newer["since"], held["tick"], "{later}");
        assert!(!newer.contains_key("columns") && !whole.contains_key("since"), "{later}");
        assert_eq!(continued(&held, &newer), whole, "{later}");
    }
}

#[tokio::test]
async fn in_doubt_a_chart_gets_everything() {
    let world = of_series(3).await;
    let (_, held) = fragment(&world, &day(60, "")).await;
    let tick = since(&held);
    let parts: Vec<&str> = tick.split('.').collect();
    let of_other_shape = [parts[0], parts[1], "1", parts[3]].join(".");
    for (path, why) in [
        (day(-600, &tick), "an earlier window"),
        (day(DAY, &tick), "another day"),
        (day(120, &tick).replace("step=60", "step=120"), "another step"),
        (day(120, &tick).replace("drawn=700", "drawn=300"), "another width"),
        (day(120, &of_other_shape), "a tick of another chart"),
        (day(120, "&since=%3Cscript%3E"), "no tick"),
        (day(120, "&since=9223372036854775807.18446744073709551615.0.0"), "a tick of no chart"),
    ] {
        let (_, island) = fragment(&world, &path).await;
        assert!(island.contains_key("columns") && !island.contains_key("since"), "{why}");
    }
    let more = of_series(4).await;
    let (_, island) = fragment(&more, &day(120, &tick)).await;
    assert_eq!(island["columns"].as_array().unwrap().len(), 4, "another series");
}

/// As with `topk`, which may choose others at each refresh.
#[tokio::test]
async fn chart_of_a_query_that_depends_on_the_window_always_gets_everything() {
    let query = "memory @ end()";
    let world = World::of(payments(&format!("{query}|instance|unit=bytes"))).await;
    world.upstream.on(query, series(3));
    let (_, held) = fragment(&world, &day(0, "")).await;
    assert_eq!(held["tick"], Value::Null);
    let (_, of_other) = fragment(&of_series(3).await, &day(0, "")).await;
    let (_, island) = fragment(&world, &day(60, &since(&of_other))).await;
    assert!(island.contains_key("columns") && !island.contains_key("since"));
}

#[tokio::test]
async fn only_the_script_gets_less_than_everything() {
    let world = of_series(2).await;
    let (html, held) = fragment(&world, &day(0, "")).await;
    let path = day(60, &since(&held));
    let page = world.get(&path).await;
    assert!(!page.text().contains("application/json") && page.text().contains("<svg class=\"plot\""));
    let json = world.get(&path.replace("/1?", "/1.json?")).await.json();
    assert_eq!(json["series"][0]["values"].as_array().unwrap().len(), 1_441);
    let links = tags(panel(&html, "graph-1")).into_iter();
    let kept: Vec<String> =
        links.filter_map(|tag| tag.get("href").or(tag.get("hx-get")).map(str::to_owned)).collect();
    assert!(kept.iter().all(|link| !link.contains("since=")), "{kept:?}");
}

#[tokio::test]
async fn refresh_of_a_day_has_half_a_percent_of_the_bytes_of_prometheus() {
    let world = of_series(20).await;
    let (_, held) = fragment(&world, &day(0, "")).await;
    let all = world.upstream.sent_bytes();
    let headers = [("HX-Request", "true"), ("Accept-Encoding", "gzip")];
    for later in [60, 120, 600] {
        let reply = complete(&world, &day(later, &since(&held)), &headers).await;
        assert_eq!(reply.header("content-encoding"), "gzip");
        let bytes = reply.body.len();
        eprintln!("{later} s later: {bytes} bytes in gzip, {} ‰ of {all}", bytes as f64 * 1e3 / all as f64);
        assert!(bytes * 200 <= all, "{later} s later: {bytes} of {all}");
    }
}

/// Where every sample stands between gaps, and has a dot.
#[tokio::test]
async fn refresh_of_sparse_series_is_no_larger() {
    let mut sizes = Vec::new();
    for minutes in [1, 3] {
        let world = of_series(20).await;
        world.upstream.on("memory", sparse(20, minutes));
        let (_, held) = fragment(&world, &day(0, "")).await;
        let reply = complete(&world, &day(180, &since(&held)), &[("HX-Request", "true")]).await;
        assert!(reply.text().contains("\"since\":"), "{minutes}");
        sizes.push(reply.body.len());
    }
    eprintln!("{sizes:?} bytes");
    assert!(sizes[1] <= sizes[0], "{sizes:?}");
}
