//! The fields of an entity that routing rules read.

use std::borrow::Cow;
use std::fmt;

use super::relation::Relation;
use crate::catalog::{Entity, FieldValue};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RoutingField {
    Kind,
    Namespace,
    /// `metadata.name` in the reference's lower case.
    Name,
    Label(String),
    Annotation(String),
    /// A dotted path below `spec`; a list there stands for each of its items.
    Spec(String),
    Relation(Relation),
}

impl RoutingField {
    /// Reads the path of a template's place. None: there is no such field with one value.
    pub(super) fn read(text: &str) -> Option<Self> {
        let below = |prefix: &str| text.strip_prefix(prefix).filter(|key| !key.is_empty()).map(str::to_owned);
        match text {
            "kind" => Some(Self::Kind),
            "metadata.name" => Some(Self::Name),
            "metadata.namespace" => Some(Self::Namespace),
            _ => below("metadata.labels.")
                .map(Self::Label)
                .or_else(|| below("metadata.annotations.").map(Self::Annotation))
                .or_else(|| below("spec.").map(Self::Spec)),
        }
    }

    /// The field's one value. None: it has none, or several.
    pub(super) fn value<'e>(&self, entity: &'e Entity) -> Option<Cow<'e, str>> {
        match self {
            Self::Kind => Some(Cow::Borrowed(entity.reference.kind())),
            Self::Namespace => Some(Cow::Borrowed(entity.reference.namespace())),
            Self::Name => Some(Cow::Borrowed(entity.reference.name())),
            Self::Label(key) => entity.labels.get(key).map(|value| Cow::Borrowed(&**value)),
            Self::Annotation(key) => entity.annotation(key).map(Cow::Borrowed),
            Self::Spec(path) => at(&entity.spec, path).and_then(scalar),
            Self::Relation(_) => None,
        }
    }

    /// All values of the field.
    pub(super) fn values<'e>(&self, entity: &'e Entity) -> Vec<Cow<'e, str>> {
        match self {
            Self::Spec(path) => match at(&entity.spec, path) {
                Some(FieldValue::List(items)) => items.iter().filter_map(scalar).collect(),
                other => other.and_then(scalar).into_iter().collect(),
            },
            Self::Relation(relation) => relation.of(entity).into_iter().map(Cow::Owned).collect(),
            _ => self.value(entity).into_iter().collect(),
        }
    }
}

impl fmt::Display for RoutingField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kind => f.write_str("kind"),
            Self::Namespace => f.write_str("metadata.namespace"),
            Self::Name => f.write_str("metadata.name"),
            Self::Label(key) => write!(f, "metadata.labels.{key}"),
            Self::Annotation(key) => write!(f, "metadata.annotations.{key}"),
            Self::Spec(path) => write!(f, "spec.{path}"),
            Self::Relation(relation) => write!(f, "relations.{}", relation.word),
        }
    }
}

/// The value at a dotted path. A key that has dots itself is found too.
fn at<'v>(value: &'v FieldValue, path: &str) -> Option<&'v FieldValue> {
    if let Some(whole) = value.get(path) {
        return Some(whole);
    }
    path.match_indices('.').find_map(|(i, _)| {
        let (head, rest) = path.split_at_checked(i)?;
        at(value.get(head)?, rest.get(1..)?)
    })
}

/// A text, a number or a boolean as text.
fn scalar(value: &FieldValue) -> Option<Cow<'_, str>> {
    match value {
        FieldValue::Text(text) => Some(Cow::Borrowed(text)),
        FieldValue::Number(number) => Some(Cow::Owned(number.to_string())),
        FieldValue::Bool(flag) => Some(Cow::Owned(flag.to_string())),
        FieldValue::Null | FieldValue::List(_) | FieldValue::Map(_) => None,
    }
}
