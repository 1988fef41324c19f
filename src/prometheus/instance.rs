//! One instance: its settings, and its requests, within limits and a deadline.

use std::sync::Arc;
use std::time::{Duration, Instant};

use secrecy::SecretString;
use tokio::sync::{OwnedSemaphorePermit, SemaphorePermit};
use url::Url;

use super::breaker::{Breaker, Permit};
use super::limits::RequestLimits;
use super::request::{FIXED_PARAMETERS, MOST_NAMES, Request};
use super::wire::{
    Pages, WireFault, read_build_info, read_external_labels, read_instant, read_matrix, read_metadata,
    read_names, read_rules, read_scrape_interval,
};
use super::{
    BuildInfo, ExternalLabels, InstantAnswer, Matrix, Metadata, MetricNames, Origin, Rules, Severities,
    Window, failure,
};
use crate::clock;
use crate::metrics::UpstreamMetrics;
use crate::promql::PromQl;
use crate::upstream::{
    ErrorKind, Fingerprint, HttpClient, InstanceName, Outage, Reply, RequestOutage, ServerHealth,
    UpstreamError, Who, endpoint,
};

/// Larger bodies are decoded outside the threads that serve pages.
const DECODED_INLINE: usize = 1 << 20;
/// The unstable tail of an instance that has no other.
pub const UNSTABLE_TAIL: Duration = Duration::from_secs(10 * 60);

#[derive(Clone, Debug)]
pub struct InstanceSettings {
    pub name: InstanceName,
    /// The proxy entry's path, e.g. `/prometheus/api`: its address in Backstage.
    pub proxy_path: String,
    /// Up to and with the API's version: `http://host:9090/api/v1/`, with the trailing slash.
    pub api: Url,
    /// Sent to this instance only.
    pub headers: Vec<(String, SecretString)>,
    /// False: TLS certificates are not checked (`secure: false`).
    pub secure: bool,
    /// Where readers open this instance.
    pub ui_url: Option<Url>,
    pub scrape_interval: Duration,
    pub max_concurrent: usize,
    /// For one request, waiting included.
    pub timeout: Duration,
    /// Younger samples may still change: late scrapes, rules, remote writes.
    pub unstable_tail: Duration,
    /// How its alerts say how bad they are.
    pub severities: Arc<Severities>,
}

/// An instance: the handle by which all modules pass it on.
pub struct Instance {
    pub settings: InstanceSettings,
    /// Another server has another one, and so has the same one with other headers.
    pub fingerprint: Fingerprint,
    http: HttpClient,
    limits: Arc<RequestLimits>,
    /// Those of all targets of its rule; None for a configured instance.
    rule_limits: Option<Arc<RequestLimits>>,
    breaker: Arc<Breaker>,
    health: ServerHealth,
    /// The label in the portal's metrics.
    label: String,
    metrics: UpstreamMetrics,
}

/// What all targets of a rule share.
pub struct RuleClient {
    pub name: String,
    /// Its headers go to all of them.
    pub http: HttpClient,
    pub limits: Arc<RequestLimits>,
}

impl Instance {
    /// Fails with a sentence when the HTTP client cannot be built.
    pub fn new(settings: InstanceSettings, metrics: &UpstreamMetrics) -> Result<Self, String> {
        let InstanceSettings { name, api, headers, secure, timeout, .. } = &settings;
        let http = HttpClient::new(Who::Prometheus(name.clone()), api, headers, *secure, *timeout)?;
        let limits = Arc::new(RequestLimits::of_host(settings.max_concurrent));
        let label = name.to_string();
        Self::on(settings, http, limits, label, metrics)
    }

    /// The target of a rule. It shares connections and limits with its rule, and other limits with its host.
    pub fn of_target(
        settings: InstanceSettings,
        rule: &RuleClient,
        limits: Arc<RequestLimits>,
        metrics: &UpstreamMetrics,
    ) -> Result<Self, String> {
        let http = rule.http.for_target(&settings.name, settings.timeout);
        // All targets of a rule share one label: the operator does not limit their number.
        let instance = Self::on(settings, http, limits, format!("{}/*", rule.name), metrics)?;
        Ok(Self { rule_limits: Some(rule.limits.clone()), ..instance })
    }

    fn on(
        settings: InstanceSettings,
        http: HttpClient,
        limits: Arc<RequestLimits>,
        label: String,
        metrics: &UpstreamMetrics,
    ) -> Result<Self, String> {
        // What counts as settled depends on the tail.
        let tail = settings.unstable_tail.as_millis().to_string();
        let fixed = [FIXED_PARAMETERS.as_slice(), &[("unstableTail", &*tail)]].concat();
        let fingerprint = http.fingerprint(&endpoint(&settings.api, &[])?, &fixed);
        let (breaker, metrics) = (Breaker::new(&label, metrics), metrics.clone());
        Ok(Self {
            settings,
            fingerprint,
            http,
            limits,
            rule_limits: None,
            breaker,
            health: ServerHealth::default(),
            label,
            metrics,
        })
    }

