//! One reply as bytes: whole, and as 304 for those who hold it.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Weak;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use actix_http::body::BoxBody;
use actix_http::header::HeaderMap;
use actix_http::{Request, Response};
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, ETAG, EntityTag, HeaderName, HeaderValue, VARY};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use jiff::Timestamp;

use crate::catalog::{Catalog, Snapshot};
use crate::metrics::RouteMetrics;
use crate::store::{MadeOf, Weigh};
use crate::web::assets::is_held;
use crate::web::observe;
use crate::web::reply::CachePolicy;
use crate::web::request::ShownEntities;

/// A number that no generation reaches.
const UNKNOWN: u64 = u64::MAX;
/// What a 304 has of the headers: those that tell which copy is still good.
const OF_COPIES: [HeaderName; 3] = [CACHE_CONTROL, ETAG, VARY];

pub(super) type Header = (HeaderName, HeaderValue);

/// A reply that is kept.
pub struct KeptReply {
    body: Bytes,
    /// The headers of the whole reply, and those of a 304.
    headers: [Vec<Header>; 2],
    etag: EntityTag,
    /// Of the handler, for the log.
    route: String,
    /// How many requests got the whole reply, and how many a 304.
    metrics: [RouteMetrics; 2],
    made_of: MadeOf,
    /// The newest generation of answers for which it holds. [`UNKNOWN`] before any is known.
    generation: AtomicU64,
    snapshot: Weak<Snapshot>,
    entities: Option<ShownEntities>,
}

/// What a reply is made of, and where.
pub(super) struct Making {
    pub made_of: MadeOf,
    pub generation: Option<u64>,
    pub snapshot: Weak<Snapshot>,
    /// None: all of the snapshot.
    pub entities: Option<ShownEntities>,
    pub route: String,
    pub metrics: [RouteMetrics; 2],
}

/// The tag of a reply: another for each change of its bytes or of its headers, `added` ones too. A browser keeps those of the
/// whole reply, since a 304 does not repeat them.
pub(super) fn tag(headers: &HeaderMap, added: &[Header], body: &[u8]) -> EntityTag {
    let added = added.iter().map(|(name, value)| (name, value));
    let mut lines: Vec<(&str, &[u8])> =
        headers.iter().chain(added).map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
    lines.sort_unstable();
    let mut hasher = DefaultHasher::new();
    lines.hash(&mut hasher);
    body.hash(&mut hasher);
    EntityTag::new_strong(format!("{:016x}", hasher.finish()))
}

/// The headers of a reply that its readers may keep and must ask for again.
pub(super) fn mark(headers: &mut HeaderMap, etag: &EntityTag) {
    headers.insert(CACHE_CONTROL, CachePolicy::Revalidated.header());
    if let Ok(etag) = HeaderValue::from_str(&etag.to_string()) {
        headers.insert(ETAG, etag);
    }
}

/// What a 304 has of the headers of a whole reply.
pub(super) fn of_copy(headers: &HeaderMap) -> HeaderMap {
    let kept = headers.iter().filter(|(name, _)| OF_COPIES.contains(name));
    kept.map(|(name, value)| (name.clone(), value.clone())).collect()
}

impl KeptReply {
    /// `headers` are marked; `added` are those that every reply of the portal has.
    pub(super) fn new(
        headers: &HeaderMap,
        body: Bytes,
        etag: EntityTag,
        added: &[Header],
        making: Making,
    ) -> Self {
        let mut whole = headers.clone();
        for (name, value) in added.iter().cloned() {
            whole.insert(name, value);
        }
        let headers = [whole, of_copy(headers)].map(|headers| headers.into_iter().collect());
        Self {
            body,
            headers,
            etag,
            route: making.route,
            metrics: making.metrics,
            made_of: making.made_of,
            generation: AtomicU64::new(making.generation.unwrap_or(UNKNOWN)),
            snapshot: making.snapshot,
            entities: making.entities,
        }
    }

    pub(super) fn until(&self) -> Timestamp {
        self.made_of.until()
    }

    /// Whether it shows what the catalog has now.
    pub(super) fn is_of(&self, catalog: &Catalog) -> bool {
        let shown = || self.entities.as_ref().is_some_and(|entities| entities.are_in(catalog));
        catalog.is_current(&self.snapshot) || shown()
    }

    /// Whether the answers in it would still be given. They are looked at only after a change of any.
    pub(super) fn holds(&self, generation: Option<u64>, now: Timestamp) -> bool {
        if generation.is_some_and(|number| self.generation.load(Ordering::Acquire) == number) {
            return now < self.until();
        }
        let holds = self.made_of.holds(now);
        if let Some(number) = generation.filter(|_| holds) {
            self.generation.store(number, Ordering::Release);
        }
        holds
    }

    /// The same within the app, which adds, counts and logs what it does for all.
    pub(super) fn within(&self, request: &HttpRequest) -> HttpResponse {
        let is_held = is_held(request, &self.etag);
        let [whole, of_copy] = &self.headers;
        let mut answer = match is_held {
            true => HttpResponse::NotModified().finish(),
            false => HttpResponse::Ok().body(self.body.clone()),
        };
        *answer.headers_mut() = if is_held { of_copy } else { whole }.iter().cloned().collect();
        answer
    }

    /// The whole reply, or 304 for who holds it.
    pub(super) fn answer(&self, request: &Request, begun: Instant) -> Response<BoxBody> {
        let is_held = is_held(request, &self.etag);
        let status = if is_held { StatusCode::NOT_MODIFIED } else { StatusCode::OK };
        let body = if is_held { BoxBody::new(()) } else { BoxBody::new(self.body.clone()) };
        let [whole, of_copy] = &self.headers;
        let [all, held] = &self.metrics;
        let mut answer = Response::with_body(status, body);
        // Into the map that the library used before: a new one costs more than all else here.
        for (name, value) in if is_held { of_copy } else { whole } {
            answer.headers_mut().append(name.clone(), value.clone());
        }
        let metrics = if is_held { held } else { all };
        observe::kept(request.head(), &mut answer, &self.route, metrics, begun);
        answer
    }
}

impl Weigh for KeptReply {
    fn weight(&self) -> usize {
        let headers = self.headers.iter().flatten();
        let headers = headers.map(|(_, value)| size_of::<Header>() + value.len()).sum::<usize>();
        let entities = self.entities.as_ref().map_or(0, ShownEntities::weight);
        self.body.len() + headers + self.route.len() + self.made_of.weight() + entities
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};

    use super::*;

    #[test]
    fn what_a_304_does_not_repeat_is_in_the_tag() {
        let with = |name, value| HeaderMap::from_iter([(name, HeaderValue::from_static(value))]);
        let policy = |value| [(CONTENT_SECURITY_POLICY, HeaderValue::from_static(value))];
        let [html, json] = ["text/html", "application/json"].map(|kind| with(CONTENT_TYPE, kind));
        let tags = [
            tag(&html, &policy("frame-ancestors 'self'"), b"page"),
            tag(&html, &policy("frame-ancestors 'self' https://backstage"), b"page"),
            tag(&json, &policy("frame-ancestors 'self'"), b"page"),
            tag(&html, &policy("frame-ancestors 'self'"), b"another"),
        ];
        assert!(tags.iter().enumerate().all(|(at, tag)| !tags[..at].contains(tag)), "{tags:?}");
    }
}
