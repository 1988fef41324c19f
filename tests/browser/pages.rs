//! Pages in a real browser: drawing, pointer, refresh, state of the tab, lost connection.

use std::time::Duration;

use promenade::config::Settings;
use serde_json::{Value, json};
use world::World;
use world::program::Portal;
use world::rules::{Alert, Rule};
use world::upstream::Reply;

use crate::chromium::Tab;

const PAYMENTS: &str = "/catalog/default/component/payments";

/// Coloured pixels of a chart: text and grid are grey.
fn ink(chart: &str) -> String {
    format!(
        "(() => {{ const c = document.querySelector('{chart} canvas'); if (!c) return 0;
         const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data; let n = 0;
         for (let i = 0; i < d.length; i += 4) {{
           const [r, g, b, a] = d.subarray(i, i + 4);
           if (a > 40 && Math.max(r, g, b) - Math.min(r, g, b) > 60) n++;
         }}
         return n; }})()"
    )
}

/// How many answers a panel got since the page was opened.
fn answers(part: &str) -> String {
    format!(
        "performance.getEntriesByType('resource').filter((e) => e.name.includes('{part}') && e.responseEnd).length"
    )
}

async fn quiet(tab: &Tab) {
    let complaints = tab.complaints().await;
    assert!(complaints.is_empty(), "the browser complains:\n  {}", complaints.join("\n  "));
}

async fn pause(millis: u64) {
    tokio::time::sleep(Duration::from_millis(millis)).await;
}

