//! Which program and version a server is. Cached for long; None while it fails, or if it has no such endpoint.

use std::sync::Arc;
use std::time::Duration;

use super::metadata::{lifetime_after, metadata_question};
use super::question::Question;
use super::weight::Weigh;
use super::{Answer, Scope, Store};
use crate::alertmanager::AlertmanagerClient;
use crate::prometheus::{BuildInfo, Instance};
use crate::upstream::UpstreamError;

const VERSION_LIFETIME: Duration = Duration::from_secs(600);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BuildInfoQuery;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AlertmanagerVersionQuery;

metadata_question!(BuildInfoQuery, Instance, Option<BuildInfo>, VERSION_LIFETIME, |self, instance| async {
    instance.build_info().await.map(Some)
});
metadata_question!(
    AlertmanagerVersionQuery,
    AlertmanagerClient,
    Option<String>,
    VERSION_LIFETIME,
    |self, client| client.version()
);

impl Weigh for BuildInfoQuery {
    fn weight(&self) -> usize {
        0
    }
}

impl Weigh for AlertmanagerVersionQuery {
    fn weight(&self) -> usize {
        0
    }
}

impl Store {
    pub async fn build_info(&self, instance: &Arc<Instance>) -> Arc<Option<BuildInfo>> {
        let info = self.answer(&self.build_infos, instance, Scope::Whole, BuildInfoQuery).await;
        info.map(|answer| answer.value).unwrap_or_default()
    }

    pub async fn alertmanager_version(&self, client: &Arc<AlertmanagerClient>) -> Arc<Option<String>> {
        let version =
            self.answer(&self.alertmanager_versions, client, Scope::Whole, AlertmanagerVersionQuery).await;
        version.map(|answer| answer.value).unwrap_or_default()
    }
}
