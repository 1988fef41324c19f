//! One rendering at a time: who asks for a reply that is being rendered waits for it, for a short time.

use std::collections::{HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::time::timeout;

use super::address::ReplyAddress;

/// Then a reader renders for himself, so that he waits little longer than alone.
const PATIENCE: Duration = Duration::from_millis(500);
/// For how long nobody waits for a reply that could not be kept: the next one cannot either, as a rule.
const IN_VAIN: Duration = Duration::from_secs(5);
/// The most addresses that are remembered for that.
const MOST_IN_VAIN: usize = 256;

/// The replies that are being rendered. Cheap to clone; clones share everything.
#[derive(Clone)]
pub struct Turns {
    renderings: Arc<Mutex<Renderings>>,
    patience: Duration,
}

#[derive(Default)]
struct Renderings {
    under_way: HashMap<ReplyAddress, watch::Receiver<()>>,
    /// Hashes of addresses whose last reply could not be kept, and when that was; the oldest first. If two addresses have
    /// one hash, somebody does not wait who could.
    in_vain: VecDeque<(u64, Instant)>,
}

/// The turn of one who renders. The others go on when it is dropped.
#[must_use]
pub struct Turn {
    turns: Turns,
    address: ReplyAddress,
    _end: watch::Sender<()>,
}

/// What a reader does.
pub enum Next<T> {
    /// Sends what is kept.
    Send(T),
    /// Renders. Without a turn, because others render too: they take long, or what they render is kept for nobody.
    Render(Option<Turn>),
}

impl Default for Turns {
    fn default() -> Self {
        Self { renderings: Default::default(), patience: PATIENCE }
    }
}

impl Turns {
    /// Waits for those who render, but not long. If one of them leaves and nothing is kept, the next one renders.
    /// `kept`: the reply, if there is one by now.
    pub async fn next<T>(
        &self,
        address: &ReplyAddress,
        now: Instant,
        kept: impl Fn() -> Option<T>,
    ) -> Next<T> {
        let next = async {
            loop {
                let place = self.lock().place(self, address, now);
                // Somebody else may have rendered it since the request came.
                let reply = kept();
                let mut other = match (reply, place) {
                    (Some(reply), _) => return Next::Send(reply),
                    (None, Ok(turn)) => return Next::Render(turn),
                    (None, Err(other)) => other,
                };
                // Either way that turn is over.
                other.changed().await.ok();
            }
        };
        timeout(self.patience, next).await.unwrap_or(Next::Render(None))
    }

    /// A reply could not be kept.
    pub fn passed(&self, address: &ReplyAddress, now: Instant) {
        let mut all = self.lock();
        all.forget(address);
        if all.in_vain.len() >= MOST_IN_VAIN {
            all.in_vain.pop_front();
        }
        all.in_vain.push_back((hash(address), now));
    }

    /// A reply was kept.
    pub fn kept(&self, address: &ReplyAddress) {
        self.lock().forget(address);
    }

    fn lock(&self) -> MutexGuard<'_, Renderings> {
        // No code panics while holding the lock.
        self.renderings.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Renderings {
    /// A turn; or who has it; or no turn and nobody to wait for.
    fn place(
        &mut self,
        turns: &Turns,
        address: &ReplyAddress,
        now: Instant,
    ) -> Result<Option<Turn>, watch::Receiver<()>> {
        match self.under_way.get(address) {
            Some(_) if self.is_in_vain(address, now) => Ok(None),
            Some(other) => Err(other.clone()),
            None => {
                let (end, other) = watch::channel(());
                self.under_way.insert(address.clone(), other);
                Ok(Some(Turn { turns: turns.clone(), address: address.clone(), _end: end }))
            }
        }
    }

    fn is_in_vain(&self, address: &ReplyAddress, now: Instant) -> bool {
        let hash = hash(address);
        self.in_vain.iter().any(|(of, at)| *of == hash && now.saturating_duration_since(*at) < IN_VAIN)
    }

    fn forget(&mut self, address: &ReplyAddress) {
        let hash = hash(address);
        self.in_vain.retain(|(of, _)| *of != hash);
    }
}

fn hash(address: &ReplyAddress) -> u64 {
    let mut hasher = DefaultHasher::new();
    address.hash(&mut hasher);
    hasher.finish()
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.turns.lock().under_way.remove(&self.address);
    }
}

#[cfg(test)]
mod tests {
    use std::pin::Pin;

    use actix_http::test::TestRequest;
    use futures_util::FutureExt;

    use super::*;
    use crate::clock;

    type Waiting<'t, T> = Pin<Box<dyn Future<Output = Next<T>> + 't>>;

    /// Readers are as patient as a busy machine needs.
    fn patient() -> Turns {
        Turns { patience: Duration::from_secs(600), ..Turns::default() }
    }

    fn address(uri: &str) -> ReplyAddress {
        ReplyAddress::of(&TestRequest::with_uri(uri).finish(), &[])
    }

    fn nothing() -> Option<()> {
        None
    }

    fn has_turn<T>(next: &Next<T>) -> bool {
        matches!(next, Next::Render(Some(_)))
    }

    fn three<'t, T: 't>(one: impl Fn() -> Waiting<'t, T>) -> Vec<Waiting<'t, T>> {
        (0..3).map(|_| one()).collect()
    }

    /// What each of them does now, if he does not wait on.
    fn ready<T>(waiting: &mut [Waiting<'_, T>]) -> Vec<Option<Next<T>>> {
        waiting.iter_mut().map(|one| one.now_or_never()).collect()
    }

    #[tokio::test]
    async fn readers_wait_for_a_rendering_and_get_what_was_kept() {
        let (turns, now) = (patient(), clock::stopwatch());
        let (one, other) = (address("/a"), address("/b"));
        let reply = Mutex::new(None);
        let kept = || *reply.lock().unwrap();
        let Next::Render(Some(turn)) = turns.next(&one, now, kept).await else { panic!("nobody renders") };
        assert!(has_turn(&turns.next(&other, now, kept).await), "other addresses do not wait");
        let mut waiting = three(|| Box::pin(turns.next(&one, now, kept)));
        assert!(ready(&mut waiting).iter().all(Option::is_none));
        *reply.lock().unwrap() = Some(7);
        drop(turn);
        assert!(ready(&mut waiting).iter().all(|next| matches!(next, Some(Next::Send(7)))));
        assert!(matches!(turns.next(&one, now, kept).await, Next::Send(7)), "nobody has the turn");
        assert!(turns.lock().under_way.is_empty());
    }

    #[tokio::test]
    async fn when_one_leaves_the_next_one_renders_and_the_others_wait_on() {
        let (turns, now, one) = (patient(), clock::stopwatch(), address("/a"));
        let mut turn = turns.next(&one, now, nothing).await;
        let mut waiting = three(|| Box::pin(turns.next(&one, now, nothing)));
        assert!(ready(&mut waiting).iter().all(Option::is_none));
        for left in (0..3).rev() {
            assert!(has_turn(&turn));
            drop(turn);
            let (mut next, mut others) = (None, Vec::new());
            for mut one in waiting {
                match (&mut one).now_or_never() {
                    Some(first) => assert!(next.replace(first).is_none(), "one of them"),
                    None => others.push(one),
                }
            }
            (turn, waiting) = (next.unwrap(), others);
            assert_eq!(waiting.len(), left);
        }
        let impatient = Turns { patience: Duration::ZERO, ..turns.clone() };
        assert!(matches!(impatient.next(&one, now, nothing).await, Next::Render(None)), "it takes long");
    }

    #[tokio::test]
    async fn nobody_waits_for_what_could_not_be_kept_a_moment_ago() {
        let (turns, now, one) = (patient(), clock::stopwatch(), address("/a"));
        let turn = turns.next(&one, now, nothing).await;
        let mut waiting = three(|| Box::pin(turns.next(&one, now, nothing)));
        assert!(ready(&mut waiting).iter().all(Option::is_none));
        turns.passed(&one, now);
        drop(turn);
        let turn = turns.next(&one, now, nothing).await;
        assert!(has_turn(&turn));
        assert!(ready(&mut waiting).iter().all(|next| matches!(next, Some(Next::Render(None)))));
        let at_once = |now| turns.next(&one, now, nothing).now_or_never();
        assert!(matches!(at_once(now), Some(Next::Render(None))));
        assert!(at_once(now + IN_VAIN).is_none(), "later they wait again");
        turns.kept(&one);
        assert!(at_once(now).is_none(), "the last one was kept");
        for i in 0..2 * MOST_IN_VAIN {
            turns.passed(&address(&format!("/{i}")), now);
        }
        assert_eq!(turns.lock().in_vain.len(), MOST_IN_VAIN);
    }
}
