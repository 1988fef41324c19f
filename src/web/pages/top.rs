//! The top of a view's page: the entity with its tabs, or the form of an ad-hoc page.

use std::sync::Arc;

use crate::catalog::Entity;
use crate::prometheus::InstanceName;
use crate::web::links::{Link, NavLink, Page, Source};
use crate::web::panels::alerts::AD_HOC_ALERTS;
use crate::web::panels::{Field, StateSummary};
use crate::web::request::{View, ViewSubject, references};

/// Which page of a view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tab {
    Overview,
    Members,
    Alerts,
    Graphs,
    /// One graph.
    Graph,
    /// The graph of one alert.
    AlertGraph,
}

pub struct Top<'a> {
    pub view: &'a View,
    pub tab: Tab,
    pub summary: StateSummary,
}

impl Top<'_> {
    /// The title of the document.
    pub fn title(&self) -> String {
        self.summary.title(self.name())
    }

    /// The entity's name, or the heading of an ad-hoc page.
    fn name(&self) -> &str {
        if self.view.is_ad_hoc() { self.heading() } else { self.view.name() }
    }

    /// The heading of an ad-hoc page.
    pub fn heading(&self) -> &str {
        match self.tab {
            Tab::Graph => self.view.params.custom.title.as_deref().unwrap_or("Explore: Graph"),
            _ => AD_HOC_ALERTS,
        }
    }

    /// None for an ad-hoc page.
    pub fn entity(&self) -> Option<&Arc<Entity>> {
        self.view.entity().ok()
    }

    pub fn tabs(&self) -> Vec<NavLink> {
        let links = self.view.links();
        let tab = |tab, text, page| NavLink::new(text, links.to(page), self.tab == tab);
        let ViewSubject::Entity(entity) = &self.view.subject else {
            // Only pages that the reader may open.
            return match self.view.authorize_alerts() {
                Ok(()) => vec![
                    tab(Tab::Graph, "Graph", Page::Graph(Source::AdHoc, 1)),
                    tab(Tab::Alerts, "Alerts", Page::Alerts(Source::AdHoc)),
                ],
                Err(_) => Vec::new(),
            };
        };
        let entity = &entity.reference;
        let mut tabs = vec![tab(Tab::Overview, "Overview", Page::Entity(entity))];
        if self.view.members.as_ref().is_some_and(|members| !members.rows.is_empty()) {
            tabs.push(tab(Tab::Members, "Members", Page::Members(entity)));
        }
        tabs.push(tab(Tab::Alerts, "Alerts", Page::Alerts(Source::Entity(entity))));
        tabs.push(tab(Tab::Graphs, "Graphs", Page::Graphs(entity)));
        tabs
    }

    /// Whether the page has panels that show a time range.
    pub fn has_range(&self) -> bool {
        let view = self.view;
        let has_panels = !view.spec.graphs.is_empty() || view.spec.alerts.is_some();
        view.is_ad_hoc() || (self.tab != Tab::Members && view.instance.is_ok() && has_panels)
    }

    pub fn catalog(&self) -> Link {
        self.view.links().to(Page::Catalog)
    }

    /// The page of an entity.
    pub fn page_of(&self, entity: &Entity) -> Link {
        self.view.links().to(Page::Entity(&entity.reference))
    }

    /// Fields of the entity. A field that names another entity of the catalog links to its page.
    pub fn fields(&self, entity: &Entity) -> Vec<Field> {
        let plain = |name: &str, text: Option<&str>| {
            text.map(|text| Field { name: name.to_owned(), text: text.to_owned(), href: None })
        };
        let linked = references(entity).map(|(name, text, other)| {
            let field = plain(name, Some(text))?;
            let other = other.and_then(|other| self.view.snapshot.get(&other));
            Some(Field { href: other.map(|other| self.page_of(other).to_string()), ..field })
        });
        let first = plain("type", entity.spec_type());
        let last = plain("lifecycle", entity.lifecycle());
        std::iter::once(first).chain(linked).chain([last]).flatten().collect()
    }

    /// The path that the form of an ad-hoc page leads to.
    pub fn action(&self) -> String {
        let links = self.view.links();
        let page = match self.tab {
            Tab::Graph => links.to(Page::Graph(Source::AdHoc, 1)),
            _ => links.to(Page::Alerts(Source::AdHoc)),
        };
        page.path().to_owned()
    }

    /// A parameter as the address has it, for a field of the form.
    pub fn value(&self, name: &str) -> &str {
        let mut given = self.view.params.given.iter();
        given.find(|(n, _)| n == name).map_or("", |(_, value)| value)
    }

    pub fn is_chosen(&self, instance: &InstanceName) -> bool {
        let named = self.view.params.custom.instance.as_deref();
        instance.as_str() == named.unwrap_or(InstanceName::DEFAULT)
    }

    /// The parameters that the form keeps: those without a field.
    pub fn hidden(&self) -> impl Iterator<Item = &(String, String)> {
        let fields: &[&str] = match self.tab {
            Tab::Graph => &["instance", "page", "query", "dimension", "title"],
            _ => &["instance", "page", "labels"],
        };
        self.view.params.given.iter().filter(move |(name, _)| !fields.contains(&name.as_str()))
    }
}
