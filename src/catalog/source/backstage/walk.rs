//! One reading of the catalog, page after page. Backstage sends a page again only if it has changed.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use secrecy::ExposeSecret;
use url::Url;

use super::page::{self, Page};
use super::{BackstageSettings, MAX_FAULTS};
use crate::clock;
use crate::metrics::BackstageMetrics;
use crate::upstream::{ErrorKind, HttpClient, Reply, UpstreamError, Who, endpoint};

/// Entities to a page; fewer where a page would be too large (APIs carry their whole definition).
const LIMIT: usize = 500;
const LEAST_LIMIT: usize = 8;
/// The fields of each entity; with them, older Backstages send an ETag with each answer.
const FIELDS: &str = "kind,metadata,spec,relations,apiVersion";
/// Distinct for all entities, so that a cursor neither skips nor repeats one.
const ORDER: &str = "metadata.uid,asc";
/// For one page, from the request to its last byte.
const PAGE_DEADLINE: Duration = Duration::from_secs(30);
/// For all pages.
const WALK_DEADLINE: Duration = Duration::from_secs(600);
const MAX_PAGES: usize = 20_000;
const MAX_ENTITIES: usize = 500_000;

/// Remembers the pages of the last whole reading.
pub(super) struct Walker {
    http: HttpClient,
    url: Url,
    with_token: bool,
    limit: usize,
    /// By the cursor of each page; None for the first.
    known: HashMap<Option<String>, Arc<Page>>,
    hasher: RandomState,
    metrics: BackstageMetrics,
}

impl Walker {
    pub(super) fn new(settings: &BackstageSettings, metrics: BackstageMetrics) -> Result<Self, String> {
        let token = settings
            .token
            .iter()
            .map(|token| ("Authorization".to_owned(), format!("Bearer {}", token.expose_secret()).into()));
        let token: Vec<_> = token.collect();
        let http = HttpClient::new(Who::Backstage, &settings.base_url, &token, true, PAGE_DEADLINE)?;
        let url = endpoint(&settings.base_url, &["api", "catalog", "entities", "by-query"])?;
        let (with_token, known, hasher) = (settings.token.is_some(), HashMap::new(), RandomState::new());
        Ok(Self { http, url, with_token, limit: LIMIT, known, hasher, metrics })
    }

    /// All pages in their order. None: each is as it was in the last reading.
    pub(super) async fn walk(&mut self) -> Result<Option<Vec<Arc<Page>>>, UpstreamError> {
        let walk = tokio::time::timeout(WALK_DEADLINE, self.pages()).await;
        let pages = walk.unwrap_or_else(|_| {
            let seconds = WALK_DEADLINE.as_secs();
            let detail = format!(
                "Backstage's catalog is not read within {seconds} s, from its first page to its last"
            );
            Err(self.http.error(ErrorKind::Timeout, &detail))
        })?;
        let same = |(cursor, page)| self.known.get(cursor).is_some_and(|known| Arc::ptr_eq(known, page));
        if pages.len() == self.known.len() && pages.iter().map(|(c, p)| (c, p)).all(same) {
            return Ok(None);
        }
        let in_order = pages.iter().map(|(_, page)| page.clone()).collect();
        self.known = pages.into_iter().collect();
        Ok(Some(in_order))
    }

    /// The error for a catalog that lost all its entities. Forgets its pages, because the next reading would count
    /// the same empty answer as unchanged.
    pub(super) fn became_empty(&mut self) -> UpstreamError {
        self.known.clear();
        self.http.error(ErrorKind::Incomplete, "Backstage's catalog is empty, which it was not before")
    }

    async fn pages(&mut self) -> Result<Vec<(Option<String>, Arc<Page>)>, UpstreamError> {
        let (mut pages, mut seen, mut cursor) = (Vec::new(), HashSet::new(), None);
        let (mut read, mut announced, mut faults) = (0, None, 0);
        loop {
            let page = self.page(&cursor, faults).await?;
            read += page.items;
            faults += page.faults.len();
            announced = announced.or(page.total);
            let next = page.next.clone();
            let empty = page.items == 0;
            pages.push((cursor.take(), page));
            let Some(next) = next else { break };
            // More than twice the announced number is no growth during the reading.
            let loops = announced.is_some_and(|total| read > total.saturating_mul(2).saturating_add(LIMIT));
            if empty || loops || !seen.insert(next.clone()) {
                let detail = "the pages of Backstage's catalog lead back to one that was read before";
                return Err(self.http.error(ErrorKind::NotTheApi, detail));
            }
            self.check_size(pages.len(), read)?;
            cursor = Some(next);
        }
        match announced {
            // Some may have gone during the reading, but not one in ten.
            Some(announced) if read < announced - announced / 10 => {
                let detail = format!("Backstage announces {announced} entities and ends after {read}");
                Err(self.http.error(ErrorKind::Incomplete, &detail))
            }
            _ => Ok(pages),
        }
    }

