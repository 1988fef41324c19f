//! A label set as JSON: an object of texts in which no name comes twice.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::envelope::WireFault;
use super::result::incomplete;
use crate::prometheus::Labels;

/// The labels of a series; null for none.
pub fn read_labels(raw: &RawValue) -> Result<Labels, WireFault> {
    let labels: Result<Option<StrictLabels>, _> = serde_json::from_str(raw.get());
    labels
        .map(|labels| labels.map_or_else(Labels::default, |StrictLabels(labels)| labels))
        .map_err(|e| incomplete(&format!("the labels of a series are damaged: {e}")))
}

/// Reads a label set; a name that comes twice is an error, because it has no value to prefer.
pub struct StrictLabels(pub Labels);

impl<'de> Deserialize<'de> for StrictLabels {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(LabelsVisitor).map(Self)
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
