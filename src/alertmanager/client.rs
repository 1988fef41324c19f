//! Asks one Alertmanager over HTTP, within a deadline.

use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::wire::{read_alerts, read_silences};
use super::{AlertmanagerError, AlertmanagerSettings, FaultKind, Holdings};
use crate::clock;
use crate::metrics::UpstreamMetrics;
use crate::outbound::{Fault, HttpClient, Reply};

/// Every alert, whatever holds it back. Older Alertmanagers know no `muted` and ignore it.
const EVERY: [(&str, &str); 4] =
    [("active", "true"), ("silenced", "true"), ("inhibited", "true"), ("muted", "true")];

/// The client of one Alertmanager. No error that it returns holds a URL or a header's value.
pub struct Client {
    pub settings: AlertmanagerSettings,
    http: HttpClient,
    alerts_url: Url,
    silences_url: Url,
    /// What the metrics call it.
    label: String,
    metrics: UpstreamMetrics,
}

impl Client {
    /// Fails with a sentence when the HTTP client cannot be built.
    pub fn new(
        settings: AlertmanagerSettings,
        label: &str,
        metrics: &UpstreamMetrics,
    ) -> Result<Self, String> {
        let http = HttpClient::new(&settings.url, &settings.headers, true)?;
        let mut alerts_url = endpoint(&settings.url, "alerts")?;
        alerts_url.query_pairs_mut().extend_pairs(EVERY);
        let silences_url = endpoint(&settings.url, "silences")?;
        let (label, metrics) = (label.to_owned(), metrics.clone());
        Ok(Self { settings, http, alerts_url, silences_url, label, metrics })
    }

    /// What it has now.
    pub async fn holdings(&self) -> Result<Holdings, AlertmanagerError> {
        let begun = clock::stopwatch();
        let asked = async {
            let alerts = self.answer(&self.alerts_url, read_alerts).await?;
            let is_silenced = alerts.iter().any(|alert| !alert.silenced_by.is_empty());
            // Without a silenced alert, nobody asks whose silence it is.
            let silences =
                if is_silenced { self.answer(&self.silences_url, read_silences).await? } else { Vec::new() };
            Ok(Holdings::new(alerts, silences))
        };
        let result = tokio::time::timeout(self.settings.timeout, asked).await.unwrap_or_else(|_| {
            let detail = format!("no answer within {:?}", self.settings.timeout);
            Err(AlertmanagerError { kind: FaultKind::Timeout, detail, status: None })
        });
        let outcome = if result.is_ok() { "ok" } else { "failed" };
        self.metrics.observe(&self.label, "alertmanager", outcome, begun.elapsed());
        result.map_err(|error| AlertmanagerError { detail: self.without_secrets(&error.detail), ..error })
    }

    async fn answer<T>(
        &self,
        url: &Url,
        read: impl FnOnce(&[u8]) -> Result<T, serde_json::Error>,
    ) -> Result<T, AlertmanagerError> {
        let reply = self.http.get(url.clone()).await.map_err(|fault| of_fault(&fault))?;
        // Alertmanager answers these with 200 alone; 206 is a part of an answer.
        if reply.status != 200 {
            return Err(of_status(&reply));
        }
        let error = |kind, detail| AlertmanagerError { kind, detail, status: Some(reply.status) };
        read(&reply.body).map_err(|fault| match fault.classify() {
            serde_json::error::Category::Eof => {
                error(FaultKind::Incomplete, "the answer ends in the middle of its JSON".to_owned())
            }
            _ => error(FaultKind::NotAlertmanager, format!("the answer is not Alertmanager's: {fault}")),
        })
    }

    fn without_secrets(&self, text: &str) -> String {
        let secrets = self.settings.headers.iter().map(|(_, value): &(String, SecretString)| value);
        secrets.fold(text.to_owned(), |text, secret| match secret.expose_secret() {
            short if short.len() < 4 => text,
            secret => text.replace(secret, "[secret]"),
        })
    }
}

fn endpoint(base: &Url, name: &str) -> Result<Url, String> {
    let mut url = base.clone();
    let segments = url.path_segments_mut().map_err(|()| "it is no http URL".to_owned());
    segments?.pop_if_empty().extend(["api", "v2", name]);
    Ok(url)
}

fn of_fault(fault: &Fault) -> AlertmanagerError {
    let (kind, status) = match fault {
        Fault::Connect(_) | Fault::Certificate(_) | Fault::Tls(_) | Fault::Lost(_) => {
            (FaultKind::Unreachable, None)
        }
        Fault::NotHttp(_) => (FaultKind::NotAlertmanager, None),
        Fault::Cut { status, .. } => (FaultKind::Incomplete, Some(*status)),
        Fault::Stalled { status } => (FaultKind::Timeout, Some(*status)),
        Fault::TooLarge { status } => (FaultKind::TooLarge, Some(*status)),
    };
    AlertmanagerError { kind, detail: fault.to_string(), status }
}

fn of_status(reply: &Reply) -> AlertmanagerError {
    let kind = match reply.status {
        401 | 403 => FaultKind::Unauthorized,
        300..=399 => FaultKind::NotAlertmanager,
        _ => FaultKind::Failed,
    };
    let detail = format!("it answered with status {}", reply.status);
    AlertmanagerError { kind, detail, status: Some(reply.status) }
}
