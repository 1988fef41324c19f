//! Instances that nobody listed: reached by a rule, made when they are first asked, and forgotten again.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use secrecy::SecretString;
use url::Url;

use super::lane::{Lane, Lanes};
use super::{Client, Instance, InstanceName, InstanceSettings};
use crate::metrics::UpstreamMetrics;
use crate::outbound::HttpClient;

/// How many targets are remembered; those that are in use at the moment are known beyond it.
pub const MOST_TARGETS: usize = 256;

/// How many questions may be with all targets of a rule at once: a page may list as many hosts as it likes.
const WAY_SLOTS: usize = 256;

/// The targets of all rules.
#[derive(Default)]
pub struct Targets {
    /// One HTTP client for each rule, whose headers go to all its targets, and one lane.
    ways: BTreeMap<String, (Arc<HttpClient>, Arc<Lane>)>,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    slots: HashMap<InstanceName, Slot>,
    /// By host and port: whatever rule or path leads there, a host gets so many questions at once.
    lanes: HashMap<String, Weak<Lanes>>,
    uses: u64,
}

struct Slot {
    last_use: u64,
    /// None: forgotten, and known only as long as somebody else holds it.
    held: Option<Arc<Instance>>,
    instance: Weak<Instance>,
}

impl Targets {
    /// Opens a rule's way. Fails with a sentence when its HTTP client cannot be built.
    pub fn open(
        &mut self,
        rule: &str,
        sample: &Url,
        headers: &[(String, SecretString)],
        secure: bool,
    ) -> Result<(), String> {
        let http = HttpClient::new(sample, headers, secure)?;
        self.ways.insert(rule.to_owned(), (Arc::new(http), Arc::new(Lane::new(WAY_SLOTS))));
        Ok(())
    }

    pub fn get(&self, name: &InstanceName) -> Option<Arc<Instance>> {
        self.kept().slots.get(name)?.instance.upgrade()
    }

    /// Those that are in use, by name.
    pub fn known(&self) -> Vec<Arc<Instance>> {
        let mut known: Vec<_> =
            self.kept().slots.values().filter_map(|slot| slot.instance.upgrade()).collect();
        known.sort_by(|one, other| one.settings.name.cmp(&other.settings.name));
        known
    }

    /// The instance of a target, which is remembered as the one used last.
    pub fn reach(
        &self,
        rule: &str,
        settings: InstanceSettings,
        metrics: &UpstreamMetrics,
    ) -> Result<Arc<Instance>, String> {
        let mut kept = self.kept();
        kept.uses += 1;
        let last_use = kept.uses;
        let instance = match kept.slots.get(&settings.name).and_then(|slot| slot.instance.upgrade()) {
            Some(known) if known.settings.api != settings.api => {
                return Err(format!("two targets are called {}", settings.name));
            }
            Some(known) => known,
            None => {
                let way = self.ways.get(rule).ok_or_else(|| format!("the rule {rule} has no way"))?;
                let lanes = kept.lanes_of(&settings);
                // One label for all targets of a rule: their number is not the operator's to bound.
                let label = format!("{rule}/*");
                let client = Client::sharing(&settings, way.clone(), lanes, &label, metrics)?;
                Arc::new(Instance { settings, client })
            }
        };
        let slot = Slot { last_use, held: Some(instance.clone()), instance: Arc::downgrade(&instance) };
        kept.slots.insert(instance.settings.name.clone(), slot);
        kept.forget_beyond(MOST_TARGETS);
        Ok(instance)
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // Nothing panics while it is held; if it did, each entry would still be whole.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn lanes_of(&mut self, settings: &InstanceSettings) -> Arc<Lanes> {
        let host = settings.api.host_str().unwrap_or_default();
        let port = settings.api.port_or_known_default().unwrap_or_default();
        let key = format!("{host}:{port}");
        if let Some(lanes) = self.lanes.get(&key).and_then(Weak::upgrade) {
            return lanes;
        }
        let lanes = Arc::new(Lanes::new(settings.max_concurrent));
        self.lanes.retain(|_, lanes| lanes.strong_count() > 0);
        self.lanes.insert(key, Arc::downgrade(&lanes));
        lanes
    }

    /// Lets go of those used longest ago, and of the traces of those that nobody uses any more.
    fn forget_beyond(&mut self, most: usize) {
        while self.slots.values().filter(|slot| slot.held.is_some()).count() > most {
            let held = self.slots.values_mut().filter(|slot| slot.held.is_some());
            if let Some(oldest) = held.min_by_key(|slot| slot.last_use) {
                oldest.held = None;
            }
        }
        self.slots.retain(|_, slot| slot.held.is_some() || slot.instance.strong_count() > 0);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

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
        targets.open("r", &Url::parse("http://sample/").unwrap(), &[], true).unwrap();
        targets
    }

    fn reach(targets: &Targets, i: usize) -> Arc<Instance> {
        let settings = settings(&format!("r/h{i}"), &format!("http://h{i}/"));
        targets.reach("r", settings, &UpstreamMetrics::default()).unwrap()
    }

    #[test]
    fn no_more_are_remembered_than_the_limit() {
        let targets = targets();
        let first = reach(&targets, 0);
        for i in 1..=MOST_TARGETS {
            reach(&targets, i);
            // Used again and again, so never the oldest.
            reach(&targets, 1);
        }
        assert_eq!(targets.kept().slots.len(), MOST_TARGETS + 1, "the first is in use");
        assert!(Arc::ptr_eq(&first, &targets.get(&InstanceName::new("r/h0")).unwrap()));
        assert!(targets.get(&InstanceName::new("r/h1")).is_some());
        drop(first);
        assert!(targets.get(&InstanceName::new("r/h0")).is_none());
        for i in 0..10 * MOST_TARGETS {
            reach(&targets, i);
        }
        assert_eq!(targets.kept().slots.len(), MOST_TARGETS);
        assert!(targets.kept().lanes.len() <= MOST_TARGETS + 1);
    }

    #[test]
    fn one_address_is_one_instance_and_one_host_one_queue() {
        let targets = targets();
        let reach =
            |name: &str, api: &str| targets.reach("r", settings(name, api), &UpstreamMetrics::default());
        let a = reach("r/h/a", "http://h/a/").unwrap();
        assert!(Arc::ptr_eq(&a, &reach("r/h/a", "http://h/a/").unwrap()));
        let lanes = |api: &str| targets.kept().lanes_of(&settings("r/any", api));
        let (one, same, other) = (lanes("http://h/a/"), lanes("http://h/b/"), lanes("http://h:81/a/"));
        assert!(Arc::ptr_eq(&one, &same) && !Arc::ptr_eq(&one, &other));
        // The client of the first target holds them.
        assert_eq!(Arc::strong_count(&one), 3);
        assert!(reach("r/h/a", "http://h/other/").is_err(), "a name is one address");
        assert!(targets.reach("s", settings("s/h", "http://h/"), &UpstreamMetrics::default()).is_err());
    }
}
