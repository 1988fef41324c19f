//! The test browser waits for the page that a click opens, however slow it is.

use std::time::Duration;

use world::upstream::{Reply, Upstream};

use crate::chromium::Tab;

/// The next page is slow, as on a busy machine, and shows its address.
const PAGE: &str = r##"<!doctype html><title>a page</title><body><h1>PATH</h1>
<form action="/form"><input name="said" value="x"><button>Send</button></form>
<a id="link" href="/link">link</a> <a id="here" href="#there">here</a> <a id="new" href="/new" target="_blank">new</a>
<button id="script" onclick="location.assign('/script')">script</button>
<p id="there">there</p>
<script>addEventListener("keydown", (e) => { if (e.key === "r") location.reload(); });</script>"##;

async fn slow() -> (Upstream, String) {
    let server = Upstream::start().await;
    server.on_any(Reply::computed(|request| {
        Reply::html(200, &PAGE.replace("PATH", &request.path)).after(Duration::from_millis(150))
    }));
    let origin = format!("http://{}", server.address);
    (server, origin)
}

/// The path of the page.
async fn path(tab: &Tab) -> String {
    tab.text("h1").await
}

#[tokio::test]
async fn links_to_other_pages_show_progress_until_the_page_arrives() {
    let (_server, origin) = slow().await;
    let tab = Tab::new().await;
    // Each is followed at once by a way elsewhere, which a page still on its way would end.
    for n in 0..3 {
        tab.go(&format!("{origin}/{n}")).await;
        tab.click("form button").await;
        assert_eq!(path(&tab).await, "/form?said=x");
        tab.go(&format!("{origin}/{n}")).await;
        tab.click("form input").await;
        tab.press("Enter").await;
        assert_eq!(path(&tab).await, "/form?said=x");
        tab.go(&format!("{origin}/{n}")).await;
        tab.click("#link").await;
        assert_eq!(path(&tab).await, "/link");
        tab.go(&format!("{origin}/{n}")).await;
        tab.click("#script").await;
        assert_eq!(path(&tab).await, "/script");
        tab.leave_by("history.back()").await;
        assert_eq!(path(&tab).await, format!("/{n}"));
        let _: bool = tab.look("(window.stayed = true)").await;
        tab.press("r").await;
        assert!(tab.look::<bool>("window.stayed === undefined").await, "loaded anew");
        tab.leave_by("location.assign('/left')").await;
        assert_eq!(path(&tab).await, "/left");
    }
    tab.close().await;
}

#[tokio::test]
async fn clicks_that_stay_on_the_page_show_no_progress() {
    let (_server, origin) = slow().await;
    let tab = Tab::open(&format!("{origin}/")).await;
    let _: bool = tab.look("(window.stayed = true)").await;
    tab.click("#here").await;
    assert_eq!(tab.look::<String>("location.hash").await, "#there");
    tab.click("#there").await;
    tab.press("x").await;
    tab.click("#new").await;
    assert!(tab.look::<bool>("window.stayed === true").await);
    tab.close().await;
}
