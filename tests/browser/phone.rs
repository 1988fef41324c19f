//! Pages on a phone, in a narrow frame and on a wide screen: what fires is on the first screen, nothing that tells alerts
//! apart is cut, and a graph has the space that there is.

use world::program::Portal;

use crate::chromium::Tab;

const PAYMENTS: &str = "/catalog/default/component/payments";

/// Where the first of these begins.
async fn top(tab: &Tab, selector: &str) -> f64 {
    tab.look(&format!("document.querySelector('{selector}').getBoundingClientRect().top")).await
}

/// Whether a reader can see it: also what a closed menu hides is not.
fn seen(selector: &str) -> String {
    format!("document.querySelector('{selector}').checkVisibility({{ contentVisibilityAuto: true }})")
}

#[tokio::test]
async fn first_screen_of_a_phone_has_the_first_alert_and_the_first_entity() {
    let portal = Portal::demo();
    let tab = Tab::new().await;
    tab.size(390, 844).await;
    tab.go(&portal.at(&format!("{PAYMENTS}?refresh=0"))).await;
    let place = top(&tab, "#alerts tr.row").await;
    assert!(place < 400.0, "the first alert begins at {place}");
    let small = "[...document.querySelectorAll('.bar a, .bar summary, #alerts header a, #alerts header summary')].filter((e) => e.checkVisibility())\
                 .map((e) => [e.outerHTML.slice(0, 60), Math.min(e.getBoundingClientRect().width, e.getBoundingClientRect().height)]).filter(([, size]) => size < 24)";
    assert_eq!(tab.look::<Vec<(String, f64)>>(small).await, [], "targets of a finger");
    // One row of time controls; the rest is in its menu.
    let rows = "new Set(['#menu-time > summary', '.moves', '#menu-refresh > summary'].map((s) => document.querySelector(s).getBoundingClientRect().top)).size";
    assert_eq!(tab.look::<usize>(rows).await, 1);
    tab.click("#menu-time > summary").await;
    tab.until(&seen("#menu-time .ranges a")).await;
    tab.click("#menu-range > summary").await;
    tab.until(&seen("#menu-range input[name=from]")).await;
    assert!(tab.look::<bool>("document.documentElement.scrollWidth <= 390").await);
    tab.screenshot("phone-time-menu").await;
    tab.press("Escape").await;
    tab.click("#menu-alerts > summary").await;
    tab.until(&seen("#menu-alerts a[href*=csv]")).await;
    tab.screenshot("phone").await;

    tab.go(&portal.at("/")).await;
    let place = top(&tab, ".entity:not(.heading)").await;
    assert!(place < 400.0, "the first entity begins at {place}");
    assert!(!tab.look::<bool>(&seen("#catalog-filters > .button")).await, "the list follows what one types");
    tab.click("#menu-filters > summary").await;
    tab.until(&seen("#catalog-filters select[name=owner]")).await;
    let _: bool = tab
        .look("((s) => { s.selectedIndex = 1; s.dispatchEvent(new Event('change', { bubbles: true })); return true; })(document.querySelector('select[name=owner]'))")
        .await;
    assert_eq!(tab.text("#filters-chosen").await, "1");
    tab.screenshot("phone-filters").await;
    tab.without_scripts().await;
    tab.go(&portal.at("/?owner=team-shop&search=a")).await;
    assert_eq!(tab.text("#filters-chosen").await, "1");
    assert!(tab.look::<bool>(&seen("#catalog-filters > .button")).await, "the form needs it");
    tab.close().await;
}

#[tokio::test]
async fn alerts_of_one_rule_are_told_apart_at_any_width() {
    let portal = Portal::demo();
    let tab = Tab::open(&portal.at(&format!("{PAYMENTS}/alerts?refresh=0"))).await;
    for width in [320, 390, 900, 1440] {
        tab.size(width, 900).await;
        // The last part of each label, and each count of a group, is whole.
        let cut = "[...document.querySelectorAll('tr.sibling a.permalink .label bdi:last-child, tr.head .count')]\
                   .filter((e) => e.checkVisibility() && (e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).display !== 'inline'\
                     || e.getBoundingClientRect().right > e.closest('td').getBoundingClientRect().right)).map((e) => e.outerHTML)";
        assert_eq!(tab.look::<Vec<String>>(cut).await, Vec::<String>::new(), "{width}");
        assert!(
            tab.look::<bool>(&format!("document.documentElement.scrollWidth <= {width}")).await,
            "{width}"
        );
        tab.screenshot(&format!("siblings-{width}")).await;
    }
    let names = "[...document.querySelectorAll('tr.sibling summary')].map((e) => e.ariaLabel)";
    let names: Vec<String> = tab.look(names).await;
    assert!(
        names.iter().any(|name| name == "Details of PaymentsHighErrorRatio zone=eu-west-1a"),
        "{names:?}"
    );
    let hint: String = tab.look("document.querySelector('tr.sibling summary').title").await;
    assert!(hint.starts_with("PaymentsHighErrorRatio zone=eu-west-1") && hint.contains('\n'), "{hint}");
    let repeated = "[...document.querySelectorAll('tr.sibling td.name')].filter((e) => e.innerText.includes('Payments')).length";
    assert_eq!(tab.look::<usize>(repeated).await, 0, "the head has the name");
    tab.close().await;
}

