//! The card of a graph in every state: drawn, empty, failed, invalid, as a table of samples.

use serde_json::{Value, json};
use world::World;
use world::load::payments;
use world::markup::{panel, shape, tags, words};
use world::upstream::Reply;

const PAGE: &str = "/catalog/default/component/payments";

#[tokio::test]
async fn graph_card_has_svg_or_chart_data_and_a_legend() {
    let world = World::of(payments("up|job|title=\"Up or down\"|unit=bytes")).await;
    world.upstream.on("up", Reply::matrix(&[(&[("job", "a")], 2048.0), (&[("job", "b")], 1.0)]));
    let reply = world.get(PAGE).await;
    let card = panel(reply.text(), "graph-1");
    let all = tags(card);
    assert_eq!(all[0].get("data-state"), Some("ready"));
    assert_eq!(all[0].get("hx-get"), Some(&*format!("{PAGE}/graphs/1")));
    let chart = all.iter().find(|t| t.get("id") == Some("graph-1-chart")).unwrap();
    assert_eq!((chart.get("data-island"), chart.get("hx-morph-skip")), (None, None));
    assert_eq!(chart.get("data-drawn"), Some(&*format!("{PAGE}/graphs/1?drawn=")));
    assert!(card.contains("<svg class=\"plot") && !card.contains("application/json"), "{card}");
    let rows: Vec<_> = all.iter().filter(|t| t.get("data-series").is_some()).collect();
    assert_eq!(rows.len(), 2);
    let stops: Vec<_> = rows.iter().map(|row| row.get("tabindex")).collect();
    assert_eq!(stops, [Some("0"), Some("-1")], "one stop for Tab");
    let text = words(card);
    assert!(text.contains("Up or down") && text.contains("2 series Last Min Max Avg"), "{text}");
    assert!(text.contains("a 2 KiB 2 KiB 2 KiB 2 KiB"), "the legend is below the chart: {text}");

    let path = format!("{PAGE}/graphs/1?drawn=700");
    assert!(!world.get(&path).await.text().contains("data-island"), "only a panel has an island");
    let reply = world.get_with(&path, &[("HX-Request", "true")]).await;
    let card = panel(reply.text(), "graph-1");
    let all = tags(card);
    assert_eq!(all[0].get("hx-get"), Some(&*path), "one request per refresh");
    let links = all.iter().filter_map(|tag| tag.get("href"));
    assert_eq!(links.filter(|href| href.contains("drawn=")).count(), 0);
    let chart = all.iter().find(|t| t.get("id") == Some("graph-1-chart")).unwrap();
    assert_eq!(chart.get("data-island"), Some("graph-1-data"));
    assert_eq!(chart.get("hx-morph-skip"), Some(""));
    assert!(!card.contains("<svg class=\"plot"));
    let island = card.split_once("id=\"graph-1-data\">").unwrap().1.split_once("</script>").unwrap().0;
    let island: Value = serde_json::from_str(island).unwrap();
    assert_eq!(island["names"], json!(["a", "b"]));
    assert_eq!(island["columns"][0].as_array().unwrap().len(), 241, "an hour at 15 s fits 700 pixels");
}

#[tokio::test]
async fn graph_fragment_equals_the_card_in_the_page() {
    let world = World::of(payments("up|job")).await;
    world.upstream.on("up", Reply::matrix(&[(&[("job", "a")], 1.0)]));
    let page = world.get(&format!("{PAGE}/graphs/1")).await;
    let fragment = world.get_with(&format!("{PAGE}/graphs/1"), &[("HX-Request", "true")]).await;
    assert!(fragment.text().trim_start().starts_with("<section"));
    assert_eq!(shape(panel(fragment.text(), "graph-1")), shape(panel(page.text(), "graph-1")));
    let fixed =
        world.get(&format!("{PAGE}/graphs/1?from=2026-01-01T00:00:00Z&to=2026-01-01T01:00:00Z")).await;
    assert_eq!(
        tags(panel(fixed.text(), "graph-1"))[0].get("hx-trigger"),
        Some("again"),
        "the past does not change"
    );
    let sent = world
        .get(&format!("{PAGE}/graphs/1?refresh=5s&from=2026-01-01T00:00:00Z&to=2026-01-01T01:00:00Z"))
        .await;
    assert_eq!(tags(panel(sent.text(), "graph-1"))[0].get("hx-trigger"), Some("again"), "for any request");
}

