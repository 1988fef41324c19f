//! Large replies as bytes: serialized once for concurrent readers, and kept while one of them reads.
//!
//! Two replies share their bytes if they have the same source: an instance's answer, the route, the parameters and the
//! encoding. Large replies without a known source share them if the bytes are equal.

use std::any::Any;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ptr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use actix_web::web::{self, Bytes};
use serde::Serialize;
use tokio::sync::{OnceCell, Semaphore};

use crate::web::page_error::PageError;

/// Larger replies are shared.
const LARGE: usize = 256 << 10;
/// Large replies are serialized this many at a time, because each needs memory beside its result.
const WRITERS: usize = 4;

/// The bytes of a reply.
#[derive(Debug, PartialEq, Eq)]
pub struct Body {
    pub bytes: Vec<u8>,
    pub gzip: bool,
}

/// What a large reply depends on. Replies of equal keys with a source are equal.
#[derive(Clone)]
pub struct ReplyKey {
    /// The instance's answer. It may be dropped while readers still read the reply; its address is not reused before
    /// that. None for a reply that is known only by its bytes.
    source: Option<Weak<dyn Any + Send + Sync>>,
    /// The route, and everything else in the reply.
    rest: String,
    /// The reply may be gzip; for a reply that is known only by its bytes: it is.
    gzip: bool,
}

impl ReplyKey {
    /// `beside`: everything else in the reply. None if it cannot be serialized.
    pub fn of<T: Any + Send + Sync>(source: &Arc<T>, route: &str, beside: &impl Serialize) -> Option<Self> {
        let source: Arc<dyn Any + Send + Sync> = source.clone();
        let rest = format!("{route}\n{}", serde_json::to_string(beside).ok()?);
        Some(Self { source: Some(Arc::downgrade(&source)), rest, gzip: false })
    }

    /// Different bytes seldom have the same key; [`Rendered::shared`] compares the bytes.
    fn of_bytes(body: &Body) -> Self {
        let mut hasher = DefaultHasher::new();
        body.bytes.hash(&mut hasher);
        let rest = format!("{} {}", hasher.finish(), body.bytes.len());
        Self { source: None, rest, gzip: body.gzip }
    }

    fn address(&self) -> *const () {
        self.source.as_ref().map_or(ptr::null(), |source| source.as_ptr().cast())
    }
}

impl PartialEq for ReplyKey {
    fn eq(&self, other: &Self) -> bool {
        ptr::eq(self.address(), other.address()) && self.rest == other.rest && self.gzip == other.gzip
    }
}

impl Eq for ReplyKey {}

impl Hash for ReplyKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.address().hash(state);
        self.rest.hash(state);
        self.gzip.hash(state);
    }
}

/// The large replies that are being serialized or read.
#[derive(Clone)]
pub struct Rendered {
    bodies: Arc<Mutex<Bodies>>,
    writers: Arc<Semaphore>,
}

type Bodies = HashMap<ReplyKey, Weak<SharedBody>>;

/// The body of one reply, serialized at most once. Dropped with its last reader, or the kept reply that has it.
struct SharedBody {
    body: OnceCell<Body>,
    key: ReplyKey,
    bodies: Weak<Mutex<Bodies>>,
}

impl Default for Rendered {
    fn default() -> Self {
        Self { bodies: Arc::default(), writers: Arc::new(Semaphore::new(WRITERS)) }
    }
}

impl Rendered {
    /// The bytes for a key. The first reader has them serialized on a thread for blocking work, and concurrent
    /// readers wait for it. The flag is true if the bytes are gzip. `may_gzip` is part of the key.
    pub async fn once<E>(
        &self,
        key: Option<ReplyKey>,
        may_gzip: bool,
        write: impl FnOnce() -> Result<Body, E> + Send + 'static,
    ) -> Result<(Bytes, bool), PageError>
    where
        E: std::fmt::Display + Send + 'static,
    {
        let written = async {
            let permit = self.writers.clone().acquire_owned().await;
            let writing = web::block(move || {
                let body = write();
                drop(permit);
                body
            });
            let body = writing.await.map_err(|error| PageError::internal("a large form", &error))?;
            let mut body = body.map_err(|error| PageError::internal("a large form", &error))?;
            body.bytes.shrink_to_fit();
            Ok(body)
        };
        let Some(key) = key else { return written.await.map(|body| self.shared(body)) };
        let shared = self.body(ReplyKey { gzip: may_gzip, ..key });
        let gzip = shared.body.get_or_try_init(|| written).await?.gzip;
        Ok((Bytes::from_owner(BodyReader(shared)), gzip))
    }

    /// These bytes, or equal ones with a reader. The flag is true if the bytes are gzip.
    pub fn shared(&self, body: Body) -> (Bytes, bool) {
        let gzip = body.gzip;
        if body.bytes.len() < LARGE {
            return (Bytes::from(body.bytes), gzip);
        }
        let shared = self.body(ReplyKey::of_bytes(&body));
        match shared.body.get() {
            Some(other) if *other != body => return (Bytes::from(body.bytes), gzip),
            Some(_) => {}
            None => {
                let _ = shared.body.set(body);
            }
        }
        (Bytes::from_owner(BodyReader(shared)), gzip)
    }