#[tokio::test]
async fn chart_is_drawn_and_the_pointer_shows_its_values() {
    let portal = Portal::demo();
    let tab = Tab::open(&portal.at(PAYMENTS)).await;
    tab.until(&format!("{} > 500", ink("#graph-1-chart"))).await;

    tab.hover("#graph-1-chart", 0.6, 0.5).await;
    tab.until("document.querySelector('#graph-1 .tip-nearest')").await;
    let names: Vec<String> = tab
        .look(
            "[...document.querySelectorAll('#graph-1 tr[data-series] .name')].map((e) => e.innerText.trim())",
        )
        .await;
    let time = tab.text("#graph-1 .tip-time").await;
    let shape = regex::Regex::new(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [A-Z]{3,}").unwrap();
    assert!(shape.is_match(&time), "{time}");
    assert!(names.contains(&tab.text("#graph-1 .tip-nearest .tip-name").await), "{names:?}");
    let value = tab.text("#graph-1 .tip-nearest .tip-value").await;
    assert!(value.ends_with("/s") && value.starts_with(|c: char| c.is_ascii_digit()), "{value}");
    assert_eq!(tab.count("#graph-1 .tip-row").await, names.len().min(12) + 1, "and their sum");

    for step in 0..20 {
        tab.hover("#graph-1-chart", 0.1 + 0.04 * f64::from(step), 0.2 + 0.03 * f64::from(step)).await;
    }
    quiet(&tab).await;
    tab.close().await;
}

#[tokio::test]
async fn refresh_keeps_the_scroll_position_and_focus() {
    let portal = Portal::demo();
    let tab = Tab::open(&portal.at(&format!("{PAYMENTS}?refresh=1s"))).await;
    tab.size(1440, 600).await;
    tab.until(&format!("{} > 500", ink("#graph-1-chart"))).await;

    tab.click("#alerts tbody tr.row summary").await;
    tab.until("document.querySelector('#alerts details[open]')").await;
    let opened: String = tab.look("document.querySelector('#alerts details[open]').id").await;
    let second = "#graph-1 tr[data-series='1']";
    let chosen = tab.text(&format!("{second} .name")).await;
    tab.click(second).await;
    tab.until(&format!(
        "document.querySelectorAll('#graph-1 tr.off').length === {} - 1",
        tab.count("#graph-1 tr[data-series]").await
    ))
    .await;
    let _: bool = tab
        .look("(window.before = { canvas: document.querySelector('#graph-1-chart canvas'), island: document.getElementById('graph-1-data').textContent, scroll: scrollY }, true)")
        .await;

    let seen: usize = tab.look(&answers("graphs/1")).await;
    tab.until(&format!("{} >= {seen} + 3", answers("graphs/1"))).await;
    pause(100).await;

    assert!(
        tab.look::<bool>(&format!("document.getElementById('{opened}').open")).await,
        "the row stays open"
    );
    assert!(
        tab.look::<bool>("document.querySelector('#graph-1-chart canvas') === before.canvas").await,
        "same canvas"
    );
    assert_eq!(tab.look::<i64>("scrollY - before.scroll").await, 0, "the page stays where it is");
    let focused = "document.activeElement.closest('tr[data-series]')";
    assert!(tab.look::<bool>(&format!("Boolean({focused})")).await, "focus stays on the row");
    assert_eq!(tab.look::<String>(&format!("{focused}.querySelector('.name').innerText")).await, chosen);
    let shown =
        "[...document.querySelectorAll('#graph-1 tr[data-series]:not(.off) .name')].map((e) => e.innerText)";
    assert_eq!(tab.look::<Vec<String>>(shown).await, [chosen.as_str()], "the choice stays");
    let drawn = "echarts.getInstanceByDom(document.getElementById('graph-1-chart')).getOption().series.filter(Boolean).map((s) => s.name)";
    assert_eq!(tab.look::<Vec<String>>(drawn).await, [chosen.trim()]);
    quiet(&tab).await;
    tab.close().await;
}

#[tokio::test]
async fn legend_isolates_and_toggles_series_by_pointer_and_keyboard() {
    let portal = Portal::demo();
    let tab = Tab::open(&portal.at(&format!("{PAYMENTS}/graphs/3?refresh=0"))).await;
    tab.until(&format!("{} > 200", ink("#graph-3-chart"))).await;
    let all = tab.count("#graph-3 tr[data-series]").await;
    assert!(all >= 2);
    let off = "document.querySelectorAll('#graph-3 tr.off').length";

    tab.click("#graph-3 tr[data-series='0']").await;
    tab.until(&format!("{off} === {}", all - 1)).await;
    tab.click("#graph-3 tr[data-series='0']").await;
    tab.until(&format!("{off} === 0")).await;
    tab.ctrl_click("#graph-3 tr[data-series='1']").await;
    tab.until(&format!("{off} === 1")).await;
    // The row has the focus from the click.
    tab.press("Enter").await;
    tab.until(&format!("{off} === {}", all - 1)).await;
    quiet(&tab).await;
    tab.close().await;
}

#[tokio::test]
async fn hidden_tab_does_not_refresh() {
    let portal = Portal::demo();
    let tab = Tab::open(&portal.at(&format!("{PAYMENTS}?refresh=1s"))).await;
    tab.until(&format!("{} >= 1", answers("/alerts"))).await;
    tab.hide(true).await;
    pause(500).await;
    let before: usize = tab.look(&answers("/catalog/")).await;
    pause(2500).await;
    assert_eq!(tab.look::<usize>(&answers("/catalog/")).await, before, "refreshed while hidden");
    tab.hide(false).await;
    tab.until(&format!("{} > {before}", answers("/catalog/"))).await;
    tab.close().await;
}

#[tokio::test]
async fn panel_with_an_open_menu_is_not_replaced() {
    let portal = Portal::demo();
    let tab = Tab::open(&portal.at(&format!("{PAYMENTS}/graphs/1?refresh=1s"))).await;
    tab.until(&format!("{} >= 1", answers("graphs/1"))).await;
    tab.click("#graph-1 details.menu summary").await;
    pause(500).await;
    let before: usize = tab.look(&answers("graphs/1")).await;
    pause(2500).await;
    assert_eq!(tab.look::<usize>(&answers("graphs/1")).await, before, "refreshed under an open menu");
    tab.press("Escape").await;
    tab.until("!document.querySelector('details.menu[open]')").await;
    tab.until(&format!("{} > {before}", answers("graphs/1"))).await;
    tab.close().await;
}

#[tokio::test]
async fn framed_page_has_no_header_and_does_not_scroll_sideways() {
    let portal = Portal::demo();
    let tab = Tab::new().await;
    for entity in ["component/payments", "component/gateway", "component/search", "component/recommendations"]
    {
        tab.go(&portal.at(&format!("/catalog/default/{entity}?kiosk&refresh=0"))).await;
        tab.until("!document.querySelector('.panel[data-state=loading]')").await;
        assert_eq!(tab.count("header.top, body > header").await, 0, "{entity}");
        for width in [320, 480, 900, 1440] {
            tab.size(width, 900).await;
            pause(150).await;
            let wide: i64 = tab.look("document.documentElement.scrollWidth").await;
            assert!(wide <= width, "{entity} is {wide} wide in {width}");
        }
    }
    quiet(&tab).await;
    tab.close().await;
}

#[tokio::test]
async fn values_and_alerts_are_visible_without_javascript() {
    let portal = Portal::demo();
    let tab = Tab::new().await;
    tab.without_scripts().await;
    tab.go(&portal.at(PAYMENTS)).await;
    assert_eq!(tab.count("canvas").await, 0);
    assert!(tab.count("#graph-1 svg.plot path.line").await >= 2, "the server drew it");
    assert!(tab.look::<i64>("document.querySelector('#graph-1 svg.plot').clientHeight").await > 200);
    tab.screenshot("no-script-1440").await;
    assert!(tab.count("#alerts tbody tr.row").await >= 1);
    assert!(tab.text("#alerts").await.contains("firing"));
    assert!(tab.count("#graph-1 table.legend tr[data-series]").await >= 2);
    let last = tab.text("#graph-1 tr[data-series='0'] td.num").await;
    assert!(last.ends_with("/s"), "{last}");
    let samples: String = tab.look("document.querySelector('#graph-1 a[href*=\"view=table\"]').href").await;
    tab.go(&samples).await;
    assert!(tab.count("table tbody tr").await >= 10);
    tab.close().await;
}

#[tokio::test]
async fn tab_shows_the_state_in_title_and_icon() {
    let portal = Portal::demo();
    let tab = Tab::open(&portal.at(PAYMENTS)).await;
    tab.until("document.getElementById('favicon').href.includes('favicon-firing')").await;
    let title: String = tab.look("document.title").await;
    assert!(title.to_lowercase().contains("payments") && title.contains("firing"), "{title}");
    let shown: String = tab.look("document.getElementById('alerts').dataset.title").await;
    assert_eq!(title, shown);
    tab.close().await;
}

#[tokio::test]
async fn lost_connection_to_the_portal_is_shown_and_then_cleared() {
    let mut portal = Portal::demo();
    let tab = Tab::open(&portal.at(&format!("{PAYMENTS}?refresh=1s"))).await;
    tab.until(&format!("{} >= 1", answers("/alerts"))).await;
    assert!(tab.look::<bool>("document.getElementById('connection').hidden").await);
    portal.kill();
    tab.until("!document.getElementById('connection').hidden").await;
    let shown = tab.text("#connection").await;
    let shape = regex::Regex::new(r"Connection to the portal lost \(\d\d:\d\d:\d\d [A-Z]{3}\)").unwrap();
    assert!(shape.is_match(&shown), "{shown}");
    assert!(tab.count("#alerts tbody tr.row").await >= 1, "the content stays");
    tab.close().await;
}

#[tokio::test]
async fn script_formats_numbers_like_the_server() {
    let portal = Portal::demo();
    let tab = Tab::open(&portal.at("/?tz=utc")).await;
    let fixture = include_str!("../fixtures/number-format.json");
    let units: Value = serde_json::from_str(include_str!("../fixtures/axes.json")).unwrap();
    let units = &units["measures"];
    let differing: Vec<Value> = tab
        .look(&format!("(({{units}}) => ({fixture}).map(([unit, value, text]) => [unit, value, text, promenade.format(value, units[unit])]).filter(([, , text, ours]) => text !== ours))({{ units: {units} }})"))
        .await;
    assert!(differing.is_empty(), "{differing:#?}");
    tab.close().await;
}

#[tokio::test]
async fn times_are_shown_in_the_readers_zone() {
    let portal = Portal::demo();
    let tab = Tab::new().await;
    tab.zone("America/New_York").await;
    tab.go(&portal.at(&format!("{PAYMENTS}?refresh=0"))).await;
    tab.until("/UTC-[45]$/.test(document.querySelector('.asof time').textContent)").await;
    tab.go(&portal.at(&format!("{PAYMENTS}?refresh=0&tz=utc"))).await;
    tab.until("/UTC$/.test(document.querySelector('.asof time').textContent)").await;
    tab.close().await;
}

#[tokio::test]
async fn theme_change_repaints_the_charts() {
    let portal = Portal::demo();
    let tab = Tab::open(&portal.at(&format!("{PAYMENTS}?refresh=0"))).await;
    tab.until(&format!("{} > 500", ink("#graph-1-chart"))).await;
    let colour = "echarts.getInstanceByDom(document.getElementById('graph-1-chart')).getOption().series[0].lineStyle.color";
    let light: String = tab.look(colour).await;
    tab.theme("dark").await;
    tab.until(&format!("{colour} !== '{light}'")).await;
    tab.close().await;
}

/// An entity with one alert and one graph, on a scripted Prometheus.
async fn scripted() -> World {
    let catalog = "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: cart, annotations: \
                   {prometheus.io/rule: load|zone, prometheus.io/alert: all}}\nspec: {type: service}\n";
    // Rules are cached for the scrape interval.
    let shorter = |settings: &mut Settings| settings.instances[0].scrape_interval = Duration::from_secs(1);
    let world = World::with(catalog, shorter).await;
    world.upstream.on_rules(rules(true));
    world.upstream.on("load", Reply::matrix(&[(&[("zone", "<b>a</b>")], 1.5), (&[("zone", "b")], 2.5)]));
    world
}

fn at(world: &World) -> String {
    format!("http://{}/catalog/default/component/cart?refresh=1s", world.address)
}

/// A rule that is firing or inactive.
fn rules(is_firing: bool) -> Reply {
    let alert = Alert::firing("TooMuch").label("severity", "critical").since("2026-01-02T03:04:05.678Z");
    let rule = Rule::new("TooMuch").query("load > 1").label("severity", "critical");
    Reply::group([rule.alerts(is_firing.then_some(alert))])
}

/// Browsers show a page of the history as they keep it, without asking. It never refreshes itself otherwise.
#[tokio::test]
async fn back_shows_the_old_page_only_until_its_first_refresh() {
    let world = scripted().await;
    let page = format!("http://{}/catalog/default/component/cart", world.address);
    let tab = Tab::open(&format!("{page}?refresh=0")).await;
    tab.until("document.title.includes('1 firing')").await;
    // Then the browser has a copy of the panel too.
    tab.press("r").await;
    quiet(&tab).await;
    tab.go(&format!("{page}/graphs?refresh=0")).await;
    world.upstream.on_rules(rules(false));
    // An older answer is not shown while the next one is fetched.
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    tab.leave_by("history.back()").await;
    tab.until("document.title.includes('nothing firing')").await;
    quiet(&tab).await;
    tab.close().await;
}

#[tokio::test]
async fn tab_follows_changes_of_state() {
    let world = scripted().await;
    let tab = Tab::open(&at(&world)).await;
    let icon = "document.getElementById('favicon').href";
    tab.until(&format!("{icon}.includes('favicon-firing') && document.title.includes('1 firing')")).await;
    world.upstream.on_rules(rules(false));
    tab.until(&format!("{icon}.includes('favicon-ok') && document.title.includes('nothing firing')")).await;
    world.upstream.on_rules(rules(true));
    tab.until(&format!("{icon}.includes('favicon-firing') && document.title.includes('1 firing')")).await;
    quiet(&tab).await;
    tab.close().await;
}

#[tokio::test]
async fn graph_that_failed_and_recovered_keeps_the_legend_selection() {
    let world = scripted().await;
    // All samples may still change, so an empty answer takes the place of all.
    let tab = Tab::open(&format!("{}&range=5m", at(&world))).await;
    tab.until(&format!("{} > 200", ink("#graph-1-chart"))).await;
    assert_eq!(tab.text("#graph-1 tr[data-series='0'] .name").await.trim(), "<b>a</b>");
    tab.click("#graph-1 tr[data-series='0']").await;
    tab.until("document.querySelectorAll('#graph-1 tr.off').length === 1").await;
    // The older answer is shown while the newest request fails.
    world.upstream.on("load", Reply::refusal(500, "internal", "disk gone"));
    tab.until("document.querySelector('#graph-1 .note.warn') && document.querySelector('#graph-1 canvas')")
        .await;
    world.upstream.on("load", Reply::result(json!([])));
    tab.until("!document.querySelector('#graph-1 .chart')").await;
    world.upstream.on("load", Reply::matrix(&[(&[("zone", "<b>a</b>")], 3.5), (&[("zone", "b")], 2.5)]));
    tab.until(&format!("{} > 200", ink("#graph-1-chart"))).await;
    tab.until("document.querySelectorAll('#graph-1 tr.off').length === 1").await;
    assert_eq!(tab.text("#graph-1 tr:not(.off)[data-series] .name").await.trim(), "<b>a</b>");
    quiet(&tab).await;
    tab.close().await;
}

/// Checks that the tests notice a violation.
#[tokio::test]
async fn violation_of_the_content_policy_is_detected() {
    let portal = Portal::demo();
    let tab = Tab::open(&portal.at("/")).await;
    quiet(&tab).await;
    let _: bool = tab
        .look("(document.body.insertAdjacentHTML('beforeend', '<i style=\"color:red\"></i>'), true)")
        .await;
    let heard = tab.complaints().await;
    assert!(heard.iter().any(|text| text.contains("style-src")), "{heard:?}");
    tab.close().await;
}

/// Every page of the demo, without console messages, as pictures.
#[tokio::test]
async fn pages_cause_no_console_message() {
    let portal = Portal::demo();
    let tab = Tab::open(&portal.at("/")).await;
    let entities: Vec<String> = tab
        .look("[...new Set([...document.querySelectorAll('.entity .title a')].map((a) => a.pathname))]")
        .await;
    assert!(entities.len() >= 8, "{entities:?}");
    let pages =
        entities.iter().map(String::as_str).chain(["/", "/status", "/catalog/default/component/nobody"]);
    for path in pages {
        tab.go(&portal.at(&format!("{path}?refresh=0"))).await;
        tab.until("!document.querySelector('.panel[data-state=loading]')").await;
        let name = path.rsplit('/').find(|part| !part.is_empty()).unwrap_or("catalog");
        for (theme, width) in [("light", 1440), ("dark", 1440), ("light", 390), ("dark", 390)] {
            tab.theme(theme).await;
            tab.size(width, 900).await;
            pause(300).await;
            tab.screenshot(&format!("{name}-{theme}-{width}")).await;
            let wide: i64 = tab.look("document.documentElement.scrollWidth").await;
            assert!(wide <= width, "{path} is {wide} wide in {width}");
        }
        // The browser logs a 404 too, as it should.
        let complaints = tab.complaints().await;
        let others: Vec<_> = complaints.iter().filter(|c| !c.contains("status of 404")).collect();
        assert!(others.is_empty(), "{path}: {others:#?}");
    }
    tab.close().await;
}
