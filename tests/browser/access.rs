//! Accessibility: axe's rules, magnified pages, printed pages, reduced motion.

use world::program::Portal;

use crate::chromium::Tab;

const AXE: &str = include_str!("vendor/axe.min.js");
const PAYMENTS: &str = "/catalog/default/component/payments";

/// Every kind of page, and an element that exists when it is complete.
const PAGES: [(&str, &str); 12] = [
    ("/", ".catalog"),
    (PAYMENTS, "#graph-1-chart canvas"),
    ("/catalog/default/component/payments/alerts", "#alerts tr.row"),
    ("/catalog/default/component/payments/graphs", "#graph-1-chart canvas"),
    ("/catalog/default/component/payments/graphs/1?legend=1:-max", "#graph-1-chart canvas"),
    ("/catalog/default/component/payments/graphs/1?view=table", ".samples"),
    ("/graph?query=up&from=1790000000000&to=1790003600000", "#graph-1"),
    ("/catalog/default/component/payments?from=1790000000000&to=1790003600000&kiosk", "#time-window a"),
    ("/graph?query=up{", "#problems"),
    ("/alerts?alerts=all", "#alerts tr.row"),
    ("/status", ".panel"),
    ("/nothing/here", "main"),
];

/// Serious and critical findings of axe: the rule, the place and the reason.
async fn findings(tab: &Tab) -> Vec<String> {
    let _: bool = tab.look(&format!("(() => {{ {AXE}\n return true; }})()")).await;
    let _: bool = tab
        .look("(axe.run(document, {resultTypes: ['violations']}).then((r) => { window.found = r.violations; }), true)")
        .await;
    tab.until("window.found").await;
    tab.look(
        "found.filter((v) => ['serious', 'critical'].includes(v.impact))\
         .flatMap((v) => v.nodes.map((n) => `${v.id}: ${n.target.join(' ')}: ${n.html.slice(0, 160)}: ${n.failureSummary}`))",
    )
    .await
}

async fn check_theme(theme: &str) {
    let portal = Portal::demo();
    let tab = Tab::new().await;
    tab.theme(theme).await;
    let mut all = Vec::new();
    for (page, whole) in PAGES {
        tab.go(&portal.at(page)).await;
        tab.until(&format!("document.querySelector('{whole}')")).await;
        let found = findings(&tab).await;
        all.extend(found.into_iter().map(|finding| format!("{page}: {finding}")));
        if page == PAYMENTS {
            // With an open row, an open menu, and the list of keys.
            tab.click("#alerts tbody:not(.rule) tr.row summary").await;
            tab.click("#menu-range summary").await;
            tab.until("document.querySelector('#menu-range[open]')").await;
            let _: bool = tab.look("(delete window.found, true)").await;
            all.extend(findings(&tab).await.into_iter().map(|finding| format!("opened: {finding}")));
            tab.press("Escape").await;
            let _: bool = tab.look("(document.activeElement.blur(), delete window.found, true)").await;
            tab.press("?").await;
            tab.until("document.getElementById('keys').open").await;
            all.extend(findings(&tab).await.into_iter().map(|finding| format!("keys: {finding}")));
        }
    }
    assert!(all.is_empty(), "{} findings in the {theme} theme:\n{}", all.len(), all.join("\n"));
    tab.close().await;
}

#[tokio::test]
async fn axe_reports_nothing_serious_in_the_light_theme() {
    check_theme("light").await;
}

#[tokio::test]
async fn axe_reports_nothing_serious_in_the_dark_theme() {
    check_theme("dark").await;
}

/// A window of 1440 pixels at 200 percent, and a phone's.
#[tokio::test]
async fn pages_at_200_percent_do_not_scroll_sideways() {
    let portal = Portal::demo();
    let tab = Tab::new().await;
    for (page, whole) in PAGES {
        tab.size(1440, 1600).await;
        tab.go(&portal.at(page)).await;
        tab.until(&format!("document.querySelector('{whole}')")).await;
        for width in [720, 360] {
            tab.size(width, 450).await;
            tab.until("document.documentElement.clientWidth > 0").await;
            let wide: i64 = tab.look("document.documentElement.scrollWidth").await;
            assert!(wide <= width, "{page} is {wide} wide in {width}");
        }
    }
    tab.close().await;
}

