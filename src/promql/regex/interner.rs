//! Regexes by their text, and how much memory all that is compiled of them may take.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::Regex;

/// What all compiled regexes of the process take at most, in bytes. One that finds no memory left is compiled for
/// each value that it may match.
const MAX_BYTES: usize = 64 << 20;

pub(super) static INTERNER: Interner = Interner::new(MAX_BYTES);

/// The regexes that are in use, each text once.
pub(super) struct Interner {
    max_bytes: usize,
    bytes: AtomicUsize,
    by_text: Mutex<BTreeMap<Box<str>, Weak<Regex>>>,
}

impl Interner {
    pub(super) const fn new(max_bytes: usize) -> Self {
        Self { max_bytes, bytes: AtomicUsize::new(0), by_text: Mutex::new(BTreeMap::new()) }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Box<str>, Weak<Regex>>> {
        self.by_text.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The regex of that text, if it is in use.
    pub(super) fn get(&self, text: &str) -> Option<Arc<Regex>> {
        self.lock().get(text)?.upgrade()
    }

    /// The regex, or the one of the same text that is in use already.
    pub(super) fn insert(&self, regex: Regex) -> Arc<Regex> {
        let regex = Arc::new(regex);
        let mut by_text = self.lock();
        if let Some(known) = by_text.get(&regex.text).and_then(Weak::upgrade) {
            // The lock is released before `regex` is dropped, which locks again.
            return known;
        }
        by_text.insert(regex.text.clone(), Arc::downgrade(&regex));
        regex
    }

    /// Forgets a regex that nobody uses any more, and frees its memory.
    pub(super) fn remove(&self, text: &str, bytes: usize) {
        self.free(bytes);
        let mut by_text = self.lock();
        // Another regex of the same text may be in use.
        if by_text.get(text).is_some_and(|regex| regex.strong_count() == 0) {
            by_text.remove(text);
        }
    }

    pub(super) fn is_full(&self) -> bool {
        self.bytes() >= self.max_bytes
    }

    /// Takes memory until it is freed. False: so much is not left.
    pub(super) fn reserve(&self, bytes: usize) -> bool {
        let more = |taken: usize| taken.checked_add(bytes).filter(|taken| *taken <= self.max_bytes);
        self.bytes.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_ok()
    }

    pub(super) fn free(&self, bytes: usize) {
        self.bytes.fetch_sub(bytes, Ordering::Relaxed);
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }

    #[cfg(test)]
    pub(super) fn texts(&self) -> usize {
        self.lock().len()
    }
}
