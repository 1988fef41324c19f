//! All instances: the configured ones, and those that routing rules derive from an entity. Of the latter the least
//! recently used are dropped.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use secrecy::SecretString;
use url::Url;

use super::instance::{Instance, InstanceSettings, RuleClient};
use super::limits::RequestLimits;
use super::{Origin, Outage};
use crate::metrics::UpstreamMetrics;
use crate::upstream::{HttpClient, InstanceName, RequestOutage, Who};

/// The most targets that are kept. A dropped target is made anew when it is used again.
const MOST_TARGETS: usize = 256;

/// Every configured instance, and the targets of routing rules. The default one is missing only if all configured
/// ones are named.
pub struct Instances {
    by_name: BTreeMap<InstanceName, Arc<Instance>>,
    rules: BTreeMap<String, RuleClient>,
    targets: Mutex<Targets>,
    metrics: UpstreamMetrics,
}

/// The targets of all rules.
#[derive(Default)]
struct Targets {
    /// With the number of the last use.
    instances: HashMap<InstanceName, (Arc<Instance>, u64)>,
    /// By host and port: a host has one limit, whichever rule or path a request takes.
    limits: HashMap<String, Weak<RequestLimits>>,
    uses: u64,
}

impl Instances {
    /// Fails when an HTTP client cannot be built (no CA bundle for an https target), naming the instance.
    pub fn new(settings: Vec<InstanceSettings>, metrics: &UpstreamMetrics) -> Result<Self, String> {
        let mut by_name = BTreeMap::new();
        for settings in settings {
            let name = settings.name.clone();
            let instance = Instance::new(settings, metrics).map_err(|e| format!("instance {name}: {e}"))?;
            by_name.insert(name, Arc::new(instance));
        }
        Ok(Self { by_name, rules: BTreeMap::new(), targets: Mutex::default(), metrics: metrics.clone() })
    }

    /// Makes the HTTP client for the targets of a rule; `sample` has their scheme. Fails as [`Instances::new`] does.
    pub fn add_rule(
        &mut self,
        rule: &str,
        sample: &Url,
        headers: &[(String, SecretString)],
        secure: bool,
    ) -> Result<(), String> {
        let who = Who::Prometheus(InstanceName::new(rule));
        // Each target sets its own timeout.
        let http = HttpClient::new(who, sample, headers, secure, Duration::MAX)
            .map_err(|e| format!("routing rule {rule}: {e}"))?;
        let (name, limits) = (rule.to_owned(), Arc::new(RequestLimits::of_rule()));
        self.rules.insert(rule.to_owned(), RuleClient { name, http, limits });
        Ok(())
    }

    /// The instance of a rule's target. Fails if a configured instance, or a target at another address, has its
    /// name.
    pub fn target(&self, rule: &str, settings: InstanceSettings) -> Result<Arc<Instance>, String> {
        if self.by_name.contains_key(&settings.name) {
            return Err(format!("a configured instance is called {}", settings.name));
        }
        let mut targets = self.targets();
        if let Some(instance) = targets.used(&settings)? {
            return Ok(instance);
        }
        let rule = self.rules.get(rule).ok_or_else(|| format!("the rule {rule} has no HTTP client"))?;
        let limits = targets.limits_of(&settings);
        let instance = Arc::new(Instance::of_target(settings, rule, limits, &self.metrics)?);
        targets.add(instance.clone());
        Ok(instance)
    }

    fn targets(&self) -> MutexGuard<'_, Targets> {
        // No code panics while holding the lock; each entry would be whole even then.
        self.targets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The configured instance of that name.
    pub fn get(&self, name: &InstanceName) -> Option<&Arc<Instance>> {
        self.by_name.get(name)
    }

    /// Where the instance or target of that name is reached.
    pub fn url(&self, name: &InstanceName) -> Option<Url> {
        let target = || self.targets().instances.get(name).map(|(target, _)| target.settings.api.clone());
        self.get(name).map(|instance| instance.settings.api.clone()).or_else(target)
    }

    /// The failing instances, targets included, each kind by name. Each receives one question at a time.
    pub fn failing(&self) -> Vec<Outage> {
        let targets = self.sorted_targets();
        let all = self.by_name.values().chain(&targets);
        all.filter_map(|one| one.failing(Origin::Known).or_else(|| one.failing(Origin::AdHoc))).collect()
    }

    /// The kinds of requests that instances fail to answer, targets included.
    pub fn outages(&self) -> Vec<RequestOutage> {
        let targets = self.sorted_targets();
        self.by_name.values().chain(&targets).flat_map(|instance| instance.outages()).collect()
    }

