//! Charts as the server draws them: pictures as a data form, steps in words, many series, and bytes on the wire.

use std::fmt::Write;
use std::time::Duration;

use promenade::config::Settings;
use serde_json::{Value, json};

use crate::world::World;
use crate::world::markup::{panel, tags, words};
use crate::world::upstream::{Reply, Request};

const PAGE: &str = "/catalog/default/component/payments";

pub fn catalog(rule: &str) -> String {
    format!(
        "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: payments\n  annotations:\n    \
         prometheus.io/rule: '{rule}'\n"
    )
}

/// So many series, none like another and none smooth: what compresses worst.
pub fn rough(series: usize) -> Reply {
    Reply::computed(move |request: &Request| {
        let at = |name| request.form(name).unwrap().parse::<f64>().unwrap();
        let (start, end, step) = (at("start"), at("end"), at("step"));
        let count = ((end - start) / step).round() as u64;
        let mut body = r#"{"status":"success","data":{"resultType":"matrix","result":["#.to_owned();
        for s in 0..series as u64 {
            let comma = if s == 0 { "" } else { "," };
            let name = format!(r#"{{"__name__":"load","instance":"10.0.0.{s}:9100"}}"#);
            write!(body, r#"{comma}{{"metric":{name},"values":["#).unwrap();
            for i in 0..=count {
                // SplitMix64, whose neighbours have nothing in common.
                let mut mixed = (s * 1_000_003 + i + start as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
                mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
                mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
                mixed ^= mixed >> 31;
                let comma = if i == 0 { "" } else { "," };
                // Six decimals, as whole numbers: there are many, and a debug build writes them.
                let (whole, part) = ((mixed >> 58) + s, mixed >> 45 & 0x7_ffff);
                write!(body, r#"{comma}[{},"{whole}.{part:06}"]"#, start as u64 + i * step as u64).unwrap();
            }
            body.push_str("]}");
        }
        body.push_str("]}}");
        Reply::http(200, &[("Content-Type", "application/json")], body)
    })
}

/// The portal asks an upstream that writes slowly.
pub async fn many(series: usize) -> World {
    let world = World::with(&catalog("load|instance"), |settings: &mut Settings| {
        settings.store.max_bytes = 64 << 20;
        settings.instances[0].timeout = Duration::from_secs(60);
    })
    .await;
    world.upstream.on("load", rough(series));
    world
}

#[tokio::test]
async fn a_graph_is_a_picture_too() {
    let world = World::of(&catalog("up|job|title=Up <b>, nothing, hostile")).await;
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
            && svg.contains("One point every 15 seconds.")
    );
    assert!(!svg.contains("<script") && !svg.contains("style="), "{svg}");
    let reply =
        world.get(&format!("{PAGE}/graphs/1.svg?width=400&height=200&theme=dark&tz=Asia/Tokyo")).await;
    let svg = reply.text();
    assert!(
        svg.contains("width=\"400\" height=\"200\"")
            && svg.contains("#161a21")
            && svg.contains(" JST.</text>")
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
        let told = reply.json();
        assert_eq!((reply.status.as_u16(), &told["error"]["kind"]), (status, &json!(kind)), "{path}: {told}");
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
async fn a_long_range_has_the_finest_step_and_names_it() {
    let world = World::of(&catalog("up|job")).await;
    world.upstream.on("up", Reply::matrix(&[(&[("job", "a")], 1.0)]));
    for (range, step, told) in
        [("1h", 15, None), ("45h", 15, None), ("7d", 60, Some("One point a minute (step 60 s)"))]
    {
        let page = world.get(&format!("{PAGE}/graphs/1?range={range}")).await;
        let text = words(panel(page.text(), "graph-1"));
        assert_eq!(text.contains("One point"), told.is_some(), "{range}: {text}");
        assert!(told.is_none_or(|told| text.contains(told)), "{range}: {text}");
        let data = world.get(&format!("{PAGE}/graphs/1.json?range={range}")).await.json();
        assert_eq!(data["step"], step, "pages and data ask alike");
        assert!(page.body.len() < 60_000, "{range}: {} bytes", page.body.len());
    }
}

#[tokio::test]
async fn many_series_are_capped_on_the_page_and_whole_as_data() {
    let world = many(1_312).await;
    let page = world.get(&format!("{PAGE}/graphs/1")).await;
    let card = panel(page.text(), "graph-1");
    let text = words(card);
    assert!(
        text.contains("50 of 1,312 series are drawn, those with the highest maximum. All as CSV"),
        "{text}"
    );
    assert_eq!(tags(card).iter().filter(|tag| tag.get("data-series").is_some()).count(), 50);
    assert!(page.body.len() < 150_000, "{} bytes", page.body.len());
    let fewer = world.get(&format!("{PAGE}/graphs/1?maxSeries=3")).await;
    assert!(words(fewer.text()).contains("3 of 1,312 series"));
    let data = world.get(&format!("{PAGE}/graphs/1.json")).await.json();
    assert_eq!((data["series"].as_array().unwrap().len(), &data["droppedSeries"]), (1_312, &json!(0)));
    let sheet = world.get(&format!("{PAGE}/graphs/1.csv")).await;
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
async fn a_cold_page_of_three_graphs_of_twenty_series_is_small() {
    let world = World::of(&catalog("a|instance, b|instance, c|instance")).await;
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
