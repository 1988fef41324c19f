//! One entity of Backstage's JSON. Only those that carry our annotations are kept whole.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::PLACE;
use crate::catalog::relations;
use crate::catalog::{About, Annotation, Entity, EntityFault, EntityLink, EntityRef};
use crate::diagnostic::Diagnostic;
use crate::yaml::shown;

/// Backstage's notes to itself, of which every entity has several.
const THEIRS: &str = "backstage.io/";
/// The longest text that is kept of an entity that has nothing to show, in bytes: such texts choose an
/// instance for custom graphs, and are found by a search.
const SHORT: usize = 256;

/// The entity, or why it is left out. What it loses and lives without is added to the faults.
pub(super) fn read(text: &str, faults: &mut Vec<Diagnostic>) -> Result<Entity, String> {
    let value: Value =
        serde_json::from_str(text).map_err(|e| format!("an entity is left out: its JSON is broken: {e}"))?;
    let Value::Object(mut root) = value else {
        return Err("an entity is left out: it is no object".to_owned());
    };
    let Some(Value::Object(mut metadata)) = root.remove("metadata") else {
        return Err("an entity is left out: it has no `metadata`".to_owned());
    };
    let name = required(&mut metadata, "name", "metadata.name", "an entity")?;
    let whose = format!("the entity `{}`", shown(&name));
    let kind = required(&mut root, "kind", "kind", &whose)?;
    let api_version = required(&mut root, "apiVersion", "apiVersion", &whose)?;
    let namespace = match metadata.get("namespace") {
        None | Some(Value::Null) => EntityRef::DEFAULT_NAMESPACE.to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(_) => return Err(format!("{whose} is left out: its `metadata.namespace` is no text")),
    };
    let Some(reference) = EntityRef::new(&kind, &namespace, &name) else {
        let reference = format!("{kind}:{namespace}/{name}");
        return Err(format!(
            "`{}` is left out: it is no entity reference that Backstage allows",
            shown(&reference)
        ));
    };
    let spec = root.remove("spec").unwrap_or_default();
    let mut relations = relations::of(root.get("relations"), &spec, reference.namespace());
    relations.shrink_to_fit();
    let mut text = |key: &str| metadata.remove(key).and_then(scalar_text).filter(|text| !text.is_empty());
    let (title, description) = (text("title"), text("description"));
    let (annotations, lost) = annotations(metadata.remove("annotations"), &reference, faults);
    let mut entity = Entity {
        title,
        description,
        labels: texts(metadata.remove("labels")),
        annotations,
        tags: items(metadata.remove("tags")).filter_map(scalar_text).collect(),
        links: items(metadata.remove("links")).filter_map(link).collect(),
        other_metadata: fitting(metadata),
        relations,
        spec,
        place: None,
        faults: lost,
        reference,
        kind,
        api_version,
        name,
    };
    entity.tags.shrink_to_fit();
    let is_ours = |key: &str| Annotation::is_own(key);
    if !entity.annotations.keys().any(|key| is_ours(key)) && !entity.faults.iter().any(|f| is_ours(f.key())) {
        thin(&mut entity);
    }
    Ok(entity)
}

/// Leaves what search, relations, routing and the list of entities need.
fn thin(entity: &mut Entity) {
    entity.annotations.retain(|key, annotation| !key.starts_with(THEIRS) && annotation.value.len() <= SHORT);
    entity.other_metadata.retain(|key, _| key == "namespace");
    entity.other_metadata = fitting(std::mem::take(&mut entity.other_metadata));
    if let Value::Object(spec) = &mut entity.spec {
        spec.retain(|_, value| match value {
            Value::String(text) => text.len() <= SHORT,
            Value::Bool(_) | Value::Number(_) => true,
            Value::Null | Value::Array(_) | Value::Object(_) => false,
        });
        *spec = fitting(std::mem::take(spec));
    }
}

/// The same without the room that what was removed has left behind, which at 100,000 entities is most of it.
fn fitting(map: Map<String, Value>) -> Map<String, Value> {
    map.into_iter().collect()
}

fn required(map: &mut Map<String, Value>, key: &str, path: &str, whose: &str) -> Result<String, String> {
    match map.remove(key) {
        Some(Value::String(text)) if !text.is_empty() => Ok(text),
        None | Some(Value::Null) => Err(format!("{whose} is left out: it has no `{path}`")),
        Some(_) => Err(format!("{whose} is left out: its `{path}` is no text")),
    }
}

fn texts(map: Option<Value>) -> BTreeMap<String, String> {
    let Some(Value::Object(map)) = map else { return BTreeMap::new() };
    map.into_iter().filter_map(|(key, value)| Some((key, scalar_text(value)?))).collect()
}

