//! The top of an entity's pages: its name and state, its fields, and the tabs.

use crate::catalog::{Entity, EntityRef};
use crate::web::links::{Link, NavLink, Page, Source, safe_href};
use crate::web::panels::StateSummary;
use crate::web::request::View;

/// A field of the entity.
pub struct HeadField {
    pub name: &'static str,
    pub text: String,
    /// The page of the entity that it names, where the catalog has one.
    pub href: Option<Link>,
}

/// The fields of `spec` that name another entity, and its kind where the name has none.
const NAMED: [(&str, &str); 4] =
    [("owner", "group"), ("system", "system"), ("domain", "domain"), ("parent", "group")];

/// A link of the entity, or its text where the address is not one to follow.
pub struct OwnLink {
    pub text: String,
    pub href: Option<String>,
}

pub struct Head {
    pub name: String,
    pub kind: String,
    pub namespace: String,
    pub catalog: Link,
    pub description: Option<String>,
    pub fields: Vec<HeadField>,
    pub tags: Vec<String>,
    pub links: Vec<OwnLink>,
    pub tabs: Vec<NavLink>,
    pub summary: StateSummary,
}

impl Head {
    /// `page` is the word of the current tab, or empty.
    pub fn of(view: &View, entity: &Entity, page: &str, summary: StateSummary) -> Self {
        let (reference, links) = (&entity.reference, view.links());
        let has_members = view.members.as_ref().is_some_and(|members| !members.rows.is_empty());
        let fact =
            |name, text: Option<&str>| text.map(|t| HeadField { name, text: t.to_owned(), href: None });
        let named = NAMED.into_iter().map(|(name, kind)| {
            let text = entity.spec.get(name)?.as_str()?;
            let other = EntityRef::parse_with(text, kind, reference.namespace());
            let other = other.filter(|other| view.snapshot.get(other).is_some());
            let href = other.map(|other| links.to(Page::Entity(&other)));
            Some(HeadField { name, text: text.to_owned(), href })
        });
        let ends = [fact("type", entity.spec_type()), fact("lifecycle", entity.lifecycle())];
        let [kind_of, lifecycle] = ends;
        let fields = std::iter::once(kind_of).chain(named).chain([lifecycle]).flatten().collect();
        let tab = |word, href| NavLink::new(word, href, page == word);
        let own = entity.links.iter().map(|link| OwnLink {
            text: link.title.clone().unwrap_or_else(|| link.url.clone()),
            href: safe_href(&link.url),
        });
        Self {
            name: entity.display_name().to_owned(),
            kind: entity.kind.clone(),
            namespace: reference.namespace().to_owned(),
            catalog: links.to(Page::Catalog),
            description: entity.description.clone(),
            fields,
            tags: entity.tags.clone(),
            links: own.collect(),
            tabs: [
                Some(tab("Overview", links.to(Page::Entity(reference)))),
                has_members.then(|| tab("Members", links.to(Page::Members(reference)))),
                Some(tab("Alerts", links.to(Page::Alerts(Source::Entity(reference))))),
                Some(tab("Graphs", links.to(Page::Graphs(reference)))),
            ]
            .into_iter()
            .flatten()
            .collect(),
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
