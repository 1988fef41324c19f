//! Parts of an answer that are read one by one: a damaged part does not spoil its neighbours.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// The most elements of one list that are looked at.
const MOST_ELEMENTS: usize = 50_000;

/// A value that was read, or JSON of another shape. `WHOLE`: another shape is an error, which saves a pass over the
/// text.
pub enum WirePart<T, const WHOLE: bool = false> {
    Read(T),
    Broken,
}

impl<'de, T: Deserialize<'de>, const WHOLE: bool> Deserialize<'de> for WirePart<T, WHOLE> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if WHOLE {
            return T::deserialize(deserializer).map(Self::Read);
        }
        let raw = <&RawValue>::deserialize(deserializer)?;
        Ok(serde_json::from_str(raw.get()).map_or(Self::Broken, Self::Read))
    }
}

/// The first [`MOST_ELEMENTS`] of a list, and how many more there were. Go writes a list without elements as null.
pub struct Bounded<T> {
    pub first: Vec<T>,
    pub more: usize,
}

impl<T> Default for Bounded<T> {
    fn default() -> Self {
        Self { first: Vec::new(), more: 0 }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Bounded<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(BoundedVisitor(PhantomData))
    }
}

/// A field that may be missing, null included where it is there.
pub fn given<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    T::deserialize(deserializer).map(Some)
}

struct BoundedVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for BoundedVisitor<T> {
    type Value = Bounded<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_unit<E>(self) -> Result<Bounded<T>, E> {
        Ok(Bounded::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Bounded<T>, A::Error> {
        let mut list = Bounded::default();
        while list.first.len() < MOST_ELEMENTS {
            match seq.next_element()? {
                Some(next) => list.first.push(next),
                None => return Ok(list),
            }
        }
        while seq.next_element::<IgnoredAny>()?.is_some() {
            list.more += 1;
        }
        Ok(list)
    }
}
