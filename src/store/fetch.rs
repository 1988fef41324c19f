//! A running fetch: in a task of its own, so that a reader who leaves does not end it for the others.

use std::pin::pin;
use std::sync::Arc;

use super::Answer;
use super::cached::{Cached, FetchResult, ResultSender};
use super::question::{CacheKey, Question};
use crate::clock;
use crate::prometheus::Origin;
use crate::upstream::UpstreamError;

/// However it ends, no reader joins it once this is dropped.
pub struct Fetch<Q: Question> {
    pub cached: Arc<Cached<Q>>,
    pub source: Arc<Q::Source>,
    pub key: CacheKey<Q>,
    pub sender: ResultSender<Q::Value>,
}

impl<Q: Question> Fetch<Q> {
    pub async fn run(self) {
        let Some(result) = self.result().await else { return };
        let result = self.keep(result);
        let sender = self.sender.clone();
        drop(self);
        sender.send_replace(Some(result));
    }

    /// None: it is ad hoc, and all readers have left.
    async fn result(&self) -> Option<Result<Q::Value, UpstreamError>> {
        let mut fetch = pin!(self.key.question.fetch(&self.source));
        let can_end = self.key.question.origin() == Origin::AdHoc;
        loop {
            tokio::select! {
                result = &mut fetch => return Some(result),
                () = self.sender.closed(), if can_end => {
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
                let answer = Answer { value: Arc::new(value), as_of: clock::now(), failure: None };
                cached.keep(key, &answer, key.question.lifetime(&self.source, &answer));
                return Ok(answer);
            }
            Err(error) => error,
        };
        if error.was_sent {
            key.question.log(&error);
            if let Some((value, lifetime)) = Q::default_for(&error) {
                let answer = Answer { value: Arc::new(value), as_of: clock::now(), failure: None };
                cached.keep(key, &answer, lifetime);
                return Ok(answer);
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
