//! The short id of an alert's row in pages and links.

use std::fmt;

use crate::monitoring::AlertRow;

/// Stable as long as group, name and labels are, across restarts and releases, because people keep links that contain it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RowId(u64);

impl RowId {
    pub fn of(row: &AlertRow) -> Self {
        let rule = row.rule();
        let named = [rule.group.as_str(), rule.name.as_str()].into_iter();
        Self(fnv(named.chain(row.labels().iter().flat_map(|(name, value)| [name, value]))))
    }

    /// The next id, for a row with the labels of another.
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

/// FNV-1a, 64 bits. A byte that no UTF-8 text has separates the texts.
fn fnv<'t>(texts: impl Iterator<Item = &'t str>) -> u64 {
    let bytes = texts.flat_map(|text| text.bytes().chain([0xff]));
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_never_changes() {
        assert_eq!(fnv([].into_iter()), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv(["a"].into_iter()), fnv(["a"].into_iter()));
        assert_ne!(fnv(["ab", "c"].into_iter()), fnv(["a", "bc"].into_iter()));
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
