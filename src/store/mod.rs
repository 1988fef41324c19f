//! Every answer comes through here: equal questions at the same time are one request, answers are kept for a while,
//! failures are remembered briefly, and the last good answer replaces one that fails.

mod ahead;
mod answer;
mod bounded;
mod cached;
mod fetch;
mod generation;
mod metadata;
mod queries;
mod question;
mod range_query;
mod recorder;
mod rules;
mod series;
mod versions;
mod weight;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

pub use answer::{Answer, is_ahead};
pub use bounded::BoundedMap;
pub use generation::Generation;
pub use queries::InstantQuery;
pub use question::Scope;
pub use range_query::RangeQuery;
pub use recorder::{AnswerCheck, MadeOf, OpenQuestion, Recorder};
pub use rules::{SILENCES_LIFETIME, rules_lifetime};
pub use series::{LargeSet, SeriesTier, TierKey};
pub use weight::Weigh;

use self::ahead::ViewedRanges;
use self::cached::Cached;
use self::metadata::{ExternalLabelsQuery, MetadataQuery, MetricNamesQuery, SamplesQuery};
use self::rules::{RulesQuery, SilencesQuery};
use self::series::{SeriesSets, SeriesSource};
use self::versions::{AlertmanagerVersionQuery, BuildInfoQuery};
use crate::alertmanager::{AlertmanagerClient, AlertmanagerSettings, AlertmanagerState, Alertmanagers};
use crate::clock;
use crate::metrics::{StoreCounts, StoreMetrics};
use crate::prometheus::{
    ExternalLabels, Instance, InstanceName, InstantAnswer, Matrix, Metadata, MetricNames, Rules, Window,
};
use crate::promql::PromQl;
use crate::upstream::{ErrorKind, RequestOutage, UpstreamError, Who};

/// The lifetime of an answer that is not expected to change.
const SETTLED_LIFETIME: Duration = Duration::from_secs(10 * 60);
/// The lifetime of an answer with warnings, whose parts may be missing only for the moment, and of an instant that
/// may still change.
const WARNED_LIFETIME: Duration = Duration::from_secs(5);

#[derive(Clone, Debug)]
pub struct StoreSettings {
    /// The most bytes that answers, failures and their questions may hold in memory.
    pub max_bytes: u64,
}

/// How full a store is, about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreFill {
    pub answers: u64,
    pub bytes: u64,
    pub max_bytes: u64,
    pub counts: StoreCounts,
}

/// Cheap to clone; clones share everything.
#[derive(Clone)]
pub struct Store {
    alertmanagers: Arc<Alertmanagers>,
    max_bytes: u64,
    metrics: StoreMetrics,
    generation: Generation,
    recorder: Option<Recorder>,
    range: Arc<Cached<RangeQuery>>,
    series: Arc<SeriesSets>,
    viewed: Arc<ViewedRanges>,
    instant: Arc<Cached<InstantQuery>>,
    rules: Arc<Cached<RulesQuery>>,
    silences: Arc<Cached<SilencesQuery>>,
    metadata: Arc<Cached<MetadataQuery>>,
    metric_names: Arc<Cached<MetricNamesQuery>>,
    samples: Arc<Cached<SamplesQuery>>,
    external_labels: Arc<Cached<ExternalLabelsQuery>>,
    build_infos: Arc<Cached<BuildInfoQuery>>,
    alertmanager_versions: Arc<Cached<AlertmanagerVersionQuery>>,
}

impl Store {
    /// Call it on the runtime on which fetches shall run.
    pub fn new(settings: &StoreSettings, metrics: StoreMetrics) -> Self {
        // Sixteen parts. A last good answer is mostly also a kept one, so the sum is seldom reached.
        let part = settings.max_bytes / 16;
        let generation = Generation::default();
        Self {
            alertmanagers: Arc::default(),
            max_bytes: settings.max_bytes,
            range: Cached::new(part * 2, part * 2, &metrics, &generation),
            series: SeriesSets::new(part * 3, part, &metrics, &generation),
            viewed: Arc::default(),
            instant: Cached::new(part / 2, part / 2, &metrics, &generation),
            rules: Cached::new(part, part * 3, &metrics, &generation),
            silences: Cached::new(part, part, &metrics, &generation),
            metadata: Cached::new(part / 4, 0, &metrics, &generation),
            metric_names: Cached::new(part / 2, 0, &metrics, &generation),
            samples: Cached::new(part / 8, 0, &metrics, &generation),
            external_labels: Cached::new(part / 16, 0, &metrics, &generation),
            build_infos: Cached::new(part / 32, 0, &metrics, &generation),
            alertmanager_versions: Cached::new(part / 32, 0, &metrics, &generation),
            metrics,
            generation,
            recorder: None,
        }
    }

