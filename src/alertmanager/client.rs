//! The client of one Alertmanager.

use std::sync::Arc;
use std::time::Instant;

use serde_json::error::Category;
use url::Url;

use super::wire::{read_alerts, read_silences, read_version};
use super::{AlertmanagerSettings, AlertmanagerState};
use crate::clock;
use crate::metrics::UpstreamMetrics;
use crate::upstream::{
    ErrorKind, HttpClient, InstanceName, Reply, RequestOutage, ServerHealth, ServerState, UpstreamError, Who,
    endpoint,
};

/// All alerts, suppressed or not. Older Alertmanagers ignore `muted`.
const ALL: [(&str, &str); 4] =
    [("active", "true"), ("silenced", "true"), ("inhibited", "true"), ("muted", "true")];

pub struct AlertmanagerClient {
    /// The instance that sends to it, in errors and in the portal's metrics; of several the first.
    pub instance: InstanceName,
    http: HttpClient,
    alerts_url: Url,
    silences_url: Url,
    status_url: Url,
    health: ServerHealth,
    metrics: UpstreamMetrics,
}

impl AlertmanagerClient {
    /// Fails with a sentence when the HTTP client cannot be built.
    pub fn new(
        settings: &AlertmanagerSettings,
        instance: &InstanceName,
        metrics: &UpstreamMetrics,
    ) -> Result<Self, String> {
        let AlertmanagerSettings { url, headers, timeout, .. } = settings;
        let http = HttpClient::new(Who::Alertmanager(instance.clone()), url, headers, true, *timeout)?;
        let mut alerts_url = endpoint(url, &["api", "v2", "alerts"])?;
        alerts_url.query_pairs_mut().extend_pairs(ALL);
        let silences_url = endpoint(url, &["api", "v2", "silences"])?;
        let status_url = endpoint(url, &["api", "v2", "status"])?;
        let (health, metrics) = (ServerHealth::default(), metrics.clone());
        Ok(Self { instance: instance.clone(), http, alerts_url, silences_url, status_url, health, metrics })
    }

    /// Its alerts and silences of now.
    pub async fn state(&self) -> Result<AlertmanagerState, UpstreamError> {
        let begun = clock::stopwatch();
        let result = self.alerts_and_silences(begun).await;
        self.health.record("alerts", result.as_ref(), begun.elapsed(), clock::now());
        let outcome = if result.is_ok() { "ok" } else { "failed" };
        self.metrics.observe(self.instance.as_str(), "alertmanager", outcome, begun.elapsed());
        result
    }

    /// Since when it fails.
    pub fn outages(&self) -> Vec<RequestOutage> {
        self.health.outages()
    }

    /// Whether it answers, how fast, and how often it failed lately.
    pub fn health(&self) -> &ServerHealth {
        &self.health
    }

    /// The failure for which it gets no requests for its version: while it is down.
    pub fn keeps_back_metadata(&self) -> Option<Arc<UpstreamError>> {
        let report = self.health.report(clock::now());
        report
            .last_failure
            .filter(|_| matches!(report.state, ServerState::Down(_)))
            .map(|(_, failure)| failure)
    }

    pub async fn version(&self) -> Result<Option<String>, UpstreamError> {
        let version = async { self.read(&self.status_url, read_version).await };
        self.http.within(clock::stopwatch(), version).await
    }

    async fn alerts_and_silences(&self, begun: Instant) -> Result<AlertmanagerState, UpstreamError> {
        let requests = async {
            let alerts = self.read(&self.alerts_url, read_alerts).await?;
            let is_silenced = alerts.iter().any(|alert| !alert.silenced_by.is_empty());
            // Without a silenced alert no silence matters.
            let silences =
                if is_silenced { self.read(&self.silences_url, read_silences).await? } else { Vec::new() };
            Ok(AlertmanagerState::new(alerts, silences))
        };
        self.http.within(begun, requests).await
    }

    async fn read<T>(
        &self,
        url: &Url,
        decode: impl FnOnce(&[u8]) -> Result<T, serde_json::Error>,
    ) -> Result<T, UpstreamError> {
        let reply = self.http.get(url.clone()).await?;
        // Alertmanager answers these requests with no other status.
        if reply.status != 200 {
            return Err(self.of_status(&reply));
        }
        let error = |kind, detail: &str| self.http.error(kind, detail).with_status(reply.status);
        decode(&reply.body).map_err(|fault| match fault.classify() {
            Category::Eof => error(ErrorKind::Incomplete, "the answer ends in the middle of its JSON"),
            _ => {
                let detail = format!("the answer is not Alertmanager's: {fault}");
                self.http.error_of(ErrorKind::NotTheApi, &detail, &reply).with_status(reply.status)
            }
        })
    }

    fn of_status(&self, reply: &Reply) -> UpstreamError {
        let kind = match reply.status {
            401 | 403 => ErrorKind::Unauthorized,
            300..=399 => ErrorKind::NotTheApi,
            _ => ErrorKind::Upstream,
        };
        let detail = format!("the answer has status {}", reply.status);
        self.http.error_of(kind, &detail, reply).with_status(reply.status)
    }
}
