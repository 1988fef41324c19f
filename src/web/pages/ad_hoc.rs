//! The form of an ad-hoc page, and the tabs between the two.

use crate::prometheus::InstanceName;
use crate::web::links::{Link, NavLink, Page, Source};
use crate::web::panels::StateSummary;
use crate::web::request::View;

/// A choice of a select element.
pub struct SelectOption {
    pub value: String,
    pub label: String,
    pub chosen: bool,
}

/// Which of the pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AdHocPage {
    Graph,
    Alerts,
    /// The graph of one alert. It has no form.
    AlertGraph,
}

/// What all forms have besides their own fields.
pub struct AdHocForm {
    pub heading: String,
    /// Of the tab.
    pub title: String,
    pub summary: StateSummary,
    /// The path that the form leads to.
    pub action: String,
    /// The entity's name and page, when the address names one.
    pub entity: Option<(String, Link)>,
    pub instances: Vec<SelectOption>,
    pub hidden: Vec<(String, String)>,
    pub tabs: Vec<NavLink>,
}

impl AdHocPage {
    fn fields(self) -> &'static [&'static str] {
        match self {
            Self::Graph => &["query", "dimension", "title"],
            Self::Alerts => &["labels"],
            Self::AlertGraph => &[],
        }
    }
}

impl AdHocForm {
    pub fn of(view: &View, page: AdHocPage, heading: &str) -> Self {
        let links = view.links();
        let tabs = [
            (AdHocPage::Graph, "Graph", links.to(Page::Graph(Source::AdHoc, 1))),
            (AdHocPage::Alerts, "Alerts", links.to(Page::Alerts(Source::AdHoc))),
        ];
        let here = tabs.iter().find(|(tab, ..)| *tab == page);
        let action = here.map(|(.., href)| href.path().to_owned()).unwrap_or_default();
        // Only pages that the reader may open.
        let is_offered = view.authorize_alerts().is_ok();
        let tabs = tabs.into_iter().filter(|_| is_offered);
        let named = view.params.custom.instance.as_deref().unwrap_or(InstanceName::DEFAULT);
        let instance = |name: &InstanceName| SelectOption {
            value: name.to_string(),
            label: name.to_string(),
            chosen: name.as_str() == named,
        };
        let is_hidden = |name: &str| !matches!(name, "instance" | "page") && !page.fields().contains(&name);
        Self {
            heading: heading.to_owned(),
            title: heading.to_owned(),
            summary: StateSummary::without_alerts(None),
            action,
            entity: view
                .subject
                .entity()
                .map(|entity| (entity.display_name().to_owned(), links.to(Page::Entity(&entity.reference)))),
            instances: view.open_instances().map(instance).collect(),
            hidden: view.params.given.iter().filter(|(name, _)| is_hidden(name)).cloned().collect(),
            tabs: tabs.map(|(tab, word, href)| NavLink::new(word, href, tab == page)).collect(),
        }
    }
}
