//! Filters in a real browser: they change the list and the address without a new page.

use world::program::Portal;

use crate::chromium::Tab;

const PAYMENTS: &str = "/catalog/default/component/payments";

/// Types as a reader does, one letter after the other.
async fn write(tab: &Tab, selector: &str, text: &str) {
    tab.click(selector).await;
    for end in 1..=text.len() {
        let typed = &text[..end];
        let event = "new Event('input', {bubbles: true})";
        let script = format!("((e) => {{ e.value = '{typed}'; e.dispatchEvent({event}); return true; }})");
        let _: bool = tab.look(&format!("{script}(document.querySelector('{selector}'))")).await;
    }
}

/// A new page does not have this mark.
async fn mark(tab: &Tab) {
    let _: bool = tab.look("(window.stayed = true)").await;
}

async fn stayed(tab: &Tab) {
    assert!(tab.look::<bool>("window.stayed === true").await, "the page was loaded anew");
    let complaints = tab.complaints().await;
    assert!(complaints.is_empty(), "the browser complains:\n  {}", complaints.join("\n  "));
}

#[tokio::test]
async fn catalog_search_follows_typing() {
    let portal = Portal::demo();
    let tab = Tab::open(&portal.at("/?theme=dark")).await;
    mark(&tab).await;
    write(&tab, "#catalog-search", "gatew").await;
    tab.until("document.querySelectorAll('.catalog .title').length === 1").await;
    assert_eq!(tab.text(".catalog .title").await.trim(), "Gateway");
    tab.until("location.search.includes('search=gatew')").await;
    assert!(tab.look::<bool>("location.search.includes('theme=dark')").await);
    assert!(tab.look::<bool>("document.activeElement.id === 'catalog-search'").await, "one types on");
    stayed(&tab).await;
    tab.close().await;
}

#[tokio::test]
async fn alert_table_is_filtered_without_a_new_page() {
    let portal = Portal::demo();
    let tab = Tab::open(&portal.at(PAYMENTS)).await;
    tab.until("document.querySelector('#graph-1-chart canvas')").await;
    mark(&tab).await;
    tab.click("#alerts .chip.pending").await;
    tab.until("document.querySelector('#alerts .chip.pending').ariaCurrent === 'true'").await;
    let states =
        "[...document.querySelectorAll('#alerts td.st')].every((e) => e.innerText.trim() === 'pending')";
    assert!(tab.look::<bool>(states).await);
    let address = "location.pathname + location.search";
    tab.until(&format!("{address} === '{PAYMENTS}?state=pending'")).await;

    write(&tab, "#alerts-search-text", "refund").await;
    tab.until("document.querySelectorAll('#alerts tr.row').length === 1").await;
    tab.until(&format!("({address}).startsWith('{PAYMENTS}?') && location.search.includes('search=refund')"))
        .await;
    let search = "document.activeElement.id + document.activeElement.value";
    assert_eq!(tab.look::<String>(search).await, "alerts-search-textrefund", "one types on");

    tab.click("#alerts th.name a").await;
    tab.until("document.querySelector('#alerts th[aria-sort=ascending]')").await;
    assert!(tab.look::<bool>("location.search.includes('state=pending')").await, "the filters stay");
    stayed(&tab).await;
    tab.close().await;
}

#[tokio::test]
async fn controls_that_need_javascript_are_hidden_without_it() {
    let portal = Portal::demo();
    let tab = Tab::open(&portal.at("/")).await;
    let seen = |selector: &str| format!("document.querySelector('{selector}').checkVisibility()");
    tab.go(&portal.at(PAYMENTS)).await;
    tab.until("document.querySelector('#graph-1-chart canvas')").await;
    let link = "#alerts tbody:not(.rule) .no-script";
    assert!(!tab.look::<bool>(&seen(link)).await);
    tab.without_scripts().await;
    tab.go(&portal.at(PAYMENTS)).await;
    assert!(
        tab.look::<bool>(&seen("#graph-1-chart svg.plot")).await,
        "the server's picture in place of the chart"
    );
    // A row opens and shows what is under it, by style alone.
    let row = "#alerts tbody:not(.rule) tr.row";
    let detail = "#alerts tbody:not(.rule) tr.detail";
    assert!(!tab.look::<bool>(&seen(detail)).await);
    tab.click(&format!("{row} td.sum")).await;
    tab.until(&seen(detail)).await;
    assert!(tab.look::<bool>(&seen(link)).await, "a link in place of a graph that a script would fetch");
    tab.close().await;
}
