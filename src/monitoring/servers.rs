//! The Prometheus instances and Alertmanagers of the configuration, and whether they answer.

use std::sync::Arc;

use futures_util::future::{join, join_all};
use jiff::Timestamp;
use tokio::time::timeout;

use super::{Monitoring, deadlines};
use crate::alertmanager::AlertmanagerClient;
use crate::prometheus::Instance;
use crate::store::Recorder;
use crate::upstream::{HealthReport, Who};

/// A configured server.
pub struct Server {
    pub who: Who,
    pub health: HealthReport,
    /// `2.42.0`, `Grafana Mimir 2.14.0`. None: it does not say, or not in time.
    pub version: Option<String>,
}

/// A server that does not answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SilentServer {
    pub who: Who,
    pub since: Timestamp,
}

impl Monitoring {
    /// Every configured server. Asks for versions that are not known yet, and waits for them only for a short time.
    pub async fn servers(&self, now: Timestamp) -> Vec<Server> {
        let prometheus = join_all(self.instances().map(|instance| self.instance_server(instance, now)));
        let alertmanagers = self.store.alertmanagers().all();
        let alertmanagers = join_all(alertmanagers.map(|(client, _)| self.alertmanager_server(client, now)));
        let (mut all, alertmanagers) = join(prometheus, alertmanagers).await;
        all.extend(alertmanagers);
        all
    }

    async fn instance_server(&self, instance: &Arc<Instance>, now: Timestamp) -> Server {
        let info = timeout(deadlines::VERSION, self.store.build_info(instance)).await.unwrap_or_default();
        let version = info.as_ref().as_ref().map(|info| match &info.application {
            Some(application) => format!("{application} {}", info.version),
            None => info.version.clone(),
        });
        let who = Who::Prometheus(instance.name().clone());
        Server { who, health: instance.health().report(now), version }
    }

    async fn alertmanager_server(&self, client: &Arc<AlertmanagerClient>, now: Timestamp) -> Server {
        let version = timeout(deadlines::VERSION, self.store.alertmanager_version(client)).await;
        let version = version.unwrap_or_default().as_ref().clone();
        let who = Who::Alertmanager(client.instance.clone());
        Server { who, health: client.health().report(now), version }
    }

    /// The configured servers that do not answer. A reply that names one is not kept.
    pub fn silent_servers(&self) -> Vec<SilentServer> {
        let instances = self.instances().map(|one| (Who::Prometheus(one.name().clone()), one.health()));
        let alertmanagers = self.store.alertmanagers().all();
        let alertmanagers =
            alertmanagers.map(|(one, _)| (Who::Alertmanager(one.instance.clone()), one.health()));
        let all = instances.chain(alertmanagers);
        let silent: Vec<SilentServer> =
            all.filter_map(|(who, health)| Some(SilentServer { who, since: health.down_since()? })).collect();
        if !silent.is_empty() {
            self.recorder().into_iter().for_each(Recorder::refuse);
        }
        silent
    }
}
