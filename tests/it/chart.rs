//! Charts drawn by the server: SVG files, steps, many series, and response sizes.

use serde_json::{Value, json};
use world::World;
use world::load::{many, payments, rough};
use world::markup::{panel, tags, words};
use world::upstream::Reply;

const PAGE: &str = "/catalog/default/component/payments";

#[tokio::test]
async fn graph_is_available_as_svg() {
    let world = World::of(payments("up|job|title=Up <b>, nothing, hostile")).await;
    world.upstream.on("up", Reply::matrix(&[(&[("job", "a")], 1.0), (&[("job", "</svg><script>")], 2.0)]));
    world.upstream.on("nothing", Reply::matrix(&[]));
    world.upstream.on("hostile", Reply::refusal(422, "execution", "no"));
    let reply = world.get(&format!("{PAGE}/graphs/1.svg")).await;
    assert_eq!((reply.status.as_u16(), reply.header("content-type")), (200, "image/svg+xml"));
    let svg = reply.text();
    assert!(
        svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"800\" height=\"300\""),
        "{svg}"
    );
    assert!(
        svg.contains("Up &lt;b&gt;")
            && svg.contains(" UTC.</text>")
            && svg.contains("One point per 15 seconds.")
    );
    assert!(!svg.contains("<script") && !svg.contains("style="), "{svg}");
    let reply =
        world.get(&format!("{PAGE}/graphs/1.svg?width=400&height=200&theme=dark&tz=Asia/Tokyo")).await;
    let svg = reply.text();
    assert!(
        svg.contains("width=\"400\" height=\"200\"")
            && svg.contains("#161a21")
            && svg.contains(" UTC+9.</text>")
    );
    let custom = world.get("/graph.svg?query=up&graphType=area").await;
    assert!(custom.text().contains("fill-opacity"), "{}", custom.text());
    let empty = world.get(&format!("{PAGE}/graphs/2.svg")).await;
    assert!(empty.status == 200 && empty.text().contains("No data in this range."));
    for (path, status, kind) in [
        ("graphs/1.svg?width=199", 400, "bad_parameter"),
        ("graphs/1.svg?height=x", 400, "bad_parameter"),
        ("graphs/1.svg?theme=red", 400, "bad_parameter"),
        ("graphs/3.svg", 422, "bad_query"),
        ("graphs/4.svg", 404, "not_found"),
    ] {
        let reply = world.get(&format!("{PAGE}/{path}")).await;
        let body = reply.json();
        assert_eq!((reply.status.as_u16(), &body["error"]["kind"]), (status, &json!(kind)), "{path}: {body}");
    }
    let menu: Vec<String> = tags(panel(world.get(PAGE).await.text(), "graph-1"))
        .iter()
        .filter_map(|tag| tag.get("href").map(str::to_owned))
        .collect();
    for form in ["json", "csv", "svg"] {
        assert!(menu.contains(&format!("{PAGE}/graphs/1.{form}")), "{form}: {menu:?}");
    }
}

#[tokio::test]
async fn long_range_uses_the_finest_allowed_step_and_shows_it() {
    let world = World::of(payments("up|job")).await;
    world.upstream.on("up", Reply::matrix(&[(&[("job", "a")], 1.0)]));
    for (range, step, expected) in
        [("1h", 15, None), ("45h", 15, None), ("7d", 60, Some("One point per minute: this range"))]
    {
        let page = world.get(&format!("{PAGE}/graphs/1?range={range}")).await;
        let text = words(panel(page.text(), "graph-1"));
        assert_eq!(text.contains("One point"), expected.is_some(), "{range}: {text}");
        assert!(expected.is_none_or(|expected| text.contains(expected)), "{range}: {text}");
        let data = world.get(&format!("{PAGE}/graphs/1.json?range={range}")).await.json();
        assert_eq!(data["step"], step, "pages and data ask alike");
        assert!(page.body.len() < 60_000, "{range}: {} bytes", page.body.len());
    }
}

#[tokio::test]
async fn page_draws_max_series_and_data_contains_all() {
    let world = many(1_312).await;
    // A window that stands still: a step may begin between two answers.
    let graph = |form| format!("{PAGE}/graphs/1{form}?from=2026-01-01T00:00:00Z&to=2026-01-01T01:00:00Z");
    let page = world.get(&graph("")).await;
    let card = panel(page.text(), "graph-1");
    let text = words(card);
    assert!(
        text.contains("Showing 50 of 1,312 series, those with the highest maximum. All as CSV"),
        "{text}"
    );
    assert_eq!(tags(card).iter().filter(|tag| tag.get("data-series").is_some()).count(), 50);
    assert!(page.body.len() < 150_000, "{} bytes", page.body.len());
    let fewer = world.get(&format!("{}&maxSeries=3", graph(""))).await;
    assert!(words(fewer.text()).contains("3 of 1,312 series"));
    let data = world.get(&graph(".json")).await.json();
    assert_eq!((data["series"].as_array().unwrap().len(), &data["droppedSeries"]), (1_312, &json!(0)));
    let sheet = world.get(&graph(".csv")).await;
    assert_eq!(sheet.text().lines().next().unwrap().split(',').count(), 1_313);
    // The lowest of those drawn has no lower maximum than any that is not.
    let peak = |series: &Value| {
        series["values"].as_array().unwrap().iter().filter_map(Value::as_f64).fold(f64::MIN, f64::max)
    };
    let mut peaks: Vec<f64> = data["series"].as_array().unwrap().iter().map(peak).collect();
    peaks.sort_by(|a, b| b.total_cmp(a));
    let drawn = data["series"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|series| card.contains(&format!("<bdi>{}</bdi>", series["name"].as_str().unwrap())));
    assert!(drawn.map(peak).all(|peak| peak >= peaks[49]));
}

/// A cold entity page up to its last chart drawn: what comes before ECharts.
#[tokio::test]
async fn first_page_with_three_graphs_of_twenty_series_is_small() {
    let world = World::of(payments("a|instance, b|instance, c|instance")).await;
    world.upstream.on_any(rough(20));
    let accepts = [("Accept-Encoding", "gzip, deflate, br, zstd")];
    let plain = world.get(PAGE).await;
    assert_eq!(plain.text().matches("class=\"line s").count(), 60, "drawn");
    let page = world.get_with(PAGE, &accepts).await;
    assert_eq!(page.header("content-encoding"), "gzip");
    let mut parts = vec![("the page".to_owned(), page.body.len())];
    for tag in tags(plain.text()) {
        let asset = match tag.name.as_str() {
            "link" => tag.get("href"),
            "script" => tag.get("src"),
            _ => None,
        };
        if let Some(path) = asset {
            let reply = world.get_with(path, &accepts).await;
            assert_eq!(reply.status, 200, "{path}");
            parts.push((path.to_owned(), reply.body.len()));
        }
    }
    let total: usize = parts.iter().map(|(_, length)| length).sum();
    eprintln!("{total} bytes before ECharts: {parts:?}");
    assert!(parts.len() >= 6, "{parts:?}");
    assert!(total <= 120_000, "{total}: {parts:?}");
}
