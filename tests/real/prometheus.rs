//! A real Prometheus with history of its own: generated samples, rules in every state, nothing scraped.
//!
//! `RealPrometheus::start()` writes a small OpenMetrics file, lets `promtool` make blocks of it, starts the
//! server on a free loopback port, and waits until its rules were evaluated. Dropping it ends it.

use std::f64::consts::TAU;
use std::fmt::Write as _;
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use promenade::clock;
use serde_json::Value;
use tempfile::TempDir;

/// Seconds between two samples of the generated history.
const INTERVAL: i64 = 15;
/// Three hours: blocks are cut at two, so that queries cross a border.
pub const HISTORY: i64 = 3 * 3600;

const CONFIG: &str = "global: {evaluation_interval: 1s}\nrule_files: [rules.yml]\nscrape_configs: []\n";

/// Rules in every state. They look back beyond the end of the history, so that their states do not change during tests.
const RULES: &str = r#"
groups:
  - name: orders
    rules:
      - alert: HighLoad
        expr: last_over_time(load{zone=~"a|b"}[3h]) > -1000
        labels: {severity: critical, team: "payments, checkout"}
        annotations: {summary: "Load of {{ $labels.instance }} is {{ $value }}", runbook_url: "https://runbooks.example/high?x=1&y=2"}
      - alert: SlowBurn
        expr: last_over_time(load{zone="a"}[3h]) > -1000
        for: 10h
        labels: {severity: warning}
      - alert: AllQuiet
        expr: last_over_time(load[3h]) > 1e12
        labels: {severity: warning}
        annotations: {summary: "never"}
      - alert: "Excessive Memory, Usage"
        expr: vector(7.25843968e+09)
        keep_firing_for: 5m
        labels: {severity: page, odd: "<b>\"x\"</b> \\ , | żółć"}
      - alert: Infinite
        expr: vector(1) / 0
      - record: flicker
        expr: vector(time() % 4 < bool 2) > 0
  - name: broken
    rules:
      - alert: ManyToMany
        expr: last_over_time(load[3h]) * on () last_over_time(load[3h])
        labels: {severity: info}
"#;

/// Starts a server on the data of a directory, at a port.
type Serve = fn(&Path, u16) -> Child;

pub struct RealPrometheus {
    serve: Serve,
    child: Child,
    pub url: String,
    client: reqwest::Client,
    port: u16,
    dir: TempDir,
}

impl RealPrometheus {
    pub async fn start() -> Self {
        Self::start_with(CONFIG).await
    }

    /// With another configuration. Its rules are in `rules.yml`.
    pub async fn start_with(config: &str) -> Self {
        let started = Self::start_of(config, RULES);
        started.wait_for_rules(6).await;
        started
    }

    /// With rules of its own, which may not be evaluated yet.
    pub fn start_of(config: &str, rules: &str) -> Self {
        let dir = TempDir::new().unwrap();
        let now = clock::now().as_second();
        fs::write(dir.path().join("history.om"), history(now)).unwrap();
        fs::write(dir.path().join("rules.yml"), rules).unwrap();
        run(dir.path(), "promtool", &["tsdb", "create-blocks-from", "openmetrics", "history.om", "data"]);
        Self::serving(dir, config, serve)
    }

    /// Without samples and rules, until it is ready.
    pub async fn start_empty(config: &str) -> Self {
        Self::start_empty_as(config, serve).await
    }

    /// The same of another server that has Prometheus' API.
    pub async fn start_empty_as(config: &str, serve: Serve) -> Self {
        let started = Self::serving(TempDir::new().unwrap(), config, serve);
        started.wait_until_ready().await;
        started
    }

