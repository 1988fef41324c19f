//! A fetch of a window: it waits for its turn, and requests what the set lacks.

use std::ops::ControlFlow;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::MutexGuard;
use tracing::Instrument;

use super::entry::SeriesEntry;
use super::key::SeriesKey;
use super::{SeriesSets, SeriesSource, is_shared};
use crate::clock;
use crate::prometheus::{Matrix, Origin, Window};
use crate::store::question::Source;
use crate::store::range_query::RangeQuery;
use crate::upstream::{ErrorKind, UpstreamError};

/// A request that begins with the fetch has its own deadline. One that begins later ends this long after the fetch's.
const AFTER_DEADLINE: Duration = Duration::from_secs(1);

/// A fetch that has its turn. Dropping it ends the fetch, also when its reader left.
struct SetFetch<'f> {
    sets: &'f SeriesSets,
    key: &'f SeriesKey,
    entry: &'f Arc<SeriesEntry>,
    _turn: MutexGuard<'f, ()>,
}

impl Drop for SetFetch<'_> {
    fn drop(&mut self) {
        self.sets.keep(self.key, self.entry);
    }
}

impl SeriesSource {
    /// The samples of a window. Requests only those that the set lacks, all within the instance's deadline.
    pub async fn fetch(&self, query: &RangeQuery) -> Result<Matrix, UpstreamError> {
        let begun = clock::stopwatch();
        if !is_shared(query, clock::now()) {
            self.sets.metrics.fetch("full");
            return self.request(query, query.window, begun).await;
        }
        if query.origin == Origin::AdHoc
            && let Some(matrix) = self.known(query)
        {
            return Ok(matrix);
        }
        let key = self.key(query, query.origin);
        let entry = self.sets.entry(&key, clock::now());
        let turn = match self.turn(&entry, &query.window, begun).await? {
            ControlFlow::Break(matrix) => {
                self.sets.metrics.fetch("none");
                return Ok(*matrix);
            }
            ControlFlow::Continue(turn) => turn,
        };
        // A part may have come before another failed, or before the reader left.
        let fetch = SetFetch { sets: &self.sets, key: &key, entry: &entry, _turn: turn };
        self.take_from_tier(&key, &entry, &query.window, begun).await;
        let before = entry.kept().set.as_of();
        let result = self.renew(&entry, query, begun).await;
        entry.kept().note(&query.window, result.as_ref().err(), clock::stopwatch());
        drop(fetch);
        if entry.kept().set.as_of() != before {
            self.give_behind(&key, &entry);
        }
        if result.is_ok() {
            self.heal_behind(query, key, entry);
        }
        result
    }

