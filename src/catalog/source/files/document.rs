//! One YAML text into entities, the locations it points to, and its faults.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::validate;
use crate::catalog::relations;
use crate::catalog::source::faults::{FaultList, of_entity};
use crate::catalog::{
    About, Annotation, Entity, EntityFault, EntityLink, EntityRef, FieldMap, FieldValue, SharedText,
};
use crate::diagnostic::{Diagnostic, Location, Position};
use crate::yaml::{self, Budget, Entry, Node, Value, shown};

/// The content of one text.
#[derive(Clone, Debug, Default)]
pub struct ParsedFile {
    /// In the order of their documents.
    pub entities: Vec<Arc<Entity>>,
    pub targets: Vec<LocationTarget>,
    pub faults: Vec<Diagnostic>,
    /// The YAML of a document is broken, so its content is not known.
    pub torn: bool,
    /// Locations of other types that entities of kind Location point to, by type.
    pub not_read: BTreeMap<String, usize>,
}

/// A target of a `kind: Location`, relative to the file that names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocationTarget {
    pub target: String,
    pub place: Location,
    /// The Location itself.
    pub entity: EntityRef,
    /// `presence: optional`
    pub optional: bool,
}

/// Reads every document of a text. A broken one affects only itself.
pub fn read_text(file: &Path, text: &str) -> ParsedFile {
    let file: Arc<Path> = file.into();
    let (mut parsed, mut faults) = (ParsedFile::default(), FaultList::default());
    for document in yaml::documents(text, &file, &Budget::CATALOG) {
        match document {
            Ok(node) => DocumentReader { file: &file, parsed: &mut parsed, faults: &mut faults }.read(&node),
            Err(fault) => {
                parsed.torn = true;
                faults.push(fault);
            }
        }
    }
    parsed.faults = faults.listed(&file);
    parsed
}

struct DocumentReader<'a> {
    file: &'a Arc<Path>,
    parsed: &'a mut ParsedFile,
    faults: &'a mut FaultList,
}