#[tokio::test]
async fn summary_keeps_its_width_beside_any_columns() {
    let portal = Portal::demo();
    let tab = Tab::new().await;
    for (query, summary) in [
        ("showLabels&showAnnotations&extraColumns=annotations.summary,labels.team", "th.extra"),
        ("showLabels&showAnnotations&extraColumns=labels.team,labels.zone", "th.sum"),
    ] {
        for width in [900, 1440] {
            tab.size(width, 900).await;
            tab.go(&portal.at(&format!("{PAYMENTS}/alerts?{query}"))).await;
            let wide: f64 =
                tab.look(&format!("document.querySelector('{summary}').getBoundingClientRect().width")).await;
            assert!(wide >= 160.0, "{query}: {wide} of {width}");
            let summaries = "[...document.querySelectorAll('#alerts th')].filter((e) => e.innerText.trim() === 'Summary').length";
            assert_eq!(tab.look::<usize>(summaries).await, 1);
            assert!(tab.look::<bool>(&format!("document.documentElement.scrollWidth <= {width}")).await);
        }
    }
    tab.close().await;
}

#[tokio::test]
async fn charts_use_the_space_of_phones_and_of_wide_screens() {
    let portal = Portal::demo();
    let tab = Tab::new().await;
    tab.size(390, 844).await;
    tab.go(&portal.at(&format!("{PAYMENTS}/graphs?refresh=0&tz=utc"))).await;
    let left = "document.querySelector('#graph-1 .plot').getBoundingClientRect().left - document.querySelector('#graph-1-chart').getBoundingClientRect().left";
    let drawn = "document.querySelector('#graph-1-chart canvas')";
    if !tab.look::<bool>(&format!("!!{drawn}")).await {
        assert!(tab.look::<f64>(left).await < 76.0, "labels as 200/s need less");
    }
    tab.hover("#graph-1-chart", 0.5, 0.5).await;
    tab.until(drawn).await;
    let option = |what: &str| {
        format!("echarts.getInstanceByDom(document.getElementById('graph-1-chart')).getOption().{what}")
    };
    assert_eq!(tab.look::<f64>(&option("grid[0].left")).await, 58.0, "as the picture had it");
    let ticks: usize = tab.look(&option("xAxis[0].axisLabel.customValues.length")).await;
    assert!(ticks >= 4, "{ticks} ticks");

    tab.size(1440, 900).await;
    tab.go(&portal.at(&format!("{PAYMENTS}/graphs/1?refresh=0"))).await;
    let high: f64 = tab.look("document.querySelector('#graph-1-chart').getBoundingClientRect().height").await;
    assert_eq!(high - 50.0, 540.0, "60 % of the window");
    tab.until("document.querySelector('#graph-1-chart canvas')").await;
    assert_eq!(tab.look::<f64>(&option("grid[0].left")).await, 58.0);
    tab.screenshot("graph-alone").await;

    tab.size(2560, 1200).await;
    tab.go(&portal.at(&format!("{PAYMENTS}?refresh=0"))).await;
    let row = "new Set([1, 2, 3].map((i) => document.querySelector(`#graph-${i}`).getBoundingClientRect().top)).size";
    assert_eq!(tab.look::<usize>(row).await, 1, "three abreast");
    let edge = |selector: &str| format!("document.querySelector('{selector}').getBoundingClientRect().left");
    assert_eq!(
        tab.look::<f64>(&edge(".brand")).await,
        tab.look::<f64>(&edge(".head")).await,
        "the header stands above the content"
    );
    tab.screenshot("wide-2560").await;
    tab.close().await;
}
