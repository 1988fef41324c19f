//! The alerts and silences of an Alertmanager, fetched once per interval for everybody.

use std::time::Duration;

use super::Answer;
use super::question::Question;
use crate::alertmanager::{AlertmanagerClient, AlertmanagerState};
use crate::upstream::UpstreamError;

/// Alertmanager itself sends groups no faster.
pub const SILENCES_LIFETIME: Duration = Duration::from_secs(10);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SilencesQuery;

impl Question for SilencesQuery {
    type Source = AlertmanagerClient;
    type Value = AlertmanagerState;
    type Family = Self;

    async fn fetch(&self, source: &AlertmanagerClient) -> Result<AlertmanagerState, UpstreamError> {
        source.state().await
    }

    fn lifetime(&self, _: &AlertmanagerClient, _: &Answer<AlertmanagerState>) -> Duration {
        SILENCES_LIFETIME
    }

    fn family(&self) -> Option<Self> {
        Some(*self)
    }

    fn text(&self) -> &str {
        "silences"
    }
}