    /// The turn to fetch. Break: no turn is needed, since another fetch brought all samples. Whoever waited for a fetch that
    /// failed has its failure, but not if that may be due to its window.
    async fn turn<'e>(
        &self,
        entry: &'e SeriesEntry,
        window: &Window,
        begun: Instant,
    ) -> Result<ControlFlow<Box<Matrix>, MutexGuard<'e, ()>>, UpstreamError> {
        let waited = async {
            let mut turn = pin!(entry.fetching.lock());
            loop {
                let merged = entry.merged.notified();
                if let Some(matrix) = entry.current(window, clock::now()) {
                    return ControlFlow::Break(Box::new(matrix));
                }
                tokio::select! {
                    biased;
                    turn = &mut turn => return ControlFlow::Continue(turn),
                    () = merged => {}
                }
            }
        };
        let waited = tokio::time::timeout(self.instance.settings.timeout, waited).await;
        let waited = waited
            .map_err(|_| UpstreamError { was_sent: false, ..self.late("a request for the same series") })?;
        // The last part may have come together with the turn.
        if waited.is_continue()
            && let Some(matrix) = entry.current(window, clock::now())
        {
            return Ok(ControlFlow::Break(Box::new(matrix)));
        }
        match entry.kept().failure(window, Some(begun)) {
            Some(failure) if waited.is_continue() => {
                Err(UpstreamError { was_sent: false, ..failure.clone() })
            }
            _ => Ok(waited),
        }
    }

    /// The samples of a window from the set, after what it lacks was requested.
    async fn renew(
        &self,
        entry: &SeriesEntry,
        query: &RangeQuery,
        begun: Instant,
    ) -> Result<Matrix, UpstreamError> {
        let (window, now) = (query.window, clock::now());
        let parts = entry.missing(&window, now);
        self.sets.metrics.fetch(match parts.as_slice() {
            [] => "none",
            [part] if *part == window => "full",
            _ => "tail",
        });
        // The newest first: most readers need only those, and they stay if an older part fails.
        for part in parts.iter().rev() {
            // The whole window may have been requested in the place of a part.
            if entry.missing(part, clock::now()).is_empty() {
                continue;
            }
            if let Some(answer) = self.fill(entry, query, *part, begun).await? {
                return Ok(answer);
            }
        }
        let lost =
            || UpstreamError::new(self.who(), ErrorKind::Incomplete, "samples of the time range are missing");
        entry.kept().shown(&window, now).ok_or_else(lost)
    }

    /// Requests a part of a window and merges it. Some: an answer to the whole window that could not be merged. A reader
    /// sees its remarks on the whole window, and its size is limited as that of any answer.
    async fn fill(
        &self,
        entry: &SeriesEntry,
        query: &RangeQuery,
        part: Window,
        begun: Instant,
    ) -> Result<Option<Matrix>, UpstreamError> {
        let Err(answer) = self.merge(entry, query, part, begun).await? else { return Ok(None) };
        if part == query.window {
            return Ok(Some(*answer));
        }
        drop(answer);
        self.sets.metrics.fetch("full");
        let whole = self.merge(entry, query, query.window, begun).await?;
        Ok(whole.err().map(|answer| *answer))
    }

    /// Err within: the answer could not be merged.
    async fn merge(
        &self,
        entry: &SeriesEntry,
        query: &RangeQuery,
        part: Window,
        begun: Instant,
    ) -> Result<Result<(), Box<Matrix>>, UpstreamError> {
        entry.kept().request(part);
        let sent = clock::now();
        let answer = self.request(query, part, begun).await?;
        let tail = self.instance.settings.unstable_tail;
        let _change = self.sets.generation.change();
        let mut kept = entry.kept();
        // With a part, a set does not become larger than it may stay. Series that come and go would fill it with empty
        // columns first.
        let is_too_large =
            part != query.window && kept.set.bytes_with(&answer) > self.sets.share(query.origin).most_bytes;
        let merged = match is_too_large {
            true => Err(Box::new(answer)),
            false => kept.merge(answer, &query.window, tail, sent, clock::now()),
        };
        drop(kept);
        entry.merged.notify_waiters();
        Ok(merged)
    }

    /// Fetches again what is an hour old, in a task of its own. The reader has its answer already, and a failure changes
    /// nothing for it. Not while another fetch of the set runs or waits: the next one comes soon.
    fn heal_behind(&self, query: &RangeQuery, key: SeriesKey, entry: Arc<SeriesEntry>) {
        let now = clock::now();
        let parts = entry.outdated(&query.window, now, clock::stopwatch());
        // What the set does not keep is not old.
        if parts.is_empty() || !entry.missing(&query.window, now).is_empty() {
            return;
        }
        let (source, query) = (self.clone(), query.clone());
        let healing = async move {
            let Ok(turn) = entry.fetching.try_lock() else { return };
            let fetch = SetFetch { sets: &source.sets, key: &key, entry: &entry, _turn: turn };
            let before = entry.kept().set.as_of();
            source.heal(&entry, &query, &parts).await;
            drop(fetch);
            if entry.kept().set.as_of() != before {
                source.give_behind(&key, &entry);
            }
        };
        tokio::spawn(healing.in_current_span());
    }

    async fn heal(&self, entry: &SeriesEntry, query: &RangeQuery, parts: &[Window]) {
        let begun = clock::stopwatch();
        self.sets.metrics.fetch("heal");
        for part in parts {
            match self.merge(entry, query, *part, begun).await {
                Ok(Ok(())) => continue,
                // In doubt, the next reader's whole window is requested.
                Ok(Err(_)) => {}
                Err(error) => {
                    tracing::info!(fault = %error, "older samples could not be fetched again");
                    // The instance may count as failing now, which kept replies say.
                    let _change = self.sets.generation.change();
                }
            }
            return entry.kept().put_off(clock::stopwatch());
        }
    }

    /// Sends nothing once the deadline of the fetch has passed.
    async fn request(
        &self,
        query: &RangeQuery,
        window: Window,
        begun: Instant,
    ) -> Result<Matrix, UpstreamError> {
        let late = || self.late("the requests for the parts of this time range");
        let left = self.instance.settings.timeout.saturating_sub(begun.elapsed());
        if left.is_zero() {
            return Err(UpstreamError { was_sent: false, ..late() });
        }
        let answer = self.instance.query_range(&query.query, window, query.origin);
        let answer =
            tokio::time::timeout(left + AFTER_DEADLINE, answer).await.unwrap_or_else(|_| Err(late()))?;
        self.sets.metrics.received(answer.wire_bytes);
        Ok(answer)
    }

    fn late(&self, what: &str) -> UpstreamError {
        UpstreamError::new(self.who(), ErrorKind::Timeout, &format!("{what} took too long"))
    }
}
