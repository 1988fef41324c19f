//! One rule of `promenade.routing`: when it applies, and which instance it chooses.

use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use url::Url;

use super::condition::Conditions;
use super::host::HostPattern;
use super::template::UrlTemplate;
use crate::catalog::Entity;
use crate::prometheus::{InstanceName, InstanceSettings, Severities, UNSTABLE_TAIL};

/// The first rule that applies decides.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Distinct from those of all other rules; `rule-3` for the third where it has none of its own.
    pub name: String,
    pub when: Conditions,
    pub target: RuleTarget,
}

#[derive(Clone, Debug)]
pub enum RuleTarget {
    /// A configured instance.
    Instance(InstanceName),
    Target(Box<TargetRule>),
}

/// Targets that are built from a template. All but the template's places is the operator's.
#[derive(Clone, Debug)]
pub struct TargetRule {
    /// Up to and with the API's version.
    pub api: UrlTemplate,
    /// What is built must be one of these.
    pub allowed_hosts: Vec<HostPattern>,
    /// Sent to every target of this rule.
    pub headers: Vec<(String, SecretString)>,
    /// False: TLS certificates are not checked.
    pub secure: bool,
    pub ui_url: Option<UrlTemplate>,
    pub scrape_interval: Duration,
    /// For each host.
    pub max_concurrent: usize,
    pub timeout: Duration,
    pub severities: Arc<Severities>,
}

impl TargetRule {
    /// The target for an entity as an instance, or for the operator why there is none. `rule`: the rule's name.
    pub fn resolve(
        &self,
        rule: &str,
        entity: &Entity,
        service_name: Option<&str>,
    ) -> Result<InstanceSettings, String> {
        let mut api = self.api.fill(entity, service_name)?;
        if !api.path().ends_with('/') {
            api.set_path(&format!("{}/", api.path()));
        }
        if !self.allowed_hosts.iter().any(|host| host.allows(&api)) {
            let host = api.host_str().unwrap_or_default();
            return Err(format!("the host {host} is none of the rule's allowedHosts"));
        }
        Ok(InstanceSettings {
            name: self.name(rule, &api),
            proxy_path: String::new(),
            api,
            headers: self.headers.clone(),
            secure: self.secure,
            ui_url: self.ui_url.as_ref().and_then(|ui| ui.fill(entity, service_name).ok()),
            scrape_interval: self.scrape_interval,
            max_concurrent: self.max_concurrent,
            timeout: self.timeout,
            unstable_tail: UNSTABLE_TAIL,
            severities: self.severities.clone(),
        })
    }

    pub fn has_service_name(&self) -> bool {
        self.api.has_service_name()
    }

    /// The name under which a target's answers are kept and shown: the rule, the host, and the path where
    /// that differs between targets. Two targets of a rule have one name only when they are one address.
    fn name(&self, rule: &str, api: &Url) -> InstanceName {
        let host = api.host_str().unwrap_or_default();
        let port = api.port().map(|port| format!(":{port}")).unwrap_or_default();
        let path = if self.api.has_places_in_path() { api.path().trim_end_matches('/') } else { "" };
        InstanceName::new(&format!("{rule}/{host}{port}{path}"))
    }
}
