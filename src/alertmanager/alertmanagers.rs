//! The Alertmanagers by the instances that send to them.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{AlertmanagerClient, AlertmanagerSettings};
use crate::metrics::UpstreamMetrics;
use crate::upstream::{InstanceName, RequestOutage};

/// Every configured Alertmanager. Instances with the same one share its client.
#[derive(Default)]
pub struct Alertmanagers {
    settings: BTreeMap<InstanceName, AlertmanagerSettings>,
    clients: BTreeMap<InstanceName, Arc<AlertmanagerClient>>,
}

impl Alertmanagers {
    /// Fails with a sentence when an HTTP client cannot be built, naming the instance.
    pub fn new(
        settings: BTreeMap<InstanceName, AlertmanagerSettings>,
        metrics: &UpstreamMetrics,
    ) -> Result<Self, String> {
        let mut clients: BTreeMap<InstanceName, Arc<AlertmanagerClient>> = BTreeMap::new();
        for (name, own) in &settings {
            let has_same =
                |other: &InstanceName| settings.get(other).is_some_and(|o| o.has_same_requests(own));
            let same = clients.iter().find(|(other, _)| has_same(other));
            let client = match same.map(|(_, client)| client.clone()) {
                Some(client) => client,
                None => {
                    let client = AlertmanagerClient::new(own, name, metrics);
                    Arc::new(client.map_err(|e| format!("alertmanager of {name}: {e}"))?)
                }
            };
            clients.insert(name.clone(), client);
        }
        Ok(Self { settings, clients })
    }

    /// None: the instance has no configured Alertmanager.
    pub fn settings(&self, instance: &InstanceName) -> Option<&AlertmanagerSettings> {
        self.settings.get(instance)
    }

    /// Those that fail, each once.
    pub fn outages(&self) -> Vec<RequestOutage> {
        let own = self.clients.iter().filter(|(name, client)| **name == client.instance);
        own.flat_map(|(_, client)| client.outages()).collect()
    }

    /// Each once, with the settings of the first instance that sends to it.
    pub fn all(&self) -> impl Iterator<Item = (&Arc<AlertmanagerClient>, &AlertmanagerSettings)> {
        let own = self.clients.iter().filter(|(name, client)| **name == client.instance);
        own.filter_map(|(name, client)| Some((client, self.settings.get(name)?)))
    }

    pub fn client(&self, instance: &InstanceName) -> Option<&Arc<AlertmanagerClient>> {
        self.clients.get(instance)
    }
}
