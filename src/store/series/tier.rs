//! The door for a second tier: a cache that several portals share. A fetch takes from it what another portal fetched, and
//! afterwards gives it the set. A reader waits for it a short time only: it may be slow, fail, and send anything.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use jiff::Timestamp;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tracing::Instrument;

use super::SeriesSource;
use super::bytes::{self, TierKey, UnreadSeries};
use super::entry::{DATE_MS, MOST_BYTES, REFETCH_AFTER, SeriesEntry};
use super::key::SeriesKey;
use super::set::SeriesSet;
use super::stretch::Fetched;
use crate::background;
use crate::clock;
use crate::prometheus::Window;
use crate::store::millis;

/// A fetch waits one in so many parts of its deadline for the tier, and as long until what came is read.
const PATIENCE_SHARE: u32 = 10;
/// How long a set may be on its way to the tier.
const WRITE_TIMEOUT: Duration = Duration::from_secs(5);
/// A tier that failed is left alone for so long.
const PAUSE: Duration = Duration::from_secs(10);
/// So many sets wait to be given to the tier. Beyond, a set is given after its next fetch.
const MOST_WAITING: usize = 64;
/// The most parts that are taken from another portal's set. A set mostly has fewer.
const MOST_TAKEN: usize = 32;

/// A cache that several portals share. It may lose anything at any time. Err: what is wrong with it, for the log.
pub trait SeriesTier: Send + Sync {
    /// What was last put there. None: nothing is there.
    fn get<'t>(&'t self, key: &'t TierKey) -> BoxFuture<'t, Result<Option<Vec<u8>>, String>>;

    /// Replaces what is there.
    fn put<'t>(&'t self, key: &'t TierKey, bytes: Vec<u8>) -> BoxFuture<'t, Result<(), String>>;
}

/// The tier of a store, if it has one.
pub struct TierDoor {
    tier: OnceLock<Arc<dyn SeriesTier>>,
    /// Nothing is sent to it before.
    paused_until: Mutex<Option<Instant>>,
    waiting: Arc<Semaphore>,
    /// Held while a set is given: one at a time, so that few bytes are on their way.
    giving: tokio::sync::Mutex<()>,
}

impl TierDoor {
    pub fn new() -> Self {
        Self {
            tier: OnceLock::new(),
            paused_until: Mutex::default(),
            waiting: Arc::new(Semaphore::new(MOST_WAITING)),
            giving: tokio::sync::Mutex::default(),
        }
    }

    /// The first tier stays.
    pub fn set(&self, tier: Arc<dyn SeriesTier>) {
        self.tier.get_or_init(|| tier);
    }

    /// None: there is no tier, or it failed a moment ago.
    fn tier(&self) -> Option<&Arc<dyn SeriesTier>> {
        let tier = self.tier.get()?;
        let is_paused = self.paused_until().is_some_and(|until| clock::stopwatch() < until);
        (!is_paused).then_some(tier)
    }

    fn fail(&self, fault: &str) {
        let (mut paused_until, now) = (self.paused_until(), clock::stopwatch());
        if paused_until.is_none_or(|until| until <= now) {
            *paused_until = now.checked_add(PAUSE);
            tracing::warn!(fault, "the shared cache of series fails and is left alone for {PAUSE:?}");
        }
    }

    fn paused_until(&self) -> MutexGuard<'_, Option<Instant>> {
        // No code panics while holding the lock.
        self.paused_until.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives the tier what the set has when its turn comes.
    async fn give(&self, key: SeriesKey, entry: Arc<SeriesEntry>) {
        let _turn = self.giving.lock().await;
        let Some(tier) = self.tier() else { return };
        let written = background::compute(move || {
            let mut set = entry.kept().set.clone();
            set.shorten();
            Some((bytes::tier_key(&key)?, bytes::compressed(&bytes::written(&key, &set)?)?))
        });
        let Some((key, bytes)) = written.await else { return };
        match timeout(WRITE_TIMEOUT, tier.put(&key, bytes)).await {
            Ok(Ok(())) => {}
            Ok(Err(fault)) => self.fail(&fault),
            Err(_) => self.fail("it took a set too slowly"),
        }
    }
}

