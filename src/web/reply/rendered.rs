//! Large replies as bytes: serialized once for concurrent readers, and kept while one of them reads.
//!
//! Two replies share their bytes if they have the same source: an instance's answer, the route, the parameters and the
//! encoding. Large replies without a known source share them if the bytes are equal.

use std::any::Any;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use actix_web::web::{self, Bytes};
use serde::Serialize;
use tokio::sync::{OnceCell, Semaphore};

use crate::web::page_error::PageError;

/// Larger replies are shared.
const LARGE: usize = 256 << 10;
/// Large replies are serialized this many at a time, because each needs memory beside its result.
const WRITERS: usize = 4;

/// The body of a reply.
#[derive(Debug, PartialEq, Eq)]
pub struct Text {
    pub bytes: Vec<u8>,
    pub gzip: bool,
}

/// The source of a large reply. Replies of equal sources are equal.
#[derive(Clone)]
pub struct Making {
    /// The instance's answer. It may be dropped while readers still read the reply; its address is not reused before
    /// that.
    source: Weak<dyn Any + Send + Sync>,
    /// The route, and all that stands beside the answer.
    rest: String,
}

impl Making {
    /// `beside` is all else that the bytes depend on. None if it cannot be serialized.
    pub fn of<T: Any + Send + Sync>(source: &Arc<T>, route: &str, beside: &impl Serialize) -> Option<Self> {
        let source: Arc<dyn Any + Send + Sync> = source.clone();
        let rest = format!("{route}\n{}", serde_json::to_string(beside).ok()?);
        Some(Self { source: Arc::downgrade(&source), rest })
    }

    fn address(&self) -> *const () {
        self.source.as_ptr().cast()
    }
}

impl PartialEq for Making {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.address(), other.address()) && self.rest == other.rest
    }
}

impl Eq for Making {}

impl Hash for Making {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.address().hash(state);
        self.rest.hash(state);
    }
}

#[derive(Clone, PartialEq, Eq, Hash)]
enum Key {
    Made { making: Making, gzip: bool },
    Equal { hash: u64, length: usize, gzip: bool },
}

/// The large replies that are being serialized or read.
#[derive(Clone)]
pub struct Rendered {
    shelf: Arc<Shelf>,
    writers: Arc<Semaphore>,
}

#[derive(Default)]
struct Shelf(Mutex<HashMap<Key, Weak<Held>>>);

/// One reply, serialized at most once. Dropped with its last reader.
struct Held {
    text: OnceCell<Text>,
    key: Key,
    shelf: Weak<Shelf>,
}

impl Default for Rendered {
    fn default() -> Self {
        Self { shelf: Arc::default(), writers: Arc::new(Semaphore::new(WRITERS)) }
    }
}

impl Rendered {
    /// The bytes for a source. The first reader has them serialized on a thread for blocking work, and concurrent
    /// readers wait for it. The flag is true if the bytes are gzip. `may_gzip` is part of the source.
    pub async fn once<E>(
        &self,
        making: Option<Making>,
        may_gzip: bool,
        write: impl FnOnce() -> Result<Text, E> + Send + 'static,
    ) -> Result<(Bytes, bool), PageError>
    where
        E: std::fmt::Display + Send + 'static,
    {
        let written = async {
            let permit = self.writers.clone().acquire_owned().await;
            let writing = web::block(move || {
                let text = write();
                drop(permit);
                text
            });
            let text = writing.await.map_err(|error| PageError::internal("a large form", &error))?;
            let mut text = text.map_err(|error| PageError::internal("a large form", &error))?;
            text.bytes.shrink_to_fit();
            Ok(text)
        };
        let Some(making) = making else { return written.await.map(|text| self.shared(text)) };
        let held = self.shelf.held(Key::Made { making, gzip: may_gzip });
        let gzip = held.text.get_or_try_init(|| written).await?.gzip;
        Ok((Bytes::from_owner(Reader(held)), gzip))
    }

    /// These bytes, or equal ones with a reader. The flag is true if the bytes are gzip.
    pub fn shared(&self, text: Text) -> (Bytes, bool) {
        let gzip = text.gzip;
        if text.bytes.len() < LARGE {
            return (Bytes::from(text.bytes), gzip);
        }
        let mut hasher = DefaultHasher::new();
        text.bytes.hash(&mut hasher);
        let held = self.shelf.held(Key::Equal { hash: hasher.finish(), length: text.bytes.len(), gzip });
        match held.text.get() {
            Some(other) if *other != text => return (Bytes::from(text.bytes), gzip),
            Some(_) => {}
            None => {
                let _ = held.text.set(text);
            }
        }
        (Bytes::from_owner(Reader(held)), gzip)
    }
}

