//! Reads one entity of Backstage's JSON. Only those that have our annotations are kept whole.

use serde_json::{Map, Value};

use crate::catalog::relations;
use crate::catalog::source::faults::of_entity;
use crate::catalog::{
    About, Annotation, Entity, EntityFault, EntityLink, EntityRef, FieldMap, FieldValue, SharedText,
};
use crate::diagnostic::Diagnostic;
use crate::yaml::shown;

/// Backstage's notes to itself, of which every entity has several.
const THEIRS: &str = "backstage.io/";
/// The longest text that is kept of an entity that has nothing to show, in bytes: such texts select an
/// instance for custom graphs, and a search finds them.
const SHORT: usize = 256;

/// The entity, or why it is left out. Parts that are left out are added to the faults.
pub(super) fn read(text: &str, faults: &mut Vec<Diagnostic>) -> Result<Entity, String> {
    let value: Value =
        serde_json::from_str(text).map_err(|e| format!("an entity is left out: its JSON is broken: {e}"))?;
    let Value::Object(mut root) = value else {
        return Err("an entity is left out: it is no object".to_owned());
    };
    let Some(Value::Object(mut metadata)) = root.remove("metadata") else {
        return Err("an entity is left out: it has no `metadata`".to_owned());
    };
    let mut entity = named(&mut root, &mut metadata)?;
    let spec = root.remove("spec").unwrap_or_default();
    entity.relations = relations::of(root.get("relations"), &spec, entity.reference.namespace());
    entity.spec = spec.into();
    let mut text = |key: &str| metadata.remove(key).and_then(scalar_text).filter(|text| !text.is_empty());
    (entity.title, entity.description) = (text("title"), text("description"));
    (entity.annotations, entity.faults) = annotations(metadata.remove("annotations"), &entity.reference);
    faults.extend(entity.faults.iter().map(|fault| of_entity(fault, &entity.reference)));
    entity.labels = labels(metadata.remove("labels"));
    entity.tags = items(metadata.remove("tags")).filter_map(scalar_text).map(SharedText::from).collect();
    entity.links = items(metadata.remove("links")).filter_map(link).collect();
    entity.other_metadata = metadata.into_iter().collect();
    let is_ours = |key: &str| Annotation::is_own(key);
    if !entity.annotations.keys().any(|key| is_ours(key)) && !entity.faults.iter().any(|f| is_ours(f.key())) {
        thin(&mut entity);
    }
    Ok(entity.fitted())
}

/// What names the entity, and nothing else of it.
fn named(root: &mut Map<String, Value>, metadata: &mut Map<String, Value>) -> Result<Entity, String> {
    let name = required(metadata, "name", "metadata.name", "an entity")?;
    let whose = format!("the entity `{}`", shown(&name));
    let kind = required(root, "kind", "kind", &whose)?;
    let api_version = required(root, "apiVersion", "apiVersion", &whose)?;
    let namespace = match metadata.get("namespace") {
        None | Some(Value::Null) => EntityRef::DEFAULT_NAMESPACE,
        Some(Value::String(text)) => text,
        Some(_) => return Err(format!("{whose} is left out: its `metadata.namespace` is no text")),
    };
    let reference = EntityRef::new(&kind, namespace, &name).ok_or_else(|| {
        let reference = shown(&format!("{kind}:{namespace}/{name}"));
        format!("`{reference}` is left out: it is no entity reference that Backstage allows")
    })?;
    Ok(Entity::new(reference, &kind, &api_version, name))
}

/// Keeps only what search, relations, routing and the list of entities need.
fn thin(entity: &mut Entity) {
    entity.annotations.retain(|key, annotation| !key.starts_with(THEIRS) && annotation.value.len() <= SHORT);
    entity.other_metadata.retain(|key, _| key == "namespace");
    if let FieldValue::Map(spec) = &mut entity.spec {
        spec.retain(|_, value| match value {
            FieldValue::Text(text) => text.len() <= SHORT,
            FieldValue::Bool(_) | FieldValue::Number(_) => true,
            FieldValue::Null | FieldValue::List(_) | FieldValue::Map(_) => false,
        });
    }
}

fn required(map: &mut Map<String, Value>, key: &str, path: &str, whose: &str) -> Result<String, String> {
    match map.remove(key) {
        Some(Value::String(text)) if !text.is_empty() => Ok(text),
        None | Some(Value::Null) => Err(format!("{whose} is left out: it has no `{path}`")),
        Some(_) => Err(format!("{whose} is left out: its `{path}` is no text")),
    }
}

fn labels(map: Option<Value>) -> FieldMap<SharedText> {
    let Some(Value::Object(map)) = map else { return FieldMap::default() };
    map.into_iter().filter_map(|(key, value)| Some((key, scalar_text(value)?))).collect()
}

/// Annotations are text. Any other value is a fault and left out; the entity stays.
fn annotations(map: Option<Value>, entity: &EntityRef) -> (FieldMap<Annotation>, Vec<EntityFault>) {
    let (mut found, mut faults) = (Vec::new(), Vec::new());
    let mut lose = |about, message| faults.push(EntityFault { about, message, place: None });
    let map = match map {
        Some(Value::Object(map)) => map,
        None | Some(Value::Null) => Map::new(),
        Some(_) => {
            let message = format!("`metadata.annotations` of `{entity}` is not a mapping, and is left out");
            lose(About::Annotations, message);
            Map::new()
        }
    };
    for (key, value) in map {
        if let Value::String(value) = value {
            found.push((key, value));
        } else {
            let message =
                format!("the annotation `{}` of `{entity}` is no text, and is left out", shown(&key));
            lose(About::Annotation(key.into()), message);
        }
    }
    (found.into_iter().collect(), faults)
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
        assert_eq!((thin.name.as_str(), &*thin.kind, thin.owner()), ("Pay", "API", Some("a")));
        assert_eq!(thin.spec, json!({"type": "openapi", "owner": "a"}).into());
        assert_eq!(thin.annotations.keys().collect::<Vec<_>>(), ["acme.io/cell"]);
        assert_eq!(json!(thin.other_metadata), json!({"namespace": "Shop"}));
        assert_eq!(thin.relations[0].target.to_string(), "group:shop/a");
        assert_eq!(thin.labels.get("tier").unwrap(), "gold");
        value["metadata"]["annotations"]["prometheus.io/rule"] = json!("up");
        let whole = entity(&value).0.unwrap();
        assert_eq!(whole.spec.get("definition").and_then(FieldValue::as_str).map(str::len), Some(10_000));
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
