//! A TCP proxy between the portal and its instance: it counts the bytes of answers, and notes which time ranges are requested.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use url::form_urlencoded;

pub struct Relay {
    pub address: SocketAddr,
    traffic: Arc<Traffic>,
}

#[derive(Default)]
struct Traffic {
    bytes: AtomicUsize,
    ranges: Mutex<Vec<Range>>,
}

/// A range query.
#[derive(Clone)]
struct Range {
    query: String,
    /// Start, end and step, in epoch seconds.
    window: [i64; 3],
}

impl Relay {
    /// Runs until the test ends.
    pub async fn before(url: &str) -> Self {
        let server = url.trim_start_matches("http://").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let relay = Self { address: listener.local_addr().unwrap(), traffic: Arc::default() };
        let traffic = relay.traffic.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                if let Ok(server) = TcpStream::connect(&server).await {
                    tokio::spawn(traffic.clone().pass(client, server));
                }
            }
        });
        relay
    }

    /// Of all answers.
    pub fn bytes(&self) -> usize {
        self.traffic.bytes.load(Ordering::Relaxed)
    }

    /// How many range queries there were.
    pub fn requests(&self) -> usize {
        self.traffic.ranges.lock().unwrap().len()
    }

    /// The time ranges for which a query was sent at a step, the newest first.
    pub fn windows(&self, query: &str, step: i64) -> Vec<[i64; 3]> {
        let ranges = self.traffic.ranges.lock().unwrap();
        let equal = ranges.iter().rev().filter(|range| range.query == query && range.window[2] == step);
        equal.map(|range| range.window).collect()
    }
}

impl Traffic {
    /// Ends with either side.
    async fn pass(self: Arc<Self>, client: TcpStream, server: TcpStream) {
        let (from_client, to_client) = client.into_split();
        let (from_server, to_server) = server.into_split();
        let count = |part: &[u8]| {
            self.bytes.fetch_add(part.len(), Ordering::Relaxed);
        };
        let note = |part: &[u8]| self.ranges.lock().unwrap().extend(Range::of(part));
        tokio::select! {
            () = copy(from_server, to_client, count) => {}
            () = copy(from_client, to_server, note) => {}
        }
    }
}

impl Range {
    /// Of a request, or of its body alone. A form is sent at once.
    fn of(part: &[u8]) -> Option<Self> {
        let at = part.windows(6).position(|found| found == b"query=")?;
        let form: Vec<(String, String)> = form_urlencoded::parse(&part[at..]).into_owned().collect();
        let value = |name: &str| form.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
        let second = |name| value(name)?.parse().ok();
        Some(Self { query: value("query")?, window: [second("start")?, second("end")?, second("step")?] })
    }
}

async fn copy(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, look: impl Fn(&[u8])) {
    let mut buffer = vec![0; 1 << 16];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        look(&buffer[..read]);
        if to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
}