    fn sorted_targets(&self) -> Vec<Arc<Instance>> {
        let mut targets: Vec<_> =
            self.targets().instances.values().map(|(target, _)| target.clone()).collect();
        targets.sort_by(|a, b| a.name().cmp(b.name()));
        targets
    }

    /// The configured instances, by name.
    pub fn configured(&self) -> impl Iterator<Item = &Arc<Instance>> {
        self.by_name.values()
    }
}

impl Targets {
    /// The instance of that name, now the most recently used. Fails if it has another address.
    fn used(&mut self, settings: &InstanceSettings) -> Result<Option<Arc<Instance>>, String> {
        self.uses += 1;
        let Some((instance, last_use)) = self.instances.get_mut(&settings.name) else { return Ok(None) };
        if instance.settings.api != settings.api {
            return Err(format!("two targets are called {}", settings.name));
        }
        *last_use = self.uses;
        Ok(Some(instance.clone()))
    }

    fn limits_of(&mut self, settings: &InstanceSettings) -> Arc<RequestLimits> {
        let host = settings.api.host_str().unwrap_or_default();
        let port = settings.api.port_or_known_default().unwrap_or_default();
        let key = format!("{host}:{port}");
        if let Some(limits) = self.limits.get(&key).and_then(Weak::upgrade) {
            return limits;
        }
        let limits = Arc::new(RequestLimits::of_host(settings.max_concurrent));
        self.limits.retain(|_, limits| limits.strong_count() > 0);
        self.limits.insert(key, Arc::downgrade(&limits));
        limits
    }

    fn add(&mut self, instance: Arc<Instance>) {
        self.instances.insert(instance.name().clone(), (instance, self.uses));
        while self.instances.len() > MOST_TARGETS {
            let oldest = self.instances.iter().min_by_key(|(_, (_, last_use))| *last_use);
            let Some(name) = oldest.map(|(name, _)| name.clone()) else { return };
            self.instances.remove(&name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prometheus::UNSTABLE_TAIL;

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
            unstable_tail: UNSTABLE_TAIL,
            severities: Arc::default(),
        }
    }

    fn instances() -> Instances {
        let mut instances = Instances::new(Vec::new(), &crate::metrics::Metrics::new().upstream).unwrap();
        instances.add_rule("r", &Url::parse("http://sample/").unwrap(), &[], true).unwrap();
        instances
    }

    fn resolve(instances: &Instances, i: usize) -> Arc<Instance> {
        let settings = settings(&format!("r/h{i}"), &format!("http://h{i}/"));
        instances.target("r", settings).unwrap()
    }

    #[test]
    fn no_more_are_remembered_than_the_limit() {
        let instances = instances();
        let names =
            || -> Vec<String> { instances.targets().instances.keys().map(ToString::to_string).collect() };
        let first = resolve(&instances, 0);
        for i in 1..=MOST_TARGETS {
            resolve(&instances, i);
            // Used again and again, so never the oldest.
            resolve(&instances, 1);
        }
        assert_eq!(names().len(), MOST_TARGETS);
        assert!(names().contains(&"r/h1".to_owned()) && !names().contains(&"r/h0".to_owned()));
        assert!(!Arc::ptr_eq(&first, &resolve(&instances, 0)), "a dropped target is made anew");
        drop(first);
        for i in 0..10 * MOST_TARGETS {
            resolve(&instances, i);
        }
        assert_eq!(names().len(), MOST_TARGETS);
        assert!(instances.targets().limits.len() <= MOST_TARGETS + 1);
    }

    #[test]
    fn one_address_is_one_instance_and_one_host_one_queue() {
        let instances = instances();
        let resolve = |name: &str, api: &str| instances.target("r", settings(name, api));
        let a = resolve("r/h/a", "http://h/a/").unwrap();
        assert!(Arc::ptr_eq(&a, &resolve("r/h/a", "http://h/a/").unwrap()));
        let limits = |api: &str| instances.targets().limits_of(&settings("r/any", api));
        let (one, same, other) = (limits("http://h/a/"), limits("http://h/b/"), limits("http://h:81/a/"));
        assert!(Arc::ptr_eq(&one, &same) && !Arc::ptr_eq(&one, &other));
        // The client of the first target holds them.
        assert_eq!(Arc::strong_count(&one), 3);
        assert!(resolve("r/h/a", "http://h/other/").is_err(), "a name is one address");
        assert!(instances.target("s", settings("s/h", "http://h/")).is_err());
    }
}
