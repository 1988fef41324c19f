//! A running Backstage in memory, ended with the test.

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use promenade::catalog::BackstageSettings;
use tempfile::TempDir;

use crate::{RESTRICTED, TOKEN};

/// Where `tests/backstage/install` put it, as `tests/run` says it.
const INSTALLED: &str = "PROMENADE_BACKSTAGE";
/// Runs TypeScript as `backstage-cli package start` does.
const TRANSFORM: &str = "@backstage/cli/config/nodeTransform.cjs";

pub struct Backstage {
    child: Child,
    pub url: String,
    pub directory: TempDir,
}

impl Drop for Backstage {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The folder of the installed Backstage.
pub fn installed() -> PathBuf {
    std::env::var_os(INSTALLED).expect("PROMENADE_BACKSTAGE is not set: run ./tests/run backstage").into()
}

/// A port that nobody uses now.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// The config of Backstage for a portal behind the backend plugin.
pub fn behind(target: &str) -> String {
    format!("promenade: {{plugin: {{target: '{target}'}}}}\n")
}

impl Backstage {
    /// Nothing but a catalog of these files. `package` is the catalog's; see `main.cjs`.
    pub fn of_catalog(package: &str, files: &[(&str, String)]) -> Self {
        let (port, directory) = (free_port(), TempDir::new().unwrap());
        let config = catalog_config(port, &directory, files);
        Self::start(&["main.cjs"], port, directory, &config, package)
    }

    /// With a frontend, which is one of the packages below `packages`, both packages of `config/backstage`, and more config.
    pub fn of_app(app: &str, port: u16, more: &str, catalog: &str) -> Self {
        let directory = TempDir::new().unwrap();
        let config = catalog_config(port, &directory, &[("catalog.yaml", catalog.to_owned())])
            + &format!(
                "app: {{title: Test, baseUrl: 'http://127.0.0.1:{port}', packageName: {app}, packages: all}}\n"
            );
        let file = directory.path().join("more.yaml");
        fs::write(&file, more).unwrap();
        let node = ["-r", TRANSFORM, "packages/backend/src/index.ts", "--config", file.to_str().unwrap()];
        Self::start(&node, port, directory, &config, "")
    }

    fn start(node: &[&str], port: u16, directory: TempDir, config: &str, catalog: &str) -> Self {
        let file = directory.path().join("app-config.yaml");
        fs::write(&file, config).unwrap();
        let log = File::create(directory.path().join("log")).unwrap();
        let child = Command::new("node")
            .args(node)
            .arg("--config")
            .arg(&file)
            .current_dir(installed())
            .env("CATALOG", catalog)
            .env("NODE_ENV", "production")
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .expect("node runs");
        Self { child, url: format!("http://127.0.0.1:{port}"), directory }
    }

    pub fn settings(&self, token: Option<&str>) -> BackstageSettings {
        BackstageSettings {
            base_url: self.url.parse().unwrap(),
            token: token.map(|text| text.to_owned().into()),
            interval: Duration::from_secs(1),
        }
    }

    /// The end of its log, for the message of a failed test.
    pub fn log(&self) -> String {
        let text = fs::read_to_string(self.directory.path().join("log")).unwrap();
        text.chars().skip(text.chars().count().saturating_sub(4000)).collect()
    }
}

/// Writes the files of a catalog, and the config of a Backstage that reads them.
fn catalog_config(port: u16, directory: &TempDir, files: &[(&str, String)]) -> String {
    let mut locations = String::new();
    for (name, text) in files {
        let path = directory.path().join(name);
        fs::write(&path, text).unwrap();
        locations += &location(&path);
    }
    format!(
        "auth: {{providers: {{guest: {{dangerouslyAllowOutsideDevelopment: true}}}}}}
backend:
  baseUrl: http://127.0.0.1:{port}
  listen: {{host: 127.0.0.1, port: {port}}}
  database: {{client: better-sqlite3, connection: ':memory:'}}
  auth:
    externalAccess:
      - {{type: static, options: {{token: {TOKEN}, subject: promenade}}}}
      - type: static
        options: {{token: {RESTRICTED}, subject: other}}
        accessRestrictions: [{{plugin: scaffolder}}]
catalog:
  processingInterval: {{seconds: 2}}
  rules: [{{allow: [Component, Group, System, Domain, Location]}}]
  locations:
{locations}"
    )
}

fn location(path: &Path) -> String {
    format!("    - {{type: file, target: '{}'}}\n", path.display())
}