    /// With the Alertmanagers that instances send their alerts to.
    pub fn with_alertmanagers(self, alertmanagers: Alertmanagers) -> Self {
        Self { alertmanagers: Arc::new(alertmanagers), ..self }
    }

    /// With a cache that several portals share.
    pub fn with_series_tier(self, tier: Arc<dyn SeriesTier>) -> Self {
        self.series.tier.set(tier);
        self
    }

    /// None: the instance has no configured Alertmanager.
    pub fn alertmanager(&self, instance: &InstanceName) -> Option<&AlertmanagerSettings> {
        self.alertmanagers.settings(instance)
    }

    pub fn alertmanagers(&self) -> &Alertmanagers {
        &self.alertmanagers
    }

    /// The Alertmanagers that fail.
    pub fn alertmanager_outages(&self) -> Vec<RequestOutage> {
        self.alertmanagers.outages()
    }

    /// The samples of a range query. The fetch goes on if the reader leaves, unless the query is ad hoc and no other
    /// reader waits.
    ///
    /// When the instance fails, the last good answer of the same query, step and length for up to 15 minutes, with
    /// `failure` set; its own window says what it shows.
    pub async fn range(
        &self,
        instance: &Arc<Instance>,
        scope: Scope,
        query: RangeQuery,
    ) -> Result<Answer<Matrix>, Arc<UpstreamError>> {
        let answer = self.answer(&self.range, &self.series_of(instance, scope), scope, query).await;
        answer.inspect(|answer| self.count(answer))
    }

    /// The same for a page that shows what is there of the time range, with `rest_follows` set where it is not nearly all.
    /// Waits only if nothing is there. Its next samples are fetched ahead.
    pub async fn range_at_once(
        &self,
        instance: &Arc<Instance>,
        scope: Scope,
        query: RangeQuery,
    ) -> Result<Answer<Matrix>, Arc<UpstreamError>> {
        let source = self.series_of(instance, scope);
        let answer = self.answer_at_once(&self.range, &source, scope, query.clone()).await?;
        self.count(&answer);
        self.viewed.note(&source, &query, &answer, clock::now());
        Ok(answer)
    }

    fn count(&self, answer: &Answer<Matrix>) {
        self.metrics.answered(answer.value.wire_bytes, age_at(answer.as_of, clock::now()));
    }

    fn series_of(&self, instance: &Arc<Instance>, scope: Scope) -> Arc<SeriesSource> {
        Arc::new(SeriesSource { instance: instance.clone(), scope, sets: self.series.clone() })
    }

    /// The value of a query at one instant. When the instance fails, that of up to 15 minutes before, with `failure` set,
    /// but of a known query only.
    pub async fn instant(
        &self,
        instance: &Arc<Instance>,
        scope: Scope,
        query: InstantQuery,
    ) -> Result<Answer<InstantAnswer>, Arc<UpstreamError>> {
        self.answer(&self.instant, instance, scope, query).await
    }

    /// The same for a page. If a known query had a value at an instant just before, nobody waits for the next one, and with
    /// `rest_follows` set it is far before.
    pub async fn instant_at_once(
        &self,
        instance: &Arc<Instance>,
        scope: Scope,
        query: InstantQuery,
    ) -> Result<Answer<InstantAnswer>, Arc<UpstreamError>> {
        self.answer_at_once(&self.instant, instance, scope, query).await
    }

    /// The rules of an instance. When it fails, those of up to 15 minutes ago, with `failure` set.
    pub async fn rules(
        &self,
        instance: &Arc<Instance>,
        scope: Scope,
    ) -> Result<Answer<Rules>, Arc<UpstreamError>> {
        self.answer(&self.rules, instance, scope, RulesQuery).await
    }

    /// The same for a page. If their interval ended only lately, nobody waits for the next ones.
    pub async fn rules_at_once(
        &self,
        instance: &Arc<Instance>,
        scope: Scope,
    ) -> Result<Answer<Rules>, Arc<UpstreamError>> {
        self.answer_at_once(&self.rules, instance, scope, RulesQuery).await
    }

    /// Older rules of an instance that takes too long now.
    pub fn rules_before(&self, instance: &Instance, scope: Scope) -> Option<Answer<Rules>> {
        self.recorder.iter().for_each(Recorder::refuse);
        self.rules.instead(instance, scope, RulesQuery)
    }

