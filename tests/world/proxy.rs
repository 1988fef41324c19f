//! A proxy like Backstage's, which forwards few headers in either direction, and a portal below its path.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex};

use promenade::config::Settings;
use tokio::task::block_in_place;

use crate::World;
use crate::rules::{Alert, Rule};
use crate::upstream::{Reply, Request, Upstream};

/// Where the portal is, below the proxy.
pub const PREFIX: &str = "/api/proxy/promenade";

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

/// The headers that Backstage's proxy always forwards, and those that `config/embedding.md` adds.
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
pub const ALLOWED: [&str; 7] = [
    "hx-request",
    "hx-request-type",
    "hx-history-restore-request",
    "hx-current-url",
    "hx-source",
    "hx-replace-url",
    "location",
];
/// Those that the page adds for compression, caching, the policy and file names.
pub const KEPT: [&str; 6] = [
    "accept-encoding",
    "content-encoding",
    "etag",
    "if-none-match",
    "content-security-policy",
    "content-disposition",
];

fn below_a_path(settings: &mut Settings) {
    settings.web.base_url = Some(format!("https://backstage.example{PREFIX}").parse().unwrap());
}

/// Below that path, with two graphs and an alert.
pub async fn portal() -> World {
    let world = World::with(CATALOG, below_a_path).await;
    world.upstream.on("load", Reply::matrix(&[(&[("job", "a")], 1.0), (&[("job", "b")], 2.0)]));
    world.upstream.on("sum(load)", Reply::matrix(&[(&[], 3.0)]));
    let alert = Alert::firing("High").label("severity", "critical");
    let rule = Rule::new("High").query("load > 0").label("severity", "critical").alert(alert);
    world.upstream.on_rules(Reply::group([rule]));
    world
}

/// The proxy, and what the portal answered before anything was taken away: path, headers.
pub struct Proxy {
    upstream: Upstream,
    pub answered: Arc<Mutex<Vec<(String, String)>>>,
}

impl Proxy {
    /// Forwards what the portal cannot do without. `target` has the portal's own path, so that a path stays as it is.
    pub async fn before(target: SocketAddr) -> Self {
        Self::forwarding(target, &ALLOWED).await
    }

    /// Forwards every header of `config/embedding.md`.
    pub async fn of_the_page(target: SocketAddr) -> Self {
        Self::forwarding(target, &[&ALLOWED[..], &KEPT].concat()).await
    }

    async fn forwarding(target: SocketAddr, allowed: &[&'static str]) -> Self {
        let upstream = Upstream::start().await;
        let answered: Arc<Mutex<Vec<(String, String)>>> = Arc::default();
        let writing = answered.clone();
        // The portal and its upstream may use the same threads, so this must not block the last one.
        let passed = [&FORWARDED[..], allowed].concat();
        let answer = move |request: &Request| block_in_place(|| forward(target, request, &passed, &writing));
        upstream.on_any(Reply::computed(answer));
        Self { upstream, answered }
    }

    /// The address of a path at the proxy.
    pub fn at(&self, path: &str) -> String {
        format!("http://{}{path}", self.upstream.address)
    }
}

fn forward(
    target: SocketAddr,
    request: &Request,
    passed: &[&str],
    answered: &Mutex<Vec<(String, String)>>,
) -> Reply {
    let passes = |name: &str| passed.contains(&name.to_ascii_lowercase().as_str());
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
