//! The order of a table by one of its columns: `name`, `-value`.

/// A column that a table can be ordered by.
pub trait OrderKey: Copy + PartialEq + 'static {
    const ALL: &'static [Self];
    /// The words of the address in a row, for the message of a wrong one.
    const WORDS: &'static str;

    /// The word of the address.
    fn as_str(self) -> &'static str;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ColumnOrder<K> {
    pub key: K,
    pub descending: bool,
}

impl<K: OrderKey> ColumnOrder<K> {
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let (name, descending) = text.strip_prefix('-').map_or((text, false), |name| (name, true));
        let key = K::ALL.iter().find(|key| key.as_str() == name);
        let wrong = || format!("is not a column; use {}", K::WORDS);
        key.map(|key| Self { key: *key, descending }).ok_or_else(wrong)
    }

    /// As the address has it.
    pub fn text(self) -> String {
        format!("{}{}", if self.descending { "-" } else { "" }, self.key.as_str())
    }

    /// The order that a column's head leads to: first this one, then its reverse, then the table's own.
    pub fn after(self, now: Option<Self>) -> Option<Self> {
        match now.filter(|now| now.key == self.key) {
            None => Some(self),
            Some(now) if now == self => Some(Self { descending: !self.descending, ..self }),
            Some(_) => None,
        }
    }

    /// As ARIA has it.
    pub fn direction(self) -> &'static str {
        if self.descending { "descending" } else { "ascending" }
    }
}
