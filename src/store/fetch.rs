//! A running fetch: in a task of its own, so that a reader who leaves does not end it for the others.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::pin::pin;
use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tracing::Instrument;

use super::Answer;
use super::cached::{Cached, FetchResult, ResultSender};
use super::question::{CacheKey, Question, Source};
use crate::clock;
use crate::prometheus::Origin;
use crate::upstream::{ErrorKind, UpstreamError};

type ResultReceiver<T> = watch::Receiver<Option<FetchResult<T>>>;

/// A request and the entry that readers join. Dropping it removes the entry, also when the request panics or is cancelled.
struct Fetch<Q: Question> {
    cached: Arc<Cached<Q>>,
    source: Arc<Q::Source>,
    key: CacheKey<Q>,
    sender: ResultSender<Q::Value>,
    /// Ends when no reader waits.
    ends_alone: bool,
    _behind: Option<OwnedSemaphorePermit>,
}

impl<Q: Question> Cached<Q> {
    /// The result of the fetch, which the first caller starts. A caller who waits holds little more than a receiver.
    pub async fn fetched(
        self: &Arc<Self>,
        source: &Arc<Q::Source>,
        key: &CacheKey<Q>,
    ) -> FetchResult<Q::Value> {
        let mut receiver = match self.join_or_start(source, key, None) {
            ControlFlow::Break(result) => return result,
            ControlFlow::Continue(receiver) => receiver,
        };
        let result = receiver.wait_for(Option::is_some).await;
        let broken = || UpstreamError::new(source.who(), ErrorKind::Upstream, "the fetch was broken off");
        result.ok().and_then(|result| (*result).clone()).unwrap_or_else(|| Err(Arc::new(broken())))
    }

    /// `behind`: the fetch goes on although nobody waits for it.
    pub(super) fn join_or_start(
        self: &Arc<Self>,
        source: &Arc<Q::Source>,
        key: &CacheKey<Q>,
        behind: Option<OwnedSemaphorePermit>,
    ) -> ControlFlow<FetchResult<Q::Value>, ResultReceiver<Q::Value>> {
        if let Some(result) = self.remembered(key) {
            return ControlFlow::Break(result);
        }
        let mut in_flight = self.in_flight();
        if let Some(sender) = in_flight.get(key) {
            self.metrics.lookup("shared");
            return ControlFlow::Continue(sender.subscribe());
        }
        // A fetch may have ended since the first look.
        if let Some(result) = self.remembered(key) {
            return ControlFlow::Break(result);
        }
        if let Some(failure) = key.question.blocked(source) {
            self.metrics.lookup("failure");
            return ControlFlow::Break(Err(failure));
        }
        self.metrics.lookup("miss");
        ControlFlow::Continue(self.start(&mut in_flight, source, key, behind))
    }

    /// Starts the fetch of an answer before a reader asks for it, unless it runs, has just ended or would fail. `lane` is
    /// held until it ends.
    pub(super) fn start_ahead(
        self: &Arc<Self>,
        source: &Arc<Q::Source>,
        key: &CacheKey<Q>,
        lane: OwnedSemaphorePermit,
    ) {
        let mut in_flight = self.in_flight();
        let is_known = in_flight.contains_key(key) || self.is_remembered(key);
        if !is_known && key.question.blocked(source).is_none() {
            self.metrics.lookup("ahead");
            self.start(&mut in_flight, source, key, Some(lane));
        }
    }

    fn start(
        self: &Arc<Self>,
        in_flight: &mut HashMap<CacheKey<Q>, ResultSender<Q::Value>>,
        source: &Arc<Q::Source>,
        key: &CacheKey<Q>,
        behind: Option<OwnedSemaphorePermit>,
    ) -> ResultReceiver<Q::Value> {
        let (sender, receiver) = watch::channel(None);
        in_flight.insert(key.clone(), sender.clone());
        let ends_alone = key.question.origin() == Origin::AdHoc && behind.is_none();
        let (cached, source, key) = (self.clone(), source.clone(), key.clone());
        let fetch = Fetch { cached, source, key, sender, ends_alone, _behind: behind };
        let runtime = self.runtime.clone().unwrap_or_else(Handle::current);
        // Its log lines carry the id of the request that started it.
        runtime.spawn(fetch.run().in_current_span());
        receiver
    }
}

impl<Q: Question> Fetch<Q> {
    async fn run(self) {
        let Some(result) = self.result().await else { return };
        let result = self.keep(result);
        let sender = self.sender.clone();
        drop(self);
        sender.send_replace(Some(result));
    }

    /// None: it ends without readers, and all have left.
    async fn result(&self) -> Option<Result<Q::Value, UpstreamError>> {
        let mut fetch = pin!(self.key.question.fetch(&self.source));
        loop {
            tokio::select! {
                result = &mut fetch => return Some(result),
                () = self.sender.closed(), if self.ends_alone => {
                    if self.is_left() {
                        return None;
                    }
                }
            }
        }
    }

    fn keep(&self, result: Result<Q::Value, UpstreamError>) -> FetchResult<Q::Value> {
        let Self { cached, key, .. } = self;
        let error = match result {
            Ok(value) => {
                let as_of = Q::as_of(&value).unwrap_or_else(clock::now);
                let answer = Answer::of(value, as_of);
                let lifetime = key.question.lifetime(&self.source, &answer);
                return Ok(cached.keep(key, answer, lifetime));
            }
            Err(error) => error,
        };
        if error.was_sent {
            key.question.log(&error);
            if let Some((value, lifetime)) = Q::default_for(&error) {
                return Ok(cached.keep(key, Answer::of(value, clock::now()), lifetime));
            }
        }
        let error = Arc::new(error);
        cached.fail(key, &error);
        Err(error)
    }

    /// Whether no reader waits; then none joins any more.
    fn is_left(&self) -> bool {
        let mut in_flight = self.cached.in_flight();
        let is_left = self.sender.receiver_count() == 0;
        if is_left {
            in_flight.remove(&self.key);
        }
        is_left
    }
}

impl<Q: Question> Drop for Fetch<Q> {
    fn drop(&mut self) {
        let mut in_flight = self.cached.in_flight();
        // An equal fetch may have started since all readers left this one.
        if in_flight.get(&self.key).is_some_and(|sender| sender.same_channel(&self.sender)) {
            in_flight.remove(&self.key);
        }
    }
}
