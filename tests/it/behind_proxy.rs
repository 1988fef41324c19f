//! A portal below a path, behind a proxy like Backstage's, which forwards few headers in either direction.

use std::collections::{BTreeSet, VecDeque};

use reqwest::Method;
use world::markup::tags;
use world::proxy::{ALLOWED, KEPT, PREFIX, Proxy, portal};

#[test]
fn the_embedding_page_lists_the_allowed_headers() {
    let page = include_str!("../../config/embedding.md");
    let (_, list) = page.split_once("allowedHeaders: [").unwrap();
    let (list, _) = list.split_once(']').unwrap();
    let listed: Vec<String> = list.split(',').map(|name| name.trim().to_lowercase()).collect();
    assert_eq!(listed, [&ALLOWED[..], &KEPT].concat());
}

#[tokio::test(flavor = "multi_thread")]
async fn listed_headers_keep_compression_caching_policy_and_file_names() {
    let world = portal().await;
    let (proxy, client) = (Proxy::of_the_page(world.address).await, world::client());
    let get = |path: &str| client.get(proxy.at(&format!("{PREFIX}{path}"))).header("Accept-Encoding", "gzip");
    let page = get("/catalog/default/component/payments").send().await.unwrap();
    assert_eq!(
        (page.status().as_u16(), &page.headers()["content-encoding"]),
        (200, &"gzip".parse().unwrap())
    );
    assert!(page.headers()["content-security-policy"].to_str().unwrap().starts_with("default-src"));
    let style = world.get(&format!("{PREFIX}/nowhere")).await.text().to_owned();
    let style = tags(&style).into_iter().find(|tag| tag.get("rel") == Some("stylesheet")).unwrap();
    let style = proxy.at(style.get("href").unwrap());
    let first = client.get(&style).header("Accept-Encoding", "gzip").send().await.unwrap();
    assert_eq!(first.headers()["content-encoding"], "gzip");
    let etag = first.headers()["etag"].clone();
    let again = client.get(&style).header("Accept-Encoding", "gzip").header("If-None-Match", etag);
    assert_eq!(again.send().await.unwrap().status(), 304);
    let file = get("/catalog/default/component/payments/graphs/1.csv").send().await.unwrap();
    let name = file.headers()["content-disposition"].to_str().unwrap();
    assert!(name.contains("filename="), "{name}");
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
async fn links_assets_and_htmx_requests_work_behind_a_proxy_that_drops_headers() {
    let world = portal().await;
    let proxy = Proxy::before(world.address).await;
    let client = world::client();
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
async fn forwarding_headers_are_ignored() {
    let world = portal().await;
    let found = [
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
        let (plain, with) = (world.get(&path).await, world.get_with(&path, &found).await);
        assert_eq!(plain.status, with.status, "{path}");
        assert_eq!(plain.header("location"), with.header("location"), "{path}");
        assert_eq!(plain.text(), with.text(), "{path}");
    }
    let page = world.get_with(&format!("{PREFIX}/catalog/default/component/payments"), &found).await;
    assert!(!page.text().contains("evil") && !page.text().contains("gopher"), "{}", page.text());
    let moved = world.get_with(&format!("{PREFIX}/catalog/default/Component/payments"), &found).await;
    assert_eq!(moved.header("location"), format!("{PREFIX}/catalog/default/component/payments"));
}
