//! The labels of a series, a rule or an alert.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, Visitor};
use serde::{Serialize, Serializer};

/// Room for the labels of most alerts, in bytes and in pairs.
const USUAL_TEXT: usize = 256;
const USUAL_PAIRS: usize = 12;
/// What the allocator and the counts take beside two shared allocations, about.
const ALLOCATIONS: usize = 64;

/// A label set ordered by name, each name once. One text has all names and values: an answer may have hundreds of
/// thousands of them. Clones share it.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Labels {
    /// Name, value, name, value, without anything between them.
    text: Arc<str>,
    /// Where each name and its value end.
    ends: Arc<[(usize, usize)]>,
}

impl Labels {
    pub fn get(&self, name: &str) -> Option<&str> {
        let (mut from, mut to) = (0, self.ends.len());
        while from < to {
            let middle = from.midpoint(to);
            let (found, value) = self.pair(middle)?;
            match found.cmp(name) {
                Ordering::Less => from = middle + 1,
                Ordering::Equal => return Some(value),
                Ordering::Greater => to = middle,
            }
        }
        None
    }

    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&str, &str)> + ExactSizeIterator {
        self.iter_from(0)
    }

    fn iter_from(&self, place: usize) -> impl DoubleEndedIterator<Item = (&str, &str)> + ExactSizeIterator {
        (place..self.ends.len()).map(|place| self.pair(place).unwrap_or_default())
    }

    fn pair(&self, place: usize) -> Option<(&str, &str)> {
        let before = place.checked_sub(1).and_then(|before| self.ends.get(before));
        let start = before.map_or(0, |(_, end)| *end);
        let (middle, end) = *self.ends.get(place)?;
        Some((self.text.get(start..middle)?, self.text.get(middle..end)?))
    }

    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The names, in their order, that not all sets have with one value.
    pub fn differing<'a>(sets: impl ExactSizeIterator<Item = &'a Self> + Clone) -> Vec<&'a str> {
        if let Some(differing) = Self::differing_by_value(sets.clone()) {
            return differing;
        }
        let all = sets.len();
        let mut seen: HashMap<&str, (&str, usize, bool)> = HashMap::new();
        for (name, value) in sets.flat_map(Self::iter) {
            let (first, count, differs) = seen.entry(name).or_insert((value, 0, false));
            *count += 1;
            *differs |= *first != value;
        }
        let differing = seen.into_iter().filter(|(_, (_, count, differs))| *differs || *count < all);
        let mut names: Vec<&str> = differing.map(|(name, _)| name).collect();
        names.sort_unstable();
        names
    }

    /// The same of sets that all have the same names, as the alerts of one rule mostly have. None: they do not.
    fn differing_by_value<'a>(mut sets: impl Iterator<Item = &'a Self>) -> Option<Vec<&'a str>> {
        let first = sets.next()?;
        let mut differs = vec![false; first.ends.len()];
        for set in sets {
            if set.ends.len() != first.ends.len() {
                return None;
            }
            for ((own, common), differs) in set.iter().zip(first.iter()).zip(&mut differs) {
                if own.0 != common.0 {
                    return None;
                }
                *differs |= own.1 != common.1;
            }
        }
        Some(first.iter().zip(differs).filter(|(_, differs)| *differs).map(|((name, _), _)| name).collect())
    }

    /// Bytes in memory, about.
    pub fn weight(&self) -> usize {
        if self.is_empty() { 0 } else { self.text.len() + size_of_val(&*self.ends) + ALLOCATIONS }
    }

    /// Of two equal names the later value stays.
    fn ordered(self) -> Self {
        if self.iter().is_sorted_by(|(name, _), (next, _)| name < next) {
            return self;
        }
        let mut pairs: Vec<(&str, &str)> = self.iter().rev().collect();
        pairs.sort_by_key(|(name, _)| *name);
        pairs.dedup_by_key(|(name, _)| *name);
        let mut ordered = LabelsText::new(self.text.len(), pairs.len());
        pairs.into_iter().for_each(|(name, value)| ordered.add(name, value));
        ordered.into()
    }
}

/// Labels that are being gathered, in any order.
struct LabelsText {
    text: String,
    ends: Vec<(usize, usize)>,
}

impl LabelsText {
    fn new(bytes: usize, pairs: usize) -> Self {
        Self { text: String::with_capacity(bytes), ends: Vec::with_capacity(pairs) }
    }

    fn add(&mut self, name: &str, value: &str) {
        self.text.push_str(name);
        let middle = self.text.len();
        self.text.push_str(value);
        self.ends.push((middle, self.text.len()));
    }
}

/// In the order in which they were gathered. A copy takes less time than giving back a part of an allocation.
impl From<LabelsText> for Labels {
    fn from(LabelsText { text, ends }: LabelsText) -> Self {
        Self { text: text.as_str().into(), ends: ends.as_slice().into() }
    }
}

