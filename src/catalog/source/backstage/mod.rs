//! Entities from Backstage's catalog API, read page by page at an interval, and replaced as a whole.

mod item;
mod page;
mod walk;

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use secrecy::SecretString;
use tokio::sync::Notify;
use url::Url;

use super::faults::{BACKSTAGE, FaultList};
use super::merge::{SourceContent, SourceMerger};
use crate::background::Task;
use crate::catalog::BackstageState;
use crate::clock;
use crate::diagnostic::Diagnostic;
use crate::metrics::BackstageMetrics;
use crate::upstream::{Outage, UpstreamError};
use page::Page;
use walk::Walker;

/// The most faults of one reading that are listed; the rest is counted.
const MAX_FAULTS: usize = 1000;
/// After a failure the next attempt comes sooner, since portal and Backstage often start together.
const FIRST_PAUSE: Duration = Duration::from_secs(5);

/// `promenade.catalog.backstage`
#[derive(Clone, Debug)]
pub struct BackstageSettings {
    /// Of its backend: `http://backstage:7007`.
    pub base_url: Url,
    /// Of `backend.auth.externalAccess`. None where Backstage asks for none.
    pub token: Option<SecretString>,
    /// Between two readings.
    pub interval: Duration,
}

/// Reads Backstage's catalog in a task of its own, which ends when this is dropped.
#[must_use]
pub struct BackstageSource {
    _task: Task,
    wake: Arc<Notify>,
}

impl BackstageSource {
    /// Begins to read. Fails with a sentence when no client can be built.
    pub fn start(
        settings: BackstageSettings,
        merger: Arc<SourceMerger>,
        metrics: BackstageMetrics,
    ) -> Result<Self, String> {
        let walker = Walker::new(&settings, metrics.clone())?;
        let wake = Arc::new(Notify::new());
        let publisher = BackstagePublisher { merger, metrics, state: BackstageState::default() };
        let task = Task::spawn(run(walker, publisher, settings.interval, wake.clone()));
        Ok(Self { _task: task, wake })
    }

    /// Starts the next reading at once when it is notified.
    pub fn waker(&self) -> Arc<Notify> {
        self.wake.clone()
    }
}

/// Reads Backstage's catalog once. Fails with a sentence.
pub async fn read_backstage_once(
    settings: &BackstageSettings,
    metrics: BackstageMetrics,
) -> Result<SourceContent, String> {
    let pages = Walker::new(settings, metrics)?.walk().await.map_err(|failure| failure.detail)?;
    Ok(content(&pages.unwrap_or_default()))
}

async fn run(mut walker: Walker, mut publisher: BackstagePublisher, interval: Duration, wake: Arc<Notify>) {
    let mut failures = 0;
    let hasher = RandomState::new();
    for reading in 0u64.. {
        let mut walked = walker.walk().await;
        if let Ok(Some(pages)) = &walked
            && publisher.state.entities > 0
            && pages.iter().all(|page| page.entities.is_empty())
        {
            walked = Err(walker.became_empty());
        }
        failures = if walked.is_ok() { 0 } else { failures + 1 };
        // This sorts and indexes every entity.
        let kept = tokio::task::spawn_blocking(move || {
            publisher.keep(walked, clock::now());
            publisher
        });
        let Ok(next) = kept.await else {
            return tracing::error!(
                "Backstage's catalog is not read any more: its entities could not be joined"
            );
        };
        publisher = next;
        let pause = jittered(pause(interval, failures), hasher.hash_one(reading));
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = wake.notified() => {}
        }
    }
}

/// The interval; after failures 5, 10, 20 ... s, and never longer than the interval.
fn pause(interval: Duration, failures: u32) -> Duration {
    match failures.checked_sub(1) {
        None => interval,
        Some(before) => (FIRST_PAUSE * 2u32.pow(before.min(10))).min(interval),
    }
}

/// A tenth more or less, so that portals that started together do not send their requests together.
fn jittered(pause: Duration, random: u64) -> Duration {
    let thousandth = u32::try_from(random % 201).unwrap_or(0) + 900;
    pause * thousandth / 1000
}

/// Puts what was read into the catalog, and logs each change of state once.
struct BackstagePublisher {
    merger: Arc<SourceMerger>,
    metrics: BackstageMetrics,
    state: BackstageState,
}

impl BackstagePublisher {
    fn keep(&mut self, walked: Result<Option<Vec<Arc<Page>>>, UpstreamError>, now: Timestamp) {
        match walked {
            Ok(Some(pages)) => {
                let content = content(&pages);
                self.state.entities = content.entities.len();
                self.merger.set_backstage(content);
            }
            Ok(None) => self.merger.keep_backstage(),
            Err(error) => return self.fail(error, now),
        }
        if self.state.failing.take().is_some() {
            tracing::info!(entities = self.state.entities, "Backstage's catalog can be read again");
        }
        self.state.good_at = Some(now);
        self.publish_state();
    }

    fn fail(&mut self, error: UpstreamError, now: Timestamp) {
        let before = self.state.failing.take();
        let is_same =
            |Outage { failure, .. }: &Outage| failure.kind == error.kind && failure.status == error.status;
        if !before.as_ref().is_some_and(is_same) {
            let shown = self.state.good_at.map_or_else(
                || "none of its entities are shown".to_owned(),
                |at| format!("its {} entities are shown as of {at}", self.state.entities),
            );
            tracing::warn!("Backstage's catalog cannot be read, {shown}: {}", error.detail);
        }
        let since = before.map_or(now, |outage| outage.since);
        self.state.failing = Some(Outage { since, failure: error.into() });
        self.merger.keep_backstage();
        self.publish_state();
    }

    fn publish_state(&self) {
        let good_at = self.state.good_at.map(Timestamp::as_second);
        self.metrics.set(self.state.entities, good_at, self.state.failing.is_some());
        self.merger.catalog().set_backstage(self.state.clone());
    }
}

/// All pages as one content. Of two entities of one reference it keeps the first and reports the other.
fn content(pages: &[Arc<Page>]) -> SourceContent {
    let (mut entities, mut faults) = (Vec::new(), FaultList::default());
    let mut taken = std::collections::HashSet::new();
    for page in pages {
        faults.omit(page.omitted);
        faults.extend(page.faults.iter().cloned());
        for entity in &page.entities {
            if taken.insert(&entity.reference) {
                entities.push(entity.clone());
            } else {
                let reference = &entity.reference;
                let message = format!("`{reference}` comes twice; the second one is left out");
                faults.push(Diagnostic::of_file(BACKSTAGE, message).of_entity(reference));
            }
        }
    }
    SourceContent { entities, faults: faults.listed(BACKSTAGE), ..SourceContent::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_the_interval() {
        let minute = Duration::from_secs(60);
        let pauses: Vec<u64> = [0, 1, 2, 3, 4, 5, 99].map(|f| pause(minute, f).as_secs()).to_vec();
        assert_eq!(pauses, [60, 5, 10, 20, 40, 60, 60]);
        for random in [0, 1, 200, 201, u64::MAX] {
            let pause = jittered(minute, random);
            assert!((54..=66).contains(&pause.as_secs()), "{random}: {pause:?}");
        }
    }
}
