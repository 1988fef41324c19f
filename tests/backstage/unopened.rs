//! What Backstage shows where it does not open Promenade.

use browser::chromium::Tab;

use crate::portal::{CATALOG, PAYMENTS};
use crate::running::{Backstage, free_port};
use crate::signed_in::{BROWSER, all_entities_known, open, said};

#[tokio::test(flavor = "multi_thread")]
async fn address_without_a_scheme_is_refused() {
    let _alone = BROWSER.lock().await;
    let port = free_port();
    let more = "promenade: {plugin: {target: 'http://127.0.0.1:9', baseUrl: promenade.example}}\n";
    let backstage = Backstage::of_app("app-next", port, more, CATALOG);
    all_entities_known(&backstage).await;
    let tab = Tab::new().await;
    open(&tab, &backstage, &format!("{PAYMENTS}/monitoring")).await;
    let why = "promenade.plugin.baseUrl must be an http or https URL, or a path that starts with \"/\"";
    said(&tab, &format!("Backstage does not open Promenade: {why}")).await;
    assert_eq!(tab.count("[data-testid=promenade] iframe").await, 0);
    tab.close().await;
}
