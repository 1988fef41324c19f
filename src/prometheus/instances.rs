//! The configured instances and their names.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use url::Url;

use super::Client;
use crate::metrics::UpstreamMetrics;

/// The name of an instance that is configured; `default` is the unnamed one.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct InstanceName(Arc<str>);

impl InstanceName {
    pub const DEFAULT: &'static str = "default";

    pub fn new(name: &str) -> Self {
        Self(name.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for InstanceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How to reach and treat one instance.
#[derive(Clone, Debug)]
pub struct InstanceSettings {
    pub name: InstanceName,
    /// The proxy entry's path, e.g. `/prometheus/api`: its address in Backstage.
    pub proxy_path: String,
    /// Up to and with the API's version: `http://host:9090/api/v1/`, with the trailing slash.
    pub api: Url,
    /// Sent to this instance only.
    pub headers: Vec<(String, SecretString)>,
    /// False: TLS certificates are not checked (`secure: false`).
    pub secure: bool,
    /// Where people open this instance.
    pub ui_url: Option<Url>,
    pub scrape_interval: Duration,
    pub max_concurrent: usize,
    /// For one question in total.
    pub timeout: Duration,
}

/// Every configured instance with its client. There is always a default one unless only named ones are configured.
pub struct Instances {
    by_name: BTreeMap<InstanceName, (InstanceSettings, Client)>,
}

impl Instances {
    /// Fails when an HTTP client cannot be built (no CA bundle for an https target), naming the instance.
    pub fn new(settings: Vec<InstanceSettings>, metrics: &UpstreamMetrics) -> Result<Self, String> {
        let mut by_name = BTreeMap::new();
        for one in settings {
            let client = Client::new(&one, metrics).map_err(|e| format!("instance {}: {e}", one.name))?;
            by_name.insert(one.name.clone(), (one, client));
        }
        Ok(Self { by_name })
    }

    pub fn settings(&self, name: &InstanceName) -> Option<&InstanceSettings> {
        self.by_name.get(name).map(|(s, _)| s)
    }

    pub fn client(&self, name: &InstanceName) -> Option<&Client> {
        self.by_name.get(name).map(|(_, c)| c)
    }

    pub fn names(&self) -> impl Iterator<Item = &InstanceName> {
        self.by_name.keys()
    }
}