    /// The body of this key, to be serialized if it is new.
    fn body(&self, key: ReplyKey) -> Arc<SharedBody> {
        let mut bodies = locked(&self.bodies);
        if let Some(shared) = bodies.get(&key).and_then(Weak::upgrade) {
            return shared;
        }
        let bodies_of = Arc::downgrade(&self.bodies);
        let shared = Arc::new(SharedBody { body: OnceCell::new(), key: key.clone(), bodies: bodies_of });
        bodies.insert(key, Arc::downgrade(&shared));
        shared
    }
}

fn locked(bodies: &Mutex<Bodies>) -> MutexGuard<'_, Bodies> {
    bodies.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Drop for SharedBody {
    fn drop(&mut self) {
        let Some(bodies) = self.bodies.upgrade() else { return };
        let mut bodies = locked(&bodies);
        // Another may have been put in its place since.
        if bodies.get(&self.key).is_some_and(|shared| shared.strong_count() == 0) {
            bodies.remove(&self.key);
        }
    }
}

/// One reader of a reply.
struct BodyReader(Arc<SharedBody>);

impl AsRef<[u8]> for BodyReader {
    fn as_ref(&self) -> &[u8] {
        self.0.body.get().map_or(&[], |body| &body.bytes)
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use futures_util::future::join_all;

    use super::*;

    fn text(bytes: &str) -> Body {
        Body { bytes: bytes.as_bytes().to_vec(), gzip: false }
    }

    /// The bytes, and how often they were written by then.
    async fn ask(rendered: &Rendered, key: Option<ReplyKey>, written: &Arc<AtomicUsize>) -> Bytes {
        let written = written.clone();
        let write = move || {
            std::thread::sleep(Duration::from_millis(20));
            Ok::<_, Infallible>(text(&format!("the {}.", written.fetch_add(1, Ordering::SeqCst))))
        };
        rendered.once(key, false, write).await.unwrap().0
    }

    #[test]
    fn readers_who_come_together_share_one_buffer_until_the_last_has_left() {
        actix_web::rt::System::new().block_on(async {
            let (rendered, written) = (Rendered::default(), Arc::new(AtomicUsize::new(0)));
            let source = Arc::new(7);
            let key = || ReplyKey::of(&source, "/a.json", &"title");
            let all = join_all((0..40).map(|_| ask(&rendered, key(), &written))).await;
            assert_eq!(written.load(Ordering::SeqCst), 1);
            assert!(all.iter().all(|bytes| bytes.as_ptr() == all[0].as_ptr() && bytes == "the 0."));
            let last = all[0].clone();
            drop(all);
            assert_eq!(ask(&rendered, key(), &written).await, "the 0.");
            drop(last);
            assert!(locked(&rendered.bodies).is_empty(), "nothing is held for nobody");
            assert_eq!(ask(&rendered, key(), &written).await, "the 1.");
        });
    }

    #[test]
    fn what_is_made_of_something_else_is_written_for_itself() {
        actix_web::rt::System::new().block_on(async {
            let (rendered, written) = (Rendered::default(), Arc::new(AtomicUsize::new(0)));
            let (source, equal) = (Arc::new(7), Arc::new(7));
            let keys = [
                ReplyKey::of(&source, "/a.json", &"title"),
                ReplyKey::of(&source, "/a.csv", &"title"),
                ReplyKey::of(&source, "/a.json", &"another title"),
                ReplyKey::of(&equal, "/a.json", &"title"),
                None,
                None,
            ];
            let count = keys.len();
            let all = join_all(keys.into_iter().map(|key| ask(&rendered, key, &written))).await;
            assert_eq!(written.load(Ordering::SeqCst), count);
            assert!((1..count).all(|i| all[..i].iter().all(|other| *other != all[i])));
        });
    }

    #[test]
    fn a_writer_who_leaves_is_followed_by_the_next() {
        actix_web::rt::System::new().block_on(async {
            let (rendered, written) = (Rendered::default(), Arc::new(AtomicUsize::new(0)));
            let source = Arc::new(7);
            let key = || ReplyKey::of(&source, "/a.json", &"title");
            let gone = tokio::time::timeout(Duration::from_millis(1), ask(&rendered, key(), &written));
            assert!(gone.await.is_err());
            assert!(ask(&rendered, key(), &written).await.starts_with(b"the "));
        });
    }

    #[test]
    fn large_bytes_that_are_equal_are_held_once() {
        let rendered = Rendered::default();
        let of = |letter: &str, length| rendered.shared(text(&letter.repeat(length))).0;
        let (one, same, other) = (of("x", LARGE), of("x", LARGE), of("y", LARGE));
        assert_eq!(one.as_ptr(), same.as_ptr());
        assert_ne!(one.as_ptr(), other.as_ptr());
        assert_ne!(of("x", LARGE - 1).as_ptr(), of("x", LARGE - 1).as_ptr());
        drop((one, same, other));
        assert!(locked(&rendered.bodies).is_empty());
    }
}
