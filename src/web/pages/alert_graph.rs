//! The graph of one alert's expression: a page, or what an opened row fetches.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::Shell;
use super::head::Head;
use super::scene::Scene;
use super::time_bar::TimeBar;
use crate::web::links::{Page, Source};
use crate::web::panels::GraphPanel;
use crate::web::{CachePolicy, Format, PageError, form};

#[derive(Template)]
#[template(path = "pages/alert_graph.html")]
pub struct AlertGraphPage<'a> {
    pub shell: Shell<'a>,
    pub head: Head,
    pub bar: TimeBar,
    pub graph: GraphPanel,
}

/// The address names the row, never its expression.
pub async fn show(request: HttpRequest, format: Format, scene: Scene) -> Result<HttpResponse, PageError> {
    let row = scene.params.table.alert.ok_or(PageError::NoSuchPage)?;
    let link = scene.links().to(Page::AlertGraph(Source::Entity(&scene.entity.reference), row));
    let setting = scene.setting(link.path());
    let graph = scene.alert_graph(&setting, row).await;
    if format == Format::Fragment {
        return form::html(&request, &graph, CachePolicy::Live);
    }
    let status = if graph.is_gone() { StatusCode::NOT_FOUND } else { StatusCode::OK };
    let head = scene.head("", scene.summary_without_alerts());
    let page = AlertGraphPage {
        shell: scene.shell(link.path(), &head),
        bar: scene.time_bar(link.path()),
        head,
        graph,
    };
    form::html_as(&request, status, &page, CachePolicy::Live)
}
