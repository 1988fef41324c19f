//! `backstage-plugin-promenade` in real apps of both frontend systems, with a real portal.

use std::time::Duration;

use browser::chromium::Tab;
use promenade::clock;
use world::upstream::{Reply, Upstream};

use crate::portal::{CATALOG, PAYMENTS, Portal};
use crate::running::{Backstage, behind, free_port};
use crate::signed_in::{BROWSER, FRAME, SILENT, all_entities_known, choose_theme, fitting, open, said};

/// A theme of Backstage's, as the portal has it: the scheme, the colours of page, panels, text and links, radius and font.
const LIGHT: [&str; 7] = ["light", "#f8f8f8", "#ffffff", "#212121", "#0b6ab6", "4px", "\"Helvetica Neue\""];
const DARK: [&str; 7] = ["dark", "#333333", "#424242", "#ffffff", "#9cc9ff", "4px", "\"Helvetica Neue\""];
/// The same of the page in the frame. The portal's own radius is 4px too, so that of the look is read.
const WORN: &str = "(() => {
    const style = getComputedStyle(document.documentElement);
    const [look] = document.adoptedStyleSheets.flatMap((s) => [...s.cssRules]).flatMap((r) => [...r.cssRules]);
    const names = ['--page', '--surface', '--text', '--accent'];
    return [style.colorScheme, ...names.map((name) => style.getPropertyValue(name)),
        look?.style.getPropertyValue('--radius') ?? 'none', getComputedStyle(document.body).fontFamily.split(',')[0]];
})()";

