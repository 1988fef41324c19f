//! The graph of one alert's expression: a page, or what an opened row fetches.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::ad_hoc::{AdHocForm, AdHocPage};
use super::head::Head;
use super::time_bar::TimeBar;
use super::top::Top;
use super::{Shell, panel_context, summary_without_alerts};
use crate::web::format::Format;
use crate::web::links::Page;
use crate::web::page_error::PageError;
use crate::web::panels::GraphPanel;
use crate::web::reply::{self, CachePolicy};
use crate::web::request::{Subject, View};

#[derive(Template)]
#[template(path = "pages/alert_graph.html")]
pub struct AlertGraphPage<'a> {
    pub shell: Shell<'a>,
    pub top: Top,
    pub bar: TimeBar,
    pub graph: GraphPanel,
}

/// The address names the row, never its expression: that is the instance's, not a query of the reader.
pub async fn show(request: HttpRequest, view: View, format: Format) -> Result<HttpResponse, PageError> {
    view.authorize_alert_graph()?;
    let row = view.params.table.alert.ok_or(PageError::NoSuchPage)?;
    let link = view.links().to(Page::AlertGraph(view.subject.source(), row));
    if let Some(fault) = view.instance.as_ref().err().filter(|_| view.is_ad_hoc()) {
        return Err(fault.clone());
    }
    let instance = view.instance.as_ref().ok().map(|routed| routed.settings());
    let found = view.alert_graph(row).await;
    let graph = GraphPanel::of_alert(&panel_context(&view, &link), instance, row, found);
    if format == Format::Fragment {
        return reply::html(&request, &graph, CachePolicy::Live);
    }
    let status = if graph.is_gone() { StatusCode::NOT_FOUND } else { StatusCode::OK };
    let top = match &view.subject {
        Subject::Entity(entity) => Head::of(&view, entity, "", summary_without_alerts(&view)).into(),
        Subject::AdHoc(_) => {
            let form = AdHocForm::of(&view, AdHocPage::AlertGraph, "Explore: Alerts");
            Top::AdHoc(Box::new(AdHocForm { title: graph.title.clone(), ..form }))
        }
    };
    let page =
        AlertGraphPage { shell: Shell::of(&view, &link, &top), bar: TimeBar::of(&view, &link), top, graph };
    reply::html_as(&request, status, &page, CachePolicy::Live)
}
