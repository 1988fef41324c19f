//! The graph of one alert's expression: a page, or what an opened row fetches.

use actix_web::{HttpRequest, HttpResponse};

use super::panel_context;
use super::top::Tab;
use super::view_page::ViewPage;
use crate::web::format::Format;
use crate::web::links::Page;
use crate::web::page_error::PageError;
use crate::web::panels::GraphPanel;
use crate::web::reply;
use crate::web::request::View;

/// The address names the row, never its expression: that is the instance's, not a query of the reader.
pub async fn show(request: HttpRequest, view: View, format: Format) -> Result<HttpResponse, PageError> {
    view.authorize_alert_graph()?;
    let row = view.params.table.linked().ok_or(PageError::NoSuchPage)?;
    let link = view.links().to(Page::AlertGraph(view.subject.source(), row));
    if let Some(fault) = view.instance.as_ref().err().filter(|_| view.is_ad_hoc()) {
        return Err(fault.clone());
    }
    let found = view.alert_graph(row).await;
    let graph = GraphPanel::of_alert(panel_context(&view, &link), view.instance_settings(), row, found);
    if format == Format::Fragment {
        return reply::html(&request, &graph);
    }
    let mut page = ViewPage::of(&view, &link, Tab::AlertGraph, None);
    if view.is_ad_hoc() {
        page.shell.title.clone_from(&graph.title);
    }
    let page = ViewPage { graph: Some(graph), ..page };
    reply::html_as(&request, page.status(), &page)
}