/// Of two equal names the later value stays.
impl<N: AsRef<str>, V: AsRef<str>> FromIterator<(N, V)> for Labels {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        let mut gathered = LabelsText::new(USUAL_TEXT, USUAL_PAIRS);
        pairs.into_iter().for_each(|(name, value)| gathered.add(name.as_ref(), value.as_ref()));
        Self::from(gathered).ordered()
    }
}

impl fmt::Debug for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

/// By the first pair that differs.
impl Ord for Labels {
    fn cmp(&self, other: &Self) -> Ordering {
        // Texts that end at the same places are compared at once.
        let alike = self.ends.iter().zip(other.ends.iter()).take_while(|(own, other)| own == other).count();
        let end = alike.checked_sub(1).and_then(|last| self.ends.get(last)).map_or(0, |(_, end)| *end);
        let first = self.text.as_bytes().get(..end).cmp(&other.text.as_bytes().get(..end));
        first.then_with(|| self.iter_from(alike).cmp(other.iter_from(alike)))
    }
}

impl PartialOrd for Labels {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Serialize for Labels {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

/// Reads an object of texts. A name that comes twice is an error, because it has no value to prefer.
impl<'de> Deserialize<'de> for Labels {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(LabelsVisitor)
    }
}

struct LabelsVisitor;

impl<'de> Visitor<'de> for LabelsVisitor {
    type Value = Labels;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("labels")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Labels, A::Error> {
        let LabelsText { mut text, mut ends } = LabelsText::new(USUAL_TEXT, USUAL_PAIRS);
        while map.next_key_seed(Appended(&mut text))?.is_some() {
            let middle = text.len();
            map.next_value_seed(Appended(&mut text))?;
            ends.push((middle, text.len()));
        }
        let count = ends.len();
        let labels = Labels::from(LabelsText { text, ends }).ordered();
        if labels.iter().len() < count {
            return Err(A::Error::custom("a label name comes twice"));
        }
        Ok(labels)
    }
}

/// Adds a text to another.
struct Appended<'t>(&'t mut String);

impl<'de> DeserializeSeed<'de> for Appended<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Appended<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        self.0.push_str(text);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn labels_are_a_set_ordered_by_name() {
        let labels: Labels = [("b", "1"), ("a", "2"), ("b", "3"), ("", "4")].into_iter().collect();
        assert_eq!(labels.iter().collect::<Vec<_>>(), [("", "4"), ("a", "2"), ("b", "3")]);
        assert_eq!((labels.get("b"), labels.get("c")), (Some("3"), None));
        assert_eq!(serde_json::to_string(&labels).unwrap(), r#"{"":"4","a":"2","b":"3"}"#);
    }
    #[test]
    fn names_differ_by_value_or_by_absence() {
        for (sets, differing) in [
            (&[][..], &[][..]),
            (&["a=1"], &[]),
            (&["a=1 b=2", "a=1 b=3", "a=1 b=2"], &["b"]),
            (&["a=1 b=2", "a=2 b=3"], &["a", "b"]),
            (&["a=1 b=2", "a=1"], &["b"]),
            (&["a=1", "a=1 b=2"], &["b"]),
            (&["a=1 b=2", "a=1 c=2"], &["b", "c"]),
            (&["", "a=1"], &["a"]),
        ] {
            let of =
                |text: &&str| text.split(' ').filter_map(|pair| pair.split_once('=')).collect::<Labels>();
            let sets: Vec<Labels> = sets.iter().map(of).collect();
            assert_eq!(Labels::differing(sets.iter()), differing, "{sets:?}");
        }
    }

    proptest! {
        /// Names and values that run into each other in one text, escapes and other scripts included.
        #[test]
        fn labels_are_what_a_map_of_them_is(
            pairs in prop::collection::vec(("[abé]{0,2}", "[abé\"\\\\\n]{0,2}"), 0..8),
            others in prop::collection::vec(("[ab]{0,1}", "[ab]{0,1}"), 0..3),
        ) {
            let map: BTreeMap<String, String> = pairs.iter().cloned().collect();
            let labels: Labels = pairs.iter().map(|(name, value)| (name, value)).collect();
            let same = |labels: &Labels| {
                labels.iter().eq(map.iter().map(|(name, value)| (name.as_str(), value.as_str())))
                    && pairs.iter().all(|(name, _)| labels.get(name) == map.get(name).map(String::as_str))
            };
            prop_assert!(same(&labels) && labels.get("c").is_none(), "{labels:?}");
            let written: Vec<String> = pairs.iter().map(|(name, value)| format!("{}:{}", json!(name), json!(value))).collect();
            match serde_json::from_str::<Labels>(&format!("{{{}}}", written.join(","))) {
                Ok(read) => prop_assert!(pairs.len() == map.len() && same(&read) && read == labels),
                Err(_) => prop_assert!(pairs.len() > map.len()),
            }
            let other: BTreeMap<String, String> = others.iter().cloned().collect();
            let other_labels: Labels = others.iter().map(|(name, value)| (name, value)).collect();
            prop_assert_eq!(labels.cmp(&other_labels), map.iter().cmp(&other));
            prop_assert_eq!(labels == other_labels, map == other);
        }
    }
}
