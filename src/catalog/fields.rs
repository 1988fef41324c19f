//! The fields of an entity in little memory: most of the portal's memory is a catalog.

use serde::{Serialize, Serializer};
use serde_json::Value as Json;

use super::shared_text::SharedText;

/// Values by name, ordered by name.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldMap<V>(Box<[(SharedText, V)]>);

/// A value as JSON has it.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum FieldValue {
    #[default]
    Null,
    Bool(bool),
    Number(serde_json::Number),
    Text(SharedText),
    List(Box<[FieldValue]>),
    Map(FieldMap<FieldValue>),
}

impl<V> FieldMap<V> {
    pub fn get(&self, key: &str) -> Option<&V> {
        let place = self.0.binary_search_by(|(other, _)| (**other).cmp(key)).ok()?;
        self.0.get(place).map(|(_, value)| value)
    }

    pub fn contains_key(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&SharedText, &V)> {
        self.0.iter().map(|(key, value)| (key, value))
    }

    pub fn keys(&self) -> impl Iterator<Item = &SharedText> {
        self.0.iter().map(|(key, _)| key)
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Only the fields that are wanted.
    pub fn retain(&mut self, is_wanted: impl Fn(&str, &V) -> bool) {
        let all = std::mem::take(&mut self.0).into_iter();
        self.0 = all.filter(|(key, value)| is_wanted(key, value)).collect();
    }
}

impl<V> Default for FieldMap<V> {
    fn default() -> Self {
        Self(Box::default())
    }
}

/// Of several values of a name the last one counts.
impl<K: Into<SharedText>, W: Into<V>, V> FromIterator<(K, W)> for FieldMap<V> {
    fn from_iter<I: IntoIterator<Item = (K, W)>>(fields: I) -> Self {
        let fields = fields.into_iter().map(|(key, value)| (key.into(), value.into()));
        let mut fields: Vec<(SharedText, V)> = fields.collect();
        fields.sort_by(|a, b| a.0.cmp(&b.0));
        fields.dedup_by(|next, kept| {
            let is_same = next.0 == kept.0;
            if is_same {
                std::mem::swap(&mut kept.1, &mut next.1);
            }
            is_same
        });
        Self(fields.into_boxed_slice())
    }
}

impl<V: Serialize> Serialize for FieldMap<V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl FieldValue {
    /// The value under `key` of a mapping; None for anything else.
    pub fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Map(fields) => fields.get(key),
            _ => None,
        }
    }

    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

impl From<Json> for FieldValue {
    fn from(value: Json) -> Self {
        match value {
            Json::Null => Self::Null,
            Json::Bool(flag) => Self::Bool(flag),
            Json::Number(number) => Self::Number(number),
            Json::String(text) => Self::Text(text.into()),
            Json::Array(items) => Self::List(items.into_iter().map(Self::from).collect()),
            Json::Object(fields) => Self::Map(fields.into_iter().collect()),
        }
    }
}

impl Serialize for FieldValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(flag) => serializer.serialize_bool(*flag),
            Self::Number(number) => number.serialize(serializer),
            Self::Text(text) => serializer.serialize_str(text),
            Self::List(items) => serializer.collect_seq(items),
            Self::Map(fields) => fields.serialize(serializer),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_value_is_the_json_that_it_was_made_of() {
        for value in [
            json!(null),
            json!({"b": [1, -2, 0.5, "x", true, null, {"c": {}}], "a": "", "é": [[]]}),
            json!("x".repeat(1000)),
        ] {
            let compact = FieldValue::from(value.clone());
            assert_eq!(serde_json::to_value(&compact).unwrap(), value);
        }
        let map = FieldValue::from(json!({"b": {"a": "x"}, "c": 1}));
        assert_eq!(map.get("b").and_then(|b| b.get("a")).and_then(FieldValue::as_str), Some("x"));
        assert_eq!((map.get("a"), map.get("c").and_then(FieldValue::as_str)), (None, None));
    }

    #[test]
    fn of_one_name_the_last_value_counts() {
        let mut map: FieldMap<SharedText> =
            [("b", "1"), ("a", "2"), ("b", "3"), ("b", "4")].into_iter().collect();
        let fields = |map: &FieldMap<SharedText>| -> Vec<String> {
            map.iter().map(|(key, value)| format!("{key}={value}")).collect()
        };
        assert_eq!(fields(&map), ["a=2", "b=4"]);
        assert!(map.contains_key("a") && !map.contains_key("c"));
        map.retain(|key, _| key == "b");
        assert_eq!(fields(&map), ["b=4"]);
    }
}
