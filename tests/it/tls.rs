//! Instances with an untrusted certificate, or without TLS: the error names the cause.

use std::time::Duration;

use promenade::clock;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use world::World;
use world::markup::{panel, tags, words};
use world::tls::TlsFront;
use world::upstream::{Reply, Upstream};

const CATALOG: &str = r#"
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: payments, annotations: {prometheus.io/rule: up, prometheus.io/alert: all}}
"#;
const PAGE: &str = "/catalog/default/component/payments";

/// A portal with its default instance at this address, over TLS.
async fn portal(address: std::net::SocketAddr, secure: bool) -> World {
    World::with(CATALOG, |settings| {
        settings.instances[0].api = format!("https://{address}/api/v1/").parse().unwrap();
        settings.instances[0].secure = secure;
    })
    .await
}

async fn upstream() -> Upstream {
    let upstream = Upstream::start().await;
    upstream.on("up", Reply::matrix(&[(&[("job", "a")], 1.0)]));
    upstream.on_rules(Reply::rules(json!([])));
    upstream
}

/// A server of plain HTTP.
async fn plain() -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut hello = [0; 512];
            if stream.read(&mut hello).await.is_ok() {
                let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n").await;
            }
        }
    });
    address
}

/// The texts of the graph's panel, the alerts' panel and the data.
async fn messages(world: &World) -> [String; 3] {
    let begun = clock::stopwatch();
    let page = world.get(PAGE).await;
    assert_eq!(page.status, 200, "a failed panel is a panel");
    let data = world.get(&format!("{PAGE}/graphs/1.json")).await;
    assert_eq!(data.status, 502, "{}", data.text());
    assert_eq!(data.json()["error"]["kind"], "unreachable");
    assert!(begun.elapsed() < Duration::from_secs(2), "within the deadline: {:?}", begun.elapsed());
    let panels = ["graph-1", "alerts"].map(|id| words(panel(page.text(), id)));
    let [graph, alerts] = panels;
    [graph, alerts, data.json()["error"]["message"].as_str().unwrap().to_owned()]
}

#[tokio::test]
async fn untrusted_certificate_is_reported_and_no_request_is_sent() {
    let upstream = upstream().await;
    let front = TlsFront::before(upstream.address).await;
    let world = portal(front.address, true).await;
    for text in messages(&world).await {
        assert!(text.contains("The TLS certificate of Prometheus was rejected"), "{text}");
        assert!(!text.contains("No alerts") && !text.contains("127.0.0.1"), "{text}");
    }
    let page = world.get(PAGE).await;
    assert!(words(page.text()).contains("set secure: false in its proxy entry"), "{}", words(page.text()));
    assert!(upstream.requests().is_empty());
}

#[tokio::test]
async fn proxy_entry_with_secure_false_accepts_any_certificate() {
    let upstream = upstream().await;
    let front = TlsFront::before(upstream.address).await;
    let world = portal(front.address, false).await;
    let data = world.get(&format!("{PAGE}/graphs/1.json")).await;
    assert_eq!(data.status, 200, "{}", data.text());
    assert_eq!(data.json()["series"][0]["labels"]["job"], "a");
    let page = world.get(PAGE).await;
    assert_eq!(tags(panel(page.text(), "alerts"))[0].get("data-state"), Some("plain"), "no rule is selected");
}

#[tokio::test]
async fn server_without_tls_is_reported() {
    let address = plain().await;
    for secure in [true, false] {
        let world = portal(address, secure).await;
        for text in messages(&world).await {
            assert!(text.contains("Prometheus does not answer over TLS"), "{text}");
        }
    }
}
