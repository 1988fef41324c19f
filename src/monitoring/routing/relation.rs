//! The relations that routing rules know, and patterns of references.

use super::pattern::{Case, Pattern, is_regex, is_shaped};
use crate::catalog::{Entity, EntityRef};

/// A relation, by the word that rules use for it.
#[derive(Debug, PartialEq, Eq)]
pub struct RelationWord {
    pub word: &'static str,
    /// Backstage's name of the relation.
    relation: &'static str,
    /// Only targets of this kind count.
    only: Option<&'static str>,
    /// The kind of a reference that names none.
    kind: &'static str,
}

pub type Relation = &'static RelationWord;

/// The short words, then Backstage's own.
pub static RELATIONS: [RelationWord; 13] = [
    RelationWord { word: "owner", relation: "ownedBy", only: None, kind: "group" },
    RelationWord { word: "system", relation: "partOf", only: Some("system"), kind: "system" },
    RelationWord { word: "domain", relation: "partOf", only: Some("domain"), kind: "domain" },
    RelationWord::own("ownedBy", "group"),
    RelationWord::own("partOf", "system"),
    RelationWord::own("dependsOn", "component"),
    RelationWord::own("dependencyOf", "component"),
    RelationWord::own("providesApi", "api"),
    RelationWord::own("consumesApi", "api"),
    RelationWord::own("memberOf", "group"),
    RelationWord::own("hasMember", "user"),
    RelationWord::own("childOf", "group"),
    RelationWord::own("parentOf", "group"),
];

impl RelationWord {
    const fn own(word: &'static str, kind: &'static str) -> Self {
        Self { word, relation: word, only: None, kind }
    }

    pub fn find(word: &str) -> Option<Relation> {
        RELATIONS.iter().find(|relation| relation.word == word)
    }

    /// The entity's owner, which selectors may require too.
    pub fn owner() -> Relation {
        &RELATIONS[0]
    }

    /// A pattern of references. A short reference has the relation's kind and the default namespace.
    pub fn pattern(&self, text: &str) -> Result<Pattern, String> {
        if is_regex(text) {
            return Pattern::read(text, Case::Ignored);
        }
        let (kind, rest) = text.split_once(':').unwrap_or((self.kind, text));
        let (namespace, name) = rest.split_once('/').unwrap_or((EntityRef::DEFAULT_NAMESPACE, rest));
        if !is_shaped(text) && EntityRef::new(kind, namespace, name).is_none() {
            return Err("is no reference of an entity, such as `group:default/payments`".to_owned());
        }
        Pattern::read(&format!("{kind}:{namespace}/{name}"), Case::Ignored)
    }

    /// The targets as whole references, in lower case.
    pub(super) fn of(&self, entity: &Entity) -> Vec<String> {
        let named = entity.relations.iter().filter(|relation| relation.kind == self.relation);
        let counted = named.filter(|relation| self.only.is_none_or(|kind| relation.target.kind() == kind));
        counted.map(|relation| relation.target.to_string()).collect()
    }
}
