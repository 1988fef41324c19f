//! The pages. The pages of a view share one template, `view_page`.

pub mod alert_details;
pub mod alert_graph;
mod alert_target;
pub mod alerts;
pub mod catalog;
pub mod entity;
pub mod error;
pub mod go;
pub mod graph;
pub mod graphs;
pub mod members;
mod rule_link;
mod shared_fault;
pub mod status;
mod time_bar;
mod top;
mod unmatched;
mod view_page;

use std::future::Future;

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, HeaderName, HeaderValue, LOCATION};
use actix_web::{HttpRequest, HttpResponse};

use super::links::{Link, Links, NavLink, Page, Source};
use super::panels::{PanelContext, ProblemsPanel, StateSummary};
use super::params::PageParams;
use super::request::{Access, View, ViewSubject, searching_form};
use crate::chart::svg::Theme;
use crate::store::Recorder;
use crate::web::reply;
use crate::web::settings::WebSettings;

/// The frame of a page: title, icon, navigation, footer.
pub struct Shell<'a> {
    pub links: Links<'a>,
    pub settings: &'a WebSettings,
    /// The title of the document.
    pub title: String,
    /// `ok`, `firing`, `pending` or `unknown`, else `plain`: the tab's icon.
    pub icon: &'static str,
    /// The current link of the header: `catalog`, `query` or `status`.
    pub section: &'static str,
    pub params: &'a PageParams,
    /// The path of this page; empty where no link leads to it.
    pub here: String,
    /// This page in each theme.
    pub themes: Vec<NavLink>,
}

impl<'a> Shell<'a> {
    pub fn new(settings: &'a WebSettings, params: &'a PageParams, path: &str, title: &str) -> Self {
        let links = settings.links(params);
        let themed = |theme: Option<Theme>| links.with(path, &[("theme", theme.map(Theme::as_str))]);
        Self {
            themes: if path.is_empty() { Vec::new() } else { in_each_theme(params, themed) },
            links,
            settings,
            title: title.to_owned(),
            icon: "plain",
            section: "",
            params,
            here: path.to_owned(),
        }
    }

    /// Readers may write queries of their own.
    pub fn ad_hoc(&self) -> bool {
        self.settings.allows(Access::AdHoc)
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

    /// Pages of the navigation also have the portal's name.
    pub fn document_title(&self) -> String {
        let is_own = !self.title.is_empty() && self.section.is_empty();
        if is_own { self.title.clone() } else { format!("{} · {}", self.title, self.settings.title) }
    }

    pub fn icon_of(&self, state: &str) -> String {
        self.links.asset(&format!("img/favicon-{state}.svg"))
    }

    /// The tab's icon. A page that still loads has the unknown one.
    pub fn icon_now(&self) -> String {
        let known = ["ok", "firing", "pending", "plain"].contains(&self.icon);
        self.icon_of(if known { self.icon } else { "unknown" })
    }
}

/// Links to a page in each theme. None: the reader's system chooses.
fn in_each_theme(params: &PageParams, href: impl Fn(Option<Theme>) -> Link) -> Vec<NavLink> {
    let themes = [None, Some(Theme::Light), Some(Theme::Dark)];
    let link = |theme: Option<Theme>| {
        NavLink::new(theme.map_or("system", Theme::as_str), href(theme), params.theme == theme)
    };
    themes.map(link).into()
}

/// What the panels of a view's page need. A panel that htmx fetches belongs to the page in the reader's browser.
fn panel_context<'a>(view: &'a View, page: &'a Link) -> PanelContext<'a> {
    let settings = &view.portal.settings;
    let in_browser = view.browser_path.as_deref().filter(|path| shows_panels(view, path));
    PanelContext {
        links: view.links(),
        source: view.subject.source(),
        name: view.name(),
        page: in_browser.unwrap_or(page.path()),
        tells_parent: !settings.parent_origins.is_empty(),
        ad_hoc: settings.allows(Access::AdHoc),
        drawn: view.drawn,
        held: view.held,
        folding: view.folding,
    }
}

/// Whether a path is a page with several panels of the view's entity.
fn shows_panels(view: &View, path: &str) -> bool {
    let Source::Entity(entity) = view.subject.source() else { return false };
    let pages = [Page::Entity(entity), Page::Alerts(Source::Entity(entity)), Page::Graphs(entity)];
    pages.into_iter().any(|page| view.links().to(page).path() == path)
}

/// Waits for a panel of a page with others. None: it is late, and fetches itself while the store fetches its answer.
async fn briefly<T>(recorder: Option<&Recorder>, answer: impl Future<Output = T>) -> Option<T> {
    let answer = tokio::time::timeout(crate::monitoring::deadlines::PANEL, answer).await.ok();
    if answer.is_none() {
        // All answers may be there, and the table of them not yet.
        recorder.iter().for_each(|recorder| recorder.refuse());
    }
    answer
}

/// What is wrong with the annotations that the view shows.
fn problems(view: &View) -> Option<ProblemsPanel> {
    ProblemsPanel::of(view.subject.entity()?, &view.spec.problems)
}

/// Whether an entity without alerts may have some: an annotation cannot be read, or names no known instance.
fn is_unknown(view: &View) -> bool {
    view.spec.unread || (view.instance.is_err() && view.spec.service_name.is_some())
}

/// The state of a page that shows no alerts.
fn summary_without_alerts(view: &View) -> StateSummary {
    let instance = view.instance_settings().map(|instance| instance.name.to_string());
    match &view.subject {
        ViewSubject::AdHoc(_) => StateSummary::without_alerts(None),
        ViewSubject::Entity(_) if is_unknown(view) => StateSummary::unknown(instance),
        ViewSubject::Entity(_) => StateSummary::without_alerts(instance),
    }
}

fn redirect(page: &Link) -> HttpResponse {
    HttpResponse::build(StatusCode::FOUND)
        .insert_header((LOCATION, page.to_string()))
        .insert_header((CACHE_CONTROL, reply::CachePolicy::NoStore.header()))
        .finish()
}

/// After a search, htmx puts the address of the page with the results into the address bar: the form cannot know it.
fn with_address(mut reply: HttpResponse, request: &HttpRequest, form: &str, page: &Link) -> HttpResponse {
    if searching_form(request.headers()) == Some(form)
        && let Ok(address) = HeaderValue::from_str(&page.to_string())
    {
        reply.headers_mut().insert(HeaderName::from_static("hx-replace-url"), address);
    }
    reply
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use jiff::Timestamp;

    use super::*;

    #[tokio::test]
    async fn what_is_made_with_a_late_panel_is_not_kept() {
        let recorder = Recorder::default();
        recorder.until(Timestamp::MAX);
        assert_eq!(briefly(Some(&recorder), ready(1)).await, Some(1));
        assert!(recorder.finish().is_some());
        assert_eq!(briefly(Some(&recorder), pending::<()>()).await, None);
        assert!(recorder.finish().is_none());
    }
}
