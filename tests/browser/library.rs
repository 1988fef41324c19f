//! When the chart library is loaded: as soon as a reader wants more than the server's pictures, or when the browser is idle.

use world::World;
use world::load::{payments, rough};

use crate::chromium::Tab;

const GRAPHS: &str = "/catalog/default/component/payments/graphs";
/// Requests for the library.
const LIBRARY: &str =
    "performance.getEntriesByType('resource').filter((e) => e.name.includes('echarts')).length";
/// Requests for the first panel.
const PANELS: &str =
    "performance.getEntriesByType('resource').map((e) => e.name).filter((n) => n.includes('/graphs/1'))";
const CANVASES: &str = "[...document.querySelectorAll('.chart:has(canvas)')].map((e) => e.id)";

/// An entity with two graphs.
async fn scripted() -> World {
    let world = World::of(payments("load|instance, load2|instance")).await;
    world.upstream.on("load", rough(3));
    world.upstream.on("load2", rough(3));
    world
}

fn at(world: &World, query: &str) -> String {
    format!("http://{}{GRAPHS}?tz=utc&{query}", world.address)
}

/// A page with pictures in a browser that is never idle.
async fn busy(world: &World, query: &str) -> Tab {
    let tab = Tab::new().await;
    tab.never_idle().await;
    tab.go(&at(world, query)).await;
    tab
}

async fn quiet(tab: Tab) {
    let complaints = tab.complaints().await;
    assert!(complaints.is_empty(), "the browser complains:\n  {}", complaints.join("\n  "));
    tab.close().await;
}

/// Waits for the tooltip of the first chart. It must have the time at this part of the chart's width.
async fn has_tooltip_at(tab: &Tab, across: f64) {
    tab.until("document.querySelector('#graph-1 .tip-time')").await;
    let off: f64 = tab
        .look(&format!(
            "(() => {{ const chart = document.getElementById('graph-1-chart');
             const text = document.querySelector('#graph-1 .tip-time').innerText;
             const time = Date.parse(text.replace(' UTC', 'Z').replace(' ', 'T'));
             return Math.abs(time - echarts.getInstanceByDom(chart).convertFromPixel({{ xAxisIndex: 0 }}, chart.clientWidth * {across})); }})()"
        ))
        .await;
    assert!(off < 30_000.0, "{off} ms apart");
}

#[tokio::test]
async fn pictures_refresh_until_a_reader_wants_more() {
    let world = scripted().await;
    let tab = busy(&world, "refresh=1s").await;
    tab.until(&format!("{PANELS}.length >= 3")).await;
    let requested: Vec<String> = tab.look(PANELS).await;
    assert!(requested.iter().all(|address| !address.contains("drawn=")), "{requested:?}");
    assert_eq!(tab.look::<usize>(LIBRARY).await, 0);
    assert_eq!(tab.count("svg.plot").await, 2);
    // The other chart waits for an idle browser.
    tab.hover("#graph-1-chart", 0.6, 0.5).await;
    tab.until(&format!("{PANELS}.filter((n) => n.includes('since=')).length >= 2")).await;
    assert_eq!(tab.look::<Vec<String>>(CANVASES).await, ["graph-1-chart"]);
    assert_eq!(tab.look::<usize>(LIBRARY).await, 1);
    quiet(tab).await;
}

#[tokio::test]
async fn chart_appears_with_the_values_at_the_pointer() {
    let world = scripted().await;
    let tab = busy(&world, "refresh=0").await;
    tab.hover("#graph-1-chart", 0.6, 0.5).await;
    has_tooltip_at(&tab, 0.6).await;
    quiet(tab).await;
}

#[tokio::test]
async fn chart_appears_with_the_values_at_a_finger() {
    let world = scripted().await;
    let tab = busy(&world, "refresh=0").await;
    tab.touch("#graph-1-chart", 0.4, 0.5).await;
    has_tooltip_at(&tab, 0.4).await;
    quiet(tab).await;
}

#[tokio::test]
async fn keyboard_focus_draws_a_chart_and_stays_on_it() {
    let world = scripted().await;
    let tab = busy(&world, "refresh=0").await;
    let focused = "document.activeElement.id === 'graph-1-chart'";
    for _ in 0..80 {
        if tab.look::<bool>(focused).await {
            break;
        }
        tab.press("Tab").await;
    }
    tab.until("document.querySelector('#graph-1-chart canvas')").await;
    assert!(tab.look::<bool>(focused).await);
    tab.press("ArrowLeft").await;
    tab.until("document.querySelector('#graph-1 .tip-time')").await;
    assert!(tab.text("#said").await.contains("10.0.0.0:9100"));
    quiet(tab).await;
}

#[tokio::test]
async fn choices_of_series_draw_a_chart() {
    let world = scripted().await;
    let drawn = "echarts.getInstanceByDom(document.getElementById('graph-1-chart')).getOption().series.filter(Boolean).map((s) => s.name)";
    let only =
        format!("window.echarts && document.querySelector('#graph-1-chart canvas') && {drawn}.length === 1");
    let tab = busy(&world, "refresh=0").await;
    tab.click("#graph-1 tr[data-series='1']").await;
    tab.until(&only).await;
    quiet(tab).await;
    // The picture has all series.
    let tab = busy(&world, "refresh=0&series=1:10.0.0.2:9100").await;
    tab.until(&only).await;
    assert_eq!(tab.look::<Vec<String>>(CANVASES).await, ["graph-1-chart"]);
    quiet(tab).await;
}

#[tokio::test]
async fn readers_who_save_data_get_the_chart_that_they_point_at() {
    let world = scripted().await;
    let tab = Tab::new().await;
    tab.saves_data().await;
    tab.go(&at(&world, "refresh=1s")).await;
    tab.until(&format!("{PANELS}.length >= 3")).await;
    assert_eq!(tab.look::<usize>(LIBRARY).await, 0);
    tab.hover("#graph-2-chart", 0.5, 0.5).await;
    let before: usize = tab.look(&format!("{PANELS}.length")).await;
    tab.until("document.querySelector('#graph-2-chart canvas')").await;
    tab.until(&format!("{PANELS}.length >= {before} + 2")).await;
    assert_eq!(tab.look::<Vec<String>>(CANVASES).await, ["graph-2-chart"]);
    quiet(tab).await;
}

#[tokio::test]
async fn hidden_tabs_load_no_library() {
    let world = scripted().await;
    let tab = Tab::new().await;
    tab.hide(true).await;
    tab.go(&at(&world, "refresh=0")).await;
    tab.until("document.readyState === 'complete'").await;
    tokio::time::sleep(std::time::Duration::from_millis(700)).await;
    assert!(tab.look::<bool>("document.hidden").await);
    assert_eq!(tab.look::<usize>(LIBRARY).await, 0);
    tab.hide(false).await;
    tab.until(&format!("{CANVASES}.length === 2")).await;
    quiet(tab).await;
}
