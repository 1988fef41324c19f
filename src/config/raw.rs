//! The config letter for letter: several files as one tree, every value with its origin.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::ConfigFault;
use super::substitution::Substitution;
use crate::yaml::{self, Budget, Entry, Node, Position, Value};

/// Files that include files, at most.
const MAX_INCLUDES: usize = 8;

/// A value as it is written.
#[derive(Clone, Debug)]
pub(super) struct RawNode {
    pub(super) value: RawValue,
    pub(super) origin: Origin,
}

#[derive(Clone, Debug)]
pub(super) enum RawValue {
    Null,
    Bool(bool),
    Number(String),
    /// Before substitution.
    Text(String),
    List(Vec<RawNode>),
    Map(Vec<(String, RawNode)>),
    /// What `$include` could not bring: a fault only where the key is read.
    Broken(String),
}

/// Where a value is written; relative paths in it begin at the file's directory.
#[derive(Clone, Debug)]
pub(super) struct Origin {
    pub(super) file: Arc<PathBuf>,
    pub(super) at: Position,
    /// Of the key that it is the value of, if it is one.
    pub(super) key_at: Option<Position>,
}

impl Origin {
    pub(super) fn directory(&self) -> &Path {
        self.file.parent().filter(|d| !d.as_os_str().is_empty()).unwrap_or(Path::new("."))
    }
}

impl RawNode {
    pub(super) fn get(&self, key: &str) -> Option<&RawNode> {
        match &self.value {
            RawValue::Map(entries) => entries.iter().find(|e| e.0 == key).map(|e| &e.1),
            _ => None,
        }
    }

    /// The key and value of `{$env: X}`, `{$file: x}` and the like.
    pub(super) fn directive(&self) -> Option<(&str, &RawNode)> {
        match &self.value {
            RawValue::Map(entries) => {
                entries.iter().find(|e| e.0.starts_with('$')).map(|e| (e.0.as_str(), &e.1))
            }
            _ => None,
        }
    }

    fn is_ordinary_map(&self) -> bool {
        matches!(self.value, RawValue::Map(_)) && self.directive().is_none()
    }
}

/// Reads one file, with what it includes. None when it is empty.
pub(super) fn load(path: &Path, substitution: &Substitution<'_>) -> Result<Option<RawNode>, ConfigFault> {
    let fault = |message: String, at: Option<Position>| ConfigFault {
        key: String::new(),
        message,
        file: Some(path.to_path_buf()),
        line: at.map(|at| at.line),
        column: at.map(|at| at.column),
    };
    // Not only regular files: a shell hands over a pipe for `<(...)`.
    let bytes = File::open(path).map_err(|e| yaml::io_sentence(&e));
    let bytes =
        bytes.and_then(|file| yaml::read_within(file, Budget::CONFIG.bytes)).map_err(|e| fault(e, None))?;
    let root = parse(path, &bytes).map_err(|(message, at)| fault(message, at))?;
    let Some(root) = root else { return Ok(None) };
    if !matches!(root.value, RawValue::Map(_)) {
        return Err(fault("a config is a mapping of keys to values".to_owned(), Some(root.origin.at)));
    }
    Ok(Some(with_includes(root, substitution, 0)))
}

fn parse(path: &Path, bytes: &[u8]) -> Result<Option<RawNode>, (String, Option<Position>)> {
    let text = yaml::decode(bytes, &Budget::CONFIG).map_err(|f| (f.message, f.at))?;
    let mut documents = yaml::documents(text, &Budget::CONFIG).into_iter();
    let Some(first) = documents.next() else { return Ok(None) };
    let first = first.map_err(|f| (f.message, f.at))?;
    match documents.next() {
        None => Ok(Some(raw(first, &Arc::new(path.to_path_buf())))),
        Some(Err(fault)) => Err((fault.message, fault.at)),
        Some(Ok(second)) => {
            Err(("a config file holds one document, and a second begins here".to_owned(), Some(second.at)))
        }
    }
}

