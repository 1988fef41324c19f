//! Accessibility: axe's rules, magnified pages, printed pages, reduced motion.

use world::program::Portal;

use crate::chromium::Tab;

const AXE: &str = include_str!("vendor/axe.min.js");
const PAYMENTS: &str = "/catalog/default/component/payments";

/// Every kind of page, and an element that exists when it is complete.
const PAGES: [(&str, &str); 11] = [
    ("/", ".catalog"),
    (PAYMENTS, "#graph-1-chart canvas"),
    ("/catalog/default/component/payments/alerts", "#alerts tr.row"),
    ("/catalog/default/component/payments/graphs", "#graph-1-chart canvas"),
    ("/catalog/default/component/payments/graphs/1?legend=1:-max", "#graph-1-chart canvas"),
    ("/catalog/default/component/payments/graphs/1?view=table", ".samples"),
    ("/graph?query=up&from=1790000000000&to=1790003600000", "#graph-1"),
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