impl SeriesSource {
    /// Takes from the tier what the set lacks, if it lacks some of a window. Call it in the turn of the set.
    pub async fn take_from_tier(
        &self,
        key: &SeriesKey,
        entry: &Arc<SeriesEntry>,
        window: &Window,
        begun: Instant,
    ) {
        let door = &self.sets.tier;
        let deadline = self.instance.settings.timeout;
        // The instance needs the second half of the time.
        let is_late = begun.elapsed() > deadline / 2;
        let Some(tier) = door.tier().filter(|_| !is_late) else { return };
        let Some(name) = bytes::tier_key(key) else { return };
        if entry.missing(window, clock::now()).is_empty() {
            return;
        }
        let patience = deadline / PATIENCE_SHARE;
        let bytes = match timeout(patience, tier.get(&name)).await {
            Ok(Ok(Some(bytes))) => bytes,
            Ok(Ok(None)) => return,
            Ok(Err(fault)) => return door.fail(&fault),
            Err(_) => return door.fail("it answered too slowly"),
        };
        let (taken, name) = (timeout(patience, self.take(key, entry, bytes)).await, name.as_str());
        match taken {
            Ok(Ok(())) => {}
            Ok(Err(unread)) => {
                tracing::warn!(fault = %unread, key = name, "series of the shared cache are not taken");
            }
            Err(_) => tracing::info!(key = name, "no time to take series of the shared cache"),
        }
    }

    async fn take(
        &self,
        key: &SeriesKey,
        entry: &Arc<SeriesEntry>,
        bytes: Vec<u8>,
    ) -> Result<(), UnreadSeries> {
        let most_bytes = self.sets.share(key.origin).most_bytes.min(MOST_BYTES);
        let (tail, now) = (self.instance.settings.unstable_tail, clock::now());
        let (of, own) = (key.clone(), entry.clone());
        let taken = background::compute(move || {
            let other = bytes::read(&bytes, &of, most_bytes)?;
            let own = own.kept().set.clone();
            Ok(with_taken(own, &other, tail, now, most_bytes))
        });
        let Some((set, newest)) = taken.await? else { return Ok(()) };
        let _change = self.sets.generation.change();
        entry.kept().adopt(set, newest);
        entry.merged.notify_waiters();
        Ok(())
    }

    /// Gives the set to the tier, in a task of its own.
    pub fn give_behind(&self, key: &SeriesKey, entry: &Arc<SeriesEntry>) {
        let door = &self.sets.tier;
        let place = door.tier().and_then(|_| door.waiting.clone().try_acquire_owned().ok());
        let Some(place) = place else { return };
        let (sets, key, entry) = (self.sets.clone(), key.clone(), entry.clone());
        let giving = async move {
            let _place = place;
            sets.tier.give(key, entry).await;
        };
        tokio::spawn(giving.in_current_span());
    }
}

/// A set with what it lacked or had fetched earlier than another portal's, as answers of their time, and the newest of these.
/// That portal's clock may be another than here. None: nothing was taken. What is there stays: no more is taken than there is
/// room for.
pub fn with_taken(
    own: SeriesSet,
    other: &SeriesSet,
    tail: Duration,
    now: Timestamp,
    most_bytes: usize,
) -> Option<(SeriesSet, Fetched)> {
    let (mut set, mut newest) = (own, None::<Fetched>);
    for (window, fetched) in set.lacking(other, now).into_iter().take(MOST_TAKEN) {
        let at_ms = fetched.at_ms();
        let past = window.between(window.start_ms(), at_ms.saturating_add(DATE_MS));
        let Some(answer) = past.and_then(|past| other.slice(&past)) else { continue };
        if !set.has_room_for(&answer, most_bytes) {
            break;
        }
        let settled_ms = fetched.settled_ms.min(at_ms.saturating_sub(millis(tail)));
        set.merge(answer, Fetched { settled_ms, ..fetched }, tail, REFETCH_AFTER / 2);
        newest = newest.filter(|newest| newest.at_ms() >= at_ms).or(Some(fetched));
    }
    newest.filter(|_| set.weight() <= most_bytes).map(|newest| (set, newest))
}

#[cfg(test)]
mod tests;
