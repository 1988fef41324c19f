//! An entity of the catalog.

use std::path::Path;
use std::sync::Arc;

use serde::Serialize;

use super::fields::{FieldMap, FieldValue};
use super::reference::EntityRef;
use super::relations::Relation;
use super::shared_text::SharedText;
use crate::diagnostic::{Location, Position};
use crate::yaml::Origins;

/// An annotation's text and its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Annotation {
    pub value: String,
    /// None for an annotation that no file wrote.
    written: Option<WrittenPlace>,
}

#[derive(Clone, Debug, PartialEq)]
struct WrittenPlace {
    file: Arc<Path>,
    key_at: Position,
    origins: Origins,
}

/// The prefixes of the annotations that the portal reads.
const OWN_PREFIXES: [&str; 2] = ["prometheus.io/", "promenade.io/"];

impl Annotation {
    /// Whether an annotation of this key is for the portal.
    pub fn is_own(key: &str) -> bool {
        OWN_PREFIXES.iter().any(|prefix| key.starts_with(prefix))
    }

    pub(super) fn written(value: String, file: &Arc<Path>, key_at: Position, origins: Origins) -> Self {
        Self { value, written: Some(WrittenPlace { file: file.clone(), key_at, origins }) }
    }

    /// Where the value's text begins: inside its quotes, or on its block's first line.
    pub fn place(&self) -> Option<Location> {
        self.written.as_ref().map(|written| Location::new(&written.file, written.origins.start()))
    }

    /// Where its key begins.
    pub fn key_place(&self) -> Option<Location> {
        self.written.as_ref().map(|written| Location::new(&written.file, written.key_at))
    }

    /// The place of byte `offset` of the value, across quotes, escapes and folded lines.
    pub fn place_of(&self, offset: usize) -> Option<Location> {
        let WrittenPlace { file, origins, .. } = self.written.as_ref()?;
        Some(Location::new(file, origins.locate(&self.value, offset)))
    }
}

/// An annotation that no file wrote.
impl From<String> for Annotation {
    fn from(value: String) -> Self {
        Self { value, written: None }
    }
}

/// A fault of the catalog that concerns one entity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntityFault {
    pub about: About,
    /// A sentence.
    pub message: String,
    /// None where no file wrote the entity.
    pub place: Option<Location>,
}

/// What a fault keeps from being read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum About {
    /// The annotation of this key.
    Annotation(Box<str>),
    /// Every annotation.
    Annotations,
    /// The annotations of a second entity of the same name.
    Second {
        /// They are the same, so nothing is lost.
        is_alike: bool,
    },
}

impl EntityFault {
    /// What the fault is about, as its file has it: the annotation's key, `metadata.annotations`, `metadata.name`.
    pub fn key(&self) -> &str {
        match &self.about {
            About::Annotation(key) => key,
            About::Annotations => "metadata.annotations",
            About::Second { .. } => "metadata.name",
        }
    }
}

/// A link of `metadata.links`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EntityLink {
    pub url: String,
    pub title: Option<String>,
}

/// An entity as its file has it; annotations are text without meaning here.
#[derive(Clone, Debug, PartialEq)]
pub struct Entity {
    pub reference: EntityRef,
    /// As written: `Component`.
    pub kind: SharedText,
    pub api_version: SharedText,
    /// `metadata.name` as written.
    pub name: String,
    pub title: Option<String>,
    pub description: Option<String>,
    pub labels: FieldMap<SharedText>,
    pub annotations: FieldMap<Annotation>,
    pub tags: Vec<SharedText>,
    pub links: Vec<EntityLink>,
    /// What else `metadata` has, the namespace as written among it.
    pub other_metadata: FieldMap<FieldValue>,
    /// `spec`, whole.
    pub spec: FieldValue,
    /// Ordered by kind and target.
    pub relations: Vec<Relation>,
    pub place: Option<Location>,
    /// What of it could not be read.
    pub faults: Vec<EntityFault>,
}

impl Entity {
    /// An entity that has a name and nothing else.
    pub fn new(reference: EntityRef, kind: &str, api_version: &str, name: String) -> Self {
        Self {
            reference,
            kind: kind.into(),
            api_version: api_version.into(),
            name,
            title: None,
            description: None,
            labels: FieldMap::default(),
            annotations: FieldMap::default(),
            tags: Vec::new(),
            links: Vec::new(),
            other_metadata: FieldMap::default(),
            spec: FieldValue::Null,
            relations: Vec::new(),
            place: None,
            faults: Vec::new(),
        }
    }

    /// Whether both say the same, wherever it is written: the same alerts of the same instance belong to them.
    pub fn is_alike(&self, other: &Self) -> bool {
        self.reference == other.reference
            && self.has_same_annotations(other)
            && self.labels == other.labels
            && self.spec == other.spec
            && self.relations == other.relations
            && self.faults.iter().map(|fault| &fault.about).eq(other.faults.iter().map(|fault| &fault.about))
    }

    pub(super) fn has_same_annotations(&self, other: &Self) -> bool {
        fn texts(entity: &Entity) -> impl Iterator<Item = (&str, &str)> {
            entity.annotations.iter().map(|(key, annotation)| (&**key, annotation.value.as_str()))
        }
        texts(self).eq(texts(other))
    }

    /// The same entity in as little memory as it needs.
    pub(super) fn fitted(mut self) -> Self {
        self.tags.shrink_to_fit();
        self.links.shrink_to_fit();
        self.relations.shrink_to_fit();
        self.faults.shrink_to_fit();
        self
    }

    /// The annotation's text; None when missing or empty, which the plugin takes for the same.
    pub fn annotation(&self, key: &str) -> Option<&str> {
        self.annotations.get(key).map(|a| a.value.as_str()).filter(|v| !v.is_empty())
    }

    /// `metadata.title`, else the name.
    pub fn display_name(&self) -> &str {
        self.title.as_deref().unwrap_or(&self.name)
    }

    fn spec_text(&self, key: &str) -> Option<&str> {
        self.spec.get(key).and_then(FieldValue::as_str)
    }

    pub fn owner(&self) -> Option<&str> {
        self.spec_text("owner")
    }
    pub fn system(&self) -> Option<&str> {
        self.spec_text("system")
    }
    pub fn spec_type(&self) -> Option<&str> {
        self.spec_text("type")
    }
    pub fn lifecycle(&self) -> Option<&str> {
        self.spec_text("lifecycle")
    }

    /// Whether the catalog's author wrote an annotation that could not be read.
    pub fn has_lost(&self, key: &str) -> bool {
        let all = self.faults.iter().any(|fault| fault.about == About::Annotations);
        all || self.has_lost_by_itself(key)
    }

    /// Whether that annotation alone could not be read.
    pub fn has_lost_by_itself(&self, key: &str) -> bool {
        self.faults.iter().any(|fault| matches!(&fault.about, About::Annotation(lost) if **lost == *key))
    }

    /// Whether another entity of the same name has other annotations.
    pub fn has_rival(&self) -> bool {
        self.faults.iter().any(|fault| fault.about == About::Second { is_alike: false })
    }
}
