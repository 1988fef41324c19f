//! What an opened row of the alert table fetches.

use actix_web::{HttpRequest, HttpResponse};

use super::panel_context;
use crate::web::links::Page;
use crate::web::page_error::PageError;
use crate::web::panels::AlertDetails;
use crate::web::reply;
use crate::web::request::View;

pub async fn show(request: HttpRequest, view: View) -> Result<HttpResponse, PageError> {
    // The graph of its expression is among the details.
    view.authorize_alert_graph()?;
    let row = view.params.table.linked().ok_or(PageError::NoSuchPage)?;
    let link = view.links().to(Page::Alerts(view.subject.source()));
    let answer = view.alerts(true).await;
    let table = answer.as_ref().map(AsRef::as_ref).map_err(Clone::clone);
    reply::html(&request, &AlertDetails::of(panel_context(&view, &link), table, row))
}
