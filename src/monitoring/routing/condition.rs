//! What a rule asks of an entity and of a request before it applies.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::Value;

use super::pattern::{Case, Pattern, is_regex, is_shaped};
use crate::catalog::{Entity, EntityRef};

/// Everything that must hold for a rule to apply; without conditions it always does.
#[derive(Clone, Debug, Default)]
pub struct Conditions {
    pub entity: Vec<Condition>,
    /// By the header's name in lower case.
    pub headers: Vec<(String, Vec<Pattern>)>,
    /// By the query parameter's name.
    pub parameters: Vec<(String, Vec<Pattern>)>,
}

/// One thing that an entity says, and the patterns of which one must match.
#[derive(Clone, Debug)]
pub struct Condition {
    pub aspect: Aspect,
    pub accepted: Vec<Pattern>,
}

/// Where an entity says something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Aspect {
    Kind,
    Namespace,
    Name,
    Label(String),
    Annotation(String),
    /// A dotted path below `spec`; a list there stands for each of its items.
    Spec(String),
    Relation(Relation),
}

/// A relation, by the word that rules use for it.
#[derive(Debug, PartialEq, Eq)]
pub struct RelationWord {
    pub word: &'static str,
    /// Backstage's own name of it.
    relation: &'static str,
    /// Only targets of this kind are meant.
    only: Option<&'static str>,
    /// The kind that a short reference in a rule means.
    kind: &'static str,
}

impl RelationWord {
    const fn own(word: &'static str, kind: &'static str) -> Self {
        Self { word, relation: word, only: None, kind }
    }
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
    pub fn find(word: &str) -> Option<Relation> {
        RELATIONS.iter().find(|relation| relation.word == word)
    }

    /// The owner, whom selectors ask for too.
    pub fn owner() -> Relation {
        &RELATIONS[0]
    }

    /// A pattern of references: what a short one leaves out is the relation's kind and the default namespace.
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

    /// Whole references, in lower case.
    fn of(&self, entity: &Entity) -> Vec<String> {
        let named = entity.relations.iter().filter(|relation| relation.kind == self.relation);
        let meant = named.filter(|relation| self.only.is_none_or(|kind| relation.target.kind() == kind));
        meant.map(|relation| relation.target.to_string()).collect()
    }
}

impl Condition {
    pub fn holds(&self, entity: &Entity) -> bool {
        let said = self.aspect.of(entity);
        said.iter().any(|text| self.accepted.iter().any(|pattern| pattern.matches(text)))
    }
}

impl Aspect {
    /// All that the entity says there; empty when it says nothing.
    fn of<'e>(&self, entity: &'e Entity) -> Vec<Cow<'e, str>> {
        let one = |text: Option<&'e str>| text.map(Cow::Borrowed).into_iter().collect();
        match self {
            Self::Kind => one(Some(entity.reference.kind())),
            Self::Namespace => one(Some(entity.reference.namespace())),
            Self::Name => one(Some(entity.reference.name())),
            Self::Label(key) => one(entity.labels.get(key).map(String::as_str)),
            Self::Annotation(key) => one(entity.annotation(key)),
            Self::Spec(path) => at(&entity.spec, path).map(texts).unwrap_or_default(),
            Self::Relation(relation) => relation.of(entity).into_iter().map(Cow::Owned).collect(),
        }
    }
}

/// The value at a dotted path; a key that itself has dots is found as well.
pub fn at<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    if let Some(whole) = value.get(path) {
        return Some(whole);
    }
    path.match_indices('.').find_map(|(i, _)| {
        let (head, rest) = path.split_at_checked(i)?;
        at(value.get(head)?, rest.get(1..)?)
    })
}

/// A scalar, or each scalar of a list, as text.
fn texts(value: &Value) -> Vec<Cow<'_, str>> {
    match value {
        Value::Array(items) => items.iter().filter_map(scalar).collect(),
        other => scalar(other).into_iter().collect(),
    }
}

/// A text, a number or a truth value as text.
pub fn scalar(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(Cow::Borrowed(text)),
        Value::Number(number) => Some(Cow::Owned(number.to_string())),
        Value::Bool(flag) => Some(Cow::Owned(flag.to_string())),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Of a request only what rules ask about: the headers and query parameters that they name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoutingInput {
    headers: BTreeMap<String, String>,
    parameters: BTreeMap<String, String>,
}

impl RoutingInput {
    /// `name` in lower case. Of a header that stands there twice nobody knows which one counts: leave it out.
    pub fn header(&mut self, name: &str, value: &str) {
        self.headers.insert(name.to_owned(), value.to_owned());
    }

    /// A parameter that stands there twice is to be left out as well.
    pub fn parameter(&mut self, name: &str, value: &str) {
        self.parameters.insert(name.to_owned(), value.to_owned());
    }
}

impl Conditions {
    pub fn hold(&self, entity: &Entity, input: &RoutingInput) -> bool {
        let accepted = |known: &BTreeMap<String, String>, (name, patterns): &(String, Vec<Pattern>)| {
            known.get(name).is_some_and(|value| patterns.iter().any(|pattern| pattern.matches(value)))
        };
        self.entity.iter().all(|condition| condition.holds(entity))
            && self.headers.iter().all(|wanted| accepted(&input.headers, wanted))
            && self.parameters.iter().all(|wanted| accepted(&input.parameters, wanted))
    }
}
