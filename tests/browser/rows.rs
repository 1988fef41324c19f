//! Rows of alerts in a real browser: a click opens a row, draws its expression, and sends the row to the framing page.

use promenade::clock;
use promenade::config::Settings;
use serde_json::{Value, json};
use world::World;
use world::rules::{Alert, Rule, ago};
use world::upstream::{Reply, Upstream};

use crate::chromium::Tab;

const ALERTS: &str = "/catalog/default/component/payments/alerts";
const ROW: &str = "#alerts tbody:not(.rule) tr.row";
const CATALOG: &str = "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: payments\n  \
                       annotations: {prometheus.io/alert: all}\n";

fn script(world: &World) {
    let at = ago(600);
    let alert = |i: usize| {
        let alert = Alert::firing(&format!("Rule{i:02}")).label("team", &format!("</script>{i}"));
        alert.annotation("summary", "it's \"down\" <b>").since(&at)
    };
    let rule = |i: usize| {
        let alert = (i < 30).then(|| alert(i));
        Rule::new(&format!("Rule{i:02}")).alerts(alert).set("lastEvaluation", at.clone())
    };
    world.upstream.on_rules(Reply::group((0..32).map(rule)));
    world.upstream.on("up == 0", Reply::matrix(&[(&[("__name__", "up"), ("job", "a")], 1.0)]));
}

fn at(world: &World, path: &str) -> String {
    format!("http://{}{path}", world.address)
}

async fn quiet(tab: &Tab) {
    let complaints = tab.complaints().await;
    assert!(complaints.is_empty(), "the browser complains:\n  {}", complaints.join("\n  "));
}

fn graph_requests(world: &World) -> usize {
    world.upstream.requests().iter().filter(|r| r.form("query").is_some()).count()
}

#[tokio::test]
async fn opened_row_shows_its_graph_and_keeps_it_on_refresh() {
    let world = World::of(CATALOG).await;
    script(&world);
    let tab = Tab::open(&at(&world, &format!("{ALERTS}?refresh=1s"))).await;
    assert_eq!(graph_requests(&world), 0, "no graph before a row is opened");
    // The name is a link that opens the row in place.
    tab.click(&format!("{ROW} a.permalink")).await;
    tab.until("document.querySelector('#alerts tr.detail .row-graph canvas')").await;
    let chart = "echarts.getInstanceByDom(document.querySelector('.row-graph .chart'))";
    let mark: f64 = tab
        .look(&format!("{chart}.getOption().series.find((s) => s.id === 'marks').markLine.data[0].xAxis"))
        .await;
    assert!((clock::now().as_millisecond() as f64 - 600_000.0 - mark).abs() < 60_000.0, "{mark}");
    // The line and its label are at the position on the axis.
    let column = format!(
        "(() => {{ const c = document.querySelector('.row-graph canvas'), x = Math.round({chart}.convertToPixel({{ xAxisIndex: 0 }}, {mark}));
          const d = c.getContext('2d').getImageData(x - 2, 0, 5, c.height).data; let n = 0;
          for (let i = 0; i < d.length; i += 4) if (d[i + 3] > 60 && d[i] < 120) n++; return n; }})()"
    );
    tab.until(&format!("{column} > 60")).await;
    let _: bool = tab.look("(window.canvas = document.querySelector('.row-graph canvas'), true)").await;
    let polls = "performance.getEntriesByType('resource').filter((e) => e.name.includes('/alerts?refresh=1s')).length";
    tab.until(&format!("{polls} >= 2")).await;
    assert!(
        tab.look::<bool>("document.querySelector('.row-graph canvas') === window.canvas").await,
        "the same canvas"
    );
    assert!(tab.look::<bool>(&format!("document.querySelector('{ROW} details').open")).await);
    tab.screenshot("row-graph").await;
    // A click elsewhere on the row closes it. A hidden graph is not refreshed.
    tab.click(&format!("{ROW} td.sum")).await;
    tab.until(&format!("!document.querySelector('{ROW} details').open")).await;
    assert!(tab.look::<bool>("location.hash === ''").await);
    quiet(&tab).await;
    tab.close().await;
}