#[tokio::test]
async fn failed_card_does_not_affect_its_neighbours() {
    let world = World::of(payments("up|job, sum(rate(x[5m]) by (a), down, nothing")).await;
    world.upstream.on("up", Reply::matrix(&[(&[("job", "a")], 1.0)]));
    world.upstream.on("down", Reply::refusal(422, "execution", "found duplicate <b>series</b>"));
    world.upstream.on("nothing", Reply::matrix(&[]));
    let reply = world.get(PAGE).await;
    assert_eq!(reply.status, 200);
    let html = reply.text();
    let states: Vec<_> = (1..=4)
        .map(|n| tags(panel(html, &format!("graph-{n}")))[0].get("data-state").unwrap().to_owned())
        .collect();
    assert_eq!(states, ["ready", "failed", "failed", "empty"]);
    assert!(words(panel(html, "graph-3")).contains("found duplicate <b>series</b>"));
    let empty = words(panel(html, "graph-4"));
    assert!(empty.contains("No data in this range") && empty.contains("nothing"), "{empty}");
    let problems = panel(html, "problems");
    assert!(words(problems).contains("prometheus.io/rule"), "{}", words(problems));
    assert!(words(problems).contains("(catalog.yaml, line 6, column "), "{}", words(problems));
    let pre = problems.split_once("<pre>").unwrap().1.split_once("</pre>").unwrap().0;
    let lines: Vec<String> = pre.lines().map(|line| line.replace("&#34;", "\"")).collect();
    let plain = |line: &str| line.replace("<mark>", "").replace("</mark>", "");
    let caret = lines[1].split_once('<').unwrap().0.chars().count();
    assert_eq!(plain(&lines[0]).chars().nth(caret), Some('('), "{lines:?}");
}

