//! An alert table that its address describes: a page, or the panel that refreshes itself.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::Shell;
use super::alerts::fragment;
use super::asked::{self, Asked};
use super::time_bar::TimeBar;
use crate::web::links::{Page, Source};
use crate::web::panels::{AlertsPanel, StateSummary};
use crate::web::{CachePolicy, Custom, ErrorText, Format, PageError, form};

/// The fields of the form.
const FIELDS: [&str; 2] = ["labels", "instance"];

#[derive(Template)]
#[template(path = "pages/custom_alerts.html")]
pub struct CustomAlertsPage<'a> {
    pub shell: Shell<'a>,
    pub summary: StateSummary,
    pub bar: TimeBar,
    pub asked: Asked,
    pub labels: &'a str,
    /// Why nobody could be asked.
    pub fault: Option<ErrorText>,
    pub alerts: Option<AlertsPanel>,
}

pub async fn show(request: HttpRequest, format: Format, custom: Custom) -> Result<HttpResponse, PageError> {
    custom.may_read_rules()?;
    let link = asked::links(&custom).to(Page::Alerts(Source::AdHoc));
    let page = link.path();
    let setting = asked::setting(&custom, page, asked::name(&custom));
    let (alerts, fault) = match custom.instance() {
        Err(fault) if format == Format::Fragment => return Err(fault),
        Err(fault) => (None, Some(fault.text())),
        Ok(instance) => {
            let spec = custom.alert_spec();
            let answer = custom.alerts(&instance, &spec).await;
            let is_fragment = format == Format::Fragment;
            (Some(AlertsPanel::of(&setting, Some(&instance.settings), Some(answer), is_fragment)), None)
        }
    };
    if let Some(alerts) = alerts.as_ref().filter(|_| format == Format::Fragment) {
        return fragment(&request, &setting, alerts);
    }
    let summary = alerts.as_ref().map_or_else(|| StateSummary::without_alerts(None), |a| a.summary.clone());
    let given =
        |name: &str| custom.params.given.iter().find(|(n, _)| n == name).map_or("", |(_, v)| v.as_str());
    let status = fault.as_ref().map(|told| told.status).filter(|status| *status == StatusCode::NOT_FOUND);
    let title = match summary.short() {
        short if short.is_empty() => "Explore: Alerts".to_owned(),
        short => format!("{}: {short}", asked::name(&custom)),
    };
    let mut shell = asked::shell(&custom, page, &title);
    shell.icon = if fault.is_some() { "unknown" } else { summary.state };
    let page = CustomAlertsPage {
        shell,
        summary,
        bar: asked::time_bar(&custom, page),
        asked: Asked::of(&custom, "Alerts", &FIELDS),
        labels: given("labels"),
        fault,
        alerts,
    };
    form::html_as(&request, status.unwrap_or(StatusCode::OK), &page, CachePolicy::Live)
}
