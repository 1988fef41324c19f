//! Mistakes in an entity that leave it readable: annotations in the wrong place, malformed references.

use crate::diagnostic::Position;
use crate::yaml::{Entry, Node, Value, shown};

/// Kinds whose `spec` Backstage itself defines; in others the same keys may mean anything.
const KINDS: [&str; 8] = ["component", "api", "resource", "system", "domain", "group", "user", "template"];
const REFERENCES: [&str; 6] = ["owner", "system", "domain", "subdomainOf", "subcomponentOf", "parent"];
const REFERENCE_LISTS: [&str; 7] =
    ["dependsOn", "dependencyOf", "providesApis", "consumesApis", "children", "members", "memberOf"];

/// Each mistake with its place.
pub(super) fn mistakes(root: &Node, kind: &str) -> Vec<(Position, String)> {
    let mut found: Vec<(Position, String)> =
        misplaced(root).into_iter().map(|(message, entry)| (entry.at, message)).collect();
    if let Some(spec) = root.get("spec").filter(|_| KINDS.contains(&kind)) {
        for key in REFERENCES {
            found.extend(spec.get(key).and_then(|node| reference(key, node)));
        }
        for key in REFERENCE_LISTS {
            let items = spec.get(key).and_then(Node::as_list).unwrap_or_default();
            found.extend(items.iter().filter_map(|node| reference(key, node)));
        }
    }
    found
}

/// Annotations that are not read, because they are not under `metadata.annotations`.
pub(super) fn misplaced(root: &Node) -> Vec<(String, Entry)> {
    let wrong = [
        ("annotations", Some(root), "annotations"),
        ("spec.annotations", root.get("spec"), "annotations"),
        ("metadata.annotation", root.get("metadata"), "annotation"),
    ];
    let found = wrong.into_iter().filter_map(|(path, parent, key)| {
        let entry = parent?.entry(key).filter(|entry| holds_annotations(&entry.value))?;
        let message = format!("`{path}` is not read: annotations belong under `metadata.annotations`");
        Some((message, entry.clone()))
    });
    found.collect()
}

/// Whether a mapping has a key with a prefix, as annotations have.
fn holds_annotations(node: &Node) -> bool {
    node.as_map().is_some_and(|entries| entries.iter().any(|e| e.key.contains('/')))
}

/// `[kind:][namespace/]name`, each part with something in it.
fn reference(key: &str, node: &Node) -> Option<(Position, String)> {
    let message = match &node.value {
        Value::Null => return None,
        Value::Text { value, .. } if is_reference(value.trim()) => return None,
        Value::Text { value, .. } => {
            let text = shown(value);
            format!("`spec.{key}` is `{text}`, which is no entity reference: [kind:][namespace/]name")
        }
        _ => format!("`spec.{key}` is {}, where an entity reference is needed", node.what()),
    };
    Some((node.at, message))
}

fn is_reference(text: &str) -> bool {
    let (kind, rest) = text.split_once(':').map_or((None, text), |(kind, rest)| (Some(kind), rest));
    let (namespace, name) = rest.split_once('/').map_or((None, rest), |(space, name)| (Some(space), name));
    let mut parts = kind.into_iter().chain(namespace).chain([name]);
    parts.all(|part| !part.is_empty() && !part.contains([':', '/']))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::{Budget, documents};

    #[test]
    fn references_have_one_to_three_parts() {
        for good in ["a", "group:a", "b/a", "group:b/a", "user:jo@example.com", "Team A"] {
            assert!(is_reference(good), "{good}");
        }
        for bad in ["", ":", "a:", ":a", "/a", "a/", "a:/b", "a/b/c", "a:b:c", "a/b:c"] {
            assert!(!is_reference(bad), "{bad}");
        }
    }

    #[test]
    fn each_mistake_has_its_place() {
        let text = "annotations: {a/b: c}\nmetadata:\n  annotation: {a/b: c}\nspec:\n  annotations: {a/b: c}\n  \
                    owner: 5\n  system:\n  dependsOn: [a, 'b:c:d']\n  parent: {id: 1}\n";
        let root =
            documents(text, &std::path::Path::new("a.yaml").into(), &Budget::CATALOG).remove(0).unwrap();
        let places = |kind: &str| -> Vec<(usize, usize)> {
            mistakes(&root, kind).iter().map(|(at, _)| (at.line, at.column)).collect()
        };
        assert_eq!(places("group"), [(1, 1), (5, 3), (3, 3), (6, 10), (9, 11), (8, 19)]);
        assert_eq!(places("widget"), [(1, 1), (5, 3), (3, 3)]);
    }
}
