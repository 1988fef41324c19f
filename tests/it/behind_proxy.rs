//! A portal below a path, behind a proxy like Backstage's: it lets few headers through, in either direction.

use std::collections::{BTreeSet, VecDeque};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex};

use promenade::config::Settings;
use reqwest::Method;
use serde_json::json;
use tokio::task::block_in_place;

use crate::world::World;
use crate::world::chromium::Tab;
use crate::world::markup::tags;
use crate::world::upstream::{Reply, Request, Upstream};

const PREFIX: &str = "/api/proxy/promenade";

const CATALOG: &str = r#"
apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: payments
  annotations:
    prometheus.io/rule: 'load|job,sum(load)|title="Sum"'
    prometheus.io/alert: all
spec: {type: service, owner: team-a}
---
apiVersion: backstage.io/v1alpha1
kind: Group
metadata: {name: team-a}
"#;

/// What Backstage's proxy forwards of itself, and what the README says to add.
const FORWARDED: [&str; 11] = [
    "cache-control",
    "content-language",
    "content-length",
    "content-type",
    "expires",
    "last-modified",
    "pragma",
    "host",
    "accept",
    "accept-language",
    "user-agent",
];
const ALLOWED: [&str; 7] = [
    "hx-request",
    "hx-request-type",
    "hx-history-restore-request",
    "hx-current-url",
    "hx-source",
    "hx-replace-url",
    "location",
];

fn below_a_path(settings: &mut Settings) {
    settings.web.base_url = Some(format!("https://backstage.example{PREFIX}").parse().unwrap());
}

async fn portal() -> World {
    let world = World::with(CATALOG, below_a_path).await;
    world.upstream.on("load", Reply::matrix(&[(&[("job", "a")], 1.0), (&[("job", "b")], 2.0)]));
    world.upstream.on("sum(load)", Reply::matrix(&[(&[], 3.0)]));
    let alert = json!({"state": "firing", "activeAt": "2026-11-24T10:00:00Z", "value": "1e+00",
        "labels": {"alertname": "High", "severity": "critical"}, "annotations": {}});
    let rule = json!({"type": "alerting", "name": "High", "query": "load > 0", "duration": 0, "health": "ok",
        "labels": {"severity": "critical"}, "annotations": {}, "state": "firing", "alerts": [alert],
        "evaluationTime": 0.1, "lastEvaluation": promenade::clock::now().to_string()});
    world
        .upstream
        .on_rules(Reply::rules(json!([{"name": "g", "file": "f", "interval": 15, "rules": [rule]}])));
    world
}

/// The proxy, and what the portal answered before anything was taken away: path, headers.
struct Proxy {
    upstream: Upstream,
    answered: Arc<Mutex<Vec<(String, String)>>>,
}

impl Proxy {
    /// `target` has the portal's own path, so that a path stays as it is.
    async fn before(target: SocketAddr) -> Self {
        let upstream = Upstream::start().await;
        let answered: Arc<Mutex<Vec<(String, String)>>> = Arc::default();
        let writing = answered.clone();
        // The portal and its upstream may run on the same threads, of which this must not hold the last one.
        let answer = move |request: &Request| block_in_place(|| forward(target, request, &writing));
        upstream.on_any(Reply::computed(answer));
        Self { upstream, answered }
    }

    fn at(&self, path: &str) -> String {
        format!("http://{}{path}", self.upstream.address)
    }
}

fn passes(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    FORWARDED.contains(&name.as_str()) || ALLOWED.contains(&name.as_str())
}

fn forward(target: SocketAddr, request: &Request, answered: &Mutex<Vec<(String, String)>>) -> Reply {
    if !request.path.starts_with(PREFIX) {
        return Reply::html(404, "not below the proxy's path");
    }
    // HTTP/1.0: the answer ends with its connection.
    let mut head = format!("{} {} HTTP/1.0\r\n", request.method, request.path);
    for (name, value) in request.headers.iter().filter(|(name, _)| passes(name)) {
        head += &format!("{name}: {value}\r\n");
    }
    head +=
        "x-forwarded-host: evil.example\r\nx-forwarded-proto: gopher\r\nx-forwarded-prefix: /evil\r\n\r\n";
    let mut stream = TcpStream::connect(target).unwrap();
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let end = answer.windows(4).position(|w| w == b"\r\n\r\n").unwrap();
    let head = String::from_utf8(answer[..end].to_vec()).unwrap();
    answered.lock().unwrap().push((request.path.clone(), head.to_ascii_lowercase()));
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let headers = head.lines().skip(1).filter_map(|line| line.split_once(": "));
    let kept = headers.filter(|(name, _)| passes(name) && !name.eq_ignore_ascii_case("content-length"));
    Reply::http(status, &kept.collect::<Vec<_>>(), &answer[end + 4..])
}