    /// The newest good rules in memory. Sends no request.
    pub fn known_rules(&self, instance: &Instance, scope: Scope) -> Option<Answer<Rules>> {
        self.recorder.iter().for_each(Recorder::refuse);
        self.rules.last(instance, scope, RulesQuery)
    }

    /// The alerts and silences of an instance's Alertmanager. When it fails, those of up to 15 minutes ago, with
    /// `failure` set.
    pub async fn silences(
        &self,
        instance: &Instance,
        scope: Scope,
    ) -> Result<Answer<AlertmanagerState>, Arc<UpstreamError>> {
        self.answer(&self.silences, self.alertmanager_of(instance)?, scope, SilencesQuery).await
    }

    /// The same for a page. If they ended only lately, nobody waits for the next ones.
    pub async fn silences_at_once(
        &self,
        instance: &Instance,
        scope: Scope,
    ) -> Result<Answer<AlertmanagerState>, Arc<UpstreamError>> {
        self.answer_at_once(&self.silences, self.alertmanager_of(instance)?, scope, SilencesQuery).await
    }

    fn alertmanager_of(&self, instance: &Instance) -> Result<&Arc<AlertmanagerClient>, Arc<UpstreamError>> {
        self.alertmanagers.client(instance.name()).ok_or_else(|| {
            let who = Who::Alertmanager(instance.name().clone());
            Arc::new(UpstreamError::new(who, ErrorKind::Upstream, "no Alertmanager is configured"))
        })
    }

    /// What an instance says of a metric; empty if it says nothing or fails.
    pub async fn metadata(&self, instance: &Arc<Instance>, scope: Scope, metric: &str) -> Arc<Metadata> {
        let query = MetadataQuery { metric: metric.to_owned() };
        let metadata = self.answer(&self.metadata, instance, scope, query).await;
        metadata.map(|answer| answer.value).unwrap_or_default()
    }

    /// The names of an instance's metrics; none, and incomplete, if it fails.
    pub async fn metric_names(&self, instance: &Arc<Instance>, scope: Scope) -> Arc<MetricNames> {
        let names = self.answer(&self.metric_names, instance, scope, MetricNamesQuery).await;
        names.map(|answer| answer.value).unwrap_or_default()
    }

    /// Whether a query of the portal's own has a value, at an instant in epoch milliseconds; false if the instance fails.
    pub async fn has_samples(
        &self,
        instance: &Arc<Instance>,
        scope: Scope,
        query: &PromQl,
        at_ms: i64,
    ) -> bool {
        let query = SamplesQuery { query: query.clone(), at_ms };
        self.answer(&self.samples, instance, scope, query).await.is_ok_and(|answer| *answer.value)
    }

    /// What an instance adds to its alerts on their way to Alertmanager; None if unknown.
    pub async fn external_labels(
        &self,
        instance: &Arc<Instance>,
        scope: Scope,
    ) -> Arc<Option<ExternalLabels>> {
        let labels = self.answer(&self.external_labels, instance, scope, ExternalLabelsQuery).await;
        labels.map(|answer| answer.value).unwrap_or_default()
    }

    /// The sets of series with the most bytes, the largest first.
    pub fn largest(&self, most: usize) -> Vec<LargeSet> {
        self.series.largest(most)
    }

    pub fn fill(&self) -> StoreFill {
        let parts = [
            self.range.fill(),
            self.series.fill(),
            self.instant.fill(),
            self.rules.fill(),
            self.silences.fill(),
            self.metadata.fill(),
            self.metric_names.fill(),
            self.samples.fill(),
            self.external_labels.fill(),
            self.build_infos.fill(),
            self.alertmanager_versions.fill(),
        ];
        StoreFill {
            answers: parts.iter().map(|(answers, _)| answers).sum(),
            bytes: parts.iter().map(|(_, bytes)| bytes).sum(),
            max_bytes: self.max_bytes,
            counts: self.metrics.counts(),
        }
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// Zero for a time that has not come yet.
fn age_at(since: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(now.duration_since(since)).unwrap_or_default()
}

/// How long samples that may still change are shown without a request: about a step, after which a page requests the
/// next window anyway. With wide steps the last point is fetched anew each minute.
fn live_lifetime(window: &Window) -> Duration {
    let step = Duration::from_millis(window.step_ms().unsigned_abs());
    step.clamp(Duration::from_secs(5), Duration::from_secs(60))
}