/// Waits until the page in the frame has the look of a theme of Backstage's.
async fn at_home(tab: &Tab, base: &str, theme: [&str; 7]) {
    let since = clock::stopwatch();
    loop {
        let worn = tab.look_in::<Vec<String>>(base, WORN).await;
        if worn.as_deref().is_some_and(|worn| worn == theme) {
            break;
        }
        assert!(since.elapsed() < Duration::from_secs(30), "{worn:?} for {theme:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let panel = "getComputedStyle(document.querySelector('.panel')).backgroundColor";
    let around = format!("getComputedStyle({FRAME}.parentElement).backgroundColor");
    assert_eq!(tab.look_in::<String>(base, panel).await, Some(tab.look(&around).await));
}

/// What the console says of the portal.
async fn complaints(tab: &Tab) -> Vec<String> {
    let all = tab.complaints().await;
    all.into_iter().filter(|text| text.contains("romenade") || text.contains("postMessage")).collect()
}

async fn app_shows_promenade(app: &str) {
    let _alone = BROWSER.lock().await;
    let port = free_port();
    let mut portal = Portal::behind(&format!("http://127.0.0.1:{port}")).await;
    let base = portal.base.clone();
    let backstage = Backstage::of_app(app, port, &behind(&portal.target()), CATALOG);
    all_entities_known(&backstage).await;
    let tab = Tab::new().await;

    // The tab, in both themes.
    open(&tab, &backstage, &format!("{PAYMENTS}/monitoring")).await;
    fitting(&tab, &base).await;
    at_home(&tab, &base, LIGHT).await;
    tab.until_in(&base, "document.querySelectorAll('canvas').length >= 2").await;
    fitting(&tab, &base).await;
    tab.screenshot(&format!("backstage-{app}-light")).await;
    choose_theme(&tab, "dark").await;
    open(&tab, &backstage, &format!("{PAYMENTS}/monitoring")).await;
    fitting(&tab, &base).await;
    at_home(&tab, &base, DARK).await;
    tab.screenshot(&format!("backstage-{app}-dark")).await;

    // The card, as wide as its place at any width of the window.
    open(&tab, &backstage, PAYMENTS).await;
    tab.until(&format!("{FRAME}?.src.includes('/alerts?')")).await;
    fitting(&tab, &base).await;
    tab.size(900, 900).await;
    tab.until(&format!("{FRAME}.clientWidth > 400")).await;
    fitting(&tab, &base).await;
    tab.screenshot(&format!("backstage-{app}-card")).await;
    tab.size(1440, 900).await;

    // Neither for an entity without annotations.
    open(&tab, &backstage, "/catalog/default/component/plain").await;
    tab.until("document.body.innerText.toLowerCase().includes('overview')").await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(!tab.look::<bool>("document.body.innerText.toLowerCase().includes('monitoring')").await);
    assert_eq!(tab.count("[data-testid=promenade]").await, 0);
    assert_eq!(complaints(&tab).await, [""; 0]);

    // While the portal restarts.
    portal.program.kill();
    open(&tab, &backstage, &format!("{PAYMENTS}/monitoring")).await;
    said(&tab, SILENT).await;
    let link: String = tab.look("document.querySelector('[data-testid=promenade] a').href").await;
    assert_eq!(link, format!("{base}{PAYMENTS}"));
    portal.restart();
    fitting(&tab, &base).await;
    assert_eq!(tab.text("[data-testid=promenade]").await, "");
    tab.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn old_frontend_system_shows_tab_and_card() {
    app_shows_promenade("app").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn new_frontend_system_shows_tab_and_card() {
    app_shows_promenade("app-next").await;
}

/// `promenade.plugin.baseUrl`. The address has a path, and messages have an origin.
#[tokio::test(flavor = "multi_thread")]
async fn portal_at_its_own_origin_is_framed_and_no_other_is_heard() {
    let _alone = BROWSER.lock().await;
    let port = free_port();
    let portal = Portal::beside(&format!("http://127.0.0.1:{port}")).await;
    let base = portal.base.clone();
    let other = Upstream::start().await;
    let other_url = format!("http://{}/", other.address);
    other.on_any(Reply::html(
        200,
        "<!doctype html><title>other</title><script>
         for (const type of ['promenade:height', 'promenade:ready']) {
             parent.postMessage({ type, version: 1, height: 77 }, '*');
         }
         </script>",
    ));
    // The backend plugin is installed in the test's Backstage, and nothing is where it looks for the portal.
    let more = format!(
        "promenade: {{plugin: {{target: 'http://127.0.0.1:9', baseUrl: '{base}/'}}}}\n\
         backend: {{csp: {{frame-src: [\"'self'\", '{}', '{other_url}']}}}}\n",
        portal.target()
    );
    let backstage = Backstage::of_app("app", port, &more, CATALOG);
    all_entities_known(&backstage).await;
    let tab = Tab::new().await;
    open(&tab, &backstage, &format!("{PAYMENTS}/monitoring")).await;
    fitting(&tab, &base).await;
    let source: String = tab.look(&format!("{FRAME}.src")).await;
    assert_eq!(source, format!("{base}{PAYMENTS}?kiosk&theme=light"));
    at_home(&tab, &base, LIGHT).await;
    tab.until_in(&base, "document.querySelectorAll('canvas').length >= 2").await;
    fitting(&tab, &base).await;
    choose_theme(&tab, "dark").await;
    open(&tab, &backstage, &format!("{PAYMENTS}/monitoring")).await;
    fitting(&tab, &base).await;
    at_home(&tab, &base, DARK).await;
    assert_eq!(complaints(&tab).await, [""; 0]);

    // Backstage's own window has another origin and is no frame.
    let message = "{ type: 'promenade:height', version: 1, height: 77 }";
    let _: bool = tab.look(&format!("(postMessage({message}, '*'), true)")).await;
    // A page of another origin in the same frame says that it is ready, and is not believed.
    let before: i64 = tab.look(&format!("{FRAME}.clientHeight")).await;
    assert!(before > 77, "{before}");
    let _: bool = tab.look(&format!("({FRAME}.src = '{other_url}', true)")).await;
    tab.until_in(&other_url, "document.title === 'other'").await;
    said(&tab, SILENT).await;
    assert!(tab.look::<bool>(&format!("{FRAME}.style.opacity === '0'")).await, "another page is shown");
    // The next attempt loads the portal again.
    fitting(&tab, &base).await;
    tab.close().await;
}