/// Annotations are text. Any other value is a fault and left out; the entity stays.
fn annotations(
    map: Option<Value>,
    entity: &EntityRef,
    faults: &mut Vec<Diagnostic>,
) -> (BTreeMap<String, Annotation>, Vec<EntityFault>) {
    let (mut found, mut lost) = (BTreeMap::new(), Vec::new());
    let map = match map {
        Some(Value::Object(map)) => map,
        None | Some(Value::Null) => return (found, lost),
        Some(_) => {
            let message = format!("`metadata.annotations` of `{entity}` is not a mapping, and is left out");
            lost.push(EntityFault { about: About::Annotations, message: message.clone(), place: None });
            faults.push(Diagnostic::of_file(PLACE, message).of_entity(entity));
            return (found, lost);
        }
    };
    for (key, value) in map {
        if let Value::String(value) = value {
            found.insert(key, Annotation { value, place: None, key_place: None, origins: None });
            continue;
        }
        let message = format!("the annotation `{}` of `{entity}` is no text, and is left out", shown(&key));
        let about = About::Annotation(key.as_str().into());
        lost.push(EntityFault { about, message: message.clone(), place: None });
        let fault = Diagnostic::of_file(PLACE, message).of_entity(entity);
        faults.push(fault.of_annotation(&key));
    }
    (found, lost)
}

fn items(list: Option<Value>) -> impl Iterator<Item = Value> {
    let items = match list {
        Some(Value::Array(items)) => items,
        _ => Vec::new(),
    };
    items.into_iter()
}

fn scalar_text(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn link(value: Value) -> Option<EntityLink> {
    let Value::Object(mut link) = value else { return None };
    let Some(Value::String(url)) = link.remove("url") else { return None };
    Some(EntityLink { url, title: link.remove("title").and_then(scalar_text) })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn entity(value: &Value) -> (Result<Entity, String>, Vec<String>) {
        let mut faults = Vec::new();
        let read = read(&value.to_string(), &mut faults);
        (read, faults.into_iter().map(|fault| fault.message).collect())
    }

    #[test]
    fn only_entities_that_show_something_are_kept_whole() {
        let mut value = json!({
            "apiVersion": "backstage.io/v1alpha1",
            "kind": "API",
            "metadata": {
                "name": "Pay", "namespace": "Shop", "uid": "u", "etag": "e",
                "annotations": {"backstage.io/view-url": "x", "acme.io/cell": "eu", "acme.io/long": "x".repeat(257)},
                "labels": {"tier": "gold"},
            },
            "spec": {"type": "openapi", "owner": "a", "definition": "x".repeat(10_000), "list": ["a"]},
            "relations": [{"type": "ownedBy", "targetRef": "group:shop/a"}],
        });
        let thin = entity(&value).0.unwrap();
        assert_eq!(thin.reference.to_string(), "api:shop/pay");
        assert_eq!((thin.name.as_str(), thin.kind.as_str(), thin.owner()), ("Pay", "API", Some("a")));
        assert_eq!(thin.spec, json!({"type": "openapi", "owner": "a"}));
        assert_eq!(thin.annotations.keys().collect::<Vec<_>>(), ["acme.io/cell"]);
        assert_eq!(Value::Object(thin.other_metadata.clone()), json!({"namespace": "Shop"}));
        assert_eq!(thin.relations[0].target.to_string(), "group:shop/a");
        assert_eq!(thin.labels["tier"], "gold");
        value["metadata"]["annotations"]["prometheus.io/rule"] = json!("up");
        let whole = entity(&value).0.unwrap();
        assert_eq!(whole.spec["definition"].as_str().map(str::len), Some(10_000));
        assert_eq!(whole.annotations.len(), 4);
        assert_eq!(whole.annotation("prometheus.io/rule"), Some("up"));
    }

    #[test]
    fn a_bad_entity_says_why_it_is_left_out() {
        let check = |value: Value, wanted: &str| {
            let error = entity(&value).0.unwrap_err();
            assert!(error.contains(wanted), "{value}: {error}");
        };
        check(json!(null), "no object");
        check(json!({"kind": "Component", "apiVersion": "v1"}), "no `metadata`");
        check(json!({"metadata": {}}), "no `metadata.name`");
        check(
            json!({"metadata": {"name": 5}, "kind": "Component", "apiVersion": "v1"}),
            "`metadata.name` is no text",
        );
        check(json!({"metadata": {"name": "x"}, "apiVersion": "v1"}), "`x` is left out: it has no `kind`");
        check(json!({"metadata": {"name": "x"}, "kind": "Component"}), "no `apiVersion`");
        check(
            json!({"metadata": {"name": "../x"}, "kind": "Component", "apiVersion": "v1"}),
            "no entity reference",
        );
        check(
            json!({"metadata": {"name": "x", "namespace": 5}, "kind": "Component", "apiVersion": "v1"}),
            "`metadata.namespace` is no text",
        );
        let odd = json!({"metadata": {"name": "x", "annotations": {"a/b": 5, "c/d": "e"}, "tags": "x"},
            "kind": "Component", "apiVersion": "v1"});
        let (read, faults) = entity(&odd);
        assert_eq!(read.unwrap().annotations.len(), 1);
        assert_eq!(faults, ["the annotation `a/b` of `component:default/x` is no text, and is left out"]);
    }
}
