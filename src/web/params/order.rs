//! The order of a table by one of its columns: `name`, `-value`.

/// A column that a table can be ordered by.
pub trait OrderKey: Copy + PartialEq + 'static {
    const ALL: &'static [Self];
    /// All words, as the error message lists them.
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

    /// The value of the address's parameter.
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

    /// The value of `aria-sort`.
    pub fn direction(self) -> &'static str {
        if self.descending { "descending" } else { "ascending" }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::params::{LegendColumn, SortKey};

    fn check_words<K: OrderKey>() {
        let words = K::WORDS.replace(" or ", ", ");
        let keys: Vec<&str> = K::ALL.iter().map(|key| key.as_str()).collect();
        assert_eq!(words.split(", ").collect::<Vec<_>>(), keys);
    }

    #[test]
    fn messages_list_every_column() {
        check_words::<SortKey>();
        check_words::<LegendColumn>();
    }
}
