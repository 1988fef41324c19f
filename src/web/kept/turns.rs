//! One rendering at a time: who asks for a reply that is being rendered waits for it, for a short time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;

use super::address::ReplyAddress;

/// Then a reader renders for himself, so that he waits little longer than alone.
const PATIENCE: Duration = Duration::from_millis(500);

/// The replies that are being rendered. Cheap to clone; clones share everything.
#[derive(Clone, Default)]
pub struct Turns(Arc<Mutex<HashMap<ReplyAddress, watch::Receiver<()>>>>);

/// The turn of one who renders. The others go on when it is dropped.
#[must_use]
pub struct Turn {
    turns: Turns,
    address: ReplyAddress,
    _end: watch::Sender<()>,
}

impl Turns {
    /// A turn at once. None: somebody else had it, and has ended or takes long.
    pub async fn take(&self, address: &ReplyAddress) -> Option<Turn> {
        let mut other = {
            let mut all = self.lock();
            match all.get(address) {
                Some(other) => other.clone(),
                None => {
                    let (end, other) = watch::channel(());
                    all.insert(address.clone(), other);
                    return Some(Turn { turns: self.clone(), address: address.clone(), _end: end });
                }
            }
        };
        // Either way the turn is over, or too long.
        timeout(PATIENCE, other.changed()).await.ok();
        None
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ReplyAddress, watch::Receiver<()>>> {
        // No code panics while holding the lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.turns.lock().remove(&self.address);
    }
}

#[cfg(test)]
mod tests {
    use actix_http::test::TestRequest;
    use futures_util::FutureExt;
    use futures_util::future::join_all;

    use super::*;

    #[tokio::test]
    async fn who_asks_for_what_is_being_rendered_waits_for_its_end() {
        let turns = Turns::default();
        let address = |uri| ReplyAddress::of(&TestRequest::with_uri(uri).finish(), &[]);
        let (one, other) = (address("/a"), address("/b"));
        let turn = turns.take(&one).await.unwrap();
        assert!(turns.take(&other).await.is_some(), "other addresses do not wait");
        let mut waiting = Box::pin(join_all((0..3).map(|_| turns.take(&one))));
        assert!((&mut waiting).now_or_never().is_none());
        drop(turn);
        assert!(waiting.await.iter().all(Option::is_none));
        let again = turns.take(&one).await;
        assert!(again.is_some(), "it has ended");
        assert!(turns.take(&one).await.is_none(), "it takes long");
    }
}
