//! The top of an entity's pages: the sentence, the facts, and the way to its other pages.

use crate::catalog::Entity;
use crate::web::Links;
use crate::web::links::safe_href;
use crate::web::panels::Summary;

pub struct Fact {
    pub name: &'static str,
    pub text: String,
}

pub struct Tab {
    pub word: &'static str,
    pub href: String,
    pub current: bool,
}

/// A link of the entity, or its text where the address is not one to follow.
pub struct OwnLink {
    pub text: String,
    pub href: Option<String>,
}

pub struct Head {
    pub name: String,
    pub kind: String,
    pub namespace: String,
    pub catalog: String,
    pub description: Option<String>,
    pub facts: Vec<Fact>,
    pub tags: Vec<String>,
    pub links: Vec<OwnLink>,
    pub tabs: Vec<Tab>,
    pub summary: Summary,
}

impl Head {
    /// `page` is the word of the tab that is here, or empty.
    pub fn of(entity: &Entity, links: Links<'_>, page: &str, summary: Summary) -> Self {
        let reference = &entity.reference;
        let fact = |name, text: Option<&str>| text.map(|t| Fact { name, text: t.to_owned() });
        let facts = [
            fact("type", entity.spec_type()),
            fact("owner", entity.owner()),
            fact("system", entity.system()),
        ];
        let lifecycle = fact("lifecycle", entity.lifecycle());
        let tab = |word, href| Tab { word, href, current: page == word };
        let own = entity.links.iter().map(|link| OwnLink {
            text: link.title.clone().unwrap_or_else(|| link.url.clone()),
            href: safe_href(&link.url),
        });
        Self {
            name: entity.display_name().to_owned(),
            kind: entity.kind.clone(),
            namespace: reference.namespace().to_owned(),
            catalog: links.catalog(),
            description: entity.description.clone(),
            facts: facts.into_iter().chain([lifecycle]).flatten().collect(),
            tags: entity.tags.clone(),
            links: own.collect(),
            tabs: vec![
                tab("Overview", links.entity(reference)),
                tab("Alerts", links.alerts(reference)),
                tab("Graphs", links.graphs(reference)),
            ],
            summary,
        }
    }

    pub fn title(&self) -> String {
        match self.summary.short() {
            short if short.is_empty() => self.name.clone(),
            short => format!("{}: {short}", self.name),
        }
    }
}
