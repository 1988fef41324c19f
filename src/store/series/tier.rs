//! The place of a second tier, a cache that several portals share: what it would be given after a fetch, and what is taken
//! from it before one.

use super::bytes::{self, UnreadSeries};
use super::{RangeQuery, SeriesSource};
use crate::clock;

impl SeriesSource {
    /// The set of a query as bytes. None: nothing is there.
    pub fn for_tier(&self, query: &RangeQuery) -> Option<Vec<u8>> {
        let key = self.key(query, query.origin);
        let entry = self.sets.get(&key)?;
        let written = bytes::written(&key, &entry.kept().set)?;
        bytes::compressed(&written)
    }

    /// Takes the set of a query that another portal wrote. A fetch of it that runs ends first.
    pub async fn take_from_tier(&self, query: &RangeQuery, bytes: &[u8]) -> Result<(), UnreadSeries> {
        let key = self.key(query, query.origin);
        let most_bytes = self.sets.share(key.origin).most_bytes;
        let other = bytes::read(bytes, &key, most_bytes)?;
        let entry = self.sets.entry(&key, clock::now());
        let _one = entry.fetching.lock().await;
        let tail = self.instance.settings.unstable_tail;
        let _change = self.sets.generation.change();
        entry.kept().take_in(&other, tail, clock::now(), most_bytes);
        self.sets.keep(&key, &entry);
        Ok(())
    }
}