    pub fn name(&self) -> &InstanceName {
        &self.settings.name
    }

    pub async fn query_range(
        &self,
        query: &PromQl,
        window: Window,
        origin: Origin,
    ) -> Result<Matrix, UpstreamError> {
        let request = Request::QueryRange { query, window: &window, origin };
        let secrets = self.http.secrets().clone();
        let decode = move |reply: &Reply| {
            let matrix = read_matrix(&reply.body, window, &secrets)?;
            Ok(Matrix { date: reply.date, wire_bytes: reply.body.len(), ..matrix })
        };
        self.read(request, decode).await
    }

    /// The value at one instant, in epoch milliseconds.
    pub async fn query(
        &self,
        query: &PromQl,
        at_ms: i64,
        origin: Origin,
    ) -> Result<InstantAnswer, UpstreamError> {
        let secrets = self.http.secrets().clone();
        let decode = move |reply: &Reply| read_instant(&reply.body, at_ms, &secrets);
        self.read(Request::Query { query, at_ms, origin }, decode).await
    }

    /// Whether a query of the portal's own has a value, at an instant in epoch milliseconds.
    pub async fn has_samples(&self, query: &PromQl, at_ms: i64) -> Result<bool, UpstreamError> {
        let secrets = self.http.secrets().clone();
        let decode = move |reply: &Reply| Ok(!read_instant(&reply.body, at_ms, &secrets)?.value.is_empty());
        self.read(Request::Samples { query, at_ms }, decode).await
    }

    /// All pages of the rules, within one deadline.
    pub async fn rules(&self) -> Result<Rules, UpstreamError> {
        let begun = clock::stopwatch();
        self.limited(begun, &Request::Rules(None), self.all_pages(begun)).await
    }

    async fn all_pages(&self, begun: Instant) -> Result<Rules, UpstreamError> {
        let (mut pages, mut next) = (Pages::default(), None);
        loop {
            let decode = |reply: &Reply| read_rules(&reply.body, reply.date);
            let page = self.fetch(begun, &Request::Rules(next.as_ref()), decode).await;
            next = match page {
                Ok(page) => pages.add(page),
                // The request has no query that could be bad.
                Err(error) if next.is_none() && error.kind.is_of_query() => {
                    return Err(UpstreamError { kind: ErrorKind::Upstream, ..error });
                }
                Err(error) if next.is_none() => return Err(error),
                Err(error) => {
                    pages.end(if error.kind.is_of_query() { ErrorKind::Upstream } else { error.kind });
                    None
                }
            };
            if next.is_none() {
                let rules = pages.into_rules(self.http.secrets());
                return Ok(Rules { severities: self.settings.severities.clone(), ..rules });
            }
        }
    }

    /// What the instance's targets say of a metric.
    pub async fn metadata(&self, metric: &str) -> Result<Metadata, UpstreamError> {
        let name = metric.to_owned();
        self.read(Request::Metadata(metric), move |reply| read_metadata(&reply.body, &name)).await
    }

    /// The names of the instance's metrics.
    pub async fn metric_names(&self) -> Result<MetricNames, UpstreamError> {
        self.read(Request::MetricNames, |reply| read_names(&reply.body, MOST_NAMES)).await
    }

    /// What the instance adds to its alerts; None: it sends none itself.
    pub async fn external_labels(&self) -> Result<Option<ExternalLabels>, UpstreamError> {
        self.read(Request::Config, |reply| read_external_labels(&reply.body)).await
    }

    /// The interval at which the instance scrapes; None: its configuration does not say.
    pub async fn scrape_interval(&self) -> Result<Option<Duration>, UpstreamError> {
        self.read(Request::Config, |reply| read_scrape_interval(&reply.body)).await
    }

    /// What the instance is.
    pub async fn build_info(&self) -> Result<BuildInfo, UpstreamError> {
        self.read(Request::BuildInfo, |reply| read_build_info(&reply.body)).await
    }

    /// A place for a query that no reader asked for yet, held until it ends. None: readers need the slots.
    pub fn lane_ahead(&self) -> Option<OwnedSemaphorePermit> {
        let has_room = self.rule_limits.as_ref().is_none_or(|limits| limits.has_room());
        self.limits.lane_ahead().filter(|_| has_room)
    }

    /// The failure that keeps back a request of that origin now.
    pub fn blocked(&self, origin: Origin) -> Option<Arc<UpstreamError>> {
        self.breaker.blocked(origin, clock::stopwatch())
    }

    /// The failure for which it gets no requests for metadata.
    pub fn keeps_back_metadata(&self) -> Option<Arc<UpstreamError>> {
        self.failing(Origin::Known).map(|failing| failing.failure)
    }

