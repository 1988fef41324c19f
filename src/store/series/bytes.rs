//! A series set as bytes, for a cache that several portals share. Whatever the bytes are, reading them ends with a set that
//! is sound or with an error, and takes bounded memory.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::bufread::GzDecoder;
use flate2::write::GzEncoder;
use thiserror::Error;

use super::super::question::Scope;
use super::SeriesKey;
use super::entry::is_partial;
use super::set::{MOST_INFOS, SeriesSet};
use super::stretch::Stretch;
use crate::prometheus::Origin;
use crate::upstream::Fingerprint;

/// The first byte. Fields in another order, or of another type, are another version.
const VERSION: u8 = 1;
/// More than the longest info of an answer has, in bytes.
const LONGEST_INFO: usize = 16 << 10;

/// The name of a set in a cache that several portals share. Portals of another version, and those that mean another server by
/// the same name, have other names for it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TierKey(String);

impl TierKey {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why bytes are not taken.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum UnreadSeries {
    #[error("the bytes have version {0}, not {VERSION}")]
    Version(u8),
    #[error("the bytes are of other series")]
    OtherSeries,
    #[error("the set is larger than this portal keeps")]
    TooLarge,
    #[error("the bytes are damaged")]
    Damaged,
}

/// Where the set of a key is. Nobody can read the query from it.
pub fn tier_key(key: &SeriesKey) -> Option<TierKey> {
    let fingerprint = Fingerprint::of([key.written()?.as_slice()]);
    Some(TierKey(format!("promenade-series-{VERSION}-{fingerprint}")))
}

/// The key, the stretches and the infos of a set, not yet compressed. None: the set is empty.
pub fn written(key: &SeriesKey, set: &SeriesSet) -> Option<Vec<u8>> {
    let mut key = key.written().filter(|_| !set.stretches().is_empty())?;
    key.reserve(set.weight());
    let written = postcard::to_extend(set.stretches(), key).ok()?;
    set.infos().iter().try_fold(written, |written, info| postcard::to_extend(info, written).ok())
}

/// The bytes of what was written, with a checksum. None: they cannot be made.
pub fn compressed(written: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(vec![VERSION], Compression::fast());
    encoder.write_all(written).ok()?;
    encoder.finish().ok()
}

/// The set of this key. Uncompressed it may have `most_bytes`. Of hostile bytes, one takes some tens in memory at most.
pub fn read(bytes: &[u8], key: &SeriesKey, most_bytes: usize) -> Result<SeriesSet, UnreadSeries> {
    let (version, compressed) = bytes.split_first().ok_or(UnreadSeries::Damaged)?;
    if *version != VERSION {
        return Err(UnreadSeries::Version(*version));
    }
    let written = decompressed(compressed, most_bytes)?;
    let key_bytes = key.written().ok_or(UnreadSeries::OtherSeries)?;
    let set = written.strip_prefix(key_bytes.as_slice()).ok_or(UnreadSeries::OtherSeries)?;
    let set = read_set(set, key.step_ms).ok_or(UnreadSeries::Damaged)?;
    if set.is_too_long() { Err(UnreadSeries::TooLarge) } else { Ok(set) }
}

fn read_set(bytes: &[u8], step_ms: i64) -> Option<SeriesSet> {
    let (stretches, mut rest) = postcard::take_from_bytes::<Vec<Stretch>>(bytes).ok()?;
    let mut infos: Vec<String> = Vec::new();
    while !rest.is_empty() {
        let (info, next) = postcard::take_from_bytes::<&str>(rest).ok()?;
        let is_known = infos.iter().any(|known| known == info);
        if is_known || is_partial(info) || info.len() > LONGEST_INFO || infos.len() == MOST_INFOS {
            return None;
        }
        infos.push(info.to_owned());
        rest = next;
    }
    SeriesSet::read(stretches, infos, step_ms)
}

fn decompressed(bytes: &[u8], most_bytes: usize) -> Result<Vec<u8>, UnreadSeries> {
    let (mut decoder, mut written) = (GzDecoder::new(bytes), Vec::new());
    let limit = u64::try_from(most_bytes).unwrap_or(u64::MAX).saturating_add(1);
    decoder.by_ref().take(limit).read_to_end(&mut written).map_err(|_| UnreadSeries::Damaged)?;
    match decoder.into_inner() {
        _ if written.len() > most_bytes => Err(UnreadSeries::TooLarge),
        [] => Ok(written),
        [..] => Err(UnreadSeries::Damaged),
    }
}

impl SeriesKey {
    /// No other key begins with these bytes. Each scope and origin has a number that never changes.
    fn written(&self) -> Option<Vec<u8>> {
        let scope: u8 = match self.scope {
            Scope::Whole => 0,
        };
        let origin: u8 = match self.origin {
            Origin::Known => 0,
            Origin::AdHoc => 1,
        };
        let (source, query) = (self.source.as_str(), self.query.as_str());
        postcard::to_stdvec(&(scope, self.server, source, origin, query, self.step_ms)).ok()
    }
}

#[cfg(test)]
mod tests;
