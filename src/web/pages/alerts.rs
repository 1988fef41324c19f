//! The alert table: as a page, as the panel that refreshes itself, or as data.

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse};

use super::top::Tab;
use super::view_page::ViewPage;
use super::{panel_context, problems, with_address};
use crate::annotations::{ALERT, LABELS};
use crate::monitoring::{AlertTable, Failure};
use crate::web::data;
use crate::web::format::Format;
use crate::web::links::Page;
use crate::web::page_error::PageError;
use crate::web::panels::{AlertsPanel, MissingPanel};
use crate::web::reply;
use crate::web::request::{View, ViewSubject};

pub async fn show(request: HttpRequest, view: View, format: Format) -> Result<HttpResponse, PageError> {
    view.authorize_alerts()?;
    match format {
        Format::Json => data::alerts::json(&request, table(&view).await?, &view.params).await,
        Format::Csv => {
            let table = table(&view).await?;
            let name = match &view.subject {
                ViewSubject::Entity(entity) => entity.reference.name().to_owned(),
                ViewSubject::AdHoc(_) => table.instance.to_string(),
            };
            data::csv::alerts(&request, &[&name, "alerts"], table, &view.params).await
        }
        _ => page(&request, &view, format == Format::Fragment).await,
    }
}

/// The table for data.
async fn table(view: &View) -> Result<Arc<AlertTable>, PageError> {
    view.strict()?;
    let instance = view.instance.clone();
    // An annotation with an unknown instance is not missing.
    let names_one = view.spec.service_name.is_some() || view.spec.unread;
    if view.spec.alerts.is_none() && (instance.is_ok() || !names_one) {
        return Err(PageError::Failed(Failure::NoAnnotation));
    }
    instance?;
    view.alerts(view.params.table.show_inactive).await.map_err(PageError::Failed)
}

async fn page(request: &HttpRequest, view: &View, is_fragment: bool) -> Result<HttpResponse, PageError> {
    let link = view.links().to(Page::Alerts(view.subject.source()));
    let context = panel_context(view, &link);
    let fault = view.instance.as_ref().err().filter(|_| view.is_ad_hoc());
    if let Some(fault) = fault.filter(|_| is_fragment) {
        return Err(fault.clone());
    }
    let mut alerts = None;
    if view.spec.alerts.is_some() && fault.is_none() {
        let answer = view.alerts(view.params.table.show_inactive).await;
        alerts = Some(AlertsPanel::of(context, view.instance_settings(), Some(answer), is_fragment));
    }
    if let Some(alerts) = alerts.as_ref().filter(|_| is_fragment) {
        let reply = reply::html(request, alerts)?;
        let page = context.links.with(context.page, &[]);
        return Ok(with_address(reply, request, "alerts-search", &page));
    }
    let summary = alerts.as_ref().map(|alerts| alerts.summary.clone());
    let entity = view.entity().ok().filter(|_| view.spec.alerts.is_none());
    let mut page = ViewPage {
        problems: problems(view),
        missing: entity.map(|entity| MissingPanel { entity, annotations: &[ALERT, LABELS] }),
        fault: fault.map(PageError::text),
        alerts,
        ..ViewPage::of(view, &link, Tab::Alerts, summary)
    };
    if page.fault.is_some() {
        page.shell.icon = "unknown";
    }
    reply::html_as(request, page.status(), &page)
}