impl Shelf {
    fn held(self: &Arc<Self>, key: Key) -> Arc<Held> {
        let mut shelf = self.lock();
        if let Some(held) = shelf.get(&key).and_then(Weak::upgrade) {
            return held;
        }
        let held = Held { text: OnceCell::new(), key: key.clone(), shelf: Arc::downgrade(self) };
        let held = Arc::new(held);
        shelf.insert(key, Arc::downgrade(&held));
        held
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Weak<Held>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let Some(shelf) = self.shelf.upgrade() else { return };
        let mut shelf = shelf.lock();
        // Another may have been put in its place since.
        if shelf.get(&self.key).is_some_and(|held| held.strong_count() == 0) {
            shelf.remove(&self.key);
        }
    }
}

/// One reader of a reply.
struct Reader(Arc<Held>);

impl AsRef<[u8]> for Reader {
    fn as_ref(&self) -> &[u8] {
        self.0.text.get().map_or(&[], |text| &text.bytes)
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use futures_util::future::join_all;

    use super::*;

    fn text(bytes: &str) -> Text {
        Text { bytes: bytes.as_bytes().to_vec(), gzip: false }
    }

    /// The bytes, and how often they were written by then.
    async fn ask(rendered: &Rendered, making: Option<Making>, written: &Arc<AtomicUsize>) -> Bytes {
        let written = written.clone();
        let write = move || {
            std::thread::sleep(Duration::from_millis(20));
            Ok::<_, Infallible>(text(&format!("the {}.", written.fetch_add(1, Ordering::SeqCst))))
        };
        rendered.once(making, false, write).await.unwrap().0
    }

    #[test]
    fn readers_who_come_together_share_one_buffer_until_the_last_has_left() {
        actix_web::rt::System::new().block_on(async {
            let (rendered, written) = (Rendered::default(), Arc::new(AtomicUsize::new(0)));
            let source = Arc::new(7);
            let making = || Making::of(&source, "/a.json", &"title");
            let all = join_all((0..40).map(|_| ask(&rendered, making(), &written))).await;
            assert_eq!(written.load(Ordering::SeqCst), 1);
            assert!(all.iter().all(|bytes| bytes.as_ptr() == all[0].as_ptr() && bytes == "the 0."));
            let last = all[0].clone();
            drop(all);
            assert_eq!(ask(&rendered, making(), &written).await, "the 0.");
            drop(last);
            assert!(rendered.shelf.lock().is_empty(), "nothing is held for nobody");
            assert_eq!(ask(&rendered, making(), &written).await, "the 1.");
        });
    }

    #[test]
    fn what_is_made_of_something_else_is_written_for_itself() {
        actix_web::rt::System::new().block_on(async {
            let (rendered, written) = (Rendered::default(), Arc::new(AtomicUsize::new(0)));
            let (source, equal) = (Arc::new(7), Arc::new(7));
            let makings = [
                Making::of(&source, "/a.json", &"title"),
                Making::of(&source, "/a.csv", &"title"),
                Making::of(&source, "/a.json", &"another title"),
                Making::of(&equal, "/a.json", &"title"),
                None,
                None,
            ];
            let count = makings.len();
            let all = join_all(makings.into_iter().map(|making| ask(&rendered, making, &written))).await;
            assert_eq!(written.load(Ordering::SeqCst), count);
            assert!((1..count).all(|i| all[..i].iter().all(|other| *other != all[i])));
        });
    }

    #[test]
    fn a_writer_who_leaves_is_followed_by_the_next() {
        actix_web::rt::System::new().block_on(async {
            let (rendered, written) = (Rendered::default(), Arc::new(AtomicUsize::new(0)));
            let source = Arc::new(7);
            let making = || Making::of(&source, "/a.json", &"title");
            let gone = tokio::time::timeout(Duration::from_millis(1), ask(&rendered, making(), &written));
            assert!(gone.await.is_err());
            assert!(ask(&rendered, making(), &written).await.starts_with(b"the "));
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
        assert!(rendered.shelf.lock().is_empty());
    }
}