#[tokio::test]
async fn refreshes_leave_no_nodes_behind() {
    let world = World::of(CATALOG).await;
    script(&world);
    let tab = Tab::open(&at(&world, &format!("{ALERTS}?refresh=1s"))).await;
    let polls = "performance.getEntriesByType('resource').filter((e) => e.name.includes('/alerts?refresh=1s')).length";
    let nodes = "document.querySelector('main').childNodes.length";
    let before: usize = tab.look(nodes).await;
    tab.until(&format!("{polls} >= 4")).await;
    assert_eq!(tab.look::<usize>(nodes).await, before);
    tab.close().await;
}

/// Name and state of the page, and the row, are in the first screen.
#[tokio::test]
async fn link_to_a_row_keeps_the_head_of_the_page_in_view() {
    let world = World::of(CATALOG).await;
    script(&world);
    let tab = Tab::new().await;
    for (width, height, row) in [(390, 844, 4), (900, 800, 9), (1440, 900, 12)] {
        tab.size(width, height).await;
        tab.go(&at(&world, ALERTS)).await;
        let link: String =
            tab.look(&format!("document.querySelectorAll('#alerts a.permalink')[{row}].href")).await;
        tab.go(&link).await;
        tab.until("document.querySelector('tr.row:target details').open && window.echarts").await;
        let tops: (f64, f64) = tab
            .look("['h1', 'tr.row:target'].map((s) => document.querySelector(s).getBoundingClientRect().top)")
            .await;
        assert!(tops.0 >= 0.0 && tops.1 < height as f64 - 28.0, "{width}: {tops:?}");
    }
    tab.close().await;
}

#[tokio::test]
async fn row_link_works_without_javascript() {
    let world = World::of(CATALOG).await;
    script(&world);
    let tab = Tab::open(&at(&world, &format!("{ALERTS}?sort=-name"))).await;
    let link: String = tab.look("document.querySelector('a.permalink').href").await;
    let name = tab.text("a.permalink").await;
    tab.without_scripts().await;
    tab.go(&link).await;
    tab.until("document.querySelector('tr.row:target').classList.contains('marked')").await;
    assert_eq!(tab.text("tr.marked td.name").await.trim(), name.trim());
    let seen = |selector: &str| format!("document.querySelector('{selector}').checkVisibility()");
    assert!(tab.look::<bool>(&seen("tr.marked + tr.detail")).await, "opened");
    let link = "document.querySelector('tr.marked + tr.detail .row-graph a')";
    assert!(tab.look::<bool>(&format!("{link}.checkVisibility()")).await);
    tab.go(&tab.look::<String>(&format!("{link}.href")).await).await;
    assert!(tab.text("section.graph").await.contains("active since"));
    tab.close().await;
}

#[tokio::test]
async fn paging_inactive_rows_and_columns_change_without_a_new_page() {
    let world = World::of(CATALOG).await;
    script(&world);
    let tab = Tab::open(&at(&world, &format!("{ALERTS}?extraColumns=labels.team,annotations.summary"))).await;
    let _: bool = tab.look("(window.stayed = true)").await;
    let rows = |n: usize| format!("document.querySelectorAll('#alerts tr.row').length === {n}");
    tab.until(&rows(20)).await;
    assert_eq!(tab.text("th.extra").await, "Team");
    assert_eq!(tab.text("td.extra").await, "</script>0");
    tab.click("#alerts .sizes a:nth-of-type(1)").await;
    tab.until(&rows(5)).await;
    tab.until("location.search.includes('pageSize=5')").await;
    tab.click("#alerts a[rel=next]").await;
    tab.until("document.querySelector('#alerts td.name').innerText.trim() === 'Rule05'").await;
    tab.click("#alerts .chips a:last-child").await;
    tab.until("document.querySelector('#alerts .pager').innerText.includes('of 32 rules')").await;
    tab.click("#alerts .sizes a:last-child").await;
    tab.until(&rows(32)).await;
    tab.until("location.search.includes('pageSize=all') && location.search.includes('extraColumns=')").await;
    assert_eq!(tab.count("td.extra").await, 64, "the columns stay");
    assert!(tab.look::<bool>("window.stayed === true").await, "the page was loaded anew");
    tab.screenshot("extra-columns").await;
    tab.size(390, 900).await;
    tab.screenshot("extra-columns-390").await;
    assert!(tab.look::<bool>("document.documentElement.scrollWidth <= 390").await, "it fits");
    quiet(&tab).await;
    tab.close().await;
}

