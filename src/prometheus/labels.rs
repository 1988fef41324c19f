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
    pub fn differing<'a>(sets: impl ExactSizeIterator<Item = &'a Self>) -> Vec<&'a str> {
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
}
