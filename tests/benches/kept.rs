//! A warm entity page and its 304, against the same bytes and a hello from bare handlers of the same server, in turns
//! over real sockets.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a benchmark that meets the unexpected should stop"
)]

use std::net::SocketAddr;
use std::time::Duration;

use actix_web::http::header::{CONTENT_ENCODING, CONTENT_TYPE, ETAG, VARY};
use actix_web::web::{Bytes, get};
use actix_web::{App, HttpResponse};
use promenade::clock;
use promenade::metrics::Metrics;
use promenade::serving::{Listener, ListenerSettings, Pace, Refusals, boxed_app};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use world::World;
use world::catalog::Entity;
use world::load::rough;
use world::rules::{Alert, Rule, ago};
use world::upstream::Reply;

const CONNECTIONS: usize = 16;
const ROUNDS: usize = 7;
const ROUND: Duration = Duration::from_millis(1_500);
/// The window stands still, so the page changes with its alerts only.
const PAGE: &str =
    "/catalog/default/component/payments?from=2026-11-23T13:00:00Z&to=2026-11-23T14:00:00Z&refresh=0";

/// What one connection asks, again and again.
struct Load {
    name: &'static str,
    address: SocketAddr,
    request: String,
    status: &'static str,
    rates: Vec<f64>,
}

/// How many answers came a second.
async fn rate(load: &Load) -> f64 {
    let begun = clock::stopwatch();
    let mut connections = JoinSet::new();
    for _ in 0..CONNECTIONS {
        let (address, request, status) = (load.address, load.request.clone(), load.status);
        connections.spawn(async move {
            let mut stream = TcpStream::connect(address).await.unwrap();
            let (mut count, mut buffer) = (0u32, vec![0; 1 << 20]);
            while begun.elapsed() < ROUND {
                stream.write_all(request.as_bytes()).await.unwrap();
                let (mut read, mut whole) = (0, usize::MAX);
                while read < whole {
                    read += stream.read(&mut buffer[read..]).await.unwrap();
                    let head = buffer[..read].windows(4).position(|end| end == b"\r\n\r\n");
                    if let Some(head) = head.filter(|_| whole == usize::MAX) {
                        let text = std::str::from_utf8(&buffer[..head]).unwrap();
                        assert!(text.contains(status), "{text}");
                        let length = text.lines().find_map(|line| line.strip_prefix("content-length: "));
                        whole = head + 4 + length.map_or(0, |length| length.parse().unwrap());
                    }
                }
                count += 1;
            }
            count
        });
    }
    let counts = connections.join_all().await;
    f64::from(counts.iter().sum::<u32>()) / begun.elapsed().as_secs_f64()
}

/// The bare handlers.
fn bare(body: Bytes) -> Listener {
    let settings = ListenerSettings {
        address: "127.0.0.1:0".parse().unwrap(),
        most_connections: 1_000,
        workers: None,
        pace: Pace::default(),
        refusals: Refusals::new(std::iter::empty()),
        metrics: Metrics::new().connections,
    };
    let app = move || {
        let body = body.clone();
        let page = move || {
            let body = body.clone();
            async move {
                let mut reply = HttpResponse::Ok();
                reply
                    .insert_header((CONTENT_TYPE, "text/html; charset=utf-8"))
                    .insert_header((ETAG, "\"bare\""));
                reply
                    .insert_header((VARY, "accept-encoding"))
                    .insert_header((CONTENT_ENCODING, "gzip"))
                    .body(body)
            }
        };
        let app = App::new().route("/page", get().to(page));
        boxed_app(app.route("/hello", get().to(|| async { "Hello, World!" })), |_| None)
    };
    Listener::open(&settings, app).unwrap()
}

async fn portal(alerts: usize) -> World {
    let rules = "load1|instance, load2|instance, load3|instance";
    let world = World::of(Entity::component("payments").rule(rules).alert("all")).await;
    world.upstream.on_any(rough(20));
    let alert = |i| Alert::firing("Down").label("instance", &format!("10.0.0.{i}:9100")).since(&ago(7_200));
    world.upstream.on_rules(Reply::group([Rule::new("Down").alerts((0..alerts).map(alert))]));
    world
}

fn median(rates: &mut [f64]) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}

#[tokio::main]
async fn main() {
    for alerts in [40, 531] {
        let world = portal(alerts).await;
        let gzip = [("Accept-Encoding", "gzip")];
        while world.get_with(PAGE, &gzip).await.header("etag").is_empty() {}
        let body = world.get_with(PAGE, &gzip).await.body;
        eprintln!(
            "an entity page with 3 graphs of 20 series and {alerts} alerts, {} bytes of gzip",
            body.len()
        );
        let bare = bare(body.into());
        let (handle, bare_address) = (bare.handle(), bare.address);
        let running = tokio::spawn(bare.run());
        let request = |path: &str, headers: &str| format!("GET {path} HTTP/1.1\r\nHost: x\r\n{headers}\r\n");
        let gzipped = "Accept-Encoding: gzip\r\n";
        let load =
            |name, address, request, status| Load { name, address, request, status, rates: Vec::new() };
        let mut loads = [
            load("the bytes, bare", bare_address, request("/page", gzipped), " 200 "),
            load("the page", world.address, request(PAGE, gzipped), " 200 "),
            load("hello, bare", bare_address, request("/hello", ""), " 200 "),
            load("its 304", world.address, request(PAGE, &format!("{gzipped}If-None-Match: *\r\n")), " 304 "),
        ];
        for round in 0..ROUNDS {
            for place in 0..loads.len() {
                let load = &mut loads[(place + round) % 4];
                let rate = rate(load).await;
                load.rates.push(rate);
            }
        }
        let rates = loads.each_mut().map(|load| (load.name, median(&mut load.rates)));
        for (place, (name, rate)) in rates.iter().enumerate() {
            eprintln!("  {name}: {rate:.0} a second, {:.3} of bare", rate / rates[place / 2 * 2].1);
        }
        handle.stop(false).await;
        running.await.unwrap().unwrap();
    }
}