    fn check_size(&self, pages: usize, entities: usize) -> Result<(), UpstreamError> {
        let limit = match (pages >= MAX_PAGES, entities > MAX_ENTITIES) {
            (true, _) => format!("{MAX_PAGES} pages"),
            (_, true) => format!("{MAX_ENTITIES} entities"),
            _ => return Ok(()),
        };
        Err(self.http.error(ErrorKind::TooLarge, &format!("Backstage's catalog has more than {limit}")))
    }

    /// The page of a cursor: the known one if it has not changed.
    async fn page(&mut self, cursor: &Option<String>, faults: usize) -> Result<Arc<Page>, UpstreamError> {
        loop {
            let known = self.known.get(cursor);
            let etag = known.and_then(|page| page.etag.as_ref());
            let request = self.http.get_unless(self.page_url(cursor.as_deref()), etag);
            let reply = match self.http.within(clock::stopwatch(), request).await {
                Err(error) if error.kind == ErrorKind::TooLarge && self.limit / 4 >= LEAST_LIMIT => {
                    // Pages of another size are other pages, with other ETags.
                    self.limit /= 4;
                    self.known.clear();
                    continue;
                }
                Err(error) => {
                    self.metrics.page("failed");
                    let detail = format!("Backstage does not answer: {}", error.detail);
                    return Err(UpstreamError { detail, ..error });
                }
                Ok(reply) => reply,
            };
            return match (reply.status, known) {
                (304, Some(known)) if etag.is_some() => {
                    self.metrics.page("unchanged");
                    Ok(known.clone())
                }
                (200, _) => self.read(reply, known.cloned(), faults).await,
                (status, _) => {
                    self.metrics.page("failed");
                    Err(self.of_status(status))
                }
            };
        }
    }

    /// Reads a page. Newer Backstages send no ETag, so a page of equal bytes counts as unchanged.
    async fn read(
        &self,
        reply: Reply,
        known: Option<Arc<Page>>,
        faults: usize,
    ) -> Result<Arc<Page>, UpstreamError> {
        if reply.content_type.as_deref().is_some_and(|kind| kind.starts_with("text/html")) {
            return Err(self.not_the_catalog("it sends a page of HTML, as a login in front of it would"));
        }
        let hash = self.hasher.hash_one(&reply.body);
        if let Some(known) = known.filter(|known| known.hash == hash && known.etag == reply.etag) {
            self.metrics.page("same");
            return Ok(known);
        }
        let room = MAX_FAULTS.saturating_sub(faults);
        let reading = tokio::task::spawn_blocking(move || page::read(&reply.body, room, hash, reply.etag));
        let page = reading.await.unwrap_or_else(|e| Err(format!("it cannot be read: {e}")));
        let page = page.map_err(|why| self.not_the_catalog(&why))?;
        self.metrics.page("read");
        Ok(Arc::new(page))
    }

    fn not_the_catalog(&self, why: &str) -> UpstreamError {
        self.metrics.page("failed");
        let detail = format!("what answers is not Backstage's catalog: {why}");
        self.http.error(ErrorKind::NotTheApi, &detail)
    }

    /// For any status but 200 and 304.
    fn of_status(&self, status: u16) -> UpstreamError {
        let (kind, detail) = match status {
            300..=399 => {
                let detail = format!(
                    "Backstage answers with a redirect ({status}), which is not followed: is `baseUrl` that of its \
                     backend?"
                );
                return self.http.error(ErrorKind::NotTheApi, &detail).with_status(status);
            }
            401 if self.with_token => (
                ErrorKind::Unauthorized,
                "Backstage does not know the token of `promenade.catalog.backstage.token` (401)",
            ),
            401 => (
                ErrorKind::Unauthorized,
                "Backstage asks for a token (401): set `promenade.catalog.backstage.token` to one of its \
                 `backend.auth.externalAccess`",
            ),
            403 => (
                ErrorKind::Unauthorized,
                "Backstage does not let this token read the catalog (403): it is restricted to other plugins, and \
                 its `accessRestrictions` need `plugin: catalog`",
            ),
            404 => (
                ErrorKind::NotTheApi,
                "there is no catalog at `promenade.catalog.backstage.baseUrl` (404), which should be the address of \
                 Backstage's backend",
            ),
            _ => {
                let detail = format!("Backstage answers with status {status}");
                return self.http.error(ErrorKind::Upstream, &detail).with_status(status);
            }
        };
        self.http.error(kind, detail).with_status(status)
    }

    fn page_url(&self, cursor: Option<&str>) -> Url {
        let mut url = self.url.clone();
        let limit = self.limit.to_string();
        let mut query = url.query_pairs_mut();
        query.append_pair("fields", FIELDS).append_pair("limit", &limit);
        match cursor {
            // A cursor carries the order of the page that it came from.
            Some(cursor) => query.append_pair("cursor", cursor),
            None => query.append_pair("orderField", ORDER),
        };
        drop(query);
        url
    }
}
