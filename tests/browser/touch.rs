//! Fingers over charts: the crosshair, a selection, a zoom by two fingers, a double tap.

use world::program::Portal;

use crate::chromium::Tab;

const PAYMENTS: &str = "/catalog/default/component/payments";
const FROM: i64 = 1_790_000_000_000;
const TO: i64 = 1_790_003_600_000;
const CHART: &str = "#graph-1-chart";
const BAND: &str = "document.querySelector('#graph-1-chart .zoom-band')";

/// A phone with two drawn charts over an hour of the past.
async fn phone(portal: &Portal, query: &str) -> Tab {
    let tab = Tab::new().await;
    tab.size(390, 844).await;
    tab.go(&portal.at(&format!("{PAYMENTS}/graphs?from={FROM}&to={TO}&tz=utc&refresh=0{query}"))).await;
    drawn(&tab).await;
    tab
}

async fn drawn(tab: &Tab) {
    for n in [2, 1] {
        tab.hover(&format!("#graph-{n}-chart"), 0.9, 0.1).await;
        tab.until(&format!("document.querySelector('#graph-{n}-chart canvas')")).await;
    }
}

/// Waits for the page over another window.
async fn window(tab: &Tab) -> (i64, i64) {
    tab.until(&format!("document.readyState === 'complete' && !location.search.includes('from={FROM}&')"))
        .await;
    let found: [i64; 2] =
        tab.look("['from', 'to'].map((name) => Number(new URL(location).searchParams.get(name)))").await;
    found.into()
}

/// The time of the first chart at a fraction of its width.
async fn time_at(tab: &Tab, across: f64) -> i64 {
    tab.look(&format!(
        "(() => {{ const chart = document.querySelector('{CHART}');
         return Math.round(echarts.getInstanceByDom(chart).convertFromPixel({{ xAxisIndex: 0 }}, chart.clientWidth * {across})); }})()"
    ))
    .await
}

/// Waits until the line on the second chart is at the time of the finger on the first one.
async fn has_line_at(tab: &Tab, across: f64) {
    tab.until(&format!(
        "(() => {{ const line = document.querySelector('#graph-2-chart .cross');
         const [one, two] = ['#graph-1-chart', '#graph-2-chart'].map((s) => document.querySelector(s));
         const at = (div, x) => echarts.getInstanceByDom(div).convertFromPixel({{ xAxisIndex: 0 }}, x);
         const x = line?.checkVisibility() && line.getBoundingClientRect().x - two.getBoundingClientRect().x;
         return Math.abs(at(two, x) - at(one, one.clientWidth * {across})) < 60000; }})()"
    ))
    .await;
}

async fn quiet(tab: Tab) {
    let complaints = tab.complaints().await;
    assert!(complaints.is_empty(), "the browser complains:\n  {}", complaints.join("\n  "));
    tab.close().await;
}

#[tokio::test]
async fn crosshair_is_at_the_finger_on_all_charts() {
    let portal = Portal::demo();
    let tab = phone(&portal, "").await;
    tab.put_fingers(CHART, &[(0.4, 0.5)]).await;
    has_line_at(&tab, 0.4).await;
    for across in [0.5, 0.6, 0.7] {
        tab.move_fingers(CHART, &[(across, 0.5)]).await;
        has_line_at(&tab, across).await;
    }
    tab.cancel_fingers().await;
    assert_eq!(tab.count(".zoom-band").await, 0);
    has_line_at(&tab, 0.7).await;
    quiet(tab).await;
}

/// Up and down belongs to the page, over a chart too.
#[tokio::test]
async fn finger_that_moves_up_scrolls_the_page() {
    let portal = Portal::demo();
    let tab = phone(&portal, "").await;
    for place in ["#graph-1-legend", CHART] {
        let _: bool = tab.look("(scrollTo(0, 0), true)").await;
        tab.put_fingers(place, &[(0.5, 0.9)]).await;
        for down in [0.7, 0.5, 0.3, 0.1] {
            tab.move_fingers(place, &[(0.5, down)]).await;
        }
        tab.lift_fingers().await;
        tab.until("scrollY > 60").await;
        assert_eq!(tab.count(".zoom-band").await, 0, "{place}");
    }
    quiet(tab).await;
}

#[tokio::test]
async fn finger_that_rests_selects_a_window() {
    let portal = Portal::demo();
    let tab = phone(&portal, "&theme=dark").await;
    let (start, end) = (time_at(&tab, 0.4).await, time_at(&tab, 0.7).await);
    tab.put_fingers(CHART, &[(0.4, 0.5)]).await;
    tab.until(BAND).await;
    let scrolled: f64 = tab.look("scrollY").await;
    // The page does not scroll under the selection.
    for at in [(0.5, 0.2), (0.6, 0.1), (0.7, 0.5)] {
        tab.move_fingers(CHART, &[at]).await;
        has_line_at(&tab, at.0).await;
    }
    assert!((tab.look::<f64>("scrollY").await - scrolled).abs() < 0.5);
    tab.screenshot("touch-selection-dark-390").await;
    tab.lift_fingers().await;
    let (from, to) = window(&tab).await;
    assert!((from - start).abs() < 30_000 && (to - end).abs() < 30_000, "{from} {to}");
    quiet(tab).await;
}

#[tokio::test]
async fn two_fingers_zoom_the_window_and_not_the_page() {
    let portal = Portal::demo();
    let tab = phone(&portal, "").await;
    let middle = time_at(&tab, 0.55).await;
    tab.put_fingers(CHART, &[(0.5, 0.5), (0.6, 0.5)]).await;
    for wide in [0.06, 0.08, 0.1] {
        tab.move_fingers(CHART, &[(0.55 - wide, 0.5), (0.55 + wide, 0.5)]).await;
    }
    let axis = "echarts.getInstanceByDom(document.querySelector('#graph-1-chart')).getOption().xAxis[0]";
    tab.until(&format!("{axis}.max - {axis}.min < 1900000")).await;
    tab.screenshot("touch-zoom-390").await;
    tab.lift_fingers().await;
    let (from, to) = window(&tab).await;
    assert!((to - from - (TO - FROM) / 2).abs() < 120_000, "half as long: {from} {to}");
    drawn(&tab).await;
    assert!((time_at(&tab, 0.55).await - middle).abs() < 60_000, "the time between the fingers stays there");
    assert!((tab.look::<f64>("visualViewport.scale").await - 1.0).abs() < 0.01);
    quiet(tab).await;
}

#[tokio::test]
async fn double_tap_and_double_click_zoom_out() {
    let portal = Portal::demo();
    let twice = (FROM - 1_800_000, TO + 1_800_000);
    for kiosk in ["", "&kiosk"] {
        let tab = phone(&portal, kiosk).await;
        for _ in 0..2 {
            tab.put_fingers(CHART, &[(0.5, 0.5)]).await;
            tab.lift_fingers().await;
        }
        assert_eq!(window(&tab).await, twice, "by taps{kiosk}");
        quiet(tab).await;
        let tab = phone(&portal, kiosk).await;
        tab.double_click(CHART, 0.5, 0.5).await;
        assert_eq!(window(&tab).await, twice, "by clicks{kiosk}");
        quiet(tab).await;
    }
}
