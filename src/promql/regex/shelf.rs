//! Regexes by their text, and how much memory all that is compiled of them may take.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::Regex;

/// What all compiled regexes of the process take at most, in bytes. One that has no room is compiled for each value
/// that it may match.
const MOST_BYTES: usize = 64 << 20;
/// With so many texts, those that nobody holds are looked for.
const FIRST_SWEEP: usize = 1_024;

pub(super) static SHELF: Shelf = Shelf::new(MOST_BYTES);

pub(super) struct Shelf {
    most: usize,
    taken: AtomicUsize,
    known: Mutex<Known>,
}

struct Known {
    by_text: BTreeMap<Box<str>, Weak<Regex>>,
    sweep_at: usize,
}

/// Memory that is taken until this is dropped.
pub(super) struct Room {
    shelf: &'static Shelf,
    bytes: usize,
}

impl Shelf {
    pub(super) const fn new(most: usize) -> Self {
        let known = Known { by_text: BTreeMap::new(), sweep_at: FIRST_SWEEP };
        Self { most, taken: AtomicUsize::new(0), known: Mutex::new(known) }
    }

    /// The regex of that text, if somebody holds it.
    pub(super) fn known(&self, text: &str) -> Option<Arc<Regex>> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.by_text.get(text)?.upgrade()
    }

    /// The regex, or the one of the same text that is here already.
    pub(super) fn put(&self, regex: Regex) -> Arc<Regex> {
        let regex = Arc::new(regex);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.by_text.len() >= known.sweep_at {
            known.by_text.retain(|_, held| held.strong_count() > 0);
            known.sweep_at = (2 * known.by_text.len()).max(FIRST_SWEEP);
        }
        if let Some(known) = known.by_text.get(&regex.text).and_then(Weak::upgrade) {
            return known;
        }
        known.by_text.insert(regex.text.clone(), Arc::downgrade(&regex));
        regex
    }

    pub(super) fn is_full(&self) -> bool {
        self.taken.load(Ordering::Relaxed) >= self.most
    }

    /// None: there is not so much left.
    pub(super) fn room(&'static self, bytes: usize) -> Option<Room> {
        let more = |taken: usize| taken.checked_add(bytes).filter(|taken| *taken <= self.most);
        self.taken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).ok()?;
        Some(Room { shelf: self, bytes })
    }

    #[cfg(test)]
    pub(super) fn taken(&self) -> usize {
        self.taken.load(Ordering::Relaxed)
    }

    #[cfg(test)]
    pub(super) fn texts(&self) -> usize {
        self.known.lock().unwrap().by_text.len()
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        self.shelf.taken.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}
