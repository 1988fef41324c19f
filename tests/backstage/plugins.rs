//! The packages of `config/backstage` in real Backstage apps, with a real portal behind them.

use std::fs;
use std::time::Duration;

use browser::chromium::Tab;
use promenade::clock;
use tempfile::TempDir;
use tokio::sync::Mutex;
use world::Reply as Answer;
use world::program::Program;
use world::rules::{Alert, Rule};
use world::upstream::{Reply, Upstream};

use crate::running::{Backstage, free_port};

const CATALOG: &str = "
apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: payments
  annotations: {prometheus.io/rule: 'up,load', prometheus.io/alert: all}
spec: {type: service, lifecycle: production, owner: team-a}
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: plain}
spec: {type: service, lifecycle: production, owner: team-a}
";
const PAYMENTS: &str = "/catalog/default/component/payments";
const COOKIE: &str = "/api/promenade/.backstage/auth/v1/cookie";
/// The frame of the portal, and the document in it: Backstage and the portal have one origin here.
const FRAME: &str = "document.querySelector('[data-testid=promenade] iframe')";

/// A portal as the program that people run, with a scripted Prometheus.
struct BehindBackstage {
    program: Program,
    config: TempDir,
    port: u16,
    _upstream: Upstream,
}

impl BehindBackstage {
    async fn start(backstage_port: u16) -> Self {
        let upstream = Upstream::start().await;
        upstream.on("up", Reply::matrix(&[(&[("__name__", "up"), ("job", "a")], 1.0)]));
        upstream.on("load", Reply::matrix(&[(&[("__name__", "load"), ("job", "a")], 2.5)]));
        let alert = |i: usize| Alert::firing("Down").label("instance", &format!("host-{i}:9100"));
        upstream.on_rules(Reply::group([Rule::new("Down").alerts((0..3).map(alert))]));
        let (config, port) = (TempDir::new().unwrap(), free_port());
        let backstage = format!("http://127.0.0.1:{backstage_port}");
        let text = format!(
            "app: {{baseUrl: '{backstage}/api/promenade'}}\n\
             proxy: {{endpoints: {{/prometheus/api: 'http://{}/api/v1/'}}}}\n\
             catalog: {{locations: [{{type: file, target: catalog.yaml}}]}}\n\
             promenade:\n  listen: 127.0.0.1:{port}\n  \
             embedding: {{frameAncestors: ['{backstage}'], parentOrigins: ['{backstage}']}}\n",
            upstream.address
        );
        fs::write(config.path().join("app-config.yaml"), text).unwrap();
        fs::write(config.path().join("catalog.yaml"), CATALOG).unwrap();
        let program = Self::program(&config);
        Self { program, config, port, _upstream: upstream }
    }

    fn program(config: &TempDir) -> Program {
        let file = config.path().join("app-config.yaml");
        Program::start(|p| p.args(["serve", "--config"]).arg(file))
    }

