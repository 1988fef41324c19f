//! The script behind a proxy like Backstage's.

use world::proxy::{PREFIX, Proxy, portal};

use crate::chromium::Tab;

#[tokio::test(flavor = "multi_thread")]
async fn script_works_behind_the_proxy() {
    let world = portal().await;
    let proxy = Proxy::before(world.address).await;
    let page = Tab::open(&proxy.at(&format!("{PREFIX}/catalog/default/component/payments"))).await;
    page.until("document.querySelector('#alerts') !== null && typeof htmx === 'object'").await;
    let before = proxy.answered.lock().unwrap().len();
    page.click("#alerts th a").await;
    page.until("location.search.includes('sort=')").await;
    page.until("location.pathname.startsWith('/api/proxy/promenade/')").await;
    let sent: Vec<String> =
        proxy.answered.lock().unwrap()[before..].iter().map(|(path, _)| path.clone()).collect();
    assert!(sent.iter().all(|path| path.starts_with(PREFIX)), "{sent:?}");
    page.until("document.querySelectorAll('#alerts').length === 1").await;
    assert_eq!(page.count("html html, #alerts header nav.top").await, 0, "a fragment, not a page in a page");
    assert_eq!(page.complaints().await, Vec::<String>::new());
    page.close().await;
}
