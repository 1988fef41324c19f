//! The requests to one server that fail again and again, by their kind.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use super::{ErrorKind, Outage, UpstreamError};

/// Since when the requests of one kind fail, and why the newest did.
#[derive(Clone, Debug)]
pub struct RequestOutage {
    /// `rules`, `query_range`, ...
    pub request: &'static str,
    pub outage: Outage,
}

/// The kinds of requests that a server does not answer now. A success of one says nothing about the others.
#[derive(Default)]
pub struct RequestOutages(Mutex<BTreeMap<&'static str, Outage>>);

impl RequestOutages {
    pub fn record<T>(&self, request: &'static str, result: Result<&T, &UpstreamError>, now: Timestamp) {
        let mut all = self.lock();
        let Some(failure) = result.err().filter(|failure| is_of_server(failure)) else {
            all.remove(request);
            return;
        };
        let failure = Arc::new(failure.clone());
        match all.get_mut(request) {
            Some(outage) => outage.failure = failure,
            None => {
                all.insert(request, Outage { since: now, failure });
            }
        }
    }

    pub fn all(&self) -> Vec<RequestOutage> {
        let all = self.lock();
        all.iter().map(|(request, outage)| RequestOutage { request, outage: outage.clone() }).collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<&'static str, Outage>> {
        // No code panics while holding the lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A server that rejects a query, or has more data than the portal reads, answers.
pub(super) fn is_of_server(failure: &UpstreamError) -> bool {
    !failure.kind.is_of_query() && failure.kind != ErrorKind::TooLarge
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::upstream::Who;

    #[test]
    fn a_kind_of_request_fails_until_one_of_it_is_answered() {
        let (outages, at) = (RequestOutages::default(), |s| Timestamp::from_second(s).unwrap());
        let error = |kind| UpstreamError::new(Who::Backstage, kind, "x");
        let found = || {
            let of =
                |one: RequestOutage| (one.request, one.outage.since.as_second(), one.outage.failure.kind);
            outages.all().into_iter().map(of).collect::<Vec<_>>()
        };
        let (refused, gone) = (ErrorKind::Unauthorized, ErrorKind::Unreachable);
        outages.record::<()>("rules", Err(&error(refused)), at(1));
        outages.record::<()>("query", Err(&error(refused)), at(2));
        outages.record::<()>("rules", Err(&error(gone)), at(3));
        assert_eq!(found(), [("query", 2, refused), ("rules", 1, gone)]);
        outages.record("query", Ok(&()), at(4));
        assert_eq!(found(), [("rules", 1, gone)]);
        for answered in [ErrorKind::BadQuery, ErrorKind::TooManyPoints, ErrorKind::TooLarge] {
            outages.record::<()>("rules", Err(&error(gone)), at(5));
            outages.record::<()>("rules", Err(&error(answered)), at(6));
            assert_eq!(found(), [], "{answered:?}");
        }
    }
}
