//! What Backstage shows where it does not open Promenade, and where a page of Promenade says nothing.

use std::time::Duration;

use browser::chromium::Tab;
use promenade::clock;
use serde_json::{Value, json};
use world::upstream::{Reply, Upstream};

use crate::portal::{CATALOG, PAYMENTS};
use crate::running::{Backstage, free_port};
use crate::signed_in::{BROWSER, FRAME, SILENT, all_entities_known, open, said};

/// A page that sends what the portal sends, and keeps what it is sent.
const PAGE: &str = "<!doctype html><title>page</title><script>
    window.heard = [];
    addEventListener('message', (event) => heard.push(event.data));
    window.tell = (type, more) => parent.postMessage({ type: `promenade:${type}`, version: 1, ...more }, '*');
    tell('height', { height: 321.4 });
    tell('ready');
    </script>";

/// In place of the backend plugin: its answer to the request for a cookie, and the page behind it.
struct Scripted {
    upstream: Upstream,
    backstage: String,
}

impl Scripted {
    async fn start(backstage_port: u16) -> Self {
        let backstage = format!("http://127.0.0.1:{backstage_port}");
        Self { upstream: Upstream::start().await, backstage }
    }

    fn url(&self) -> String {
        format!("http://{}/api/promenade", self.upstream.address)
    }

    /// The config of a Backstage that looks for the plugin here.
    fn config(&self) -> String {
        let origin = format!("http://{}", self.upstream.address);
        format!(
            "promenade: {{plugin: {{target: 'http://127.0.0.1:9'}}}}\n\
             discovery: {{endpoints: [{{target: '{}', plugins: [promenade]}}]}}\n\
             backend: {{csp: {{frame-src: [\"'self'\", '{origin}'], connect-src: [\"'self'\", '{origin}']}}}}\n",
            self.url()
        )
    }

    fn answer(&self, cookie: Reply, page: Reply) {
        let preflight = self.readable(204, "");
        self.upstream.on_any(Reply::computed(move |request| {
            if request.method == "OPTIONS" {
                preflight.clone()
            } else if is_for_cookie(&request.path) {
                cookie.clone()
            } else {
                page.clone()
            }
        }));
    }

    /// An answer that the browser lets Backstage read.
    fn readable(&self, status: u16, body: &str) -> Reply {
        let headers = [
            ("Access-Control-Allow-Origin", self.backstage.as_str()),
            ("Access-Control-Allow-Credentials", "true"),
            ("Access-Control-Allow-Headers", "authorization"),
            ("Content-Type", "application/json"),
        ];
        Reply::http(status, &headers, body)
    }

    /// A cookie that the frontend renews as soon as it ever does.
    fn short_cookie(&self) -> Reply {
        let end = clock::now() + Duration::from_secs(60);
        self.readable(200, &json!({"expiresAt": end.to_string()}).to_string())
    }

    /// How often it was asked for a cookie.
    fn cookies(&self) -> usize {
        let requests = self.upstream.requests();
        requests.iter().filter(|r| r.method == "GET" && is_for_cookie(&r.path)).count()
    }
}

fn is_for_cookie(path: &str) -> bool {
    path.ends_with("/.backstage/auth/v1/cookie")
}

async fn shown(tab: &Tab, height: u32) {
    tab.until(&format!("{FRAME}?.style.opacity === '1' && {FRAME}.clientHeight === {height}")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn backstage_says_why_it_shows_no_page() {
    let _alone = BROWSER.lock().await;
    let port = free_port();
    let scripted = Scripted::start(port).await;
    let backstage = Backstage::of_app("app-next", port, &scripted.config(), CATALOG);
    all_entities_known(&backstage).await;
    let tab = Tab::new().await;
    for (cookie, why) in [
        (
            scripted.readable(404, "{}"),
            "the cookie is refused with status 404: is backstage-plugin-promenade-backend installed?",
        ),
        (scripted.readable(503, "{}"), "the cookie is refused with status 503"),
        (scripted.readable(200, "{}"), "the cookie has no end"),
    ] {
        scripted.answer(cookie, Reply::hang());
        open(&tab, &backstage, &format!("{PAYMENTS}/monitoring")).await;
        said(&tab, &format!("Backstage does not open Promenade: {why}")).await;
        assert_eq!(tab.count("[data-testid=promenade] iframe").await, 0, "{why}");
    }

    // It asks for the cookie again. The page then never loads, so the frame has no event.
    scripted.answer(scripted.short_cookie(), Reply::hang());
    tab.until(FRAME).await;
    said(&tab, SILENT).await;
    let link = "((a) => [a.href, a.target, a.rel])(document.querySelector('[data-testid=promenade] a'))";
    let page = format!("{}{PAYMENTS}", scripted.url());
    assert_eq!(tab.look::<Vec<String>>(link).await, [page.as_str(), "_blank", "noopener noreferrer"]);

    // It loads the page again.
    scripted.answer(scripted.short_cookie(), Reply::html(200, PAGE));
    shown(&tab, 322).await;
    assert_eq!(tab.text("[data-testid=promenade]").await, "");
    messages_are_checked(&tab, &scripted.url()).await;

    // An opened page stays while the cookie is refused.
    let before = scripted.cookies();
    scripted.answer(scripted.readable(500, "{}"), Reply::hang());
    let since = clock::stopwatch();
    while scripted.cookies() < before + 2 {
        assert!(since.elapsed() < Duration::from_secs(60), "the cookie is not renewed");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    shown(&tab, 322).await;
    assert_eq!(tab.text("[data-testid=promenade]").await, "");
    tab.close().await;
}

/// The page in the frame was given the look once, after it was ready; of its messages only whole ones count.
async fn messages_are_checked(tab: &Tab, url: &str) {
    let look = json!({"background": "#f8f8f8", "surface": "#ffffff", "text": "#212121", "accent": "#0a6ebe",
                      "radius": 4, "font": "Helvetica Neue"});
    let set = json!({"type": "promenade:set", "version": 1, "theme": "light", "look": look});
    tab.until_in(url, "heard.length > 0").await;
    assert_eq!(tab.look_in::<Value>(url, "heard[0]").await, Some(set.clone()));
    let wrong = "parent.postMessage(null, '*'); parent.postMessage('promenade:height', '*');
        tell('height', { height: 50, version: 2 }); tell('height', { height: '60' }); tell('height', { height: NaN });
        tell('height', { height: Infinity }); tell('height'); tell('size', { height: 70 }); true";
    assert_eq!(tab.look_in::<bool>(url, wrong).await, Some(true));
    tokio::time::sleep(Duration::from_millis(500)).await;
    shown(tab, 322).await;
    for (sent, height) in [("-5", 0), ("1e9", 50_000), ("322", 322)] {
        let tell = format!("(tell('height', {{ height: {sent} }}), true)");
        assert_eq!(tab.look_in::<bool>(url, &tell).await, Some(true));
        shown(tab, height).await;
    }
    let heard = tab.look_in::<Vec<Value>>(url, "heard").await.unwrap();
    assert!(heard.iter().all(|message| *message == set), "{heard:?}");
}

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
