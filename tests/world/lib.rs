//! What all tests share: a portal on a free port, a scripted Prometheus, and builders of its data.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test that meets the unexpected should stop"
)]

pub mod backstage;
pub mod catalog;
pub mod high_load;
pub mod load;
pub mod markup;
pub mod plugin;
pub mod program;
pub mod proxy;
pub mod questions;
pub mod rules;
pub mod tls;
pub mod upstream;

use std::fmt::Display;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use promenade::app::{App, AppHandle};
use promenade::catalog::{CatalogSettings, FileLocation};
use promenade::config::Settings;
use promenade::monitoring::RoutingSettings;
use promenade::page_params::PageDefaults;
use promenade::serving::ServingSettings;
use promenade::store::StoreSettings;
use promenade::web::WebSettings;
use reqwest::header::HeaderMap;
use reqwest::{Client, Method, StatusCode};
use serde_json::Value;
use tempfile::TempDir;
use tokio::task::JoinHandle;
use url::form_urlencoded::byte_serialize;

use upstream::Upstream;

/// A catalog of one entity, `payments`, with one graph.
pub const ONE_GRAPH: &str = r#"
apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: payments
  annotations: {prometheus.io/rule: up}
"#;

/// The root directory of the project.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_owned()
}

/// A client that shows answers as they were sent.
pub fn client() -> Client {
    // No portal of this process may have chosen the cryptography yet.
    let _ = tokio_rustls::rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .no_gzip()
        .timeout(Duration::from_secs(20))
        .build()
        .unwrap()
}

/// Whether a Prometheus or an Alertmanager says that it is ready.
pub async fn is_ready(url: &str) -> bool {
    client().get(format!("{url}/-/ready")).send().await.is_ok_and(|reply| reply.status() == 200)
}

/// A text, encoded for a query string.
pub fn encoded(text: &str) -> String {
    byte_serialize(text.as_bytes()).collect()
}

/// A portal on a free port, its catalog, and the upstream that is its default instance.
pub struct World {
    pub upstream: Upstream,
    pub address: SocketAddr,
    /// The address of the operators' listener, if there is one.
    pub admin: Option<SocketAddr>,
    pub handle: AppHandle,
    client: Client,
    running: JoinHandle<std::io::Result<()>>,
    /// Holds `catalog.yaml`, which the portal watches.
    pub directory: TempDir,
}

impl Drop for World {
    fn drop(&mut self) {
        self.running.abort();
    }
}

impl World {
    /// A portal with a catalog of one YAML file.
    pub async fn of(catalog: impl Display) -> Self {
        Self::with(catalog, |_| {}).await
    }

    pub async fn with(catalog: impl Display, change: impl FnOnce(&mut Settings)) -> Self {
        let upstream = Upstream::start().await;
        let directory = TempDir::new().unwrap();
        std::fs::write(directory.path().join("catalog.yaml"), catalog.to_string()).unwrap();
        let bases = vec![directory.path().to_owned()];
        let mut settings = Settings {
            listen: "127.0.0.1:0".parse().unwrap(),
            serving: ServingSettings::default(),
            web: WebSettings {
                title: "Test portal".to_owned(),
                base_url: None,
                frame_ancestors: Vec::new(),
                parent_origins: Vec::new(),
                defaults: PageDefaults::default(),
                ad_hoc: true,
                demo: false,
                admin_apart: false,
            },
            instances: vec![upstream.instance("default")],
            alertmanagers: Default::default(),
            routing: RoutingSettings::default(),
            catalog: CatalogSettings {
                files: vec![FileLocation { target: "catalog.yaml".to_owned(), bases, place: None }],
                ..CatalogSettings::default()
            },
            store: StoreSettings { max_bytes: 16 << 20 },
        };
        change(&mut settings);
        let app = App::start(settings).await.unwrap();
        let (address, admin, handle) = (app.address(), app.admin_address(), app.handle());
        let running = tokio::spawn(app.run());
        let client = client();
        Self { upstream, address, admin, handle, client, running, directory }
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.ask(Method::GET, path, &[]).await
    }

    /// With the rows of its alert table open.
    pub async fn get_opened(&self, path: &str) -> Reply {
        let page = self.get(path).await;
        self.get(&markup::with_open_rows(path, page.text())).await
    }

    pub async fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Reply {
        self.ask(Method::GET, path, headers).await
    }

    pub async fn ask(&self, method: Method, path: &str, headers: &[(&str, &str)]) -> Reply {
        self.send(method, path, headers, "").await
    }

    /// A form as browsers and Go send it.
    pub async fn post(&self, path: &str, form: &str) -> Reply {
        self.send(Method::POST, path, &[("Content-Type", "application/x-www-form-urlencoded")], form).await
    }

    pub async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        let mut request = self.client.request(method, format!("http://{}{path}", self.address));
        if !body.is_empty() {
            request = request.body(body.to_owned());
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Reply::read(request.send().await.unwrap()).await
    }
}

/// A complete response, of the portal or of Backstage.
#[derive(Debug)]
pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Reply {
    pub async fn read(mut response: reqwest::Response) -> Self {
        let (status, headers) = (response.status(), response.headers().clone());
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.unwrap() {
            body.extend_from_slice(&chunk);
        }
        Self { status, headers, body }
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// Empty when absent.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}
