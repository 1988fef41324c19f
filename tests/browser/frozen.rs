//! A page whose window does not move on says so, and tells the page around.

use serde_json::{Value, json};
use world::World;
use world::program::Portal;
use world::upstream::Upstream;

use crate::chromium::Tab;
use crate::frame::{PAYMENTS, at, framed, origin, parent};

/// An hour in the past.
const PAST: &str = "from=1790000000000&to=1790003600000";

async fn said(tab: &Tab) -> String {
    tab.text("#time-window").await.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn frozen_page_says_so_in_the_zone_of_the_page_without_scripts_too() {
    let portal = Portal::demo();
    let page = |query: &str| portal.at(&format!("{PAYMENTS}?{query}"));
    let tab = Tab::new().await;
    // With scripts in the zone of the browser.
    tab.zone("Asia/Kolkata").await;
    tab.go(&page(&format!("{PAST}&kiosk"))).await;
    assert_eq!(
        said(&tab).await,
        "2026-09-21 19:43 to 2026-09-21 20:43 UTC+5:30, not live. Back to live",
        "in the zone of the reader"
    );
    tab.go(&page("from=1790000000000&to=1790000060000&tz=utc")).await;
    assert_eq!(
        said(&tab).await,
        "2026-09-21 14:13:20 to 2026-09-21 14:14:20 UTC, not live. Back to live",
        "a short window has seconds"
    );
    tab.without_scripts().await;
    for kiosk in ["", "&kiosk"] {
        tab.go(&page(&format!("{PAST}&tz=utc&theme=dark{kiosk}"))).await;
        assert_eq!(
            said(&tab).await,
            "2026-09-21 14:13 to 2026-09-21 15:13 UTC, not live. Back to live",
            "{kiosk}"
        );
        tab.click("#time-window a").await;
        let address: String = tab.look("location.search").await;
        let kept = if kiosk.is_empty() { "" } else { "&kiosk=true" };
        assert_eq!(address, format!("?tz=utc{kept}&theme=dark"), "the window of the entity");
        assert!(!tab.look::<bool>("document.querySelector('#time-window').checkVisibility()").await);
    }
    tab.close().await;
}

#[tokio::test]
async fn nothing_moves_when_a_frozen_page_refreshes() {
    let portal = Portal::demo();
    let tab = Tab::open(&portal.at(&format!("{PAYMENTS}/graphs?{PAST}&kiosk"))).await;
    for (width, theme) in
        [(390, "light"), (390, "dark"), (900, "light"), (900, "dark"), (1440, "light"), (1440, "dark")]
    {
        tab.size(width, 900).await;
        tab.theme(theme).await;
        tab.screenshot(&format!("frozen-kiosk-{theme}-{width}")).await;
        assert!(
            tab.look::<bool>(&format!("document.documentElement.scrollWidth <= {width}")).await,
            "{width}"
        );
    }
    tab.until("document.querySelector('#graph-1-chart canvas')").await;
    let _: bool = tab
        .look(
            "(window.shifts = 0, new PerformanceObserver((list) => { for (const { value } of list.getEntries()) shifts += value; })\
             .observe({ type: 'layout-shift' }), true)",
        )
        .await;
    let answers = "performance.getEntriesByType('resource').filter((e) => e.name.includes('/graphs/1') && e.responseEnd).length";
    let before: usize = tab.look(answers).await;
    tab.press("r").await;
    tab.until(&format!("{answers} > {before} && !document.querySelector('.htmx-request')")).await;
    let shifts: f64 = tab.look("shifts").await;
    assert!(shifts < 0.001, "{shifts}");
    tab.close().await;
}

#[tokio::test]
async fn parent_page_is_told_the_window_and_the_reader_leads_back_to_live() {
    let listed = Upstream::start().await;
    let world: World = framed(&listed, &listed).await;
    let portal = at(&world, "");
    let page = format!("{portal}{PAYMENTS}");
    listed.on_any(parent(&portal, &format!("{PAYMENTS}?kiosk&refresh=30s")));
    let tab = Tab::open(&format!("{}/", origin(&listed))).await;
    let message = |from: &str, to: &str, live: bool| json!({"type": "promenade:window", "version": 1, "from": from, "to": to, "live": live});
    tab.until("all.includes('promenade:ready') && windows.length").await;
    assert_eq!(tab.look::<Value>("windows").await, json!([message("now-1h", "now", true)]));
    assert!(tab.look::<bool>("all.indexOf('promenade:window') < all.indexOf('promenade:ready')").await);

    let _: bool = tab
        .look("(portalFrame.set({ theme: 'dark', from: '1790000000000', to: '1790003600000' }), true)")
        .await;
    tab.until("windows.length === 2").await;
    assert_eq!(tab.look::<Value>("windows[1]").await, message("1790000000000", "1790003600000", false));
    tab.until_in(&page, "document.querySelector('#time-window').innerText.includes('not live')").await;
    tab.screenshot("frozen-in-frame").await;
    // A request that is on its way when the reader leaves is an error on the console.
    tab.until_in(&page, "!document.querySelector('.htmx-request')").await;

    // The next page in the frame gets the parent's settings again, but not its old window.
    tab.look_in::<bool>(&page, "(document.querySelector('#time-window a').click(), true)").await;
    tab.until("all.filter((type) => type === 'promenade:ready').length === 2").await;
    tab.until("windows.length === 3").await;
    assert_eq!(tab.look::<Value>("windows[2]").await, message("now-1h", "now", true));
    tab.until_in(&page, "document.documentElement.dataset.theme === 'dark'").await;
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    assert_eq!(tab.look::<usize>("windows.length").await, 3, "it stays live");
    let complaints = tab.complaints().await;
    assert!(complaints.is_empty(), "{complaints:?}");
    tab.close().await;
}
