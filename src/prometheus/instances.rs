//! The configured instances and their names.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use url::Url;

use super::targets::Targets;
use super::{Client, Origin, Outage};
use crate::metrics::UpstreamMetrics;
use crate::upstream::InstanceName;

/// The settings of one instance.
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
    /// For one request, waiting included.
    pub timeout: Duration,
}

/// An instance and its client: the handle by which all modules pass it on.
pub struct Instance {
    pub settings: InstanceSettings,
    pub client: Client,
}

impl Instance {
    pub fn name(&self) -> &InstanceName {
        &self.settings.name
    }
}

/// Every configured instance, and the targets of routing rules. The default one is missing only if all configured
/// ones are named.
pub struct Instances {
    by_name: BTreeMap<InstanceName, Arc<Instance>>,
    targets: Targets,
    metrics: UpstreamMetrics,
}

impl Instances {
    /// Fails when an HTTP client cannot be built (no CA bundle for an https target), naming the instance.
    pub fn new(settings: Vec<InstanceSettings>, metrics: &UpstreamMetrics) -> Result<Self, String> {
        let mut by_name = BTreeMap::new();
        for settings in settings {
            let client =
                Client::new(&settings, metrics).map_err(|e| format!("instance {}: {e}", settings.name))?;
            by_name.insert(settings.name.clone(), Arc::new(Instance { settings, client }));
        }
        Ok(Self { by_name, targets: Targets::default(), metrics: metrics.clone() })
    }

    /// Makes the HTTP client for the targets of a rule; `sample` has their scheme. Fails as [`Instances::new`] does.
    pub fn add_rule(
        &mut self,
        rule: &str,
        sample: &Url,
        headers: &[(String, SecretString)],
        secure: bool,
    ) -> Result<(), String> {
        self.targets.add_rule(rule, sample, headers, secure).map_err(|e| format!("routing rule {rule}: {e}"))
    }

    /// The instance of a rule's target. Fails if a configured instance, or a target at another address, has its
    /// name.
    pub fn target(&self, rule: &str, settings: InstanceSettings) -> Result<Arc<Instance>, String> {
        if self.by_name.contains_key(&settings.name) {
            return Err(format!("a configured instance is called {}", settings.name));
        }
        self.targets.resolve(rule, settings, &self.metrics)
    }

    /// The configured instance of that name.
    pub fn get(&self, name: &InstanceName) -> Option<&Arc<Instance>> {
        self.by_name.get(name)
    }

    /// The failing instances, targets included. Each receives one question at a time.
    pub fn failing(&self) -> Vec<Outage> {
        let targets = self.targets.remembered();
        let all = self.by_name.values().chain(&targets).map(|instance| &instance.client);
        all.filter_map(|client| client.failing(Origin::Known).or_else(|| client.failing(Origin::AdHoc)))
            .collect()
    }

    /// The configured instances, by name.
    pub fn configured(&self) -> impl Iterator<Item = &Arc<Instance>> {
        self.by_name.values()
    }
}
