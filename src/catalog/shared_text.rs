//! Texts that many entities have, such as kinds, owners and the keys of annotations: in memory once.

use std::collections::HashSet;
use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;

/// A longer text is hardly ever that of a second entity.
const MAX_SHARED: usize = 128;
/// Unused texts are not looked for below this number of texts.
const FEW: usize = 1024;

static SHARED: Mutex<Option<TextTable>> = Mutex::new(None);

/// A text that shares its memory with equal ones. Cheap to clone.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct SharedText(Arc<str>);

/// The texts in use, each once, and some that are used no more.
#[derive(Default)]
struct TextTable {
    texts: HashSet<Arc<str>>,
    /// With so many texts, those that nobody uses are dropped.
    full_at: usize,
}

impl TextTable {
    fn shared(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.texts.get(text) {
            return known.clone();
        }
        if self.texts.len() >= self.full_at.max(FEW) {
            self.texts.retain(|text| Arc::strong_count(text) > 1);
            // Looking through all costs a step for each text that came since.
            self.full_at = self.texts.len() * 2;
        }
        let new: Arc<str> = text.into();
        self.texts.insert(new.clone());
        new
    }
}

impl From<&str> for SharedText {
    fn from(text: &str) -> Self {
        if text.len() > MAX_SHARED {
            return Self(text.into());
        }
        let mut table = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        Self(table.get_or_insert_default().shared(text))
    }
}

impl From<String> for SharedText {
    fn from(text: String) -> Self {
        Self::from(text.as_str())
    }
}

impl From<SharedText> for Arc<str> {
    fn from(text: SharedText) -> Self {
        text.0
    }
}

impl Deref for SharedText {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for SharedText {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl PartialEq<str> for SharedText {
    fn eq(&self, other: &str) -> bool {
        *self.0 == *other
    }
}

impl PartialEq<&str> for SharedText {
    fn eq(&self, other: &&str) -> bool {
        *self.0 == **other
    }
}

impl fmt::Display for SharedText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for SharedText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_are_one_and_unused_ones_are_dropped() {
        let (one, other) = (SharedText::from("group:default/a"), SharedText::from("group:default/a"));
        assert!(Arc::ptr_eq(&one.0, &other.0) && one == "group:default/a");
        let long = "x".repeat(MAX_SHARED + 1);
        assert!(!Arc::ptr_eq(&SharedText::from(&*long).0, &SharedText::from(&*long).0));
        let mut table = TextTable::default();
        let kept: Vec<Arc<str>> = (0..FEW).map(|i| table.shared(&format!("kept-{i}"))).collect();
        for i in 0..100 * FEW {
            table.shared(&format!("used once-{i}"));
        }
        assert!(table.texts.len() <= 2 * FEW, "{}", table.texts.len());
        assert!(kept.iter().all(|text| Arc::ptr_eq(text, &table.shared(text))));
    }
}