/// The addresses on a page that lead into the portal; true: htmx asks for it.
fn addresses(html: &str) -> Vec<(String, bool)> {
    let mut found = Vec::new();
    for tag in tags(html) {
        for name in ["href", "src", "action", "hx-get", "hx-push-url"] {
            let Some(value) = tag.get(name) else { continue };
            assert!(!value.contains("evil"), "{tag:?}");
            let inside = !matches!(value, "true" | "false") && !value.starts_with(['#', '?']);
            if inside && !value.starts_with("http") && !value.starts_with("data:") {
                found.push((value.split('#').next().unwrap().to_owned(), name == "hx-get"));
            }
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn every_link_asset_and_htmx_request_works_behind_a_proxy_that_drops_headers() {
    let world = portal().await;
    let proxy = Proxy::before(world.address).await;
    let client =
        reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap();
    let mut todo = VecDeque::from([
        (format!("{PREFIX}/"), false),
        (format!("{PREFIX}/catalog/default/Component/Payments?kiosk&theme=dark"), false),
        (format!("{PREFIX}/graph?query=load"), false),
        (format!("{PREFIX}/nowhere"), false),
    ]);
    let (mut seen, mut fragments, mut assets) = (BTreeSet::new(), 0, 0);
    while let Some((path, by_htmx)) = todo.pop_front() {
        if seen.len() >= 200 || !seen.insert((path.clone(), by_htmx)) {
            continue;
        }
        assert!(path.starts_with(PREFIX), "{path} leaves the proxy's path");
        let mut request = client.request(Method::GET, proxy.at(&path)).header("Accept-Encoding", "gzip, br");
        if by_htmx {
            request = request.header("HX-Request", "true").header("HX-Request-Type", "partial");
        }
        let mut reply = request.send().await.unwrap();
        let status = reply.status().as_u16();
        let kind = reply.headers().get("content-type").map_or("", |v| v.to_str().unwrap()).to_owned();
        if status == 308 {
            todo.push_back((reply.headers()["location"].to_str().unwrap().to_owned(), by_htmx));
            continue;
        }
        assert!(status == 200 || path.contains("/nowhere"), "{status}: {path}");
        let mut body = Vec::new();
        while let Some(chunk) = reply.chunk().await.unwrap() {
            body.extend_from_slice(&chunk);
        }
        let text = String::from_utf8_lossy(&body);
        if !kind.starts_with("text/html") {
            assets += usize::from(path.contains("/static/"));
            assert!(!body.starts_with(&[0x1f, 0x8b]), "{path} is compressed");
            continue;
        }
        assert_eq!(text.contains("<html"), !by_htmx, "{path}");
        fragments += usize::from(by_htmx);
        todo.extend(addresses(&text));
    }
    assert!(seen.len() > 40 && fragments > 5 && assets > 3, "{} {fragments} {assets}", seen.len());
    for (path, head) in proxy.answered.lock().unwrap().iter() {
        assert!(!head.contains("content-encoding"), "{path} was compressed unasked: {head}");
        assert!(!head.contains("evil"), "{path}: {head}");
    }
}

#[tokio::test]
async fn what_a_request_says_of_its_way_changes_nothing() {
    let world = portal().await;
    let told = [
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-proto", "gopher"),
        ("x-forwarded-prefix", "/evil"),
        ("x-forwarded-port", "66"),
        ("x-forwarded-for", "127.0.0.1"),
        ("x-original-url", "/evil"),
        ("x-rewrite-url", "/evil"),
        ("x-script-name", "/evil"),
        ("forwarded", "host=evil.example;proto=gopher"),
    ];
    for path in
        ["", "/", "/catalog/default/component/payments.json", "/graph.csv?query=load&from=1000&to=2000"]
    {
        let path = format!("{PREFIX}{path}");
        let (plain, with) = (world.get(&path).await, world.get_with(&path, &told).await);
        assert_eq!(plain.status, with.status, "{path}");
        assert_eq!(plain.header("location"), with.header("location"), "{path}");
        assert_eq!(plain.text(), with.text(), "{path}");
    }
    let page = world.get_with(&format!("{PREFIX}/catalog/default/component/payments"), &told).await;
    assert!(!page.text().contains("evil") && !page.text().contains("gopher"), "{}", page.text());
    let moved = world.get_with(&format!("{PREFIX}/catalog/default/Component/payments"), &told).await;
    assert_eq!(moved.header("location"), format!("{PREFIX}/catalog/default/component/payments"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_script_works_behind_it() {
    let world = portal().await;
    let proxy = Proxy::before(world.address).await;
    let page = Tab::open(&proxy.at(&format!("{PREFIX}/catalog/default/component/payments"))).await;
    page.until("document.querySelector('#alerts') !== null && typeof htmx === 'object'").await;
    let before = proxy.answered.lock().unwrap().len();
    page.click("#alerts th a").await;
    page.until("location.search.includes('sort=')").await;
    page.until("location.pathname.startsWith('/api/proxy/promenade/')").await;
    let asked: Vec<String> =
        proxy.answered.lock().unwrap()[before..].iter().map(|(path, _)| path.clone()).collect();
    assert!(asked.iter().all(|path| path.starts_with(PREFIX)), "{asked:?}");
    page.until("document.querySelectorAll('#alerts').length === 1").await;
    assert_eq!(page.count("html html, #alerts header nav.top").await, 0, "a fragment, not a page in a page");
    assert_eq!(page.complaints().await, Vec::<String>::new());
    page.close().await;
}
