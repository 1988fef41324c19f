//! Asks one instance over HTTP, within limits, and decodes strictly.

use std::sync::Arc;
use std::time::{Duration, Instant};

use secrecy::{ExposeSecret, SecretString};
use tokio::sync::SemaphorePermit;

use super::breaker::{Breaker, Failing, Pass};
use super::lane::{Lane, Lanes, Origin};
use super::refusal::Refusal;
use super::request::{Endpoints, MOST_NAMES, Request};
use super::wire::{
    Pages, WireFault, read_external_labels, read_instant, read_matrix, read_metadata, read_names, read_rules,
};
use super::{
    ErrorKind, ExternalLabels, InstanceName, InstanceSettings, InstantAnswer, Matrix, Metadata, MetricNames,
    PrometheusError, Rules, Window,
};
use crate::clock;
use crate::metrics::UpstreamMetrics;
use crate::outbound::{Fault, HttpClient, Reply};
use crate::promql::PromQl;

/// Bodies larger than this are decoded outside the threads that serve pages.
const DECODED_INLINE: usize = 1 << 20;
/// Before a failed connection is tried once more.
const RETRY_PAUSE: Duration = Duration::from_millis(100);

/// The client of one instance: its HTTP client, headers, deadline and semaphore.
/// No error that it returns holds a URL or a header's value.
pub struct Client {
    name: InstanceName,
    http: Arc<HttpClient>,
    endpoints: Endpoints,
    secrets: Vec<SecretString>,
    timeout: Duration,
    lanes: Arc<Lanes>,
    /// What it shares with the other targets of its rule; None for a configured instance.
    way: Option<Arc<Lane>>,
    breaker: Breaker,
    /// What the metrics call it.
    label: String,
    metrics: UpstreamMetrics,
}

/// Held while a question is with the instance.
type Slots<'a> = Vec<SemaphorePermit<'a>>;

impl Client {
    /// Fails with a sentence when the HTTP client cannot be built.
    pub fn new(settings: &InstanceSettings, metrics: &UpstreamMetrics) -> Result<Self, String> {
        let http = Arc::new(HttpClient::new(&settings.api, &settings.headers, settings.secure)?);
        let lanes = Arc::new(Lanes::new(settings.max_concurrent));
        Self::on(settings, http, lanes, settings.name.as_str(), metrics)
    }

    /// A client of a target, which shares its HTTP client and the way with its rule, and its lanes with its
    /// host. `label`: what the metrics call it.
    pub fn sharing(
        settings: &InstanceSettings,
        (http, way): (Arc<HttpClient>, Arc<Lane>),
        lanes: Arc<Lanes>,
        label: &str,
        metrics: &UpstreamMetrics,
    ) -> Result<Self, String> {
        Ok(Self { way: Some(way), ..Self::on(settings, http, lanes, label, metrics)? })
    }

    fn on(
        settings: &InstanceSettings,
        http: Arc<HttpClient>,
        lanes: Arc<Lanes>,
        label: &str,
        metrics: &UpstreamMetrics,
    ) -> Result<Self, String> {
        Ok(Self {
            name: settings.name.clone(),
            http,
            endpoints: Endpoints::of(&settings.api)?,
            secrets: settings.headers.iter().map(|(_, value)| value.clone()).collect(),
            timeout: settings.timeout,
            lanes,
            way: None,
            breaker: Breaker::new(label, metrics),
            label: label.to_owned(),
            metrics: metrics.clone(),
        })
    }

    pub async fn query_range(
        &self,
        query: &PromQl,
        window: Window,
        origin: Origin,
    ) -> Result<Matrix, PrometheusError> {
        let request = Request::QueryRange { query, window: &window, origin };
        let read = move |reply: &Reply| Ok(Matrix { date: reply.date, ..read_matrix(&reply.body, window)? });
        self.read(request, read).await
    }

    /// The value at one instant, in epoch milliseconds.
    pub async fn query(
        &self,
        query: &PromQl,
        at_ms: i64,
        origin: Origin,
    ) -> Result<InstantAnswer, PrometheusError> {
        self.read(Request::Query { query, at_ms, origin }, |reply| read_instant(&reply.body)).await
    }

    /// All pages of the rules, within one deadline.
    pub async fn rules(&self) -> Result<Rules, PrometheusError> {
        let begun = clock::stopwatch();
        self.answer(begun, &Request::Rules(None), self.every_page(begun)).await
    }

    async fn every_page(&self, begun: Instant) -> Result<Rules, Refusal> {
        let (mut pages, mut next) = (Pages::default(), None);
        loop {
            let read = |reply: &Reply| read_rules(&reply.body, reply.date);
            let asked = self.ask(begun, &Request::Rules(next.as_ref()), read).await;
            next = match asked.map_err(Refusal::of_no_query) {
                Ok(page) => pages.add(page),
                Err(refusal) if next.is_none() => return Err(refusal),
                Err(refusal) => {
                    pages.end(refusal.kind);
                    None
                }
            };
            if next.is_none() {
                return Ok(pages.into_rules());
            }
        }
    }

    /// What the instance's targets say of a metric.
    pub async fn metadata(&self, metric: &str) -> Result<Metadata, PrometheusError> {
        let told = metric.to_owned();
        self.read(Request::Metadata(metric), move |reply| read_metadata(&reply.body, &told)).await
    }

    /// The names of the instance's metrics.
    pub async fn metric_names(&self) -> Result<MetricNames, PrometheusError> {
        self.read(Request::MetricNames, |reply| read_names(&reply.body, MOST_NAMES)).await
    }

    /// What the instance adds to its alerts; None: it sends none itself.
    pub async fn external_labels(&self) -> Result<Option<ExternalLabels>, PrometheusError> {
        self.read(Request::Config, |reply| read_external_labels(&reply.body)).await
    }