impl DocumentReader<'_> {
    fn read(&mut self, root: &Node) {
        match self.entity(root) {
            Ok(entity) => {
                if entity.reference.kind() == "location" {
                    self.targets(root, &entity.reference);
                }
                for (at, message) in validate::mistakes(root, entity.reference.kind()) {
                    self.faults.push(self.refuse(at, message).of_entity(&entity.reference));
                }
                self.parsed.entities.push(Arc::new(entity));
            }
            Err(fault) => self.faults.push(fault),
        }
    }

    fn refuse(&self, at: Position, message: String) -> Diagnostic {
        Diagnostic::at(Location::new(self.file, at), message)
    }

    fn entity(&mut self, root: &Node) -> Result<Entity, Diagnostic> {
        if root.as_map().is_none() {
            return Err(self.refuse(root.at, format!("the document is {}, not an entity", root.what())));
        }
        let api_version = self.required(root, root, "apiVersion", "apiVersion")?;
        let kind = self.required(root, root, "kind", "kind")?;
        let Some(metadata) = root.get("metadata").filter(|m| m.as_map().is_some()) else {
            return Err(self.refuse(root.at, "the entity has no `metadata`".to_owned()));
        };
        let name = self.required(root, metadata, "name", "metadata.name")?;
        let reference = self.reference(root, metadata, &kind, &name)?;
        let text = |key: &str| metadata.get(key).and_then(Node::scalar_text).filter(|t| !t.is_empty());
        let (annotations, mut faults) = self.annotations(metadata);
        self.faults.extend(faults.iter().map(|fault| of_entity(fault, &reference)));
        faults.extend(self.misplaced(root, &annotations));
        let spec = root.get("spec").map_or(serde_json::Value::Null, Node::to_json);
        let listed = root.get("relations").map(Node::to_json);
        let labels = entries(metadata.get("labels")).iter();
        let labels = labels.filter_map(|entry| Some((entry.key.as_str(), entry.value.scalar_text()?)));
        let tags = items(metadata.get("tags")).iter().filter_map(Node::scalar_text);
        let entity = Entity {
            title: text("title"),
            description: text("description"),
            labels: labels.collect(),
            annotations,
            tags: tags.map(SharedText::from).collect(),
            links: items(metadata.get("links")).iter().filter_map(link).collect(),
            other_metadata: other_metadata(metadata),
            relations: relations::of(listed.as_ref(), &spec, reference.namespace()),
            spec: spec.into(),
            place: Some(Location::new(self.file, root.at)),
            faults,
            ..Entity::new(reference, &kind, &api_version, name)
        };
        Ok(entity.fitted())
    }

    fn reference(
        &self,
        root: &Node,
        metadata: &Node,
        kind: &str,
        name: &str,
    ) -> Result<EntityRef, Diagnostic> {
        let namespace = match metadata.get("namespace").filter(|node| !node.is_null()) {
            None => EntityRef::DEFAULT_NAMESPACE.to_owned(),
            Some(_) => self.required(root, metadata, "namespace", "metadata.namespace")?,
        };
        EntityRef::new(kind, &namespace, name).ok_or_else(|| {
            let message = format!(
                "`{}` is no entity reference that Backstage allows: a kind is letters and digits, a namespace \
                 letters, digits and `-`, a name also `_` and `.`, each at most 63 characters",
                shown(&format!("{kind}:{namespace}/{name}"))
            );
            self.refuse(metadata.get("name").map_or(metadata.at, |n| n.at), message)
        })
    }

    /// A text that the entity cannot do without; `path` is the key's name for people.
    fn required(&self, root: &Node, parent: &Node, key: &str, path: &str) -> Result<String, Diagnostic> {
        match parent.get(key) {
            None => Err(self.refuse(root.at, format!("the entity has no `{path}`"))),
            Some(Node { value: Value::Text { value, .. }, .. }) if !value.is_empty() => Ok(value.clone()),
            Some(node) => {
                let what = if node.as_text().is_some() { "empty" } else { node.what() };
                Err(self.refuse(node.at, format!("`{path}` is {what}, where text is needed")))
            }
        }
    }

    /// Annotations are text. Any other value is a fault and left out; the entity stays.
    fn annotations(&self, metadata: &Node) -> (FieldMap<Annotation>, Vec<EntityFault>) {
        let (mut annotations, mut faults) = (Vec::new(), Vec::new());
        let node = metadata.get("annotations").filter(|node| !node.is_null());
        if let Some(node) = node.filter(|node| node.as_map().is_none()) {
            let message = format!("`metadata.annotations` is {}, not a mapping", node.what());
            faults.push(self.fault(About::Annotations, node.at, &message));
        }
        for Entry { key, at, value } in entries(node) {
            if let Value::Text { value: text, origins } = &value.value {
                let annotation = Annotation::written(text.clone(), self.file, *at, origins.clone());
                annotations.push((key.as_str(), annotation));
                continue;
            }
            let mend = match &value.value {
                Value::List(_) => "write one text, with commas",
                _ => "write it in quotes",
            };
            let (shown, what) = (shown(key), value.what());
            let message = format!("the annotation `{shown}` is {what}, where text is needed: {mend}");
            faults.push(self.fault(About::Annotation(key.as_str().into()), value.at, &message));
        }
        (annotations.into_iter().collect(), faults)
    }

    /// The faults of annotations in a wrong place. [`validate::mistakes`] has those of the file.
    fn misplaced(&self, root: &Node, read: &FieldMap<Annotation>) -> Vec<EntityFault> {
        let wrong = validate::misplaced(root);
        let lost = wrong.iter().flat_map(|(message, entry)| {
            let lost = entries(Some(&entry.value)).iter().filter(|entry| !read.contains_key(&entry.key));
            lost.map(|entry| self.fault(About::Annotation(entry.key.as_str().into()), entry.at, message))
        });
        lost.collect()
    }

    fn fault(&self, about: About, at: Position, message: &str) -> EntityFault {
        EntityFault { about, message: message.to_owned(), place: Some(Location::new(self.file, at)) }
    }

    /// `spec.target` and `spec.targets` of a Location.
    fn targets(&mut self, root: &Node, entity: &EntityRef) {
        let Some(spec) = root.get("spec") else { return };
        let kind = spec.get("type").and_then(Node::as_text).unwrap_or("file");
        let optional = spec.get("presence").and_then(Node::as_text) == Some("optional");
        let single = spec.get("target").map(std::slice::from_ref).unwrap_or_default();
        for node in single.iter().chain(items(spec.get("targets"))) {
            let Some(target) = node.as_text().filter(|t| !t.is_empty()) else {
                let message = format!("a Location's target is {}, where text is needed", node.what());
                self.faults.push(self.refuse(node.at, message).of_entity(entity));
                continue;
            };
            let is_url = target.starts_with("http://") || target.starts_with("https://");
            if kind != "file" || is_url {
                let kind = if is_url { "url" } else { kind };
                *self.parsed.not_read.entry(shown(kind)).or_default() += 1;
                continue;
            }
            let place = Location::new(self.file, node.at);
            let (target, entity) = (target.to_owned(), entity.clone());
            self.parsed.targets.push(LocationTarget { target, place, entity, optional });
        }
    }
}

/// The keys of `metadata` without a field of their own in an entity.
fn other_metadata(metadata: &Node) -> FieldMap<FieldValue> {
    let known = ["name", "title", "description", "labels", "annotations", "tags", "links"];
    let others = entries(Some(metadata)).iter().filter(|entry| !known.contains(&entry.key.as_str()));
    others.map(|entry| (entry.key.as_str(), entry.value.to_json())).collect()
}

/// The entries of a mapping; none of anything else.
fn entries(node: Option<&Node>) -> &[Entry] {
    node.and_then(Node::as_map).unwrap_or_default()
}

/// The items of a list; none of anything else.
fn items(node: Option<&Node>) -> &[Node] {
    node.and_then(Node::as_list).unwrap_or_default()
}

fn link(node: &Node) -> Option<EntityLink> {
    let url = node.get("url").and_then(Node::as_text)?.to_owned();
    Some(EntityLink { url, title: node.get("title").and_then(Node::scalar_text) })
}
