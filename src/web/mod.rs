//! The portal's pages over HTTP: the route table.

pub mod assets;
pub mod links;
pub mod params;

pub use links::Links;
pub use params::PageParams;

use std::time::Duration;

use url::Url;

/// What the web floor needs to know.
#[derive(Clone, Debug)]
pub struct WebSettings {
    /// `app.title`
    pub title: String,
    /// `app.baseUrl`: its path prefixes every link.
    pub base_url: Option<Url>,
    /// Exact origins that may frame the portal, besides itself.
    pub frame_ancestors: Vec<String>,
    pub defaults: PageDefaults,
    /// The page says "demo data".
    pub demo: bool,
}

/// `promenade.defaults`
#[derive(Clone, Debug)]
pub struct PageDefaults {
    pub range: Duration,
    pub refresh: Option<Duration>,
    /// IANA name, `utc` or `browser`.
    pub tz: String,
}