    fn target(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    fn restart(&mut self) {
        self.program = Self::program(&self.config);
    }
}

/// A guest's token, once Backstage is there.
async fn guest_token(backstage: &Backstage) -> String {
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
async fn user_cookie(backstage: &Backstage) -> String {
    let token = guest_token(backstage).await;
    let request = world::client().get(format!("{}{COOKIE}", backstage.url)).bearer_auth(token);
    let reply = request.send().await.unwrap();
    let cookie = reply.headers()["set-cookie"].to_str().unwrap();
    assert!(cookie.contains("HttpOnly"), "{cookie}");
    cookie.split(';').next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn backend_plugin_admits_signed_in_users_and_returns_what_the_portal_sends() {
    let port = free_port();
    let portal = BehindBackstage::start(port).await;
    let backstage = Backstage::of_app("app", port, &portal.target(), CATALOG);
    let cookie = user_cookie(&backstage).await;
    let get = |path: &str, cookie: &str| {
        let request = world::client().get(format!("{}/api/promenade{path}", backstage.url));
        request.header("Cookie", cookie).header("Accept-Encoding", "gzip").send()
    };
    let (signed, signature) = cookie.rsplit_once('.').unwrap();
    let spoilt = format!("{signed}.x{signature}");
    for path in [PAYMENTS, "/", "/status", "/static/css/tokens.css", "/metrics"] {
        for other in ["", "backstage-auth=x", &spoilt] {
            assert_eq!(get(path, other).await.unwrap().status(), 401, "{path} with {other}");
        }
    }

    let page = get(PAYMENTS, &cookie).await.unwrap();
    assert_eq!(
        (page.status().as_u16(), &page.headers()["content-encoding"]),
        (200, &"gzip".parse().unwrap())
    );
    let policy = page.headers()["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'") && policy.contains(&backstage.url), "{policy}");
    assert!(page.headers().get("x-frame-options").is_none());

    let moved = get("/catalog/default/Component/Payments", &cookie).await.unwrap();
    assert_eq!(
        (moved.status().as_u16(), &moved.headers()["location"]),
        (308, &format!("/api/promenade{PAYMENTS}").parse().unwrap())
    );
    let file = get(&format!("{PAYMENTS}/graphs/1.csv"), &cookie).await.unwrap();
    assert!(file.headers()["content-disposition"].to_str().unwrap().contains("filename="));

    // A file is asked for again by its ETag.
    let html = world::client().get(format!("{}{PAYMENTS}", portal.target())).send().await.unwrap();
    let html = Answer::read(html).await;
    let (_, rest) = html.text().split_once("rel=\"stylesheet\" href=\"/api/promenade").unwrap();
    let style = rest.split('"').next().unwrap();
    let first = get(style, &cookie).await.unwrap();
    let etag = first.headers()["etag"].clone();
    let request = world::client().get(format!("{}/api/promenade{style}", backstage.url));
    let request =
        request.header("Cookie", &cookie).header("Accept-Encoding", "gzip").header("If-None-Match", etag);
    assert_eq!(request.send().await.unwrap().status(), 304);

    let post =
        world::client().post(format!("{}/api/promenade{PAYMENTS}", backstage.url)).header("Cookie", &cookie);
    let post = post.body("query=up").send().await.unwrap();
    assert_eq!((post.status().as_u16(), &post.headers()["allow"]), (405, &"GET, HEAD".parse().unwrap()));
}

#[tokio::test(flavor = "multi_thread")]
async fn cookies_and_tokens_stay_in_backstage() {
    let (port, recorder) = (free_port(), Upstream::start().await);
    recorder.on_any(Reply::http(
        200,
        &[("Set-Cookie", "a=b"), ("Content-Type", "text/plain"), ("X-Other", "a")],
        "seen",
    ));
    let backstage = Backstage::of_app("app", port, &format!("http://{}", recorder.address), CATALOG);
    let (cookie, token) = (user_cookie(&backstage).await, guest_token(&backstage).await);
    let request = world::client().get(format!("{}/api/promenade/graph?query=up", backstage.url));
    let request = request.header("Cookie", cookie).bearer_auth(token).header("HX-Request", "true");
    let reply = request.header("X-Forwarded-Host", "evil.example").send().await.unwrap();
    let reply = Answer::read(reply).await;
    assert_eq!((reply.status.as_u16(), reply.text()), (200, "seen"));
    for name in ["set-cookie", "x-other"] {
        assert!(reply.headers.get(name).is_none(), "{name}");
    }
    // An answer without a policy keeps that of Backstage.
    assert!(reply.headers.contains_key("content-security-policy"), "{:?}", reply.headers);
    assert_eq!(reply.header("x-frame-options"), "SAMEORIGIN");
    let [seen] = recorder.requests().try_into().unwrap();
    assert_eq!(seen.path, "/api/promenade/graph?query=up");
    assert_eq!(seen.header("hx-request"), Some("true"));
    for name in ["cookie", "authorization", "x-forwarded-host"] {
        assert_eq!(seen.header(name), None, "{name}");
    }
    // A page of another site may link to a page and frame it, and reads nothing else.
    for (dest, status) in
        [("document", 200), ("iframe", 200), ("image", 403), ("script", 403), ("empty", 403)]
    {
        let request = world::client().get(format!("{}/api/promenade/graph?query=up", backstage.url));
        let request = request.header("Cookie", user_cookie(&backstage).await);
        let request = request.header("Sec-Fetch-Site", "cross-site").header("Sec-Fetch-Dest", dest);
        assert_eq!(request.send().await.unwrap().status(), status, "{dest}");
    }
    assert_eq!(recorder.requests().len(), 3);
    // Promenade is away.
    drop(recorder);
    let request = world::client().get(format!("{}/api/promenade/", backstage.url));
    let reply = request.header("Cookie", user_cookie(&backstage).await).send().await.unwrap();
    let reply = Answer::read(reply).await;
    assert_eq!((reply.status.as_u16(), reply.text()), (502, "Promenade does not answer.\n"));
}

/// Backstage reads its catalog after it answers.
async fn all_entities_known(backstage: &Backstage) {
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
async fn open(tab: &Tab, backstage: &Backstage, path: &str) {
    tab.go(&format!("{}{path}", backstage.url)).await;
    let enter =
        "[...document.querySelectorAll('button')].find((b) => b.innerText.trim().toLowerCase() === 'enter')";
    tab.until(&format!("{enter} || document.querySelector('main')")).await;
    let _: bool = tab.look(&format!("({enter}?.click(), true)")).await;
}

/// Waits until the frame is shown and as high as the page in it, to the pixel.
async fn fitting(tab: &Tab) {
    tab.until(&format!("{FRAME}?.style.opacity === '1'")).await;
    let body = "Math.ceil(f.contentDocument.body.getBoundingClientRect().height)";
    let fits = format!("((f) => f.clientHeight === {body} && f.clientHeight > 100)({FRAME})");
    tab.until(&fits).await;
    let scrolls =
        format!("((d) => d.scrollHeight - d.clientHeight)({FRAME}.contentDocument.documentElement)");
    assert_eq!(tab.look::<i64>(&scrolls).await, 0, "the frame has a bar of its own");
}

/// The page in the frame has the colours of Backstage's own panel.
async fn at_home(tab: &Tab, mode: &str) {
    let root = format!("{FRAME}.contentDocument.documentElement");
    tab.until(&format!("{root}.dataset.theme === '{mode}'")).await;
    let same = |property: &str, inside: &str| {
        let (outer, inner) = (
            format!("getComputedStyle({FRAME}.parentElement).{property}"),
            format!("getComputedStyle({FRAME}.contentDocument.querySelector('{inside}')).{property}"),
        );
        format!("{outer} === {inner}")
    };
    tab.until(&same("backgroundColor", ".panel")).await;
    let scheme = format!("getComputedStyle({root}).colorScheme");
    assert_eq!(tab.look::<String>(&scheme).await, mode);
}

/// A browser has one cookie for all ports of a host, and the cookie of one Backstage is none for another.
static BROWSER: Mutex<()> = Mutex::const_new(());

async fn app_shows_promenade(app: &str) {
    let _alone = BROWSER.lock().await;
    let port = free_port();
    let mut portal = BehindBackstage::start(port).await;
    let backstage = Backstage::of_app(app, port, &portal.target(), CATALOG);
    all_entities_known(&backstage).await;
    let tab = Tab::new().await;

    // The tab, in both themes.
    open(&tab, &backstage, &format!("{PAYMENTS}/monitoring")).await;
    fitting(&tab).await;
    at_home(&tab, "light").await;
    tab.until(&format!("{FRAME}.contentDocument.querySelectorAll('canvas').length >= 2")).await;
    fitting(&tab).await;
    tab.screenshot(&format!("backstage-{app}-light")).await;
    let _: bool = tab.look("(localStorage.setItem('theme', 'dark'), true)").await;
    open(&tab, &backstage, &format!("{PAYMENTS}/monitoring")).await;
    fitting(&tab).await;
    at_home(&tab, "dark").await;
    tab.screenshot(&format!("backstage-{app}-dark")).await;

    // The card, as wide as its place at any width of the window.
    open(&tab, &backstage, PAYMENTS).await;
    tab.until(&format!("{FRAME}?.src.includes('/alerts?')")).await;
    fitting(&tab).await;
    tab.size(900, 900).await;
    tab.until(&format!("{FRAME}.clientWidth > 400")).await;
    fitting(&tab).await;
    tab.screenshot(&format!("backstage-{app}-card")).await;
    tab.size(1440, 900).await;

    // Neither for an entity without annotations.
    open(&tab, &backstage, "/catalog/default/component/plain").await;
    tab.until("document.body.innerText.toLowerCase().includes('overview')").await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(!tab.look::<bool>("document.body.innerText.toLowerCase().includes('monitoring')").await);
    assert_eq!(tab.count("[data-testid=promenade]").await, 0);

    // Its own complaints are none of Backstage's.
    let complaints = tab.complaints().await;
    let ours: Vec<_> =
        complaints.iter().filter(|c| c.contains("romenade") || c.contains("postMessage")).collect();
    assert!(ours.is_empty(), "{ours:?}");

    // While the portal restarts.
    portal.program.kill();
    open(&tab, &backstage, &format!("{PAYMENTS}/monitoring")).await;
    let text =
        "document.querySelector('[data-testid=promenade]')?.innerText.includes('Promenade does not answer')";
    tab.until(text).await;
    let link: String = tab.look("document.querySelector('[data-testid=promenade] a').href").await;
    assert_eq!(link, format!("{}/api/promenade{PAYMENTS}", backstage.url));
    portal.restart();
    fitting(&tab).await;
    assert!(!tab.look::<bool>(text).await, "the text stays");
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