    pub async fn wait_until_ready(&self) {
        for _ in 0..300 {
            if world::is_ready(&self.url).await {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("prometheus did not get ready: {}", self.log());
    }

    fn serving(dir: TempDir, config: &str, serve: Serve) -> Self {
        fs::write(dir.path().join("prometheus.yml"), config).unwrap();
        let port = free_port();
        Self {
            serve,
            child: serve(dir.path(), port),
            url: format!("http://127.0.0.1:{port}"),
            client: world::client(),
            port,
            dir,
        }
    }

    /// Ends it in order and starts it again on the same data.
    pub fn restart(&mut self) {
        let ended = Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        assert!(ended.success() && self.child.wait().is_ok());
        self.child = (self.serve)(self.dir.path(), self.port);
    }

    /// An answer of the server itself, past the portal.
    pub async fn get(&self, path: &str, query: &[(&str, &str)]) -> Value {
        let mut url = url::Url::parse(&format!("{}{path}", self.url)).unwrap();
        url.query_pairs_mut().extend_pairs(query);
        #[expect(clippy::disallowed_methods, reason = "a test may read a whole body")]
        let text = self.client.get(url).send().await.unwrap().text().await.unwrap();
        serde_json::from_str(&text).unwrap()
    }

    /// Until so many rules are there, and all were evaluated.
    pub async fn wait_for_rules(&self, least: usize) {
        for _ in 0..300 {
            tokio::time::sleep(Duration::from_millis(100)).await;
            if world::is_ready(&self.url).await {
                let rules = self.get("/api/v1/rules", &[]).await;
                let evaluated = rules["data"]["groups"].as_array().is_some_and(|groups| {
                    let mut all = groups.iter().flat_map(|g| g["rules"].as_array().into_iter().flatten());
                    all.clone().count() >= least && all.all(|r| r["health"] != "unknown")
                });
                if evaluated {
                    return;
                }
            }
        }
        panic!("prometheus did not get ready: {}", self.log());
    }

    fn log(&self) -> String {
        fs::read_to_string(self.dir.path().join("log")).unwrap()
    }

    /// Sends it samples: a message of its remote write protocol, in snappy's format.
    pub async fn remote_write(&self, message: Vec<u8>) {
        let request = self.client.post(format!("{}/api/v1/write", self.url));
        let request =
            request.header("Content-Encoding", "snappy").header("Content-Type", "application/x-protobuf");
        let status = request.body(message).send().await.unwrap().status();
        assert!(status.is_success(), "{status}: {}", self.log());
    }
}

impl Drop for RealPrometheus {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn serve(dir: &Path, port: u16) -> Child {
    Command::new(on_path("prometheus"))
        .current_dir(dir)
        .args(["--config.file=prometheus.yml", "--storage.tsdb.path=data", "--log.level=warn"])
        .arg("--web.enable-remote-write-receiver")
        // What is sent before its Alertmanager is found would be sent again a minute later.
        .arg("--rules.alert.resend-delay=1s")
        .arg(format!("--web.listen-address=127.0.0.1:{port}"))
        .stdout(Stdio::null())
        .stderr(fs::File::create(dir.join("log")).unwrap())
        .spawn()
        .unwrap()
}

pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// The path of a program.
pub fn on_path(program: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|dir| dir.join(program)).find(|file| file.is_file());
    found.unwrap_or_else(|| {
        panic!(
            "`{program}` is not on PATH: run the tests by tests/run, which fetches it, or install Prometheus"
        )
    })
}

fn run(dir: &Path, program: &str, arguments: &[&str]) {
    let done = Command::new(on_path(program)).current_dir(dir).args(arguments).output().unwrap();
    assert!(done.status.success(), "{program}: {}", String::from_utf8_lossy(&done.stderr));
}

/// The value at the i-th instant and its epoch second; None where there is no sample.
type Curve = dyn Fn(i64, f64) -> Option<f64>;

/// Closed-form series: waves, a counter with resets, a gap, NaN and infinities, odd labels, a lone sample.
fn history(now: i64) -> String {
    let end = now - now.rem_euclid(INTERVAL);
    let instants: Vec<i64> = (0..=HISTORY / INTERVAL).map(|i| end - HISTORY + i * INTERVAL).collect();
    let mut text = String::new();
    let mut family = |name: &str, kind: &str, series: &[(&str, &Curve)]| {
        let _ = writeln!(text, "# TYPE {name} {kind}");
        for (labels, value) in series {
            for (i, at) in instants.iter().enumerate() {
                if let Some(v) = value(i64::try_from(i).unwrap(), *at as f64) {
                    let suffix = if kind == "counter" { "_total" } else { "" };
                    let _ = writeln!(text, "{name}{suffix}{{{labels}}} {} {at}", number(v));
                }
            }
        }
    };
    family(
        "load",
        "gauge",
        &[
            (r#"zone="a",instance="a:9100""#, &|_, t| Some(5.0 + 3.0 * (t / 600.0 * TAU).sin())),
            (r#"zone="b",instance="b:9100""#, &|_, t| Some(1e9 + 7.0 * (t / 900.0).cos())),
            (r#"zone="c",instance="c:9100""#, &|i, t| (!(200..260).contains(&i)).then(|| (t / 1e3).sin())),
        ],
    );
    family(
        "odd",
        "gauge",
        &[
            (r#"path="/a,b|c;d=e{f}""#, &|i, _| Some(if i % 7 == 0 { f64::NAN } else { 1.0 / 3.0 })),
            (r#"path="<script>alert(1)</script>""#, &|i, _| {
                Some(if i % 2 == 0 { f64::INFINITY } else { -1e-300 })
            }),
            (r#"path="C:\\dir\"żółć""#, &|_, _| Some(f64::NEG_INFINITY)),
            (r#"path="lone""#, &|i, _| (i == 400).then_some(-0.0)),
        ],
    );
    family(
        "http_requests",
        "counter",
        &[
            (r#"code="200",instance="a:9100""#, &|i, _| Some((i % 300 * 42) as f64)),
            (r#"code="500",instance="a:9100""#, &|i, _| Some((i % 211) as f64 * 0.25)),
            (r#"code="200",instance="b:9100""#, &|i, _| Some((i * 17) as f64)),
        ],
    );
    family("zero", "gauge", &[("", &|_, _| Some(0.0))]);
    text.push_str("# EOF\n");
    text
}

fn number(value: f64) -> String {
    if value.is_nan() {
        "NaN".into()
    } else if value.is_infinite() {
        if value > 0.0 { "+Inf" } else { "-Inf" }.into()
    } else {
        format!("{value:?}")
    }
}
