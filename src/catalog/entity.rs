//! An entity of the catalog, and the reference that names it.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

/// `kind:namespace/name` in canonical lower case, within Backstage's grammar.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EntityRef {
    kind: Box<str>,
    namespace: Box<str>,
    name: Box<str>,
}

impl EntityRef {
    /// None when a part is outside Backstage's grammar (63 characters, ASCII).
    pub fn new(kind: &str, namespace: &str, name: &str) -> Option<Self> {
        let _ = (kind, namespace, name);
        todo!()
    }
    pub fn kind(&self) -> &str {
        &self.kind
    }
    pub fn namespace(&self) -> &str {
        &self.namespace
    }
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for EntityRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}/{}", self.kind, self.namespace, self.name)
    }
}

/// A place in a catalog file, from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub file: Arc<PathBuf>,
    pub line: usize,
    pub column: usize,
}

/// An annotation's text and where it stands.
#[derive(Clone, Debug)]
pub struct Annotation {
    pub value: String,
    pub place: Option<Place>,
}

/// A link of `metadata.links`.
#[derive(Clone, Debug)]
pub struct Link {
    pub url: String,
    pub title: Option<String>,
}

/// An entity as its file has it; annotations are text without meaning here.
#[derive(Clone, Debug)]
pub struct Entity {
    pub reference: EntityRef,
    /// As written: `Component`.
    pub kind: String,
    pub api_version: String,
    /// `metadata.name` as written.
    pub name: String,
    pub title: Option<String>,
    pub description: Option<String>,
    pub labels: BTreeMap<String, String>,
    pub annotations: BTreeMap<String, Annotation>,
    pub tags: Vec<String>,
    pub links: Vec<Link>,
    /// `spec`, whole.
    pub spec: serde_json::Value,
    pub place: Option<Place>,
}

impl Entity {
    /// The annotation's text; None when missing or empty, which the plugin takes for the same.
    pub fn annotation(&self, key: &str) -> Option<&str> {
        self.annotations.get(key).map(|a| a.value.as_str()).filter(|v| !v.is_empty())
    }

    /// `metadata.title`, else the name.
    pub fn display_name(&self) -> &str {
        self.title.as_deref().unwrap_or(&self.name)
    }

    fn spec_text(&self, key: &str) -> Option<&str> {
        self.spec.get(key).and_then(|v| v.as_str())
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
}
