//! The HTTP server: headers, paths, rejected requests, shutdown.

use std::cell::Cell;
use std::net::SocketAddr;
use std::time::Duration;

use promenade::clock;
use promenade::config::Settings;
use reqwest::Method;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use world::upstream::Reply;
use world::{ONE_GRAPH, World};

const PAYMENTS: &str = "/catalog/default/component/payments";

fn at_a_path(settings: &mut Settings) {
    settings.web.base_url = Some("https://backstage.example/ops/portal/".parse().unwrap());
    settings.web.frame_ancestors = vec!["https://backstage.example".to_owned()];
}

#[tokio::test]
async fn every_response_has_the_security_headers() {
    let world = World::of(ONE_GRAPH).await;
    let payments = format!("{PAYMENTS}.json");
    let paths = [
        "/",
        PAYMENTS,
        &payments,
        "/catalog/Default/component/payments",
        "/nowhere",
        "/catalog/default/component/nobody",
        "/static/none.css",
        "/healthz",
        "/metrics",
        "/%ff",
    ];
    for path in paths {
        for method in [Method::GET, Method::HEAD, Method::POST, Method::TRACE] {
            let reply = world.ask(method.clone(), path, &[]).await;
            let policy = reply.header("content-security-policy");
            assert!(policy.contains("default-src 'none'"), "{method} {path}: {:?}", reply.headers);
            assert!(policy.ends_with("frame-ancestors 'self'"), "{policy}");
            assert!(!policy.contains("unsafe"), "{policy}");
            assert_eq!(reply.header("x-content-type-options"), "nosniff", "{method} {path}");
            assert_eq!(reply.header("referrer-policy"), "no-referrer", "{method} {path}");
            assert_eq!(reply.header("x-frame-options"), "SAMEORIGIN", "{method} {path}");
            assert_eq!(reply.header("x-request-id").len(), 36, "{method} {path}");
            assert_eq!(reply.header("access-control-allow-origin"), "", "{method} {path}");
        }
    }
}

#[tokio::test]
async fn listed_origins_may_frame_the_portal() {
    let world = World::with(ONE_GRAPH, at_a_path).await;
    let reply = world.get("/ops/portal/healthz").await;
    let policy = reply.header("content-security-policy");
    assert!(policy.ends_with("frame-ancestors 'self' https://backstage.example"), "{policy}");
    assert_eq!(reply.header("x-frame-options"), "");
}

#[tokio::test]
async fn portal_is_served_below_the_path_of_base_url() {
    let world = World::with(ONE_GRAPH, at_a_path).await;
    assert_eq!(world.get(&format!("/ops/portal{PAYMENTS}.json")).await.status, 200);
    assert_eq!(world.get(&format!("{PAYMENTS}.json")).await.status, 404);
    assert_eq!(world.get("/healthz").await.status, 200);
    let moved = world.get("/ops/portal/catalog/default/Component/payments?range=6h").await;
    assert_eq!(moved.header("location"), format!("/ops/portal{PAYMENTS}?range=6h"));
}

#[tokio::test]
async fn spellings_of_an_entity_redirect_to_one_address() {
    let world = World::of(ONE_GRAPH).await;
    for (path, location) in [
        (
            "/catalog/Default/COMPONENT/Payments?x=%3Cb%3E&y",
            "/catalog/default/component/payments?x=%3Cb%3E&y",
        ),
        ("/catalog/default/component/payments/", PAYMENTS),
        (
            "/catalog/default/component/PAYMENTS/graphs/1.json",
            "/catalog/default/component/payments/graphs/1.json",
        ),
    ] {
        let reply = world.get_with(path, &[("host", "evil.example")]).await;
        assert_eq!(reply.status, 308, "{path}");
        assert_eq!(reply.header("location"), location);
    }
}

