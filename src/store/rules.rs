//! The alerting rules of an instance, fetched once per scrape interval for everybody.

use std::time::Duration;

use super::question::Question;
use super::{Answer, WARNED_LIFETIME};
use crate::prometheus::{Instance, InstanceSettings, Rules};
use crate::upstream::UpstreamError;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RulesQuery;

impl Question for RulesQuery {
    type Source = Instance;
    type Value = Rules;
    type Family = Self;

    async fn fetch(&self, source: &Instance) -> Result<Rules, UpstreamError> {
        source.client.rules().await
    }

    fn lifetime(&self, source: &Instance, answer: &Answer<Rules>) -> Duration {
        rules_lifetime(&answer.value, &source.settings)
    }

    fn family(&self) -> Option<Self> {
        Some(*self)
    }

    fn prefers(&self, older: &Rules, newer: &Rules) -> bool {
        older.warnings.is_empty() && !newer.warnings.is_empty()
    }

    fn text(&self) -> &str {
        "rules"
    }
}

/// How long the rules of an instance count as current.
pub fn rules_lifetime(rules: &Rules, settings: &InstanceSettings) -> Duration {
    let lifetime = settings.scrape_interval.max(Duration::from_secs(1));
    if rules.warnings.is_empty() { lifetime } else { lifetime.min(WARNED_LIFETIME) }
}
