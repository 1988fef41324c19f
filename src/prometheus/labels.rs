//! The labels of a series, a rule or an alert.

use std::collections::HashMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde::{Serialize, Serializer};

/// A label set ordered by name, each name once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Labels(Vec<(Box<str>, Box<str>)>);

impl Labels {
    pub fn get(&self, name: &str) -> Option<&str> {
        let at = self.0.binary_search_by(|(n, _)| (**n).cmp(name)).ok()?;
        self.0.get(at).map(|(_, v)| &**v)
    }

    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.0.iter().map(|(n, v)| (&**n, &**v))
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
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
        let mut differs = vec![false; first.0.len()];
        for set in sets {
            if set.0.len() != first.0.len() {
                return None;
            }
            for ((own, common), differs) in set.0.iter().zip(&first.0).zip(&mut differs) {
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
        self.iter().map(|(name, value)| name.len() + value.len() + 64).sum()
    }
}

/// Of two equal names the later value stays.
impl<N: Into<Box<str>>, V: Into<Box<str>>> FromIterator<(N, V)> for Labels {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        let mut all: Vec<(Box<str>, Box<str>)> =
            pairs.into_iter().map(|(n, v)| (n.into(), v.into())).collect();
        all.reverse();
        all.sort_by(|a, b| a.0.cmp(&b.0));
        all.dedup_by(|later, kept| later.0 == kept.0);
        Self(all)
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
        let mut pairs: Vec<(Box<str>, Box<str>)> = Vec::new();
        while let Some(pair) = map.next_entry()? {
            pairs.push(pair);
        }
        let count = pairs.len();
        let labels: Labels = pairs.into_iter().collect();
        if labels.iter().len() < count {
            return Err(A::Error::custom("a label name comes twice"));
        }
        Ok(labels)
    }
}

#[cfg(test)]
mod tests {
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
}
