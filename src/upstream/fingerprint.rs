//! Hashes by which two portals notice that they mean the same server, without its secrets.

use std::fmt;

use serde::Serialize;
use sha2::{Digest, Sha256};

/// The beginning of a SHA-256.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Fingerprint([u8; 16]);

impl Fingerprint {
    /// Of parts in this order.
    pub fn of<'p>(parts: impl IntoIterator<Item = &'p [u8]>) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            // With their lengths, so that `ab` and `c` are not `a` and `bc`.
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        let whole: [u8; 32] = hash.finalize().into();
        Self(whole.first_chunk().copied().unwrap_or_default())
    }

    pub const fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// In hexadecimal digits.
impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(parts: &[&str]) -> String {
        Fingerprint::of(parts.iter().map(|part| part.as_bytes())).to_string()
    }

    #[test]
    fn other_parts_have_another_fingerprint() {
        // The SHA-256 of eight bytes of length, 1, and an `a`.
        assert_eq!(of(&["a"]), "ae6121c88ba555f64c3d812123eb799d");
        let all =
            [&["ab", "c"][..], &["a", "bc"], &["abc"], &["abc", ""], &["", "abc"], &["c", "ab"], &[], &[""]];
        for (n, parts) in all.iter().enumerate() {
            assert_eq!(of(parts), of(parts));
            assert!(all.iter().skip(n + 1).all(|others| of(others) != of(parts)), "{parts:?}");
        }
    }
}