#[tokio::test]
async fn printed_pages_are_light_complete_and_without_controls() {
    let portal = Portal::demo();
    let tab = Tab::new().await;
    tab.theme("dark").await;
    tab.go(&portal.at(&format!("{PAYMENTS}?theme=dark&refresh=0"))).await;
    tab.until("document.querySelector('#graph-1-chart canvas')").await;
    tab.paper(true).await;
    let _: bool = tab.look("(dispatchEvent(new Event('beforeprint')), true)").await;
    let colour =
        |selector: &str, what: &str| format!("getComputedStyle(document.querySelector('{selector}')).{what}");
    assert_eq!(tab.look::<String>(&colour("#graph-1", "backgroundColor")).await, "rgb(255, 255, 255)");
    assert_eq!(tab.look::<String>(&colour("#graph-1 h2", "color")).await, "rgb(26, 31, 39)");
    let axis = "echarts.getInstanceByDom(document.getElementById('graph-1-chart')).getOption().xAxis[0].axisLabel.color";
    assert_eq!(tab.look::<String>(axis).await, "rgb(86, 96, 112)", "the canvas too");
    let wide = "[...document.querySelectorAll('.chart canvas')].filter((c) => c.width / devicePixelRatio > 700).length";
    assert_eq!(tab.look::<usize>(wide).await, 0, "letters of a wide canvas would shrink");
    let cut = "[...document.querySelectorAll('#alerts tr.row td, #alerts summary, #alerts a.permalink, .legend .name')]\
               .filter((e) => e.checkVisibility() && getComputedStyle(e).whiteSpace === 'nowrap' && e.scrollWidth > e.clientWidth + 1)\
               .map((e) => e.outerHTML.slice(0, 80))";
    assert_eq!(tab.look::<Vec<String>>(cut).await, Vec::<String>::new(), "text is cut on paper");
    assert_eq!(tab.look::<String>(&colour(".swatch i", "printColorAdjust")).await, "exact");
    for control in [".top", ".bar", ".foot", "#graph-1 .menu", "#alerts .search", "#alerts .chips"] {
        let seen = format!("document.querySelector('{control}')?.checkVisibility() ?? false");
        assert!(!tab.look::<bool>(&seen).await, "{control} is of no use on paper");
    }
    for whole in [".chart-table", "#alerts .rows"] {
        let cut = format!(
            "[...document.querySelectorAll('{whole}')].filter((e) => getComputedStyle(e).overflowY !== 'visible' || e.scrollHeight > e.clientHeight + 1).length"
        );
        assert_eq!(tab.look::<usize>(&cut).await, 0, "{whole} is cut");
    }
    let _: bool = tab.look("(dispatchEvent(new Event('afterprint')), true)").await;
    tab.paper(false).await;
    assert_eq!(tab.look::<String>("document.documentElement.dataset.theme").await, "dark");
    let complaints = tab.complaints().await;
    assert!(complaints.is_empty(), "{complaints:?}");
    tab.close().await;
}

#[tokio::test]
async fn forced_colours_keep_the_colours_of_series() {
    let portal = Portal::demo();
    let tab = Tab::new().await;
    tab.forced_colours().await;
    tab.go(&portal.at(&format!("{PAYMENTS}?refresh=0"))).await;
    tab.hover("#graph-1-chart", 0.5, 0.5).await;
    tab.until("document.querySelector('#graph-1-chart canvas')").await;
    let swatches = "[...document.querySelectorAll('#graph-1 .swatch i')].map((i) => getComputedStyle(i).backgroundColor)";
    let swatches: Vec<String> = tab.look(swatches).await;
    let lines = "echarts.getInstanceByDom(document.getElementById('graph-1-chart')).getOption().series\
                 .filter((s) => s.type === 'line' && s.id !== 'marks').map((s) => s.lineStyle.color)";
    let lines: Vec<String> = tab.look(lines).await;
    assert!(swatches.len() > 1 && swatches.windows(2).all(|pair| pair[0] != pair[1]), "{swatches:?}");
    assert!(swatches.iter().all(|colour| lines.contains(colour)), "{swatches:?} {lines:?}");
    let borders =
        "[...document.querySelectorAll('.top nav a')].map((a) => getComputedStyle(a).borderBottomWidth)";
    let borders: Vec<String> = tab.look(borders).await;
    let current = borders.iter().filter(|width| *width != "0px").count();
    assert!(current <= 1, "only the current page is underlined: {borders:?}");
    let chosen =
        |what: &str| format!("getComputedStyle(document.querySelector('.ranges a[aria-current]')).{what}");
    let other = "getComputedStyle(document.querySelector('.ranges a:not([aria-current])')).backgroundColor";
    assert_ne!(
        tab.look::<String>(&chosen("backgroundColor")).await,
        tab.look::<String>(other).await,
        "the chosen range is seen"
    );
    tab.screenshot("forced-colours").await;
    tab.close().await;
}

#[tokio::test]
async fn escape_closes_a_menu_and_returns_the_focus() {
    let portal = Portal::demo();
    let tab = Tab::open(&portal.at(&format!("{PAYMENTS}?refresh=0"))).await;
    tab.press("t").await;
    tab.until("document.activeElement.matches('#menu-range input[name=from]')").await;
    tab.press("Escape").await;
    tab.until("!document.getElementById('menu-range').open").await;
    assert!(tab.look::<bool>("document.activeElement.matches('#menu-range summary')").await);
    tab.close().await;
}

#[tokio::test]
async fn reduced_motion_disables_animations() {
    let portal = Portal::demo();
    let tab = Tab::new().await;
    tab.stillness().await;
    tab.go(&portal.at(PAYMENTS)).await;
    tab.until("document.querySelector('#graph-1-chart canvas')").await;
    let moving = "[...document.querySelectorAll('*')].flatMap((e) => ['', '::before'].map((p) => getComputedStyle(e, p)))\
                  .filter((s) => s.animationName !== 'none' || (s.transitionDuration !== '0s' && s.transitionProperty !== 'none')).length";
    assert_eq!(tab.look::<usize>(moving).await, 0);
    tab.close().await;
}
