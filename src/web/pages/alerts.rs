//! The alert table alone: a page, or the panel that refreshes itself.

use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::Shell;
use super::head::Head;
use super::scene::{Scene, Wait};
use super::time_bar::TimeBar;
use crate::web::links::{Page, Source};
use crate::web::panels::missing::MissingAnnotation;
use crate::web::panels::{AlertsPanel, MissingPanel, PanelContext, ProblemsPanel};
use crate::web::{CachePolicy, Format, PageError, form};

#[derive(Template)]
#[template(path = "pages/alerts.html")]
pub struct AlertsPage<'a> {
    pub shell: Shell<'a>,
    pub head: Head,
    pub bar: TimeBar,
    pub problems: Option<ProblemsPanel>,
    pub missing: Option<MissingPanel>,
    pub alerts: Option<AlertsPanel>,
}

pub async fn show(request: HttpRequest, format: Format, scene: Scene) -> Result<HttpResponse, PageError> {
    let link = scene.links().to(Page::Alerts(Source::Entity(&scene.entity.reference)));
    let setting = scene.setting(link.path());
    let missing = scene.spec.alerts.is_none();
    let alerts = match missing {
        true => None,
        false => Some(scene.alerts(&setting, Wait::Fully, format == Format::Fragment).await),
    };
    if let Some(alerts) = alerts.as_ref().filter(|_| format == Format::Fragment) {
        return fragment(&request, &setting, alerts);
    }
    let summary = alerts.as_ref().map_or_else(|| scene.summary_without_alerts(), |a| a.summary.clone());
    let head = scene.head("Alerts", summary);
    let page = AlertsPage {
        shell: scene.shell(link.path(), &head),
        bar: scene.time_bar(link.path()),
        problems: scene.problems(),
        missing: missing.then(|| MissingPanel::of(&scene.entity, MissingAnnotation::Alerts)),
        head,
        alerts,
    };
    form::html(&request, &page, CachePolicy::Live)
}

/// The panel alone; after a search, with the address of the page that shows it.
pub fn fragment(
    request: &HttpRequest,
    setting: &PanelContext<'_>,
    alerts: &AlertsPanel,
) -> Result<HttpResponse, PageError> {
    let mut reply = form::html(request, alerts, CachePolicy::Live)?;
    if is_search(request) {
        // The form cannot know the address that its text leads to.
        let seen = setting.links.with(setting.page, &[]).to_string();
        if let Ok(seen) = HeaderValue::from_str(&seen) {
            reply.headers_mut().insert(HeaderName::from_static("hx-replace-url"), seen);
        }
    }
    Ok(reply)
}

fn is_search(request: &HttpRequest) -> bool {
    request.headers().get("HX-Source").is_some_and(|source| source.as_bytes() == b"form#alerts-search")
}
