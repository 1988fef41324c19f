//! What the Alertmanager of each instance holds back, asked once per interval for everybody.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::flight::{Flight, Kept};
use super::last_good::LastGood;
use super::{Answer, RulesQuestion, StoreSettings, patience, unconfigured, within};
use crate::alertmanager::{AlertmanagerSettings, AlertmanagerState, Client};
use crate::clock;
use crate::metrics::{StoreMetrics, UpstreamMetrics};
use crate::prometheus::{InstanceName, Origin};
use crate::upstream::UpstreamError;

/// How long an answer holds: Alertmanager itself sends groups no faster.
pub const HOLDINGS_LIVE: Duration = Duration::from_secs(10);
/// One in so many of the store's bytes.
const SHARE: u64 = 8;

/// The Alertmanagers by the instance that sends to them. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Alertmanagers {
    clients: Arc<BTreeMap<InstanceName, Reached>>,
    answers: Flight<RulesQuestion, Answer<AlertmanagerState>>,
    last: LastGood<RulesQuestion, AlertmanagerState>,
}

/// The way to an Alertmanager. Instances that have the same one share its client and its answers.
struct Reached {
    settings: AlertmanagerSettings,
    /// The first of those instances, whose name stands in the key of the answers.
    first: InstanceName,
    client: Arc<Client>,
}

impl Alertmanagers {
    /// Fails with a sentence when an HTTP client cannot be built, naming the instance.
    pub fn new(
        settings: BTreeMap<InstanceName, AlertmanagerSettings>,
        cache: &StoreSettings,
        upstream: &UpstreamMetrics,
        store: &StoreMetrics,
    ) -> Result<Self, String> {
        let mut clients: BTreeMap<InstanceName, Reached> = BTreeMap::new();
        for (name, settings) in settings {
            let same = clients.values().find(|reached| reached.settings.has_same_requests(&settings));
            let (first, client) = match same {
                Some(same) => (same.first.clone(), same.client.clone()),
                None => {
                    let client = Client::new(&settings, &name, upstream);
                    let client = client.map_err(|e| format!("alertmanager of {name}: {e}"))?;
                    (name.clone(), Arc::new(client))
                }
            };
            clients.insert(name, Reached { settings, first, client });
        }
        let part = cache.max_bytes / SHARE / 2;
        Ok(Self {
            clients: Arc::new(clients),
            answers: Flight::new(part, store.clone()),
            last: LastGood::new(part),
        })
    }

    /// None: no Alertmanager of this instance is known.
    pub fn settings(&self, instance: &InstanceName) -> Option<&AlertmanagerSettings> {
        self.clients.get(instance).map(|reached| &reached.settings)
    }

    /// What is held back. When the Alertmanager fails, what it said up to 15 minutes ago stands in, with
    /// `failure` set. Its failures are told in the words for instances, whose name they have.
    pub async fn ask(
        &self,
        mut question: RulesQuestion,
    ) -> Result<Answer<AlertmanagerState>, Arc<UpstreamError>> {
        if let Some(reached) = self.clients.get(&question.instance) {
            question.instance = reached.first.clone();
        }
        let trouble = self.last.trouble(&question, |_| true);
        let asked = self.answers.get(&question, || Ok(fetch(self.clone(), question.clone())));
        match within(patience(Origin::Known, None, trouble), asked).await {
            Ok(answer) => Ok(answer),
            Err(failure) => self.last.instead_of(failure, &question, |_| true),
        }
    }

    /// As [`Flight::fill`] tells it.
    pub fn fill(&self) -> [(u64, u64); 2] {
        [self.answers.fill(), self.last.fill()]
    }
}

async fn fetch(
    all: Alertmanagers,
    question: RulesQuestion,
) -> Result<Kept<Answer<AlertmanagerState>>, UpstreamError> {
    let asked = match all.clients.get(&question.instance) {
        Some(reached) => reached.client.state().await,
        None => Err(unconfigured(&question.instance, "no Alertmanager is configured")),
    };
    match asked {
        Ok(holdings) => {
            let answer = Answer { value: Arc::new(holdings), as_of: clock::now(), failure: None };
            all.last.keep(question, answer.clone(), |_| false);
            Ok(Kept { value: answer, lives: HOLDINGS_LIVE })
        }
        Err(error) => {
            tracing::warn!(fault = %error, "an Alertmanager failed");
            all.last.fail(question, Arc::new(error.clone()));
            Err(error)
        }
    }
}
