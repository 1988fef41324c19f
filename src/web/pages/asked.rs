//! The top of the custom pages: whose instance answers, and the way between them.

use super::Shell;
use super::head::Tab;
use super::time_bar::TimeBar;
use crate::prometheus::InstanceName;
use crate::web::links::{Link, Page, Source};
use crate::web::panels::PanelContext;
use crate::web::{Custom, Links};

/// An instance that may be chosen.
pub struct Choice {
    pub name: String,
    pub chosen: bool,
}

/// What a custom page's form has besides its own fields.
pub struct Asked {
    /// The path that the form leads to.
    pub action: String,
    /// The entity's name and page, when the address names one.
    pub entity: Option<(String, Link)>,
    pub instances: Vec<Choice>,
    pub hidden: Vec<(String, String)>,
    pub tabs: Vec<Tab>,
}

impl Asked {
    /// `page` is the word of the tab that is here; `own` are the fields that the form shows itself.
    pub fn of(custom: &Custom, page: &str, own: &[&str]) -> Self {
        let links = links(custom);
        let named = custom.params.custom.instance.as_deref().unwrap_or(InstanceName::DEFAULT);
        let choice = |name: &InstanceName| Choice { name: name.to_string(), chosen: name.as_str() == named };
        let tabs = [
            ("Graph", links.to(Page::Graph(Source::AdHoc, 1))),
            ("Alerts", links.to(Page::Alerts(Source::AdHoc))),
        ];
        // Pages that would only refuse are not offered.
        let offered = if custom.may_read_rules().is_ok() { tabs.clone().to_vec() } else { Vec::new() };
        let here = tabs.iter().find(|(word, _)| *word == page).map_or("", |(_, href)| href.path());
        let shown = |name: &str| matches!(name, "instance" | "page") || own.contains(&name);
        Self {
            action: here.to_owned(),
            entity: custom
                .entity
                .as_ref()
                .map(|entity| (entity.display_name().to_owned(), links.to(Page::Entity(&entity.reference)))),
            instances: custom.open_instances().map(choice).collect(),
            hidden: custom.params.given.iter().filter(|(name, _)| !shown(name)).cloned().collect(),
            tabs: offered.into_iter().map(|(word, href)| Tab { word, href, current: word == page }).collect(),
        }
    }
}

pub fn links(custom: &Custom) -> Links<'_> {
    custom.settings.links(&custom.params)
}

/// The panels' view of a custom page. `page` is its path, `name` stands before what a panel says in the tab.
pub fn setting<'a>(custom: &'a Custom, page: &'a str, name: &'a str) -> PanelContext<'a> {
    PanelContext {
        links: links(custom),
        source: Source::AdHoc,
        name,
        page,
        tells_parent: !custom.settings.parent_origins.is_empty(),
        ad_hoc: custom.settings.ad_hoc,
        drawn: custom.drawn,
    }
}

/// The entity's name, else the instance's.
pub fn name(custom: &Custom) -> &str {
    let instance = || custom.params.custom.instance.as_deref().unwrap_or(InstanceName::DEFAULT);
    custom.entity.as_ref().map_or_else(instance, |entity| entity.display_name())
}

pub fn shell<'a>(custom: &'a Custom, page: &str, title: &str) -> Shell<'a> {
    let mut shell = Shell::new(&custom.settings, &custom.params, page, title);
    shell.section = "query";
    shell
}

pub fn time_bar(custom: &Custom, page: &str) -> TimeBar {
    TimeBar { pages: "Custom pages", ..TimeBar::of(links(custom), page, &custom.params) }
}
