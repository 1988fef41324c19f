//! The command line: arguments and exit status.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::time::{Duration, Instant};

use promenade::clock;
use world::program::program;

fn promenade(arguments: &[&str]) -> Command {
    let mut command = Command::new(program());
    command.args(arguments).env_remove("RUST_LOG").stdin(Stdio::null());
    command
}

fn ended(arguments: &[&str]) -> (i32, String, String) {
    let Output { status, stdout, stderr } = promenade(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code().unwrap(), text(stdout), text(stderr))
}

#[test]
fn version_and_help_go_to_standard_output() {
    let version = format!("promenade {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(ended(&["--version"]), (0, version, String::new()));
    let (status, help, _) = ended(&["--help"]);
    assert_eq!(status, 0);
    for word in ["serve", "demo", "--log-format", "RUST_LOG"] {
        assert!(help.contains(word), "{word} in {help}");
    }
    let (status, help, _) = ended(&["serve", "--help"]);
    assert_eq!(status, 0);
    assert!(help.contains("--config <FILE>") && help.contains("--listen <ADDR>"), "{help}");
}

#[test]
fn unknown_arguments_exit_with_status_2() {
    let cases: [(&[&str], &str); 6] = [
        (&[], "Usage"),
        (&["--nonsense"], "--nonsense"),
        (&["dance"], "dance"),
        (&["serve", "--listen", "nowhere"], "nowhere"),
        (&["demo", "surplus"], "surplus"),
        (&["demo", "--log-format", "xml"], "xml"),
    ];
    for (arguments, named) in cases {
        let (status, stdout, stderr) = ended(arguments);
        assert_eq!((status, stdout.as_str()), (2, ""), "{arguments:?}: {stderr}");
        assert!(stderr.contains(named), "{arguments:?}: {stderr}");
    }
}

#[test]
fn invalid_config_exits_with_status_2_and_reports_all_errors() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("app-config.yaml");
    let config = "proxy:\n  endpoints:\n    /prometheus/api:\n      target: ${TARGET_OF_A_TEST}\n\
                  promenade:\n  lisen: 127.0.0.1:0\n";
    std::fs::write(&file, config).unwrap();
    let output = promenade(&["serve", "--config"])
        .arg(&file)
        .env("TARGET_OF_A_TEST", "ftp://user:hunter2@example")
        .output()
        .unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains("2 faults"), "{stderr}");
    assert!(stderr.contains("proxy.endpoints./prometheus/api.target"), "{stderr}");
    assert!(stderr.contains("promenade.lisen") && stderr.contains("listen"), "{stderr}");
    assert!(!stderr.contains("hunter2"), "{stderr}");
}

#[test]
fn missing_config_exits_with_status_2() {
    let (status, _, stderr) = ended(&["serve", "--config", "no/such/app-config.yaml"]);
    assert_eq!(status, 2, "{stderr}");
    assert!(stderr.contains("no/such/app-config.yaml"), "{stderr}");
}

#[test]
fn used_port_exits_with_status_1() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (status, stdout, stderr) = ended(&["demo", "--listen", &address]);
    assert_eq!((status, stdout.as_str()), (1, ""), "{stderr}");
    let advice = "--listen chooses another address, as in --listen 127.0.0.1:7081\n";
    assert!(stderr.contains(&address) && stderr.ends_with(advice), "{stderr}");
}

#[test]
fn serve_logs_the_url_to_open_and_plain_paths() {
    let directory = tempfile::tempdir().unwrap();
    let config = "proxy: {/prometheus/api: 'http://127.0.0.1:9/api/v1/'}\napp: {baseUrl: 'https://x.example/metrics'}\n\
                  catalog: {locations: [{type: file, target: broken.yaml}]}\n";
    std::fs::write(directory.path().join("app-config.yaml"), config).unwrap();
    std::fs::write(directory.path().join("broken.yaml"), "kind: [\n").unwrap();
    let mut command = promenade(&["serve", "--config", "app-config.yaml", "--listen", "127.0.0.1:0"]);
    let mut child = command.current_dir(directory.path()).stderr(Stdio::piped()).spawn().unwrap();
    let mut log = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    let mut until = |text: &str| log.find(|line| line.contains(text)).unwrap();
    let (fault, serving) = (until("catalog fault"), until(" serving "));
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(
        fault.contains("broken.yaml") && !fault.contains("Some(") && !fault.contains("broken.yaml\""),
        "{fault}"
    );
    let address = serving.rsplit("address=").next().unwrap();
    assert!(serving.contains(&format!(" url=http://{address}/metrics/ ")), "{serving}");
}

