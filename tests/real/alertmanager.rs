//! A real Alertmanager on a free loopback port, with the templates that ship. Dropping it ends it.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use crate::prometheus::{free_port, on_path};

/// Where Debian's program has its own files; of an even length.
const PLACE: &str = "/usr/share/prometheus/alertmanager";
/// The URL in the first line of the templates.
pub const BASE: &str = "http://portal.example";

pub struct RealAlertmanager {
    child: Child,
    pub url: String,
    dir: TempDir,
}

impl RealAlertmanager {
    /// With a configuration made of the one that ships.
    pub async fn start(change: impl FnOnce(String) -> String) -> Self {
        let dir = TempDir::new().unwrap();
        let ships = world::root().join("config/alertmanager");
        let read = |name: &str| fs::read_to_string(ships.join(name)).unwrap();
        let templates = read("promenade.tmpl");
        assert!(templates.contains("https://promenade.example.com"));
        fs::write(
            dir.path().join("promenade.tmpl"),
            templates.replace("https://promenade.example.com", BASE),
        )
        .unwrap();
        fs::write(dir.path().join("alertmanager.yml"), change(read("alertmanager.yml"))).unwrap();
        let port = free_port();
        let mut command = Command::new(program(dir.path()));
        command
            .current_dir(dir.path())
            .args(["--config.file=alertmanager.yml", "--storage.path=data", "--cluster.listen-address="])
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .stdout(Stdio::null())
            .stderr(fs::File::create(dir.path().join("log")).unwrap());
        let child = loop {
            match command.spawn() {
                // A program that another test starts has the copy open until it runs.
                Err(error) if error.kind() == ErrorKind::ExecutableFileBusy => {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
                child => break child.unwrap(),
            }
        };
        let started = Self { child, url: format!("http://127.0.0.1:{port}"), dir };
        started.wait().await;
        started
    }

    pub fn host(&self) -> &str {
        self.url.strip_prefix("http://").unwrap()
    }

    /// Posts to its API.
    pub async fn post(&self, what: &str, body: &serde_json::Value) {
        let url = format!("{}/api/v2/{what}", self.url);
        let client = world::client();
        let posted = client.post(url).header("Content-Type", "application/json").body(body.to_string());
        let reply = posted.send().await.unwrap();
        assert_eq!(reply.status(), 200, "{what} {body}: {}", self.log());
    }

    /// Its log, for the message of a failed test.
    pub fn log(&self) -> String {
        fs::read_to_string(self.dir.path().join("log")).unwrap()
    }

    async fn wait(&self) {
        for _ in 0..300 {
            tokio::time::sleep(Duration::from_millis(100)).await;
            if world::is_ready(&self.url).await {
                return;
            }
        }
        panic!("alertmanager did not get ready: {}", self.log());
    }
}

/// Debian's program looks for its own templates in one place of the system. Where it is only unpacked they are not
/// there, so a copy is made that looks beside itself.
fn program(dir: &Path) -> PathBuf {
    let program = on_path("prometheus-alertmanager");
    let bytes = fs::read(&program).unwrap();
    let home = PLACE.as_bytes();
    let places: Vec<usize> = places_of(&bytes, home);
    if places.is_empty() || Path::new(PLACE).join("default.tmpl").is_file() {
        return program;
    }
    let mut bytes = bytes;
    for place in places {
        bytes[place..place + home.len()].copy_from_slice("./".repeat(home.len() / 2).as_bytes());
    }
    let unpacked = program.parent().unwrap().join("../share/prometheus/alertmanager");
    for name in ["default.tmpl", "email.tmpl"] {
        fs::copy(unpacked.join(name), dir.join(name)).unwrap();
    }
    let copy = dir.join("alertmanager");
    fs::write(&copy, bytes).unwrap();
    fs::set_permissions(&copy, fs::Permissions::from_mode(0o755)).unwrap();
    copy
}

fn places_of(bytes: &[u8], text: &[u8]) -> Vec<usize> {
    let starts = bytes.iter().enumerate().filter(|(_, b)| **b == text[0]).map(|(i, _)| i);
    starts.filter(|i| bytes[*i..].starts_with(text)).collect()
}

impl Drop for RealAlertmanager {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