/// A page of another origin that frames the portal and records the messages that it receives.
fn framing(portal: &str) -> Reply {
    Reply::html(
        200,
        &format!(
            "<!doctype html><title>around</title><style>body{{margin:0}}iframe{{border:0;width:1400px;height:800px}}\
             #spot{{position:fixed;width:2px;height:2px;pointer-events:none}}</style>\
             <script>window.told = []; addEventListener('message', (e) => told.push([e.origin, e.data]));</script>\
             <iframe src=\"{portal}\" onload=\"window.loaded = true\"></iframe><i id=\"spot\"></i>"
        ),
    )
}

#[tokio::test]
async fn only_a_listed_parent_receives_the_opened_row() {
    let (listed, other) = (Upstream::start().await, Upstream::start().await);
    let origin = |server: &Upstream| format!("http://{}", server.address);
    let settings = |settings: &mut Settings| {
        settings.web.frame_ancestors = vec![origin(&listed), origin(&other)];
        settings.web.parent_origins = vec!["https://elsewhere.example".to_owned(), origin(&listed)];
    };
    let world = World::with(CATALOG, settings).await;
    script(&world);
    let portal = at(&world, &format!("{ALERTS}?kiosk&refresh=0"));
    // A frame of another origin cannot be inspected, so the position of its row is determined before.
    let tab = Tab::new().await;
    tab.size(1400, 800).await;
    tab.go(&portal).await;
    let row = format!(
        "(({{x, y, width, height}}) => [x + width / 2, y + height / 2])(document.querySelector('{ROW} td.sum').getBoundingClientRect())"
    );
    let (x, y): (f64, f64) = tab.look(&row).await;
    for (server, expected) in [(&listed, 1), (&other, 0)] {
        // With another step the graph is not in the cache, so a request shows that the row was opened.
        let step = if expected == 1 { "60s" } else { "120s" };
        server.on_any(framing(&format!("{portal}&step={step}")));
        let before = graph_requests(&world);
        tab.go(&format!("{}/", origin(server))).await;
        tab.until("window.loaded").await;
        let place = format!("((s) => {{ s.left = '{}px'; s.top = '{}px'; return true; }})", x - 1.0, y - 1.0);
        let _: bool = tab.look(&format!("{place}(document.getElementById('spot').style)")).await;
        tab.click("#spot").await;
        for _ in 0..100 {
            if graph_requests(&world) > before {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        assert!(graph_requests(&world) > before, "the row was opened");
        // Closing the row sends no message.
        tab.click("#spot").await;
        let heard: Vec<(String, Value)> = {
            quiet(&tab).await;
            tab.look("told.filter(([, message]) => message.type === 'promenade:row')").await
        };
        let all: usize = tab.look("told.length").await;
        assert_eq!(all == 0, expected == 0, "an unlisted parent receives no message");
        assert_eq!(heard.len(), expected, "{heard:?}");
        for (from, message) in heard {
            assert_eq!(from, format!("http://{}", world.address));
            assert_eq!((&message["type"], &message["version"]), (&json!("promenade:row"), &json!(1)));
            let row = &message["row"];
            assert_eq!(
                (&row["name"], &row["state"], &row["value"]),
                (&json!("Rule00"), &json!("firing"), &json!(1))
            );
            assert_eq!(row["labels"]["team"], "</script>0");
            assert_eq!(row["annotations"]["summary"], "it's \"down\" <b>");
            assert_eq!(row["query"], "up == 0");
            assert!(row["activeAt"].is_string());
        }
    }
    tab.close().await;
}
