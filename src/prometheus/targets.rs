//! Instances that no list names: routing rules derive them from an entity, and the least recently used are dropped.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use secrecy::SecretString;
use url::Url;

use super::limits::{HostLimits, Limiter};
use super::{Client, Instance, InstanceName, InstanceSettings};
use crate::metrics::UpstreamMetrics;
use crate::upstream::{HttpClient, Who};

/// The most targets that are remembered. A dropped target gets a new client when it is used again.
pub const MOST_TARGETS: usize = 256;

/// The most concurrent requests to all targets of one rule: a page may list any number of hosts.
const RULE_SLOTS: usize = 256;

/// The targets of all rules.
#[derive(Default)]
pub struct Targets {
    rules: BTreeMap<String, RuleClient>,
    memory: Mutex<Memory>,
}

/// What all targets of a rule share.
pub struct RuleClient {
    /// Its headers go to all of them.
    pub http: HttpClient,
    pub limit: Arc<Limiter>,
}

#[derive(Default)]
struct Memory {
    /// With the number of the last use.
    instances: HashMap<InstanceName, (Arc<Instance>, u64)>,
    /// By host and port: a host has one limit, whichever rule or path a request takes.
    limits: HashMap<String, Weak<HostLimits>>,
    uses: u64,
}

impl Targets {
    /// Fails with a sentence when the rule's HTTP client cannot be built.
    pub fn add_rule(
        &mut self,
        rule: &str,
        sample: &Url,
        headers: &[(String, SecretString)],
        secure: bool,
    ) -> Result<(), String> {
        let who = Who::Prometheus(InstanceName::new(rule));
        // Each target sets its own timeout.
        let http = HttpClient::new(who, sample, headers, secure, Duration::MAX)?;
        self.rules.insert(rule.to_owned(), RuleClient { http, limit: Arc::new(Limiter::new(RULE_SLOTS)) });
        Ok(())
    }

    /// The remembered instances, by name.
    pub fn remembered(&self) -> Vec<Arc<Instance>> {
        let mut instances: Vec<_> =
            self.memory().instances.values().map(|(instance, _)| instance.clone()).collect();
        instances.sort_by(|a, b| a.name().cmp(b.name()));
        instances
    }

    /// The instance of a target, remembered as the most recently used.
    pub fn resolve(
        &self,
        rule: &str,
        settings: InstanceSettings,
        metrics: &UpstreamMetrics,
    ) -> Result<Arc<Instance>, String> {
        let mut memory = self.memory();
        memory.uses += 1;
        let uses = memory.uses;
        if let Some((instance, last_use)) = memory.instances.get_mut(&settings.name) {
            if instance.settings.api != settings.api {
                return Err(format!("two targets are called {}", settings.name));
            }
            *last_use = uses;
            return Ok(instance.clone());
        }
        let rule_client =
            self.rules.get(rule).ok_or_else(|| format!("the rule {rule} has no HTTP client"))?;
        let limits = memory.limits_of(&settings);
        // All targets of a rule share one label: the operator does not limit their number.
        let client = Client::of_target(&settings, rule_client, limits, &format!("{rule}/*"), metrics)?;
        let instance = Arc::new(Instance { settings, client });
        memory.instances.insert(instance.name().clone(), (instance.clone(), uses));
        memory.drop_beyond(MOST_TARGETS);
        Ok(instance)
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        // No code panics while holding the lock; each entry would be whole even then.
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Memory {
    fn limits_of(&mut self, settings: &InstanceSettings) -> Arc<HostLimits> {
        let host = settings.api.host_str().unwrap_or_default();
        let port = settings.api.port_or_known_default().unwrap_or_default();
        let key = format!("{host}:{port}");
        if let Some(limits) = self.limits.get(&key).and_then(Weak::upgrade) {
            return limits;
        }
        let limits = Arc::new(HostLimits::new(settings.max_concurrent));
        self.limits.retain(|_, limits| limits.strong_count() > 0);
        self.limits.insert(key, Arc::downgrade(&limits));
        limits
    }

    fn drop_beyond(&mut self, most: usize) {
        while self.instances.len() > most {
            let oldest = self.instances.values().min_by_key(|(_, last_use)| *last_use);
            let Some(name) = oldest.map(|(instance, _)| instance.name().clone()) else { return };
            self.instances.remove(&name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(name: &str, api: &str) -> InstanceSettings {
        InstanceSettings {
            name: InstanceName::new(name),
            proxy_path: String::new(),
            api: Url::parse(api).unwrap(),
            headers: Vec::new(),
            secure: true,
            ui_url: None,
            scrape_interval: Duration::from_secs(15),
            max_concurrent: 1,
            timeout: Duration::from_secs(1),
        }
    }

    fn targets() -> Targets {
        let mut targets = Targets::default();
        targets.add_rule("r", &Url::parse("http://sample/").unwrap(), &[], true).unwrap();
        targets
    }

    fn resolve(targets: &Targets, i: usize) -> Arc<Instance> {
        let settings = settings(&format!("r/h{i}"), &format!("http://h{i}/"));
        targets.resolve("r", settings, &crate::metrics::Metrics::new().upstream).unwrap()
    }

    #[test]
    fn no_more_are_remembered_than_the_limit() {
        let targets = targets();
        let names = || -> Vec<String> {
            targets.remembered().iter().map(|instance| instance.name().to_string()).collect()
        };
        let first = resolve(&targets, 0);
        for i in 1..=MOST_TARGETS {
            resolve(&targets, i);
            // Used again and again, so never the oldest.
            resolve(&targets, 1);
        }
        assert_eq!(names().len(), MOST_TARGETS);
        assert!(names().contains(&"r/h1".to_owned()) && !names().contains(&"r/h0".to_owned()));
        assert!(!Arc::ptr_eq(&first, &resolve(&targets, 0)), "a dropped target has a new client");
        drop(first);
        for i in 0..10 * MOST_TARGETS {
            resolve(&targets, i);
        }
        assert_eq!(names().len(), MOST_TARGETS);
        assert!(targets.memory().limits.len() <= MOST_TARGETS + 1);
    }

    #[test]
    fn one_address_is_one_instance_and_one_host_one_queue() {
        let targets = targets();
        let resolve = |name: &str, api: &str| {
            targets.resolve("r", settings(name, api), &crate::metrics::Metrics::new().upstream)
        };
        let a = resolve("r/h/a", "http://h/a/").unwrap();
        assert!(Arc::ptr_eq(&a, &resolve("r/h/a", "http://h/a/").unwrap()));
        let limits = |api: &str| targets.memory().limits_of(&settings("r/any", api));
        let (one, same, other) = (limits("http://h/a/"), limits("http://h/b/"), limits("http://h:81/a/"));
        assert!(Arc::ptr_eq(&one, &same) && !Arc::ptr_eq(&one, &other));
        // The client of the first target holds them.
        assert_eq!(Arc::strong_count(&one), 3);
        assert!(resolve("r/h/a", "http://h/other/").is_err(), "a name is one address");
        assert!(
            targets
                .resolve("s", settings("s/h", "http://h/"), &crate::metrics::Metrics::new().upstream)
                .is_err()
        );
    }
}
