//! A user of a running Backstage: tokens and cookies, and the pages in a browser.

use std::time::Duration;

use browser::chromium::Tab;
use promenade::clock;
use tokio::sync::Mutex;
use world::Reply as Answer;

use crate::running::Backstage;

const COOKIE: &str = "/api/promenade/.backstage/auth/v1/cookie";
/// The frame of the portal.
pub const FRAME: &str = "document.querySelector('[data-testid=promenade] iframe')";

/// A browser has one cookie for all ports of a host, and the cookie of one Backstage is none for another.
pub static BROWSER: Mutex<()> = Mutex::const_new(());

/// A guest's token, once Backstage is there.
pub async fn guest_token(backstage: &Backstage) -> String {
    let (client, since) = (world::client(), clock::stopwatch());
    loop {
        let reply = client.get(format!("{}/api/auth/guest/refresh", backstage.url)).send().await;
        if let Some(reply) = reply.ok().filter(|reply| reply.status() == 200) {
            let body = Answer::read(reply).await.json();
            return body["backstageIdentity"]["token"].as_str().unwrap().to_owned();
        }
        assert!(since.elapsed() < Duration::from_secs(90), "{}", backstage.log());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// The cookie that the frontend plugin fetches, as a browser returns it.
pub async fn user_cookie(backstage: &Backstage) -> String {
    let token = guest_token(backstage).await;
    let request = world::client().get(format!("{}{COOKIE}", backstage.url)).bearer_auth(token);
    let reply = request.send().await.unwrap();
    let cookie = reply.headers()["set-cookie"].to_str().unwrap();
    assert!(cookie.contains("HttpOnly"), "{cookie}");
    cookie.split(';').next().unwrap().to_owned()
}

/// Backstage reads its catalog after it answers.
pub async fn all_entities_known(backstage: &Backstage) {
    let token = guest_token(backstage).await;
    for name in ["payments", "plain"] {
        let url = format!("{}/api/catalog/entities/by-name/component/default/{name}", backstage.url);
        let start = clock::now();
        while world::client().get(&url).bearer_auth(&token).send().await.unwrap().status() != 200 {
            assert!(clock::now().duration_since(start).as_secs() < 60, "Backstage does not know {name}");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
}

/// Opens a page of Backstage, signed in as a guest.
pub async fn open(tab: &Tab, backstage: &Backstage, path: &str) {
    tab.go(&format!("{}{path}", backstage.url)).await;
    let enter =
        "[...document.querySelectorAll('button')].find((b) => b.innerText.trim().toLowerCase() === 'enter')";
    tab.until(&format!("{enter} || document.querySelector('main')")).await;
    let _: bool = tab.look(&format!("({enter}?.click(), true)")).await;
}

/// The next pages of Backstage have this theme of its own.
pub async fn choose_theme(tab: &Tab, name: &str) {
    let _: bool = tab.look(&format!("(localStorage.setItem('theme', '{name}'), true)")).await;
}

/// What Backstage shows in place of a page that does not say that it is ready.
pub const SILENT: &str =
    "Promenade does not answer. This page tries again; open it in a tab of its own to see why.";

/// Waits until Backstage shows exactly this text in the panel of the frame.
pub async fn said(tab: &Tab, text: &str) {
    let shown = "document.querySelector('[data-testid=promenade]')?.innerText.replace(/\\s+/g, ' ').trim()";
    tab.until(&format!("{shown} === {text:?}")).await;
}

/// Waits until the frame is shown and as high as the page of the portal in it, to the pixel.
pub async fn fitting(tab: &Tab, base: &str) {
    tab.until(&format!("{FRAME}?.style.opacity === '1'")).await;
    let since = clock::stopwatch();
    loop {
        let height = "Math.ceil(document.body.getBoundingClientRect().height)";
        let inner = tab.look_in::<i64>(base, height).await;
        let outer = tab.look::<i64>(&format!("{FRAME}?.clientHeight ?? 0")).await;
        if inner == Some(outer) && outer > 100 {
            break;
        }
        assert!(since.elapsed() < Duration::from_secs(30), "a frame of {outer} px, its page {inner:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let scrolls = "((d) => d.scrollHeight - d.clientHeight)(document.documentElement)";
    assert_eq!(tab.look_in::<i64>(base, scrolls).await, Some(0), "the frame has a bar of its own");
}