/// A running demo. Dropping it ends it.
struct Demo {
    child: Child,
    stdout: BufReader<ChildStdout>,
    address: String,
}

impl Demo {
    fn start() -> Self {
        Self::of(&mut promenade(&["demo", "--listen", "127.0.0.1:0", "--log-format", "json"]))
    }

    fn of(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let address = line.trim().split_once("http://").unwrap().1.trim_end_matches('/').to_owned();
        Self { child, stdout, address }
    }

    /// Status line, headers and body, as they come.
    fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n", self.address).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    }

    fn signal(&self, name: &str) {
        let sent =
            Command::new("kill").args([format!("-{name}"), self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    fn exit_status(&mut self) -> Option<i32> {
        let began: Instant = clock::stopwatch();
        while began.elapsed() < Duration::from_secs(20) {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("it does not end");
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn demo_prints_its_address_serves_and_exits_on_a_signal() {
    let mut demo = Demo::start();
    let page = demo.get("/catalog/default/component/payments");
    assert!(page.starts_with("HTTP/1.1 200"), "{page}");
    assert!(page.contains("PaymentsHighErrorRatio"), "{page}");
    assert!(page.to_lowercase().contains("demo data"), "{page}");
    demo.signal("TERM");
    assert_eq!(demo.exit_status(), Some(0));

    let mut rest = String::new();
    demo.stdout.read_to_string(&mut rest).unwrap();
    let pages: Vec<&str> = rest.split_whitespace().filter(|word| word.starts_with("http://")).collect();
    assert!(rest.contains("Worth opening") && pages.len() >= 3, "{rest}");
    assert!(pages.iter().all(|page| page.starts_with(&format!("http://{}/", demo.address))), "{rest}");
    let mut log = String::new();
    demo.child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
    for line in log.lines() {
        assert!(serde_json::from_str::<serde_json::Value>(line).is_ok(), "{line}");
    }
}

/// The browser is a script that notes its arguments.
#[test]
#[cfg(unix)]
fn demo_opens_the_browser_and_goes_on_without_one() {
    use std::os::unix::fs::PermissionsExt;

    let programs = tempfile::tempdir().unwrap();
    let open = ["demo", "--open", "--listen", "127.0.0.1:0"];
    let mut demo = Demo::of(promenade(&open).env("PATH", programs.path()));
    assert!(demo.get("/").starts_with("HTTP/1.1 200"), "it goes on");
    demo.signal("TERM");
    assert_eq!(demo.exit_status(), Some(0));
    let mut log = String::new();
    demo.child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
    let sentence = format!("There is no browser here to open. The address is http://{}/\n", demo.address);
    assert!(log.contains(&sentence), "{log}");

    for name in ["xdg-open", "open"] {
        let script = programs.path().join(name);
        std::fs::write(&script, "#!/bin/sh\nprintf '%s|' \"$@\" > \"$0.part\"\nmv \"$0.part\" \"$0.seen\"\n")
            .unwrap();
        std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o700)).unwrap();
    }
    let path = format!("{}:{}", programs.path().display(), std::env::var("PATH").unwrap());
    let demo = Demo::of(promenade(&open).env("PATH", path));
    let seen = programs.path().join(if cfg!(target_os = "macos") { "open.seen" } else { "xdg-open.seen" });
    let began = clock::stopwatch();
    while !seen.exists() {
        assert!(began.elapsed() < Duration::from_secs(20), "no browser was opened");
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(std::fs::read_to_string(seen).unwrap(), format!("http://{}/|", demo.address));
}

#[test]
fn each_entity_of_the_demo_has_a_page_with_its_state() {
    let demo = Demo::start();
    let cases = [
        ("component/warehouse", "warehouse"),
        ("component/recommendations", "recommendations_nobody_records_this"),
        ("component/legacy-billing", "prod-us"),
        ("component/newsletter", "prometheus.io/rule"),
        ("component/checkout", "&#60;b&#62;bold"),
        ("component/gateway", "GatewayCertificateExpires"),
        ("component/search", "SearchIndexStale"),
        ("api/payments-api", "PaymentsHighErrorRatio"),
        ("resource/orders-db", "many-to-many"),
        ("system/shop", "ShopOrdersDrop"),
        ("group/team-payments", "PaymentsSlow"),
        ("group/team-shop", "/catalog/default/component/checkout"),
    ];
    for (entity, expected) in cases {
        let page = demo.get(&format!("/catalog/default/{entity}"));
        assert!(page.starts_with("HTTP/1.1 200"), "{entity}: {page}");
        assert!(page.contains(expected), "{entity} does not tell {expected}: {page}");
        assert!(!page.contains("<b>bold</b>"), "{entity}");
    }
}
