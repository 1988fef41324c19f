//! A tab that nobody looks at: its title and icon, its refreshes, its notifications.

use std::time::Duration;

use promenade::config::Settings;
use world::World;
use world::program::Portal;
use world::rules::{Alert, Rule};
use world::upstream::Reply;

use crate::chromium::Tab;

const CATALOG: &str = "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: cart, annotations: \
                       {prometheus.io/rule: load, prometheus.io/alert: all}}\n";
const ICON: &str = "document.getElementById('favicon').href";

async fn scripted(firing: usize) -> World {
    let shorter = |settings: &mut Settings| settings.instances[0].scrape_interval = Duration::from_secs(1);
    let world = World::with(CATALOG, shorter).await;
    world.upstream.on("load", Reply::matrix(&[(&[("zone", "a")], 1.5)]));
    fire(&world, firing);
    world
}

/// So many alerts fire.
fn fire(world: &World, firing: usize) {
    let alert = |i: usize| {
        let alert =
            Alert::firing("TooMuch").label("instance", &format!("<b>{i}")).since("2026-01-02T03:04:05.678Z");
        alert.annotation("summary", &format!("\"{i}\" </section><script>"))
    };
    world
        .upstream
        .on_rules(Reply::group([Rule::new("TooMuch").query("load > 1").alerts((0..firing).map(alert))]));
}

fn at(world: &World, path: &str) -> String {
    format!("http://{}{path}", world.address)
}

const CART: &str = "/catalog/default/component/cart?refresh=1s";

/// How many requests the page made for a panel.
fn requests(part: &str) -> String {
    format!("performance.getEntriesByType('resource').filter((e) => e.name.includes('{part}')).length")
}

#[tokio::test]
async fn hidden_tab_fetches_only_its_state_and_only_now_and_then() {
    let world = scripted(1).await;
    let tab = Tab::open(&at(&world, CART)).await;
    tab.until("document.title.includes('1 firing')").await;
    tab.until(&format!("{} >= 2", requests("/alerts?"))).await;
    tab.hide(true).await;
    let pause = "new Promise((resolve) => setTimeout(() => resolve(true), 1500))";
    let _: bool = tab.look(pause).await;
    let (alerts, graphs): (usize, usize) =
        tab.look(&format!("[{}, {}]", requests("/alerts?"), requests("/graphs/1"))).await;
    fire(&world, 2);
    let _: bool = tab.look(pause).await;
    assert_eq!(tab.look::<usize>(&requests("/alerts?")).await, alerts, "not before a minute");
    // A minute later.
    let _: bool = tab.look("(() => { const now = performance.now.bind(performance); performance.now = () => now() + 61000; return true; })()").await;
    tab.until("document.title.includes('2 firing')").await;
    assert_eq!(tab.look::<usize>(&requests("/graphs/1")).await, graphs, "graphs wait");
    tab.hide(false).await;
    tab.until(&format!("{} > {graphs}", requests("/graphs/1"))).await;
    tab.close().await;
}

#[tokio::test]
async fn title_and_icon_say_since_when_they_are_old() {
    let world = scripted(1).await;
    let tab = Tab::open(&at(&world, CART)).await;
    tab.until(&format!("{ICON}.includes('favicon-firing') && document.title === 'cart: 1 firing'")).await;
    world.upstream.on_rules(Reply::html(503, "gone"));
    tab.until(&format!("/^\\(\\d\\d:\\d\\d:\\d\\d UTC\\) cart: 1 firing$/.test(document.title) && {ICON}.includes('favicon-unknown')")).await;
    // Whoever opens the page now sees the same.
    let other = Tab::open(&at(&world, CART)).await;
    other
        .until(&format!(
            "/^\\(\\d\\d:.*\\) cart: 1 firing$/.test(document.title) && {ICON}.includes('favicon-unknown')"
        ))
        .await;
    other.close().await;
    fire(&world, 2);
    tab.until(&format!("document.title === 'cart: 2 firing' && {ICON}.includes('favicon-firing')")).await;
    tab.close().await;
}

#[tokio::test]
async fn a_lost_portal_is_in_the_title() {
    let mut portal = Portal::demo();
    let tab = Tab::open(&portal.at("/catalog/default/component/payments?refresh=1s")).await;
    tab.until(&format!("{ICON}.includes('favicon-firing')")).await;
    portal.kill();
    tab.until(&format!(
        "/^\\(\\d\\d:\\d\\d\\) Payments: /.test(document.title) && {ICON}.includes('favicon-unknown')"
    ))
    .await;
    tab.close().await;
}

#[tokio::test]
async fn title_of_the_catalog_has_the_count_and_follows() {
    let world = scripted(3).await;
    let tab = Tab::open(&at(&world, "/?refresh=1s")).await;
    tab.until("document.title.startsWith('(1) Catalog')").await;
    fire(&world, 0);
    tab.until("document.title.startsWith('Catalog')").await;
    world.upstream.on_rules(Reply::html(503, "gone"));
    tab.until(&format!(
        "/^\\(\\d\\d:.* UTC\\) Catalog/.test(document.title) && {ICON}.includes('favicon-unknown')"
    ))
    .await;
    tab.close().await;
}

/// A browser that shows notifications; without a screen Chromium has none.
const NOTIFIER: &str = "window.shown = []; window.Notification = class { static permission = 'granted';
     static async requestPermission() { return 'granted'; }
     constructor(title, options) { window.shown.push([title, options.body, options.tag]); } };";

#[tokio::test]
async fn alerts_that_begin_to_fire_are_notified_on_request() {
    let world = scripted(1).await;
    let tab = Tab::new().await;
    tab.first(NOTIFIER).await;
    tab.go(&at(&world, CART)).await;
    tab.until("document.getElementById('notify').checkVisibility()").await;
    assert_eq!(tab.text("#notify").await, "Notify me of new alerts");
    assert_eq!(tab.count("#alerts[data-firing]").await, 0, "only for who wants it");
    tab.click("#notify").await;
    tab.until("location.search.includes('notify=1') && document.getElementById('notify')?.textContent === 'Notifications on'").await;
    fire(&world, 3);
    tab.until("window.shown.length === 2").await;
    let shown: Vec<(String, String, String)> = tab.look("window.shown").await;
    assert!(shown.iter().all(|(title, ..)| title == "TooMuch"), "{shown:?}");
    assert_eq!(shown[0].1, "\"1\" </section><script>");
    assert_ne!(shown[0].2, shown[1].2);
    fire(&world, 12);
    tab.until("window.shown[2]?.[1] === '9 alerts began to fire'").await;
    // Links keep the wish, and a click ends it.
    assert!(tab.look::<bool>("document.querySelector('.ranges a').href.includes('notify=1')").await);
    tab.click("#notify").await;
    tab.until("!location.search.includes('notify') && document.getElementById('notify')?.textContent.startsWith('Notify')").await;
    tab.close().await;
}
