//! The alerting rules of an instance, and the alerts and silences of its Alertmanager: fetched once per interval for
//! everybody.

use std::time::Duration;

use super::question::Question;
use super::weight::Weigh;
use super::{Answer, WARNED_LIFETIME};
use crate::alertmanager::{AlertmanagerClient, AlertmanagerState};
use crate::prometheus::{Instance, InstanceSettings, Rules};
use crate::upstream::UpstreamError;

/// Alertmanager itself sends groups no faster.
pub const SILENCES_LIFETIME: Duration = Duration::from_secs(10);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RulesQuery;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SilencesQuery;

impl Weigh for RulesQuery {
    fn weight(&self) -> usize {
        0
    }
}

impl Weigh for SilencesQuery {
    fn weight(&self) -> usize {
        0
    }
}

impl Question for RulesQuery {
    type Source = Instance;
    type Value = Rules;

    async fn fetch(&self, source: &Instance) -> Result<Rules, UpstreamError> {
        source.rules().await
    }

    fn lifetime(&self, source: &Instance, answer: &Answer<Rules>) -> Duration {
        rules_lifetime(&answer.value, &source.settings)
    }

    fn family(&self) -> Option<Self> {
        Some(*self)
    }

    fn is_only_of_family(&self) -> bool {
        true
    }

    fn prefers(&self, older: &Rules, newer: &Rules) -> bool {
        older.warnings.is_empty() && !newer.warnings.is_empty()
    }

    fn text(&self) -> &str {
        "rules"
    }
}

impl Question for SilencesQuery {
    type Source = AlertmanagerClient;
    type Value = AlertmanagerState;

    async fn fetch(&self, source: &AlertmanagerClient) -> Result<AlertmanagerState, UpstreamError> {
        source.state().await
    }

    fn lifetime(&self, _: &AlertmanagerClient, _: &Answer<AlertmanagerState>) -> Duration {
        SILENCES_LIFETIME
    }

    fn family(&self) -> Option<Self> {
        Some(*self)
    }

    fn is_only_of_family(&self) -> bool {
        true
    }

    fn text(&self) -> &str {
        "silences"
    }
}

/// How long the rules of an instance count as current.
pub fn rules_lifetime(rules: &Rules, settings: &InstanceSettings) -> Duration {
    let lifetime = settings.scrape_interval.max(Duration::from_secs(1));
    if rules.warnings.is_empty() { lifetime } else { lifetime.min(WARNED_LIFETIME) }
}