fn raw(node: Node, file: &Arc<PathBuf>) -> RawNode {
    let value = match node.value {
        Value::Null => RawValue::Null,
        Value::Bool(flag) => RawValue::Bool(flag),
        Value::Number(number) => RawValue::Number(number),
        Value::Text(text) => RawValue::Text(text.value),
        Value::List(items) => RawValue::List(items.into_iter().map(|item| raw(item, file)).collect()),
        Value::Map(map) => {
            let entry = |e: Entry| {
                let mut value = raw(e.value, file);
                value.origin.key_at = Some(e.at);
                (e.key, value)
            };
            RawValue::Map(map.entries.into_iter().map(entry).collect())
        }
    };
    RawNode { value, origin: Origin { file: file.clone(), at: node.at, key_at: None } }
}

/// Puts what `$include` names in its place.
fn with_includes(node: RawNode, substitution: &Substitution<'_>, depth: usize) -> RawNode {
    let included = match node.directive() {
        Some(("$include", target)) => Some(include(&node, target, substitution, depth)),
        _ => None,
    };
    let origin = node.origin.clone();
    let value = match (included, node.value) {
        (Some(Ok(node)), _) => return node,
        (Some(Err(message)), _) => RawValue::Broken(message),
        (None, RawValue::List(items)) => {
            RawValue::List(items.into_iter().map(|item| with_includes(item, substitution, depth)).collect())
        }
        (None, RawValue::Map(entries)) => {
            let through = |(key, value)| (key, with_includes(value, substitution, depth));
            RawValue::Map(entries.into_iter().map(through).collect())
        }
        (None, other) => other,
    };
    RawNode { value, origin }
}

/// `file.yaml#path.in.it`. The errors show neither the file's content nor what a variable held.
fn include(
    node: &RawNode,
    target: &RawNode,
    substitution: &Substitution<'_>,
    depth: usize,
) -> Result<RawNode, String> {
    if matches!(&node.value, RawValue::Map(entries) if entries.len() != 1) {
        return Err("`$include` stands alone, without other keys beside it".to_owned());
    }
    if depth >= MAX_INCLUDES {
        return Err(format!("`$include` leads to more than {MAX_INCLUDES} files within each other"));
    }
    let RawValue::Text(target) = &target.value else { return Err("`$include` takes a path".to_owned()) };
    let written = target.clone();
    let target = substitution.text(target)?.map(|t| t.value).ok_or("`$include` has no path")?;
    let (file, inner) = target.split_once('#').map_or((target.as_str(), None), |(f, p)| (f, Some(p)));
    let path = node.origin.directory().join(file);
    if !path.extension().is_some_and(|e| e == "yaml" || e == "yml" || e == "json") {
        return Err(format!("`$include: {written}` is no .yaml, .yml or .json file"));
    }
    let told = |reason: &str| format!("the file of `$include: {written}` {reason}");
    let bytes = yaml::read_regular(&path, Budget::CONFIG.bytes).map_err(|reason| told(&reason))?;
    let root = parse(&path, &bytes).map_err(|(message, at)| {
        let line = at.map_or(String::new(), |at| format!(" in line {}", at.line));
        told(&format!("is broken{line}: {message}"))
    })?;
    let root = root.ok_or_else(|| told("is empty"))?;
    let mut found = with_includes(root, substitution, depth + 1);
    for part in inner.into_iter().flat_map(|p| p.split('.')).filter(|p| !p.is_empty()) {
        found = match found.get(part) {
            Some(value) => value.clone(),
            None => return Err(told("has nothing at that path")),
        };
    }
    Ok(found)
}

/// Lays `over` on `base`: mappings merge, everything else is replaced.
pub(super) fn merge(base: Option<RawNode>, over: RawNode) -> RawNode {
    let Some(base) = base else { return over };
    if !(base.is_ordinary_map() && over.is_ordinary_map()) {
        return over;
    }
    let origin = over.origin.clone();
    let (RawValue::Map(mut entries), RawValue::Map(news)) = (base.value, over.value) else {
        return RawNode { value: RawValue::Null, origin };
    };
    for (key, value) in news {
        let place = entries.iter().position(|e| e.0 == key);
        match place.and_then(|i| entries.get_mut(i)) {
            Some(slot) => {
                let below = std::mem::replace(&mut slot.1.value, RawValue::Null);
                let below = RawNode { value: below, origin: slot.1.origin.clone() };
                slot.1 = merge(Some(below), value);
            }
            None => entries.push((key, value)),
        }
    }
    RawNode { value: RawValue::Map(entries), origin }
}