    /// How the instance fails, where a question of that origin would not be sent now.
    pub fn refusal(&self, origin: Origin) -> Option<Arc<PrometheusError>> {
        self.breaker.refusal(origin, clock::stopwatch())
    }

    /// Whether the instance fails, so that it is asked one question at a time.
    pub fn failing(&self, origin: Origin) -> Option<Failing> {
        self.breaker.failing(origin)
    }

    /// The answer to one request.
    async fn read<T: Send + 'static>(
        &self,
        request: Request<'_>,
        decode: impl FnOnce(&Reply) -> Result<T, WireFault> + Send + 'static,
    ) -> Result<T, PrometheusError> {
        let begun = clock::stopwatch();
        self.answer(begun, &request, self.ask(begun, &request, decode)).await
    }

    /// Asks within all limits, counts and words the failure. While the instance fails nothing is sent, save one
    /// question at a time.
    async fn answer<T>(
        &self,
        begun: Instant,
        request: &Request<'_>,
        asked: impl Future<Output = Result<T, Refusal>>,
    ) -> Result<T, PrometheusError> {
        let told = |failure: Arc<PrometheusError>| (*failure).clone();
        self.breaker.refusal(request.origin(), begun).map_or(Ok(()), |failure| Err(told(failure)))?;
        let slots = self.enter(begun, request).await;
        // The instance may fail since this one began to wait.
        let pass = self.pass(request).map_err(told)?;
        let result = match slots {
            Ok(_slots) => asked.await,
            Err(refusal) => Err(refusal),
        };
        let outcome = result.as_ref().map_or_else(|refusal| refusal.kind.as_str(), |_| "ok");
        self.metrics.observe(&self.label, request.name(), outcome, begun.elapsed());
        let result = result.map_err(|refusal| self.worded(refusal));
        if let Some(pass) = pass {
            pass.ended(result.as_ref(), clock::stopwatch());
        }
        result
    }

    /// Leave to ask. Asides are no probe, and tell nothing of the instance.
    fn pass(&self, request: &Request<'_>) -> Result<Option<Pass>, Arc<PrometheusError>> {
        if request.is_aside() {
            return self.breaker.failing(Origin::Known).map_or(Ok(None), |failing| Err(failing.failure));
        }
        self.breaker.enter(request.origin(), clock::stopwatch()).map(Some)
    }

    fn worded(&self, refusal: Refusal) -> PrometheusError {
        PrometheusError {
            kind: refusal.kind,
            cause: refusal.cause,
            instance: self.name.clone(),
            detail: self.without_secrets(&refusal.detail),
            said: refusal.said.map(|said| self.without_secrets(&said)),
            status: refusal.status,
            was_asked: true,
        }
    }

    /// What is left of the deadline.
    fn left(&self, begun: Instant) -> Duration {
        self.timeout.saturating_sub(begun.elapsed())
    }

    /// Within what is left of the deadline.
    async fn ask<T: Send + 'static>(
        &self,
        begun: Instant,
        request: &Request<'_>,
        decode: impl FnOnce(&Reply) -> Result<T, WireFault> + Send + 'static,
    ) -> Result<T, Refusal> {
        let left = self.left(begun);
        let asked = async {
            let reply = self.send(request, left).await.map_err(|f| Refusal::of_fault(&f))?;
            if (200..=299).contains(&reply.status) {
                decoded(reply, decode).await
            } else {
                Err(Refusal::of_status(&reply))
            }
        };
        tokio::time::timeout(left, asked).await.unwrap_or_else(|_| {
            Err(Refusal::new(ErrorKind::Timeout, format!("no answer within {:?}", self.timeout)))
        })
    }

    async fn enter(&self, begun: Instant, request: &Request<'_>) -> Result<Slots<'_>, Refusal> {
        let mut slots = Slots::new();
        // The way last: who waits for a busy host must not keep others from theirs.
        for lane in self.lanes.of(request).chain(self.way.as_deref()) {
            let slot = lane.enter(self.left(begun)).await;
            let busy = || Refusal::new(ErrorKind::Overloaded, "too many questions wait for this instance");
            slots.push(slot.ok_or_else(busy)?);
        }
        Ok(slots)
    }

    /// Tries a second time only if there was no connection: then the instance has not seen the question.
    async fn send(&self, request: &Request<'_>, left: Duration) -> Result<Reply, Fault> {
        match self.endpoints.send(&self.http, request, left).await {
            Err(Fault::Connect(_)) => {
                tokio::time::sleep(RETRY_PAUSE).await;
                self.endpoints.send(&self.http, request, left).await
            }
            other => other,
        }
    }

    /// An instance that repeats our credential in its error must not bring it to a page.
    fn without_secrets(&self, text: &str) -> String {
        self.secrets.iter().fold(text.to_owned(), |text, secret| {
            let whole = secret.expose_secret();
            let bare = whole.split_once(' ').map_or(whole, |(_, credential)| credential.trim());
            [whole, bare].into_iter().filter(|s| s.len() >= 4).fold(text, |t, s| t.replace(s, "[secret]"))
        })
    }
}

async fn decoded<T: Send + 'static>(
    reply: Reply,
    decode: impl FnOnce(&Reply) -> Result<T, WireFault> + Send + 'static,
) -> Result<T, Refusal> {
    let status = reply.status;
    let result = if reply.body.len() <= DECODED_INLINE {
        decode(&reply)
    } else {
        tokio::task::spawn_blocking(move || decode(&reply))
            .await
            .unwrap_or_else(|_| Err(WireFault::Incomplete("decoding the answer was broken off".into())))
    };
    result.map_err(|fault| Refusal::of_wire(fault, status))
}
