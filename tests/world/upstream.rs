//! A scripted Prometheus over raw TCP: it sends scripted answers and faults, and records its requests.
//!
//! ```ignore
//! let upstream = Upstream::start().await;
//! upstream.on("up", Reply::matrix(&[(&[("job", "a")], 1.0)])); // for this query
//! upstream.on_rules(Reply::rules(json!([])));                   // for the rules
//! upstream.on_any(Reply::hang());                               // for all the rest
//! let settings = upstream.instance("default");                  // an instance that is this upstream
//! // ... ask ...
//! assert_eq!(upstream.requests()[0].form("query"), Some("up"));
//! ```
//!
//! A later `on` replaces an earlier one, so an outage is scripted by calling it again. What was not scripted
//! is answered with Prometheus' `bad_data`. Dropping it closes every connection. `Reply` lists the faults.

mod reply;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use promenade::prometheus::{InstanceName, InstanceSettings, UNSTABLE_TAIL};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use url::Url;

pub use reply::Reply;

/// The longest request that is read, head and body each.
const MAX_REQUEST: usize = 64 << 10;
const RULES: &str = "\0rules";
const ANY: &str = "\0any";
const METADATA: &str = "\0metadata";
const NAMES: &str = "\0names";
const CONFIG: &str = "\0config";
const BUILD_INFO: &str = "\0buildinfo";

/// One request as it came.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: String,
    /// With its query string.
    pub path: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// A parameter, decoded, of the form or the query string.
    pub fn form(&self, name: &str) -> Option<String> {
        let query = self.path.split_once('?').map_or("", |(_, q)| q);
        [self.body.as_str(), query].into_iter().find_map(|text| {
            let mut pairs = url::form_urlencoded::parse(text.as_bytes());
            pairs.find(|(n, _)| n == name).map(|(_, v)| v.into_owned())
        })
    }

    fn key(&self) -> String {
        let path = self.path.split('?').next().unwrap_or_default();
        match path.rsplit('/').next() {
            Some("rules") => RULES.into(),
            Some("metadata") => METADATA.into(),
            Some("values") => NAMES.into(),
            Some("config") => CONFIG.into(),
            Some("buildinfo") => BUILD_INFO.into(),
            _ => self.form("query").unwrap_or_default(),
        }
    }

    /// About metrics or the configuration, and no question of a panel.
    fn is_metadata(&self) -> bool {
        [METADATA, NAMES, CONFIG, BUILD_INFO].contains(&&*self.key())
    }
}

#[derive(Default)]
struct Script {
    replies: Mutex<HashMap<String, Reply>>,
    requests: Mutex<Vec<Request>>,
    metadata_requests: Mutex<Vec<Request>>,
    open: AtomicUsize,
    sent: AtomicUsize,
}

pub struct Upstream {
    pub address: SocketAddr,
    script: Arc<Script>,
    accepting: JoinHandle<()>,
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Upstream {
    pub async fn start() -> Self {
        Self::start_at("127.0.0.1:0".parse().unwrap()).await
    }

    pub async fn start_at(address: SocketAddr) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let script = Arc::new(Script::default());
        let accepting = tokio::spawn(accept(listener, script.clone()));
        Self { address, script, accepting }
    }

    /// Scripts the answer to a query.
    pub fn on(&self, query: &str, reply: Reply) {
        self.script.replies.lock().unwrap().insert(query.to_owned(), reply);
    }

    pub fn on_rules(&self, reply: Reply) {
        self.on(RULES, reply);
    }

    /// Scripts what is known of every metric; without it there is no such endpoint, as with some proxies.
    pub fn on_metadata(&self, reply: Reply) {
        self.on(METADATA, reply);
    }

    /// Scripts the names of all metrics; without it there is no such endpoint.
    pub fn on_names(&self, reply: Reply) {
        self.on(NAMES, reply);
    }

    /// Scripts the external labels, as YAML in one line; without it there is no such endpoint.
    pub fn on_external_labels(&self, labels: &str) {
        let yaml = format!(
            "global:\n  external_labels: {labels}\nalerting:\n  alertmanagers:\n  - static_configs:\n    - targets:\n      - am:9093\n"
        );
        let body = serde_json::json!({"status": "success", "data": {"yaml": yaml}});
        self.on_config(Reply::json(200, &body));
    }

    /// Scripts the answer to the question for the configuration.
    pub fn on_config(&self, reply: Reply) {
        self.on(CONFIG, reply);
    }

    /// Scripts what the upstream is; without it there is no such endpoint.
    pub fn on_build_info(&self, info: serde_json::Value) {
        self.on(BUILD_INFO, Reply::json(200, &serde_json::json!({"status": "success", "data": info})));
    }

    /// Scripts the answer to all that has none of its own.
    pub fn on_any(&self, reply: Reply) {
        self.on(ANY, reply);
    }

