//! A portal that Backstage shows: the program that people run, with a scripted Prometheus.

use std::fs;

use tempfile::TempDir;
use world::program::Program;
use world::rules::{Alert, Rule};
use world::upstream::{Reply, Upstream};

use crate::running::free_port;

/// The catalog of both.
pub const CATALOG: &str = "
apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: payments
  annotations: {prometheus.io/rule: 'up,load', prometheus.io/alert: all}
spec: {type: service, lifecycle: production, owner: team-a}
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: plain}
spec: {type: service, lifecycle: production, owner: team-a}
";
pub const PAYMENTS: &str = "/catalog/default/component/payments";

pub struct Portal {
    pub program: Program,
    config: TempDir,
    port: u16,
    /// The address for browsers, with its path.
    pub base: String,
    _upstream: Upstream,
}

impl Portal {
    /// Behind the backend plugin of a Backstage.
    pub async fn behind(backstage: &str) -> Self {
        Self::start(free_port(), format!("{backstage}/api/promenade"), backstage).await
    }

    /// At an origin of its own, below a path.
    pub async fn beside(backstage: &str) -> Self {
        let port = free_port();
        Self::start(port, format!("http://127.0.0.1:{port}/monitoring"), backstage).await
    }

    async fn start(port: u16, base: String, backstage: &str) -> Self {
        let upstream = Upstream::start().await;
        upstream.on("up", Reply::matrix(&[(&[("__name__", "up"), ("job", "a")], 1.0)]));
        upstream.on("load", Reply::matrix(&[(&[("__name__", "load"), ("job", "a")], 2.5)]));
        let alert = |i: usize| Alert::firing("Down").label("instance", &format!("host-{i}:9100"));
        upstream.on_rules(Reply::group([Rule::new("Down").alerts((0..3).map(alert))]));
        let config = TempDir::new().unwrap();
        let text = format!(
            "app: {{baseUrl: '{base}'}}\n\
             proxy: {{endpoints: {{/prometheus/api: 'http://{}/api/v1/'}}}}\n\
             catalog: {{locations: [{{type: file, target: catalog.yaml}}]}}\n\
             promenade:\n  listen: 127.0.0.1:{port}\n  \
             embedding: {{frameAncestors: ['{backstage}'], parentOrigins: ['{backstage}']}}\n",
            upstream.address
        );
        fs::write(config.path().join("app-config.yaml"), text).unwrap();
        fs::write(config.path().join("catalog.yaml"), CATALOG).unwrap();
        let program = Self::program(&config);
        Self { program, config, port, base, _upstream: upstream }
    }

    fn program(config: &TempDir) -> Program {
        let file = config.path().join("app-config.yaml");
        Program::start(|p| p.args(["serve", "--config"]).arg(file))
    }

    /// Where Backstage's backend reaches it.
    pub fn target(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub fn restart(&mut self) {
        self.program = Self::program(&self.config);
    }
}