#[tokio::test]
async fn warnings_are_shown_also_without_data() {
    let world = World::of(payments("up")).await;
    let body = json!({
        "status": "success", "warnings": ["partial <i>answer</i>"], "infos": ["no rate here"],
        "data": {"resultType": "matrix", "result": []},
    });
    world.upstream.on("up", Reply::json(200, &body));
    let text = words(panel(world.get(PAGE).await.text(), "graph-1"));
    for part in ["partial <i>answer</i>", "no rate here", "No data in this range"] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[tokio::test]
async fn samples_are_shown_as_a_paged_table() {
    let world = World::of(payments("up|job")).await;
    world.upstream.on("up", Reply::matrix(&[(&[("job", "a")], 0.123456789)]));
    let path = format!("{PAGE}/graphs/1?view=table&from=2026-01-01T00:00:00Z&to=2026-01-01T01:00:00Z");
    let reply = world.get(&path).await;
    let card = panel(reply.text(), "graph-1");
    let text = words(card);
    assert!(text.contains("2026-01-01 01:00:00 UTC 0.123 "), "newest first: {text}");
    assert!(
        tags(card).iter().any(|tag| tag.name == "td" && tag.get("title") == Some("0.123456789")),
        "in full"
    );
    assert!(text.contains("1–20 of 241 samples"), "{text}");
    let next = tags(card).into_iter().find(|t| t.get("rel") == Some("next")).unwrap();
    let next = world.get(next.get("href").unwrap()).await;
    assert!(words(panel(next.text(), "graph-1")).contains("2026-01-01 00:55:00 UTC"));
}

#[tokio::test]
async fn samples_are_written_as_in_the_legend() {
    let query = "up|job|unit=bytes";
    let world = World::of(payments(query)).await;
    let series = [(&[("job", "a")][..], 1_572_864.25), (&[("job", "b")], 1_573_000.0)];
    world.upstream.on("up", Reply::matrix(&series));
    let page = world.get(&format!("{PAGE}/graphs/1")).await;
    let figure = |html: &str| {
        let row = html.split_once("<tbody>").unwrap().1;
        let cell = row.split("<td class=\"num").nth(1).unwrap().split_once('>').unwrap();
        (cell.0.to_owned(), cell.1.split_once('<').unwrap().0.to_owned())
    };
    let legend = figure(panel(page.text(), "graph-1"));
    let table = world.get(&format!("{PAGE}/graphs/1?view=table")).await;
    let sample = figure(panel(table.text(), "graph-1"));
    assert_eq!(sample, legend);
    assert!(sample.0.contains("1572864.25") && sample.1.ends_with(" MiB"), "{sample:?}");
}

#[tokio::test]
async fn hostile_series_names_are_escaped() {
    let page = async |text: &str| {
        let world = World::of(payments("up|job")).await;
        world.upstream.on("up", Reply::matrix(&[(&[("job", text)], 1.0)]));
        let fragment = world.get_with(&format!("{PAGE}/graphs/1?drawn=500"), &[("HX-Request", "true")]).await;
        format!("{}{}", world.get(PAGE).await.text(), fragment.text())
    };
    let benign = shape(&page("harmless").await);
    for text in
        ["</script><img src=x>", "<!--<script>", "\"><b>", "#*#*#*#(alert(1))#*#*#*#", "\u{2028}\u{202e}"]
    {
        assert_eq!(shape(&page(text).await), benign, "{text:?}");
    }
}

#[tokio::test]
async fn hanging_query_delays_only_its_own_page() {
    let world = World::of(payments("up")).await;
    world.upstream.on("up", Reply::hang());
    let own = format!("{PAGE}/graphs/1");
    let (page, own) = tokio::join!(world.get(PAGE), world.get(&own));
    for (reply, state) in [(page, "loading"), (own, "failed")] {
        let section = tags(panel(reply.text(), "graph-1")).remove(0);
        assert_eq!(section.get("data-state"), Some(state), "{}", reply.text());
    }
    assert_eq!(world.upstream.requests().len(), 1, "one request for both");
}

#[tokio::test]
async fn each_graph_is_drawn_as_the_address_says_of_it() {
    let world = World::of(payments("up|job, load|job, size|job|unit=bytes|stack=true")).await;
    for query in ["up", "load", "size"] {
        world.upstream.on(query, Reply::matrix(&[(&[("job", "a")], 1000.0), (&[("job", "b")], 0.0)]));
    }
    let own = "graphType=2%3Aarea&unit=2%3Aseconds&stack=3%3Afalse&log=3%3Atrue&max=1%3A10";
    let page = world.get(&format!("{PAGE}?{own}&theme=dark")).await;
    let card = |n: usize| panel(page.text(), &format!("graph-{n}"));
    let has_area = |n: usize| card(n).contains("class=\"area ");
    assert_eq!([has_area(1), has_area(2), has_area(3)], [false, true, false]);
    assert!(words(card(2)).contains("a 16m 40s"), "{}", words(card(2)));
    assert!(words(card(3)).contains("0 or below, which a logarithmic axis does not have (gaps)."));
    assert!(words(card(3)).contains("1 KiB 1000 B") || card(3).contains(">1 KiB</text>"), "{}", card(3));
    assert!(words(card(1)).contains("Lines go beyond the ends of the axis."), "{}", words(card(1)));
    // Each refreshes itself as it is, and a choice changes one graph alone.
    let all = tags(card(1));
    assert_eq!(
        all[0].get("hx-get").map(|to| to.replace("&#38;", "&")),
        Some(format!("{PAGE}/graphs/1?theme=dark&{own}"))
    );
    let menu = |n: usize, word: &str| {
        let html = card(n).split_once(&format!(">{word}</a>")).unwrap().0.rsplit_once("<a ").unwrap().1;
        tags(&format!("<a {html}>"))[0].get("href").unwrap().to_owned()
    };
    let area = menu(1, "Area");
    assert!(area.starts_with(PAGE) && area.ends_with("&graphType=1%3Aarea"), "{area}");
    assert!(area.contains("graphType=2%3Aarea"), "{area}");
    assert_eq!(menu(2, "Line").matches("graphType=").count(), 1);
    assert!(menu(3, "Logarithmic").ends_with("log=3%3Afalse"));
    // Other entities and queries of the reader's own have other graphs.
    let links = tags(page.text()).into_iter().filter_map(|tag| tag.get("href").map(str::to_owned));
    let (same, other): (Vec<_>, Vec<_>) = links
        .filter(|to| to.starts_with('/') && to.contains("theme=dark"))
        .partition(|to| to.starts_with(PAGE));
    assert!(same.iter().all(|to| to.contains("max=1%3A10")), "{same:?}");
    assert!(!other.is_empty() && other.iter().all(|to| !to.contains("%3Atrue")), "{other:?}");
    let edit = other.iter().find(|to| to.contains("query=size")).unwrap();
    assert!(edit.contains("unit=bytes") && edit.contains("log=true") && !edit.contains("stack="), "{edit}");
    let data = world.get(&format!("{PAGE}/graphs/2.json?{own}")).await.json();
    assert_eq!((&data["graphType"], &data["unit"]), (&json!("area"), &json!("seconds")));
    let svg = world.get(&format!("{PAGE}/graphs/1.svg?{own}")).await;
    assert!(svg.text().contains("clip-path=\"url(#plot)\"") && svg.text().contains("go beyond the ends"));
    let bad = world.get(&format!("{PAGE}?min=2%3A5&max=2%3A1&log=1%3A2")).await;
    for text in ["min: graph 2: min 5 is not below max 1", "log: \"1:2\" is neither true nor false"] {
        assert!(words(bad.text()).contains(text), "{}", words(bad.text()));
    }
}