    /// All requests for metadata, names of metrics and the configuration so far, which [`Upstream::requests`] does not have.
    pub fn metadata_requests(&self) -> Vec<Request> {
        self.script.metadata_requests.lock().unwrap().clone()
    }

    /// All requests of panels so far, in the order in which they were read.
    pub fn requests(&self) -> Vec<Request> {
        self.script.requests.lock().unwrap().clone()
    }

    /// How many connections are open now.
    pub fn open_connections(&self) -> usize {
        self.script.open.load(Ordering::SeqCst)
    }

    /// How many bytes could be written.
    pub fn sent_bytes(&self) -> usize {
        self.script.sent.load(Ordering::SeqCst)
    }

    pub fn api(&self) -> Url {
        format!("http://{}/api/v1/", self.address).parse().unwrap()
    }

    /// An instance that is this upstream: no headers, scraped every 15 s, with a deadline of 2 s.
    pub fn instance(&self, name: &str) -> InstanceSettings {
        InstanceSettings {
            name: InstanceName::new(name),
            proxy_path: "/prometheus/api".into(),
            api: self.api(),
            headers: Vec::new(),
            secure: true,
            ui_url: None,
            scrape_interval: Duration::from_secs(15),
            max_concurrent: 8,
            timeout: Duration::from_secs(2),
            unstable_tail: UNSTABLE_TAIL,
            severities: Arc::default(),
        }
    }
}

async fn accept(listener: TcpListener, script: Arc<Script>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let script = script.clone();
        connections.spawn(async move {
            let _open = Open::new(&script);
            serve(stream, &script).await;
        });
        while connections.try_join_next().is_some() {}
    }
}

/// Counts a connection for as long as it is served.
struct Open<'a>(&'a AtomicUsize);

impl<'a> Open<'a> {
    fn new(script: &'a Script) -> Self {
        script.open.fetch_add(1, Ordering::SeqCst);
        Self(&script.open)
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

async fn serve(stream: TcpStream, script: &Script) {
    let mut connection = Connection { stream, unread: Vec::new(), sent: &script.sent };
    while let Some(request) = connection.read().await {
        let reply = {
            let replies = script.replies.lock().unwrap();
            let of_panels = replies.get(ANY).filter(|_| !request.is_metadata());
            replies.get(&request.key()).or(of_panels).cloned()
        };
        let log = if request.is_metadata() { &script.metadata_requests } else { &script.requests };
        log.lock().unwrap().push(request.clone());
        let missing = request.is_metadata().then(|| Reply::http(404, &[], "404 page not found"));
        let reply = reply.or(missing);
        let reply = reply.unwrap_or_else(|| Reply::refusal(400, "bad_data", "the script has no such query"));
        if !reply.play(&request, &mut connection).await {
            return;
        }
    }
}

/// A connection, and what was read from it beyond the last request.
struct Connection<'a> {
    stream: TcpStream,
    unread: Vec<u8>,
    sent: &'a AtomicUsize,
}

impl Connection<'_> {
    async fn read(&mut self) -> Option<Request> {
        let end = loop {
            if let Some(at) = self.unread.windows(4).position(|w| w == b"\r\n\r\n") {
                break at;
            }
            self.fill().await?;
        };
        let rest = self.unread.split_off(end + 4);
        let head = String::from_utf8_lossy(&std::mem::replace(&mut self.unread, rest)).into_owned();
        let mut lines = head.lines();
        let mut first = lines.next()?.split(' ');
        let headers: Vec<(String, String)> = lines
            .filter_map(|l| l.split_once(':'))
            .map(|(n, v)| (n.trim().to_lowercase(), v.trim().to_owned()))
            .collect();
        let length =
            headers.iter().find(|(n, _)| n == "content-length").map_or(0, |(_, v)| v.parse().unwrap());
        while self.unread.len() < length {
            self.fill().await?;
        }
        let rest = self.unread.split_off(length);
        let body = String::from_utf8_lossy(&std::mem::replace(&mut self.unread, rest)).into_owned();
        Some(Request { method: first.next()?.into(), path: first.next()?.into(), headers, body })
    }

    /// None at the end, or when a request is too long.
    async fn fill(&mut self) -> Option<()> {
        let read = self.stream.read_buf(&mut self.unread).await.ok()?;
        (read > 0 && self.unread.len() <= 2 * MAX_REQUEST).then_some(())
    }

    /// False when the other side is gone.
    async fn write(&mut self, bytes: &[u8]) -> bool {
        let written = self.stream.write_all(bytes).await.is_ok();
        if written {
            self.sent.fetch_add(bytes.len(), Ordering::SeqCst);
        }
        written
    }

    /// Waits until the other side is gone.
    async fn wait_for_end(&mut self) {
        let mut scratch = [0; 64];
        while self.stream.read(&mut scratch).await.is_ok_and(|n| n > 0) {}
    }
}
