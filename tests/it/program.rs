//! The program with many readers, malformed requests and signals: its memory, its log, its shutdown.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use tempfile::TempDir;
use world::ONE_GRAPH;
use world::program::Program;
use world::upstream::{Reply, Upstream};

const GRAPH: &str = "/catalog/default/component/payments/graphs/1.json";

/// `promenade serve` on a free port, with the upstream as its instance.
struct Server {
    program: Program,
    address: SocketAddr,
    _directory: TempDir,
}

impl Server {
    async fn serve(upstream: &Upstream, log: &str) -> Self {
        let directory = TempDir::new().unwrap();
        let config = format!(
            "proxy: {{endpoints: {{/prometheus/api: '{}'}}}}\n\
             catalog: {{locations: [{{type: file, target: ./catalog.yaml}}]}}\n\
             promenade: {{instances: {{default: {{timeout: 60s}}}}}}\n",
            upstream.api()
        );
        std::fs::write(directory.path().join("catalog.yaml"), ONE_GRAPH).unwrap();
        std::fs::write(directory.path().join("app-config.yaml"), config).unwrap();
        let program = Program::start(|p| {
            p.args(["--log-format", "json", "serve", "--listen", "127.0.0.1:0", "--config"])
                .arg(directory.path().join("app-config.yaml"))
                .env("RUST_LOG", log)
        });
        program.until("\"message\":\"serving\"", 1).await;
        let text = program.output();
        let line = text.lines().find(|line| line.contains("\"message\":\"serving\"")).unwrap();
        let address = line.split("\"address\":\"").nth(1).unwrap().split('"').next().unwrap();
        Self { address: address.parse().unwrap(), program, _directory: directory }
    }

    /// All that a connection of its own answers.
    fn ask(&self, request: &[u8]) -> Vec<u8> {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        stream.write_all(request).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        answer
    }

    fn get(&self, path: &str) -> Vec<u8> {
        self.ask(format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").as_bytes())
    }

    /// Resident memory in MB.
    #[cfg(target_os = "linux")]
    fn resident(&self) -> usize {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.program.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() / 1_000
    }
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn forty_readers_of_ten_megabytes_share_one_buffer() {
    let upstream = Upstream::start().await;
    upstream.on("up", Reply::constants(2_200));
    let server = Server::serve(&upstream, "info").await;
    // A fixed window, so that all ask for the same.
    let path = format!("{GRAPH}?from=1600000000000&to=1600003600000&step=15s");
    let whole = server.get(&path).len();
    assert!(whole > 9_000_000, "{whole} bytes");
    let before = server.resident();
    let mut readers = Vec::new();
    for _ in 0..40 {
        let mut stream = TcpStream::connect(server.address).unwrap();
        stream.write_all(format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n").as_bytes()).unwrap();
        readers.push(stream);
    }
    let mut first = [0; 12];
    for reader in &mut readers {
        reader.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        reader.read_exact(&mut first).unwrap();
        assert_eq!(&first, b"HTTP/1.1 200");
    }
    let with = server.resident();
    assert!(with <= before + 100, "{before} MB before, {with} MB with 40 readers of {whole} bytes");
    drop(readers);
}

#[tokio::test(flavor = "multi_thread")]
async fn malformed_requests_log_no_errors() {
    let upstream = Upstream::start().await;
    let server = Server::serve(&upstream, "info").await;
    let long = format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "x".repeat(40_000));
    let many = format!("GET / HTTP/1.1\r\nhost: x\r\n{}\r\n", "a: b\r\n".repeat(200));
    for request in [
        long.as_str(),
        many.as_str(),
        "nonsense\r\n\r\n",
        "GET /nowhere HTTP/1.1\r\nhost: x\r\n\r\nnonsense\r\n\r\n",
        "POST /api/proxy/prometheus/api/query HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        "POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
    ] {
        for _ in 0..5 {
            assert!(server.ask(request.as_bytes()).starts_with(b"HTTP/1.1 4"), "{request:.40}");
        }
    }
    let text = server.program.output();
    assert!(!text.contains("ERROR"), "{text}");
    assert!(text.contains("\"most_connections\":"), "the limit is in the log: {text}");
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn sigterm_reports_not_ready_and_finishes_running_requests() {
    let upstream = Upstream::start().await;
    upstream.on("up", Reply::matrix(&[(&[("job", "a")], 1.0)]).after(Duration::from_secs(4)));
    let mut server = Server::serve(&upstream, "info").await;
    assert!(server.get("/readyz").starts_with(b"HTTP/1.1 200"));
    let mut asking = TcpStream::connect(server.address).unwrap();
    asking.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    asking.write_all(format!("GET {GRAPH} HTTP/1.1\r\nhost: x\r\n\r\n").as_bytes()).unwrap();
    while upstream.requests().is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    server.program.signal("TERM");
    server.program.until("shutting down", 1).await;
    // For a moment it still answers, and reports that it shuts down.
    assert!(server.get("/readyz").starts_with(b"HTTP/1.1 503"));
    let mut answer = Vec::new();
    asking.read_to_end(&mut answer).unwrap();
    let text = String::from_utf8(answer).unwrap();
    assert!(text.starts_with("HTTP/1.1 200") && text.ends_with('}'), "{text}");
    let status = server.program.end().await;
    assert_eq!(status.code(), Some(0), "{}", server.program.output());
}
