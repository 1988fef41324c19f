//! Asks one instance over HTTP, within limits, and decodes strictly.

use std::sync::Arc;
use std::time::{Duration, Instant};

use secrecy::{ExposeSecret, SecretString};
use tokio::sync::SemaphorePermit;
use url::Url;

use super::lane::{Lane, Origin};
use super::refusal::Refusal;
use super::wire::{
    NextPage, Pages, WireFault, read_external_labels, read_instant, read_matrix, read_metadata, read_names,
    read_rules,
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
/// Rules take no query slot in Prometheus, so they never wait behind graphs.
const RULES_SLOTS: usize = 2;
/// Nor do metadata and names of metrics.
const ASIDE_SLOTS: usize = 2;
/// The most names of metrics that are asked for.
const MOST_NAMES: usize = 20_000;
/// One in so many of an instance's slots is open to questions that anybody can write.
const AD_HOC_SHARE: usize = 4;

/// The client of one instance: its HTTP client, headers, deadline and semaphore.
/// No error that it returns holds a URL or a header's value.
pub struct Client {
    name: InstanceName,
    http: Arc<HttpClient>,
    query_range_url: Url,
    query_url: Url,
    rules_url: Url,
    metadata_url: Url,
    names_url: Url,
    config_url: Url,
    secrets: Vec<SecretString>,
    timeout: Duration,
    lanes: Arc<Lanes>,
    /// What it shares with the other targets of its rule; None for a configured instance.
    way: Option<Arc<Lane>>,
    /// What the metrics call it.
    label: String,
    metrics: UpstreamMetrics,
}

/// The ways to one host: queries, and what is no query beside them.
pub struct Lanes {
    queries: Lane,
    /// The narrow lane before `queries`.
    ad_hoc: Lane,
    rules: Lane,
    asides: Lane,
}

impl Lanes {
    pub fn new(max_concurrent: usize) -> Self {
        Self {
            queries: Lane::new(max_concurrent),
            ad_hoc: Lane::new(max_concurrent / AD_HOC_SHARE),
            rules: Lane::new(RULES_SLOTS),
            asides: Lane::new(ASIDE_SLOTS),
        }
    }
}

/// What is asked, before it becomes an HTTP request.
enum Request<'a> {
    QueryRange {
        query: &'a PromQl,
        window: &'a Window,
        origin: Origin,
    },
    Query {
        query: &'a PromQl,
        at_ms: i64,
        origin: Origin,
    },
    Rules(Option<&'a NextPage>),
    /// Anything that is read whole at an address.
    Aside(Url),
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
        let mut rules_url = endpoint(&settings.api, &["rules"])?;
        rules_url.query_pairs_mut().append_pair("type", "alert");
        let mut names_url = endpoint(&settings.api, &["label", "__name__", "values"])?;
        names_url.query_pairs_mut().append_pair("limit", &MOST_NAMES.to_string());
        Ok(Self {
            name: settings.name.clone(),
            http,
            query_range_url: endpoint(&settings.api, &["query_range"])?,
            query_url: endpoint(&settings.api, &["query"])?,
            rules_url,
            metadata_url: endpoint(&settings.api, &["metadata"])?,
            names_url,
            config_url: endpoint(&settings.api, &["status", "config"])?,
            secrets: settings.headers.iter().map(|(_, value)| value.clone()).collect(),
            timeout: settings.timeout,
            lanes,
            way: None,
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
        self.answer("query_range", request, read).await
    }

    /// The value at one instant, in epoch milliseconds.
    pub async fn query(
        &self,
        query: &PromQl,
        at_ms: i64,
        origin: Origin,
    ) -> Result<InstantAnswer, PrometheusError> {
        self.answer("query", Request::Query { query, at_ms, origin }, |reply| read_instant(&reply.body)).await
    }

    pub async fn rules(&self) -> Result<Rules, PrometheusError> {
        let begun = clock::stopwatch();
        // Boxed, here and below: who waits for an answer that others ask for must not hold all that asking takes.
        let rules = Box::pin(self.every_page(begun)).await;
        self.told("rules", begun, rules)
    }

    /// All pages of the rules, within one deadline.
    async fn every_page(&self, begun: Instant) -> Result<Rules, Refusal> {
        let _slots = self.enter(begun, &Request::Rules(None)).await?;
        let (mut pages, mut next) = (Pages::default(), None);
        loop {
            let read = |reply: &Reply| read_rules(&reply.body, reply.date);
            let request = Request::Rules(next.as_ref());
            let asked = self.in_time(begun, self.ask(&request, self.left(begun), read));
            next = match asked.await.map_err(Refusal::of_no_query) {
                Ok(page) => pages.add(page).map_err(|fault| Refusal::of_wire(fault, 200))?,
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
        let mut url = self.metadata_url.clone();
        url.query_pairs_mut().append_pair("metric", metric);
        let metric = metric.to_owned();
        self.answer("metadata", Request::Aside(url), move |reply| read_metadata(&reply.body, &metric)).await
    }

    /// The names of the instance's metrics.
    pub async fn metric_names(&self) -> Result<MetricNames, PrometheusError> {
        let request = Request::Aside(self.names_url.clone());
        self.answer("label_values", request, |reply| read_names(&reply.body, MOST_NAMES)).await
    }

    /// What the instance adds to its alerts; None: it sends none itself.
    pub async fn external_labels(&self) -> Result<Option<ExternalLabels>, PrometheusError> {
        let request = Request::Aside(self.config_url.clone());
        self.answer("config", request, |reply| read_external_labels(&reply.body)).await
    }

    /// Asks, counts and words the failure.
    async fn answer<T: Send + 'static>(
        &self,
        endpoint: &'static str,
        request: Request<'_>,
        decode: impl FnOnce(&Reply) -> Result<T, WireFault> + Send + 'static,
    ) -> Result<T, PrometheusError> {
        let begun = clock::stopwatch();
        let within_limits = Box::pin(async {
            let _slots = self.enter(begun, &request).await?;
            self.in_time(begun, self.ask(&request, self.left(begun), decode)).await
        });
        self.told(endpoint, begun, within_limits.await)
    }

    /// Counts a result and words the failure.
    fn told<T>(
        &self,
        endpoint: &'static str,
        begun: Instant,
        result: Result<T, Refusal>,
    ) -> Result<T, PrometheusError> {
        let outcome = result.as_ref().map_or_else(|refusal| refusal.kind.as_str(), |_| "ok");
        self.metrics.observe(&self.label, endpoint, outcome, begun.elapsed());
        result.map_err(|refusal| PrometheusError {
            kind: refusal.kind,
            cause: refusal.cause,
            instance: self.name.clone(),
            detail: self.without_secrets(&refusal.detail),
            said: refusal.said.map(|said| self.without_secrets(&said)),
            status: refusal.status,
        })
    }

    /// What is left of the deadline.
    fn left(&self, begun: Instant) -> Duration {
        self.timeout.saturating_sub(begun.elapsed())
    }

    async fn in_time<T>(
        &self,
        begun: Instant,
        asked: impl Future<Output = Result<T, Refusal>>,
    ) -> Result<T, Refusal> {
        tokio::time::timeout(self.left(begun), asked).await.unwrap_or_else(|_| {
            Err(Refusal::new(ErrorKind::Timeout, format!("no answer within {:?}", self.timeout)))
        })
    }

    async fn ask<T: Send + 'static>(
        &self,
        request: &Request<'_>,
        left: Duration,
        decode: impl FnOnce(&Reply) -> Result<T, WireFault> + Send + 'static,
    ) -> Result<T, Refusal> {
        let reply = self.send(request, left).await.map_err(|f| Refusal::of_fault(&f))?;
        if (200..=299).contains(&reply.status) {
            decoded(reply, decode).await
        } else {
            Err(Refusal::of_status(&reply))
        }
    }

    /// A question that anybody can write first needs a slot of the narrow lane, so that at most a few of the
    /// others' slots, and places in their queue, are ever taken by such.
    async fn enter(&self, begun: Instant, request: &Request<'_>) -> Result<Slots<'_>, Refusal> {
        let narrow = Some(&self.lanes.ad_hoc);
        let (narrow, lane) = match request {
            Request::Rules(_) => (None, &self.lanes.rules),
            Request::Aside(_) => (None, &self.lanes.asides),
            Request::QueryRange { origin, .. } | Request::Query { origin, .. } => {
                (narrow.filter(|_| *origin == Origin::AdHoc), &self.lanes.queries)
            }
        };
        // The way last: who waits for a busy host must not keep others from theirs.
        let lanes = narrow.into_iter().chain([lane]).chain(self.way.as_deref());
        let mut slots = Slots::new();
        for lane in lanes {
            let slot = lane.enter(self.left(begun)).await;
            let busy = || Refusal::new(ErrorKind::Overloaded, "too many questions wait for this instance");
            slots.push(slot.ok_or_else(busy)?);
        }
        Ok(slots)
    }

    /// Tries a second time only if there was no connection: then the instance has not seen the question.
    async fn send(&self, request: &Request<'_>, left: Duration) -> Result<Reply, Fault> {
        match self.send_once(request, left).await {
            Err(Fault::Connect(_)) => {
                tokio::time::sleep(RETRY_PAUSE).await;
                self.send_once(request, left).await
            }
            other => other,
        }
    }

    async fn send_once(&self, request: &Request<'_>, left: Duration) -> Result<Reply, Fault> {
        match request {
            Request::Rules(page) => self.http.get(self.rules_of(*page)).await,
            Request::Aside(url) => self.http.get(url.clone()).await,
            Request::QueryRange { query, window, .. } => {
                let form = [
                    ("query", query.as_str()),
                    ("start", &seconds(window.start_ms())),
                    ("end", &seconds(window.until_ms())),
                    ("step", &seconds(window.step_ms())),
                    ("timeout", &upstream_timeout(left)),
                ];
                self.http.post_form(self.query_range_url.clone(), &form).await
            }
            Request::Query { query, at_ms, .. } => {
                let form = [
                    ("query", query.as_str()),
                    ("time", &seconds(*at_ms)),
                    ("timeout", &upstream_timeout(left)),
                ];
                self.http.post_form(self.query_url.clone(), &form).await
            }
        }
    }

    fn rules_of(&self, page: Option<&NextPage>) -> Url {
        let mut url = self.rules_url.clone();
        if let Some(NextPage { token, groups }) = page {
            let mut pairs = url.query_pairs_mut();
            pairs.append_pair("group_limit", &groups.to_string()).append_pair("group_next_token", token);
        }
        url
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

fn endpoint(api: &Url, path: &[&str]) -> Result<Url, String> {
    let mut url = api.clone();
    url.set_query(None);
    url.set_fragment(None);
    url.path_segments_mut().map_err(|()| "the target is no http URL".to_owned())?.pop_if_empty().extend(path);
    Ok(url)
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

/// Milliseconds as Prometheus reads times and steps: seconds with decimals.
fn seconds(ms: i64) -> String {
    let sign = if ms < 0 { "-" } else { "" };
    let ms = ms.unsigned_abs();
    match ms % 1000 {
        0 => format!("{sign}{}", ms / 1000),
        rest => format!("{sign}{}.{rest:03}", ms / 1000),
    }
}

/// A little less than what is left for us, so that Prometheus' own word about it still arrives.
fn upstream_timeout(left: Duration) -> String {
    let margin = (left / 10).min(Duration::from_millis(500));
    format!("{}ms", left.saturating_sub(margin).as_millis().max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_seconds_with_decimals() {
        for (ms, text) in [
            (0, "0"),
            (1_435_781_430_781, "1435781430.781"),
            (1_435_781_430_000, "1435781430"),
            (5, "0.005"),
            (-1_500, "-1.500"),
            (i64::MIN, "-9223372036854775.808"),
        ] {
            assert_eq!(seconds(ms), text);
        }
    }

    #[test]
    fn prometheus_gives_up_a_little_before_us() {
        assert_eq!(upstream_timeout(Duration::from_secs(10)), "9500ms");
        assert_eq!(upstream_timeout(Duration::from_secs(1)), "900ms");
        assert_eq!(upstream_timeout(Duration::ZERO), "1ms");
    }

    #[test]
    fn endpoints_stand_behind_the_whole_path() {
        for (api, url) in [
            ("http://h:9090/api/v1/", "http://h:9090/api/v1/rules"),
            ("http://h/prom/api/v1", "http://h/prom/api/v1/rules"),
            ("http://h", "http://h/rules"),
            ("http://h/api/v1/?x=1#y", "http://h/api/v1/rules"),
        ] {
            assert_eq!(endpoint(&Url::parse(api).unwrap(), &["rules"]).unwrap().as_str(), url);
        }
    }
}
