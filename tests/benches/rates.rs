//! How many answers a second a server gives: the portal's against bare handlers of the same server, in turns over real
//! sockets.

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

const CONNECTIONS: usize = 16;
const ROUNDS: usize = 7;
const ROUND: Duration = Duration::from_millis(1_500);

/// What one connection asks, again and again.
pub struct Load {
    name: &'static str,
    address: SocketAddr,
    /// Its head without the last line.
    request: String,
    /// Whether it asks as a browser does that holds a copy: for 304, with the tag of the newest reply.
    holds: bool,
    rates: Vec<f64>,
}

impl Load {
    /// `headers`: each with its line end.
    pub fn new(name: &'static str, address: SocketAddr, path: &str, headers: &str) -> Self {
        let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\n{headers}");
        Self { name, address, request, holds: false, rates: Vec::new() }
    }

    /// The same from a browser that holds a copy.
    pub fn of_holder(self) -> Self {
        Self { holds: true, ..self }
    }
}

/// The median rate of each, by its name.
pub async fn rates(loads: &mut [Load]) -> Vec<(&'static str, f64)> {
    for round in 0..ROUNDS {
        for place in 0..loads.len() {
            let next = (place + round) % loads.len();
            let rate = rate(&loads[next]).await;
            loads[next].rates.push(rate);
        }
    }
    loads.iter_mut().map(|load| (load.name, median(&mut load.rates))).collect()
}

fn median(rates: &mut [f64]) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}

/// How many answers came a second.
async fn rate(load: &Load) -> f64 {
    let begun = clock::stopwatch();
    let mut connections = JoinSet::new();
    for _ in 0..CONNECTIONS {
        let (mut connection, holds) = (Connection::of(load).await, load.holds);
        connections.spawn(async move {
            let (mut count, mut whole) = (0u32, 0);
            while begun.elapsed() < ROUND {
                count += 1;
                whole += u32::from(connection.ask().await);
            }
            // The first one, and those after a change of the page.
            assert!(!holds || whole <= 3, "{whole} of {count} are whole");
            count
        });
    }
    let counts = connections.join_all().await;
    f64::from(counts.iter().sum::<u32>()) / begun.elapsed().as_secs_f64()
}

struct Connection {
    stream: TcpStream,
    /// The request without a tag, and with the newest one.
    first: String,
    request: String,
    holds: bool,
    buffer: Vec<u8>,
}

impl Connection {
    async fn of(load: &Load) -> Self {
        let stream = TcpStream::connect(load.address).await.unwrap();
        let request = format!("{}\r\n", load.request);
        Self { stream, first: load.request.clone(), request, holds: load.holds, buffer: vec![0; 1 << 20] }
    }

    /// One request. Whether the reply was whole, and not a 304.
    async fn ask(&mut self) -> bool {
        self.stream.write_all(self.request.as_bytes()).await.unwrap();
        let (mut read, mut end, mut is_whole) = (0, usize::MAX, false);
        while read < end {
            read += self.stream.read(&mut self.buffer[read..]).await.unwrap();
            let head = self.buffer[..read].windows(4).position(|end| end == b"\r\n\r\n");
            let Some(head) = head.filter(|_| end == usize::MAX) else { continue };
            let text = std::str::from_utf8(&self.buffer[..head]).unwrap();
            let header = |name| text.lines().find_map(|line| line.strip_prefix(name));
            end = head + 4 + header("content-length: ").map_or(0, |length| length.parse().unwrap());
            is_whole = text.starts_with("HTTP/1.1 200 ");
            assert!(is_whole || (self.holds && text.starts_with("HTTP/1.1 304 ")), "{text}");
            if is_whole && self.holds {
                self.request = format!("{}If-None-Match: {}\r\n\r\n", self.first, header("etag: ").unwrap());
            }
        }
        is_whole
    }
}

/// The bare handlers: `/page` sends these bytes of gzip, `/hello` says hello.
pub fn bare(body: Bytes, content_type: &'static str) -> Listener {
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
                reply.insert_header((CONTENT_TYPE, content_type)).insert_header((ETAG, "\"bare\""));
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
