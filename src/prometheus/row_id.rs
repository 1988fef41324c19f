//! The short ids of alerts and rules in pages and links.

use std::fmt;

use serde::{Serialize, Serializer};

/// Stable as long as group, name and labels are, across restarts and releases, because people keep links that contain it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RowId(u64);

impl RowId {
    pub fn of<'t>(texts: impl Iterator<Item = &'t str>) -> Self {
        Self(START).with(texts)
    }

    /// The id that follows from this one and further texts.
    pub fn with<'t>(self, texts: impl Iterator<Item = &'t str>) -> Self {
        Self(texts.fold(self.0, fnv))
    }

    pub fn next(self) -> Self {
        Self(self.0.wrapping_add(1))
    }

    /// Sixteen digits, as [`RowId`] is written.
    pub fn read(text: &str) -> Option<Self> {
        let plain = text.len() == 16 && text.bytes().all(|b| b.is_ascii_hexdigit());
        plain.then(|| u64::from_str_radix(text, 16).ok()).flatten().map(Self)
    }
}

impl fmt::Display for RowId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl Serialize for RowId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The ids of all rules and alerts of one answer, no two alike.
#[derive(Clone, Debug, Default)]
pub struct RowIds(pub Vec<RuleIds>);

#[derive(Clone, Debug)]
pub struct RuleIds {
    /// Of the rule itself.
    pub own: RowId,
    pub alerts: Vec<RowId>,
}

const START: u64 = 0xcbf2_9ce4_8422_2325;

/// FNV-1a, 64 bits. A byte that no UTF-8 text has separates the texts.
fn fnv(hash: u64, text: &str) -> u64 {
    let bytes = text.bytes().chain([0xff]);
    bytes.fold(hash, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_never_changes() {
        assert_eq!(START, 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv(START, "a"), 0x089b_c907_b544_c769);
        assert_ne!(fnv(fnv(START, "ab"), "c"), fnv(fnv(START, "a"), "bc"));
    }

    #[test]
    fn an_id_is_read_as_it_is_written() {
        let id = RowId(0xab);
        assert_eq!(id.to_string(), "00000000000000ab");
        assert_eq!(RowId::read(&id.to_string()), Some(id));
        for text in ["", "ab", "+0000000000000ab", "00000000000000abc", "zzzzzzzzzzzzzzzz"] {
            assert_eq!(RowId::read(text), None, "{text}");
        }
    }
}
