//! The relations of an entity: as its document lists them, else as Backstage derives them from its `spec`.

use serde_json::Value;

use super::reference::EntityRef;
use super::shared_text::SharedText;

/// A relation of an entity to another one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Relation {
    /// Backstage's word: `ownedBy`, `partOf`, `dependsOn`.
    pub kind: SharedText,
    pub target: EntityRef,
}

/// Keys of `spec`, the relation that each makes, and the kind of a target that names none.
/// As Backstage's processor of its own kinds has them; the other side of each is left to the other entity.
const DERIVED: [(&str, &str, &str); 13] = [
    ("owner", "ownedBy", "group"),
    ("system", "partOf", "system"),
    ("domain", "partOf", "domain"),
    ("subcomponentOf", "partOf", "component"),
    ("subdomainOf", "partOf", "domain"),
    ("dependsOn", "dependsOn", ""),
    ("dependencyOf", "dependencyOf", ""),
    ("providesApis", "providesApi", "api"),
    ("consumesApis", "consumesApi", "api"),
    ("memberOf", "memberOf", "group"),
    ("parent", "childOf", "group"),
    ("children", "parentOf", "group"),
    ("members", "hasMember", "user"),
];

/// Those of the document, where it has any (a catalog that was exported), else those that follow from `spec`.
/// Ordered by kind and target, as Backstage orders them. What is no reference is left out.
pub(super) fn of(document: Option<&Value>, spec: &Value, namespace: &str) -> Vec<Relation> {
    let mut relations = match document.and_then(Value::as_array) {
        Some(listed) => listed.iter().filter_map(|entry| listed_relation(entry, namespace)).collect(),
        None => derived(spec, namespace),
    };
    relations.sort();
    relations.dedup();
    relations
}

fn listed_relation(entry: &Value, namespace: &str) -> Option<Relation> {
    let kind = entry.get("type")?.as_str()?;
    let target = match entry.get("targetRef") {
        Some(text) => EntityRef::parse_with(text.as_str()?, "", namespace)?,
        None => {
            let part = |key| entry.get("target")?.get(key)?.as_str();
            EntityRef::new(part("kind")?, part("namespace").unwrap_or(namespace), part("name")?)?
        }
    };
    Some(Relation { kind: kind.into(), target: target.shared() })
}

fn derived(spec: &Value, namespace: &str) -> Vec<Relation> {
    let mut relations = Vec::new();
    for (key, kind, default_kind) in DERIVED {
        let Some(value) = spec.get(key) else { continue };
        let single = std::slice::from_ref(value);
        let targets = value.as_array().map_or(single, Vec::as_slice).iter().filter_map(Value::as_str);
        let targets = targets.filter_map(|text| EntityRef::parse_with(text, default_kind, namespace));
        relations.extend(targets.map(|target| Relation { kind: kind.into(), target: target.shared() }));
    }
    relations
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(document: Option<Value>, spec: Value, wanted: &[&str]) {
        let relations = of(document.as_ref(), &spec, "shop");
        let found: Vec<String> = relations.iter().map(|r| format!("{} {}", r.kind, r.target)).collect();
        assert_eq!(found, wanted, "{document:?} {spec}");
    }

    #[test]
    fn relations_follow_from_the_spec() {
        check(None, json!(null), &[]);
        check(
            None,
            json!({
                "owner": "Team-A",
                "system": "checkout",
                "dependsOn": ["resource:db", "component:other/cart", "nonsense", 7],
                "providesApis": ["pay"],
                "consumesApis": "default/rates",
            }),
            &[
                "consumesApi api:default/rates",
                "dependsOn component:other/cart",
                "dependsOn resource:shop/db",
                "ownedBy group:shop/team-a",
                "partOf system:shop/checkout",
                "providesApi api:shop/pay",
            ],
        );
        check(None, json!({"owner": "user:default/jo", "memberOf": []}), &["ownedBy user:default/jo"]);
    }

    #[test]
    fn those_of_the_document_come_first() {
        let listed = json!([
            {"type": "partOf", "targetRef": "system:default/checkout"},
            {"type": "ownedBy", "target": {"kind": "Group", "namespace": "default", "name": "a"}},
            {"type": "ownedBy", "targetRef": "group:default/a"},
            {"type": "ownedBy"},
            "nonsense",
        ]);
        let wanted = ["ownedBy group:default/a", "partOf system:default/checkout"];
        check(Some(listed), json!({"owner": "b"}), &wanted);
        check(Some(json!("none")), json!({"owner": "b"}), &["ownedBy group:shop/b"]);
    }
}
