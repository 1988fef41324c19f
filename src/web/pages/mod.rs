//! The pages, each with a template of the same name.

pub mod alert_graph;
pub mod alerts;
mod asked;
pub mod catalog;
pub mod custom_alert_graph;
pub mod custom_alerts;
pub mod custom_graph;
pub mod entity;
pub mod error;
pub mod go;
pub mod graph;
pub mod graphs;
mod head;
pub mod members;
mod scene;
pub mod status;
mod time_bar;
mod unowned;

use super::links::{Link, Page};
use super::panels::times::zone_words;
use super::params::{PageParams, Theme};
use super::{Links, WebSettings};

/// What stands around every page.
pub struct Shell<'a> {
    pub links: Links<'a>,
    pub app: &'a str,
    /// Of the tab.
    pub title: String,
    /// `ok`, `firing`, `pending` or `unknown`, else `plain`: the tab's icon.
    pub icon: &'static str,
    /// Which of the header's links is here: `catalog`, `query` or `status`.
    pub section: &'static str,
    pub demo: bool,
    /// Readers may write queries of their own.
    pub ad_hoc: bool,
    /// The status page is elsewhere.
    pub admin_apart: bool,
    pub params: &'a PageParams,
    /// `promenade.embedding.parentOrigins`, with a space between two.
    pub parents: String,
    /// The address of this page, for the links that change how it looks.
    pub here: String,
}

impl<'a> Shell<'a> {
    pub fn new(settings: &'a WebSettings, params: &'a PageParams, path: &str, title: &str) -> Self {
        let links = settings.links(params);
        Self {
            links,
            app: &settings.title,
            title: title.to_owned(),
            icon: "plain",
            section: "",
            demo: settings.demo,
            ad_hoc: settings.ad_hoc,
            admin_apart: settings.admin_apart,
            params,
            parents: settings.parent_origins.join(" "),
            here: path.to_owned(),
        }
    }

    pub fn catalog(&self) -> Link {
        self.links.to(Page::Catalog)
    }

    pub fn status(&self) -> Link {
        self.links.to(Page::Status)
    }

    pub fn new_query(&self) -> Link {
        self.links.to(Page::NewQuery)
    }

    pub fn icon_of(&self, state: &str) -> String {
        self.links.asset(&format!("img/favicon-{state}.svg"))
    }

    /// The tab's icon; while nothing is known, the unknown one.
    pub fn icon_now(&self) -> String {
        let known = ["ok", "firing", "pending", "plain"].contains(&self.icon);
        self.icon_of(if known { self.icon } else { "unknown" })
    }

    /// The zone that the page is written in.
    pub fn zone(&self) -> String {
        zone_words(self.params.period.now, &self.params.zone)
    }

    pub fn is_theme(&self, theme: &str) -> bool {
        self.params.theme.map_or("system", Theme::as_str) == theme
    }

    pub fn themed(&self, theme: Option<&str>) -> Link {
        self.links.with(&self.here, &[("theme", theme)])
    }
}