    /// Whether the instance fails. It then receives one request at a time.
    pub fn failing(&self, origin: Origin) -> Option<Outage> {
        self.breaker.failing(origin)
    }

    /// The kinds of its requests that fail.
    pub fn outages(&self) -> Vec<RequestOutage> {
        self.health.outages()
    }

    /// Whether it answers, how fast, and how often it failed lately.
    pub fn health(&self) -> &ServerHealth {
        &self.health
    }

    /// The answer to one request.
    async fn read<T: Send + 'static>(
        &self,
        request: Request<'_>,
        decode: impl FnOnce(&Reply) -> Result<T, WireFault> + Send + 'static,
    ) -> Result<T, UpstreamError> {
        let begun = clock::stopwatch();
        self.limited(begun, &request, self.fetch(begun, &request, decode)).await
    }

    /// Runs `work` within all limits and counts it. The breaker may keep it back.
    async fn limited<T>(
        &self,
        begun: Instant,
        request: &Request<'_>,
        work: impl Future<Output = Result<T, UpstreamError>>,
    ) -> Result<T, UpstreamError> {
        let before = |failure: Arc<UpstreamError>| (*failure).clone();
        self.breaker.blocked(request.origin(), begun).map_or(Ok(()), |failure| Err(before(failure)))?;
        let slots = self.enter(begun, request).await;
        // The instance may have begun to fail while this request waited.
        let permit = self.permit(request).map_err(before)?;
        let result = match slots {
            Ok(_slots) => {
                let sent = clock::stopwatch();
                let result = work.await;
                self.record(request, result.as_ref(), sent.elapsed());
                result
            }
            Err(error) => Err(error),
        };
        let outcome = result.as_ref().map_or_else(|error| error.kind.as_str(), |_| "ok");
        self.metrics.observe(&self.label, request.name(), outcome, begun.elapsed());
        if let Some(permit) = permit {
            permit.end(result.as_ref(), clock::stopwatch());
        }
        result
    }

    /// Which requests of pages fail for longer. A reader's own query that takes too long is the query's fault.
    fn record<T>(&self, request: &Request<'_>, result: Result<&T, &UpstreamError>, took: Duration) {
        let is_slow = result.as_ref().is_err_and(|error| error.kind == ErrorKind::Timeout);
        let is_own_fault = is_slow && request.origin() == Origin::AdHoc;
        if !request.is_metadata() && !is_own_fault {
            self.health.record(request.name(), result, took, clock::now());
        }
    }

    /// Metadata is no probe, and its failures do not count.
    fn permit(&self, request: &Request<'_>) -> Result<Option<Permit>, Arc<UpstreamError>> {
        if request.is_metadata() {
            return self.breaker.failing(Origin::Known).map_or(Ok(None), |failing| Err(failing.failure));
        }
        self.breaker.enter(request.origin(), clock::stopwatch()).map(Some)
    }

    async fn enter(
        &self,
        begun: Instant,
        request: &Request<'_>,
    ) -> Result<Vec<SemaphorePermit<'_>>, UpstreamError> {
        let mut slots = Vec::new();
        let of_rule = self.rule_limits.iter().flat_map(|limits| limits.of(request));
        // The rule's limits last: a request that waits for a busy host must not keep others from their hosts.
        for limiter in self.limits.of(request).chain(of_rule) {
            let slot = limiter.enter(self.http.left(begun)).await;
            let busy = || self.http.error(ErrorKind::Overloaded, "too many requests wait for this instance");
            slots.push(slot.ok_or_else(busy)?);
        }
        Ok(slots)
    }

    async fn fetch<T: Send + 'static>(
        &self,
        begun: Instant,
        request: &Request<'_>,
        decode: impl FnOnce(&Reply) -> Result<T, WireFault> + Send + 'static,
    ) -> Result<T, UpstreamError> {
        let fetch = async {
            let reply = request.send(&self.http, &self.settings.api, self.http.left(begun)).await?;
            self.metrics.received(&self.label, reply.body.len());
            if !(200..=299).contains(&reply.status) {
                return Err(failure::of_status(&self.http, request, &reply));
            }
            let reply = Arc::new(reply);
            let result = decoded(reply.clone(), decode).await;
            result.map_err(|fault| failure::of_wire(&self.http, fault, &reply))
        };
        self.http.within(begun, fetch).await
    }
}

async fn decoded<T: Send + 'static>(
    reply: Arc<Reply>,
    decode: impl FnOnce(&Reply) -> Result<T, WireFault> + Send + 'static,
) -> Result<T, WireFault> {
    if reply.body.len() <= DECODED_INLINE {
        return decode(&reply);
    }
    let task = tokio::task::spawn_blocking(move || decode(&reply));
    task.await.unwrap_or_else(|_| Err(WireFault::Incomplete("the decoding did not finish".into())))
}
