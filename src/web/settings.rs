//! The settings of the web module.

use url::Url;

use crate::page_params::PageDefaults;
use crate::web::links::Links;
use crate::web::params::PageParams;

/// Filled from the config.
#[derive(Clone, Debug)]
pub struct WebSettings {
    /// `app.title`
    pub title: String,
    /// `app.baseUrl`: its path prefixes every link.
    pub base_url: Option<Url>,
    /// Exact origins that may frame the portal, besides itself.
    pub frame_ancestors: Vec<String>,
    /// `promenade.embedding.parentOrigins`: exact origins that exchange messages with the portal when they frame
    /// it.
    pub parent_origins: Vec<String>,
    pub defaults: PageDefaults,
    /// `promenade.adHocQueries`: readers may write queries of their own.
    pub ad_hoc: bool,
    /// The page says "demo data".
    pub demo: bool,
    /// `promenade.adminListen`: the status page has a listener of its own, and no page links to it.
    pub admin_apart: bool,
}

impl WebSettings {
    /// The path of `app.baseUrl` without its trailing slash; empty at the root.
    pub fn prefix(&self) -> &str {
        self.base_url.as_ref().map_or("", |url| url.path().trim_end_matches('/'))
    }

    pub fn links<'a>(&'a self, params: &'a PageParams) -> Links<'a> {
        Links { prefix: self.prefix(), params, entity: None }
    }
}
