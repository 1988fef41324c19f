//! An answer of a store, and what is known of its age.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::upstream::UpstreamError;

/// A clock may differ by this from itself, as when its time is corrected in small steps.
const MOST_AHEAD: SignedDuration = SignedDuration::from_secs(1);

/// An answer and its age. `failure` is set when the newest request failed and this is an older, good answer.
#[derive(Debug)]
pub struct Answer<T> {
    pub value: Arc<T>,
    /// When the server gave it.
    pub as_of: Timestamp,
    /// Until when the store gives it without a new request, if nothing happens.
    pub until: Timestamp,
    pub failure: Option<Arc<UpstreamError>>,
    /// More of what was requested is being fetched, and this is what is there.
    pub rest_follows: bool,
}

impl<T> Clone for Answer<T> {
    fn clone(&self) -> Self {
        Self {
            value: self.value.clone(),
            as_of: self.as_of,
            until: self.until,
            failure: self.failure.clone(),
            rest_follows: self.rest_follows,
        }
    }
}

impl<T> Answer<T> {
    /// A good and complete answer.
    pub fn of(value: impl Into<Arc<T>>, as_of: Timestamp) -> Self {
        Self { value: value.into(), as_of, until: as_of, failure: None, rest_follows: false }
    }

    /// What was made of it, with its age.
    pub fn with<U>(&self, value: impl Into<Arc<U>>) -> Answer<U> {
        let Self { as_of, until, rest_follows, .. } = *self;
        Answer { value: value.into(), as_of, until, failure: self.failure.clone(), rest_follows }
    }

    pub fn is_stale(&self) -> bool {
        self.failure.is_some()
    }

    /// Its time has not come yet, because the clock was set back since: its age is unknown.
    pub fn is_ahead(&self, now: Timestamp) -> bool {
        is_ahead(self.as_of, now)
    }
}

/// Whether the clock was set back after it showed this time.
pub fn is_ahead(time: Timestamp, now: Timestamp) -> bool {
    time.duration_since(now) > MOST_AHEAD
}
