//! Replies that are rendered once for everybody: kept as bytes for as long as they would be rendered alike, and sent in
//! front of the app.
//!
//! - `address` is what a reply depends on of its request.
//! - `record` notes what a handler's reply is made of, and keeps it.
//! - `turns` lets one of equal requests render at a time.
//! - [`KeptReplies::answer`] sends it, until the tick of its page ends, an answer in it changes or a fetch for it is due.

mod address;
mod record;
mod reply;
mod turns;

use std::sync::{Arc, Weak};
use std::time::Duration;

use actix_http::body::BoxBody;
use actix_http::{Method, Payload, Request, Response};
use actix_web::HttpMessage;

use crate::catalog::{Catalog, Snapshot};
use crate::clock;
use crate::metrics::KeptMetrics;
use crate::store::{BoundedMap, Generation};

use address::ReplyAddress;
pub use record::record;
use reply::KeptReply;
use turns::Turns;

/// The share of the cache's bytes for replies. Each is kept for a tick at most, so this has room for many pages a second.
const SHARE: u64 = 16;

/// All replies of a listener. They have no limit but their bytes; the least recently used leave first.
pub struct KeptReplies {
    replies: BoundedMap<ReplyAddress, Arc<KeptReply>>,
    turns: Turns,
    catalog: Arc<Catalog>,
    generation: Generation,
    /// The headers that routing rules look at.
    routed: Vec<String>,
    max_bytes: u64,
    metrics: KeptMetrics,
}

/// What the app must know of a request to keep its reply.
struct Unanswered {
    address: ReplyAddress,
    /// The catalog before any route was chosen: routes depend on it too.
    snapshot: Weak<Snapshot>,
}

/// How many replies are kept, about.
pub struct KeptFill {
    pub replies: u64,
    pub bytes: u64,
    pub max_bytes: u64,
}

impl KeptReplies {
    /// How many of the cache's bytes are for replies.
    pub fn share(max_bytes: u64) -> u64 {
        max_bytes / SHARE
    }

    /// `generation` counts the changes of all answers.
    pub fn new(
        max_bytes: u64,
        catalog: Arc<Catalog>,
        generation: Generation,
        routed: Vec<String>,
        metrics: KeptMetrics,
    ) -> Self {
        let (replies, turns) = (BoundedMap::new(max_bytes, &metrics.evictions), Turns::default());
        Self { replies, turns, catalog, generation, routed, max_bytes, metrics }
    }

    /// The reply to a request that reads, if it is kept. Else the request learns under which address it may be kept.
    pub fn answer(&self, request: &mut Request) -> Option<Response<BoxBody>> {
        let is_reading = [Method::GET, Method::HEAD].contains(request.method());
        if !is_reading || !matches!(request.payload(), Payload::None) {
            return None;
        }
        let begun = clock::stopwatch();
        let address = ReplyAddress::of(request, &self.routed);
        match self.current(&address) {
            Some(kept) => Some(kept.answer(request, begun)),
            None => {
                let snapshot = Arc::downgrade(&self.catalog.snapshot());
                request.extensions_mut().insert(Unanswered { address, snapshot });
                None
            }
        }
    }

    pub fn fill(&self) -> KeptFill {
        let (replies, bytes) = self.replies.fill();
        KeptFill { replies, bytes, max_bytes: self.max_bytes }
    }

    /// The reply that is sent now, counted.
    fn current(&self, address: &ReplyAddress) -> Option<Arc<KeptReply>> {
        let kept = self.replies.get(address).filter(|kept| self.is_current(kept))?;
        self.metrics.kept();
        Some(kept)
    }

    /// Whether it would be rendered alike now.
    fn is_current(&self, kept: &KeptReply) -> bool {
        let generation = self.generation.number();
        kept.is_of(&self.catalog) && kept.holds(generation, clock::now())
    }

    fn keep(&self, address: ReplyAddress, reply: KeptReply) {
        let lifetime = Duration::try_from(reply.until().duration_since(clock::now())).unwrap_or_default();
        self.replies.insert(address, Arc::new(reply), lifetime);
    }
}

#[cfg(test)]
mod tests {
    use actix_http::Uri;

    use super::*;
    use crate::metrics::Metrics;

    #[test]
    fn a_route_of_an_older_catalog_is_noticed() {
        let catalog = Arc::new(Catalog::default());
        let metrics = Metrics::new().kept;
        let kept = KeptReplies::new(1 << 20, catalog.clone(), Generation::default(), Vec::new(), metrics);
        let mut request = Request::new();
        request.head_mut().uri = Uri::from_static("/catalog/default/component/a.json");
        assert!(kept.answer(&mut request).is_none());
        let unanswered = request.extensions_mut().remove::<Unanswered>().unwrap();
        assert!(catalog.is_current(&unanswered.snapshot));
        catalog.swap(catalog.snapshot().next([]));
        assert!(!catalog.is_current(&unanswered.snapshot));
    }
}