#[tokio::test]
async fn malformed_paths_are_not_found() {
    let world = World::of(ONE_GRAPH).await;
    for path in [
        "/catalog/default/component/..%2f..%2fetc",
        "/catalog/default/component/%2e%2e",
        "/catalog/default/component/%252e%252e",
        "/catalog/default/component/a%2Fb",
        "/catalog/default/component/a%00",
        "/catalog/default/component/%ff",
        "/catalog/default/component",
        "/catalog/",
        "/catalog/default/component/payments/nothing",
        "/catalog/default/component/payments/graphs/99999999999999999999999",
        "/static/../Cargo.toml",
        "/static/%2e%2e/Cargo.toml",
        "//evil.example/catalog/Default/component/payments",
    ] {
        let mut stream = TcpStream::connect(world.address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nhost: host.example\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut reply = String::new();
        stream.read_to_string(&mut reply).await.unwrap();
        assert!(reply.starts_with("HTTP/1.1 404"), "{path}: {reply}");
        assert!(!reply.contains("host.example"), "{path}: {reply}");
        assert!(!reply.contains("\"//"), "{path}: {reply}");
    }
}

#[tokio::test]
async fn methods_other_than_get_and_head_are_rejected() {
    let world = World::of(ONE_GRAPH).await;
    let path = format!("{PAYMENTS}.json");
    for method in [Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS, Method::TRACE] {
        let reply = world.ask(method.clone(), &path, &[("x-http-method-override", "GET")]).await;
        assert_eq!(reply.status, 405, "{method}");
        assert_eq!(reply.header("allow"), "GET, HEAD", "{method}");
        assert_eq!(reply.json()["error"]["kind"], "method_not_allowed", "{method}");
    }
    let asset = world.ask(Method::POST, "/static/js/portal.js", &[]).await;
    assert_eq!((asset.status.as_u16(), asset.header("allow")), (405, "GET, HEAD"));
    let whole = world.get(&path).await;
    let head = world.ask(Method::HEAD, &path, &[]).await;
    assert_eq!(head.status, 200);
    assert!(head.body.is_empty());
    assert_eq!(head.header("content-length"), whole.body.len().to_string());
}

#[tokio::test]
async fn health_readiness_and_metrics_are_served() {
    let world = World::of(ONE_GRAPH).await;
    assert_eq!(world.get("/healthz").await.text(), "ok\n");
    let ready = world.get("/readyz").await;
    assert_eq!((ready.status.as_u16(), ready.text()), (200, "ready\n"));
    world.get(&format!("{PAYMENTS}.json")).await;
    let plain = world.get("/metrics").await;
    assert_eq!(plain.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    assert!(plain.text().contains("# TYPE promenade_http_requests_total counter\n"), "{}", plain.text());
    let asks = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5";
    let metrics = world.get_with("/metrics", &[("accept", asks)]).await;
    assert!(metrics.header("content-type").starts_with("application/openmetrics-text"));
    let text = metrics.text();
    assert!(text.ends_with("# EOF\n"), "{text}");
    assert!(text.contains("/catalog/{namespace}/{kind}/{name}.json"), "{text}");
    assert!(!text.contains("payments"), "{text}");
}

#[tokio::test]
async fn status_page_shows_no_secret() {
    let world = World::with(ONE_GRAPH, |settings| {
        let instance = &mut settings.instances[0];
        instance.headers = vec![("authorization".to_owned(), "Bearer canary-1".to_owned().into())];
        instance.ui_url = Some("https://user:canary-2@prom.example/".parse().unwrap());
    })
    .await;
    world.get(&format!("{PAYMENTS}/graphs/1.json")).await;
    let page = world.get("/status").await;
    let text = page.text();
    assert_eq!(page.status, 200);
    assert!(text.contains("1 miss") && text.contains("/prometheus/api"), "{text}");
    assert!(!text.contains("canary"), "{text}");
    assert!(
        !text.contains(&world.upstream.address.port().to_string()),
        "the instance's own address is internal"
    );
    assert!(!world.get("/metrics").await.text().contains("canary"));
    assert_eq!(world.upstream.requests()[0].header("authorization"), Some("Bearer canary-1"));
}

#[tokio::test]
async fn slow_head_is_rejected() {
    let world = World::of(ONE_GRAPH).await;
    let mut stream = TcpStream::connect(world.address).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n").await.unwrap();
    let mut reply = Vec::new();
    let began = clock::stopwatch();
    tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut reply)).await.unwrap().unwrap();
    assert!(began.elapsed() >= Duration::from_millis(4_900), "{:?}", began.elapsed());
    let reply = String::from_utf8(reply).unwrap();
    assert!(reply.starts_with("HTTP/1.1 408 Request Timeout\r\n"), "{reply:?}");
    assert!(reply.contains("frame-ancestors 'self'"), "{reply}");
    assert_eq!(reply.matches("HTTP/1.1").count(), 1, "{reply}");
}

