//! One reading of the catalog: page after page, each asked for only if it has changed.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use url::Url;

use super::page::{self, Page};
use super::refusal::Refusal;
use super::{BackstageSettings, MAX_FAULTS};
use crate::metrics::BackstageMetrics;
use crate::outbound::{Fault, HttpClient, Reply};

/// Entities to a page; fewer where a page would be too large (APIs carry their whole definition).
const LIMIT: usize = 500;
const LEAST_LIMIT: usize = 8;
/// What is asked of each entity; with them, older Backstages name each answer by an ETag.
const FIELDS: &str = "kind,metadata,spec,relations,apiVersion";
/// Distinct for all entities, so that a cursor neither skips nor repeats one.
const ORDER: &str = "metadata.uid,asc";
/// For one page, from the question to its last byte.
const PAGE_DEADLINE: Duration = Duration::from_secs(30);
/// For all pages.
const WALK_DEADLINE: Duration = Duration::from_secs(600);
const MAX_PAGES: usize = 20_000;
const MAX_ENTITIES: usize = 500_000;

pub(super) enum Walked {
    /// Every page is as it was.
    Unchanged,
    Changed(Vec<Arc<Page>>),
}

/// Remembers the pages of the last whole reading.
pub(super) struct Walker {
    client: HttpClient,
    url: Url,
    with_token: bool,
    limit: usize,
    /// By the cursor that led to each; None led to the first.
    known: HashMap<Option<String>, Arc<Page>>,
    hasher: RandomState,
    metrics: BackstageMetrics,
}

impl Walker {
    pub(super) fn new(settings: &BackstageSettings, metrics: BackstageMetrics) -> Result<Self, String> {
        let token = settings.token.iter().map(|token| {
            use secrecy::ExposeSecret;
            ("Authorization".to_owned(), format!("Bearer {}", token.expose_secret()).into())
        });
        let client = HttpClient::new(&settings.base_url, &token.collect::<Vec<_>>(), true)?;
        let mut url = settings.base_url.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(["api", "catalog", "entities", "by-query"]);
        }
        let (with_token, known, hasher) = (settings.token.is_some(), HashMap::new(), RandomState::new());
        Ok(Self { client, url, with_token, limit: LIMIT, known, hasher, metrics })
    }

    pub(super) async fn walk(&mut self) -> Result<Walked, Refusal> {
        let deadline = Refusal::Endless(WALK_DEADLINE.as_secs());
        let pages = tokio::time::timeout(WALK_DEADLINE, self.pages()).await.map_err(|_| deadline)??;
        let same = |(cursor, page)| self.known.get(cursor).is_some_and(|known| Arc::ptr_eq(known, page));
        if pages.len() == self.known.len() && pages.iter().map(|(c, p)| (c, p)).all(same) {
            return Ok(Walked::Unchanged);
        }
        let in_order = pages.iter().map(|(_, page)| page.clone()).collect();
        self.known = pages.into_iter().collect();
        Ok(Walked::Changed(in_order))
    }

    /// The next reading takes every page for new.
    pub(super) fn forget(&mut self) {
        self.known.clear();
    }

    async fn pages(&mut self) -> Result<Vec<(Option<String>, Arc<Page>)>, Refusal> {
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
            // More than twice of what was announced is no growth while we read.
            let circles = announced.is_some_and(|total| read > total.saturating_mul(2).saturating_add(LIMIT));
            if empty || circles || !seen.insert(next.clone()) {
                return Err(Refusal::Circle);
            }
            if pages.len() >= MAX_PAGES {
                return Err(Refusal::TooMany(format!("{MAX_PAGES} pages")));
            }
            if read > MAX_ENTITIES {
                return Err(Refusal::TooMany(format!("{MAX_ENTITIES} entities")));
            }
            cursor = Some(next);
        }
        match announced {
            // Some may have gone while we read, but not one in ten.
            Some(announced) if read < announced - announced / 10 => Err(Refusal::Short { read, announced }),
            _ => Ok(pages),
        }
    }

    /// The page behind a cursor: the one that is known, if it is still that.
    async fn page(&mut self, cursor: &Option<String>, faults: usize) -> Result<Arc<Page>, Refusal> {
        loop {
            let known = self.known.get(cursor);
            let etag = known.and_then(|page| page.etag.as_ref());
            let asking = self.client.get_unless(self.page_url(cursor.as_deref()), etag);
            let reply = tokio::time::timeout(PAGE_DEADLINE, asking).await;
            let slow = Refusal::Slow(PAGE_DEADLINE.as_secs());
            let reply = match reply.map_err(|_| slow).and_then(|reply| reply.map_err(Refusal::from)) {
                Err(Refusal::Transport(Fault::TooLarge { .. })) if self.limit / 4 >= LEAST_LIMIT => {
                    // Pages of another size are other pages, with other ETags.
                    self.limit /= 4;
                    self.known.clear();
                    continue;
                }
                Err(refusal) => {
                    self.metrics.page("failed");
                    return Err(refusal);
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
                    Err(Refusal::of_status(status, self.with_token))
                }
            };
        }
    }

    /// A page that came whole: newer Backstages send no ETag, and the same bytes again.
    async fn read(
        &self,
        reply: Reply,
        known: Option<Arc<Page>>,
        faults: usize,
    ) -> Result<Arc<Page>, Refusal> {
        if reply.content_type.as_deref().is_some_and(|kind| kind.starts_with("text/html")) {
            self.metrics.page("failed");
            return Err(Refusal::NotCatalog(
                "it sends a page of HTML, as a login in front of it would".to_owned(),
            ));
        }
        let hash = self.hasher.hash_one(&reply.body);
        if let Some(known) = known.filter(|known| known.hash == hash && known.etag == reply.etag) {
            self.metrics.page("same");
            return Ok(known);
        }
        let room = MAX_FAULTS.saturating_sub(faults);
        let reading = tokio::task::spawn_blocking(move || page::read(&reply.body, room, hash, reply.etag));
        let page =
            reading.await.unwrap_or_else(|e| Err(Refusal::NotCatalog(format!("it cannot be read: {e}"))));
        self.metrics.page(if page.is_ok() { "read" } else { "failed" });
        page.map(Arc::new)
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
