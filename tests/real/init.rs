//! `promenade init` with a real Prometheus: what it finds, and that its file works.

use std::fs;
use std::process::{Command, Stdio};

use tempfile::TempDir;
use world::program::program;

use crate::prometheus::RealPrometheus;

const ENTITY: &str = "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: payments, \
                      annotations: {prometheus.io/alert: HighLoad}}\n";

#[tokio::test]
async fn init_finds_version_rules_and_scrape_interval() {
    let prometheus = RealPrometheus::start().await;
    let build = prometheus.get("/api/v1/status/buildinfo", &[]).await;
    let version = build["data"]["version"].as_str().unwrap().to_owned();
    let directory = TempDir::new().unwrap();
    fs::write(directory.path().join("catalog-info.yaml"), ENTITY).unwrap();
    let run = async |arguments: &[&str]| {
        let mut command = Command::new(program());
        command.args(arguments).current_dir(directory.path()).stdin(Stdio::null());
        let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
        (output.status.code(), text)
    };
    let (status, found) = run(&["init", "--prometheus", &prometheus.url, "--catalog", "."]).await;
    assert_eq!(status, Some(0), "{found}");
    // The configuration names no interval, so Prometheus has its own default.
    let interval = "scrape interval  1m (from its configuration)";
    let rules = "rules            6 alerting rules in 2 groups";
    for line in [&format!("version          {version}\n"), rules, interval, "with annotations 1 "] {
        assert!(found.contains(line), "{line} in {found}");
    }
    let (status, report) = run(&["check", "--online", "--config", "app-config.yaml"]).await;
    assert_eq!(status, Some(0), "{report}");
}