/// Ambiguous and malformed requests.
const BROKEN: [&str; 26] = [
    "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    "POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\ncontent-length: 3\r\n\r\n0\r\n\r\n",
    "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabcd",
    "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 3, 4\r\n\r\nabcd",
    "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\na",
    "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: +1\r\n\r\na",
    "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 0x1\r\n\r\na",
    "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1 1\r\n\r\na",
    "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999999999999999\r\n\r\na",
    "POST / HTTP/1.1\r\nhost: x\r\ncontent-length:\r\n\r\na",
    "POST / HTTP/1.1\r\nhost: x\r\ncontent-length : 1\r\n\r\na",
    "POST / HTTP/1.1\r\nhost: x\r\ncontent-length\r\n\r\na",
    "POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: xchunked\r\n\r\n0\r\n\r\n",
    "POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\ntransfer-encoding: x\r\n\r\n0\r\n\r\n",
    "POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding : chunked\r\n\r\n0\r\n\r\n",
    "POST / HTTP/1.1\r\nhost: x\r\n transfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    "POST / HTTP/1.1\r\nhost: x\r\ntransfer\0-encoding: chunked\r\n\r\n0\r\n\r\n",
    "GET / HTTP/1.1\r\nhost: x\r\n folded: y\r\n\r\n",
    "GET / HTTP/1.1\r\nhost: x\r\na\0: y\r\n\r\n",
    "GET / HTTP/1.1\r\nhost: x\r\na: y\rz\r\n\r\n",
    "GET / HTTP/1.1\r\n: x\r\n\r\n",
    "GET / HTTP/2.0\r\nhost: x\r\n\r\n",
    "GET  HTTP/1.1\r\nhost: x\r\n\r\n",
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "\0\0\0\0\r\n\r\n",
];

/// What comes back on a connection of its own, until the other side closes it.
async fn answer_to(address: SocketAddr, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request).await.unwrap();
    let mut reply = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut reply)).await;
    read.expect("it is closed").expect("and not reset");
    String::from_utf8(reply).unwrap()
}

#[tokio::test]
async fn malformed_requests_are_rejected_once_and_the_server_continues() {
    let world = World::of(ONE_GRAPH).await;
    for request in BROKEN {
        // What hides behind it is no request of its own.
        for hidden in ["", "GET /hidden HTTP/1.1\r\nhost: x\r\n\r\n"] {
            let reply = answer_to(world.address, format!("{request}{hidden}").as_bytes()).await;
            assert!(reply.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{request:?}: {reply:?}");
            assert_eq!(reply.matches("HTTP/1.1").count(), 1, "{request:?}: {reply}");
            assert!(reply.contains("\r\nx-content-type-options: nosniff\r\n"), "{request:?}: {reply}");
            assert!(reply.contains("frame-ancestors 'self'"), "{request:?}: {reply}");
        }
    }
    let metrics = world.get("/metrics").await;
    let counted = format!("reason=\"bad_request\"}} {}\n", 2 * BROKEN.len());
    assert!(metrics.text().contains(&counted), "{}", metrics.text());
    let long = format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "x".repeat(200_000));
    let many = format!("GET / HTTP/1.1\r\nhost: x\r\n{}\r\n", "a: b\r\n".repeat(200));
    for request in [long, many] {
        let reply = answer_to(world.address, request.as_bytes()).await;
        assert!(reply.starts_with("HTTP/1.1 431 "), "{reply:?}");
        assert!(reply.contains("frame-ancestors 'self'"), "{reply}");
    }
    assert_eq!(world.get("/healthz").await.status, 200);
}

