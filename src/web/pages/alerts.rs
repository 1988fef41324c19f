//! The alert table: as a page, as the panel that refreshes itself, or as data.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::ad_hoc::{AdHocForm, AdHocPage};
use super::head::Head;
use super::time_bar::TimeBar;
use super::top::Top;
use super::{Shell, panel_context, problems, summary_without_alerts, with_address};
use crate::monitoring::{AlertTable, Failure};
use crate::web::data;
use crate::web::format::Format;
use crate::web::links::Page;
use crate::web::page_error::{ErrorText, PageError};
use crate::web::panels::missing::MissingAnnotation;
use crate::web::panels::{AlertsPanel, MissingPanel, ProblemsPanel, StateSummary};
use crate::web::reply::{self, CachePolicy};
use crate::web::request::{Subject, View};

#[derive(Template)]
#[template(path = "pages/alerts.html")]
pub struct AlertsPage<'a> {
    pub shell: Shell<'a>,
    pub top: Top,
    pub bar: TimeBar,
    pub problems: Option<ProblemsPanel>,
    /// Why there is no instance for an ad-hoc page.
    pub fault: Option<ErrorText>,
    pub missing: Option<MissingPanel>,
    pub alerts: Option<AlertsPanel>,
}

pub async fn show(request: HttpRequest, view: View, format: Format) -> Result<HttpResponse, PageError> {
    view.authorize_alerts()?;
    match format {
        Format::Json => data::alerts::json(&request, &table(&view).await?, &view.params),
        Format::Csv => {
            let table = table(&view).await?;
            let rows = data::alerts::chosen(&table, &view.params);
            let name = match &view.subject {
                Subject::Entity(entity) => entity.reference.name(),
                Subject::AdHoc(_) => table.instance.as_str(),
            };
            data::csv::alerts(&request, &[name, "alerts"], &table, rows).await
        }
        _ => page(&request, &view, format == Format::Fragment).await,
    }
}

/// The table for data.
async fn table(view: &View) -> Result<AlertTable, PageError> {
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
    let alerts = match view.spec.alerts.is_some() && fault.is_none() {
        true => {
            let answer = view.alerts(view.params.table.show_inactive).await;
            let instance = view.instance.as_ref().ok().map(|routed| routed.settings());
            Some(AlertsPanel::of(&context, instance, Some(answer), is_fragment))
        }
        false => None,
    };
    if let Some(alerts) = alerts.as_ref().filter(|_| is_fragment) {
        let reply = reply::html(request, alerts, CachePolicy::Live)?;
        let page = context.links.with(context.page, &[]);
        return Ok(with_address(reply, request, "alerts-search", &page));
    }
    let summary = alerts.as_ref().map(|alerts| alerts.summary.clone());
    let top = top(view, summary);
    let fault = fault.map(PageError::text);
    let mut shell = Shell::of(view, &link, &top);
    shell.icon = if fault.is_some() { "unknown" } else { shell.icon };
    // An instance that no one has is missing. Other faults leave a page with its form.
    let status = fault.as_ref().map(|fault| fault.status).filter(|status| *status == StatusCode::NOT_FOUND);
    let is_missing = view.spec.alerts.is_none();
    let page = AlertsPage {
        shell,
        bar: TimeBar::of(view, &link),
        problems: problems(view),
        missing: view
            .subject
            .entity()
            .filter(|_| is_missing)
            .map(|e| MissingPanel::of(e, MissingAnnotation::Alerts)),
        fault,
        top,
        alerts,
    };
    reply::html_as(request, status.unwrap_or(StatusCode::OK), &page, CachePolicy::Live)
}

fn top(view: &View, summary: Option<StateSummary>) -> Top {
    match &view.subject {
        Subject::Entity(entity) => {
            let summary = summary.unwrap_or_else(|| summary_without_alerts(view));
            Head::of(view, entity, "Alerts", summary).into()
        }
        Subject::AdHoc(_) => {
            let form = AdHocForm::of(view, AdHocPage::Alerts, "Explore: Alerts");
            let summary = summary.unwrap_or_else(|| StateSummary::without_alerts(None));
            let title = match summary.short() {
                short if short.is_empty() => form.title,
                short => format!("{}: {short}", view.name()),
            };
            Top::AdHoc(Box::new(AdHocForm { title, summary, ..form }))
        }
    }
}