#[tokio::test]
async fn request_with_a_body_is_the_last_of_its_connection() {
    let world = World::of(ONE_GRAPH).await;
    for request in [
        "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\r\nabc",
        "POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    ] {
        let reply =
            answer_to(world.address, format!("{request}GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").as_bytes())
                .await;
        assert!(reply.starts_with("HTTP/1.1 405 "), "{request:?}: {reply:?}");
        assert!(reply.contains("\r\nconnection: close\r\n"), "{request:?}: {reply}");
        assert_eq!(reply.matches("HTTP/1.1").count(), 1, "{request:?}: {reply}");
    }
}

#[tokio::test]
async fn shutdown_reports_not_ready_finishes_requests_and_exits() {
    let apart = |settings: &mut Settings| {
        settings.serving.admin_listen = Some("127.0.0.1:0".parse().unwrap());
        settings.instances[0].timeout = Duration::from_secs(20);
    };
    let world = World::with(ONE_GRAPH, apart).await;
    let ask = b"GET /readyz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    let admin = world.admin.unwrap();
    assert!(answer_to(admin, ask).await.starts_with("HTTP/1.1 200 "));
    let mut idle = TcpStream::connect(world.address).await.unwrap();
    idle.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    world.upstream.on("up", Reply::matrix(&[(&[("job", "a")], 1.0)]).after(Duration::from_millis(2_500)));
    let path = format!("{PAYMENTS}/graphs/1.json");
    let is_answered = Cell::new(false);
    let answer = async {
        let answer = world.get(&path).await;
        is_answered.set(true);
        answer
    };
    let stop = async {
        while world.upstream.requests().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        world.handle.stop().await;
    };
    let ask_meanwhile = async {
        while TcpStream::connect(world.address).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let reply = answer_to(admin, ask).await;
        assert!(reply.starts_with("HTTP/1.1 503 ") && reply.ends_with("shutting down\n"), "{reply}");
        assert!(!is_answered.get(), "a request is in flight");
    };
    let all = async { tokio::join!(answer, stop, ask_meanwhile) };
    let (answer, ..) = tokio::time::timeout(Duration::from_secs(10), all).await.unwrap();
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json()["series"].as_array().unwrap().len(), 1, "it is whole");
    assert!(TcpStream::connect(world.address).await.is_err());
    let mut rest = Vec::new();
    idle.read_to_end(&mut rest).await.unwrap();
    assert!(rest.ends_with(b"ok\n"), "an idle connection is closed, not reset");
}

#[tokio::test]
async fn changed_catalog_is_reloaded_and_a_broken_one_keeps_its_last_state() {
    let world = World::of(ONE_GRAPH).await;
    let file = world.directory.path().join("catalog.yaml");
    std::fs::write(&file, ONE_GRAPH.replace("payments", "invoices")).unwrap();
    let invoices = "/catalog/default/component/invoices.json";
    for _ in 0..100 {
        if world.get(invoices).await.status == 200 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(world.get(invoices).await.status, 200);
    assert_eq!(world.get(&format!("{PAYMENTS}.json")).await.status, 404);
    std::fs::write(&file, "kind: [\n").unwrap();
    for _ in 0..100 {
        if world.get("/status").await.text().contains("catalog.yaml") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(world.get("/status").await.text().contains("catalog.yaml"));
    assert_eq!(world.get(invoices).await.status, 200);
}
