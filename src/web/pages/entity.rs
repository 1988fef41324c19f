//! An entity's page: its alerts, then every graph. Also what its annotations say, as JSON.

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use futures_util::future::join4;

use super::head::Head;
use super::time_bar::TimeBar;
use super::top::Top;
use super::{Shell, briefly, graphs, is_unknown, members, panel_context, problems, summary_without_alerts};
use crate::catalog::Entity;
use crate::monitoring::{AlertQuery, Failure, deadlines};
use crate::web::data;
use crate::web::format::Format;
use crate::web::links::Page;
use crate::web::page_error::{ErrorText, PageError};
use crate::web::panels::members::MemberList;
use crate::web::panels::missing::MissingAnnotation;
use crate::web::panels::{
    AccountPanel, AlertsPanel, GraphPanel, MembersPanel, MissingPanel, PanelContext, ProblemsPanel,
    ResolvedAlertPanel, StateSummary,
};
use crate::web::reply;
use crate::web::request::{Access, View};

#[derive(Template)]
#[template(path = "pages/entity.html", blocks = ["content"])]
pub struct EntityPage<'a> {
    pub shell: Shell<'a>,
    pub top: Top,
    pub bar: TimeBar,
    pub problems: Option<ProblemsPanel>,
    /// One failure in place of all panels.
    pub fault: Option<ErrorText>,
    pub missing: Option<MissingPanel>,
    pub members: Option<MembersPanel>,
    pub resolved: Option<ResolvedAlertPanel>,
    pub alerts: Option<AlertsPanel>,
    pub graphs: Vec<GraphPanel>,
    pub account: AccountPanel,
}

pub async fn show(request: HttpRequest, view: View, format: Format) -> Result<HttpResponse, PageError> {
    if format == Format::Json {
        view.strict()?;
        return data::entity::json(&request, &view);
    }
    let entity = view.entity()?;
    let link = view.links().to(Page::Entity(&entity.reference));
    let context = panel_context(&view, &link);
    let fault = view.instance.as_ref().err().map(PageError::text);
    let is_missing = view.spec.is_empty() && !is_unknown(&view);
    let has_panels = fault.is_none() && !is_missing;
    let alerts = async { if has_panels { alerts(&view, &context).await } else { None } };
    let graphs = async { if has_panels { graphs::panels(&view, &context).await } else { Vec::new() } };
    let members = members::panel(&view, entity, MemberList::First);
    let (alerts, graphs, resolved, members) = join4(alerts, graphs, resolved(&view), members).await;
    let summary = match &alerts {
        Some(alerts) => alerts.summary.clone(),
        None => summary(&view, fault.is_some(), is_missing, members.as_ref()),
    };
    let top = Head::of(&view, entity, "Overview", summary).into();
    let is_empty = is_missing && members.is_none();
    let page = EntityPage {
        shell: Shell::of(&view, &link, &top),
        bar: TimeBar::of(&view, &link),
        problems: problems(&view),
        account: account(&view, entity),
        missing: is_empty.then(|| MissingPanel::of(entity, MissingAnnotation::Everything)),
        members,
        fault: fault.filter(|_| !is_missing),
        top,
        resolved,
        alerts,
        graphs,
    };
    reply::page(&request, &page, &page.as_content())
}

async fn alerts(view: &View, context: &PanelContext<'_>) -> Option<AlertsPanel> {
    view.spec.alerts.as_ref()?;
    let answer = briefly(view.alerts(view.params.table.show_inactive)).await;
    let instance = view.instance.as_ref().ok().map(|routed| routed.settings());
    Some(AlertsPanel::of(context, instance, answer, false))
}

/// The state of a page without an alert table.
fn summary(view: &View, is_faulty: bool, is_missing: bool, members: Option<&MembersPanel>) -> StateSummary {
    match members.filter(|members| members.leads_page) {
        _ if is_faulty && (view.spec.alerts.is_some() || is_unknown(view)) => StateSummary::unknown(None),
        Some(members) => members.summary.clone(),
        None if is_missing => StateSummary::without_alerts(None),
        None => summary_without_alerts(view),
    }
}

/// The alert that the address names, if it would be this entity's and is no longer active.
async fn resolved(view: &View) -> Option<ResolvedAlertPanel> {
    let (params, monitoring) = (&view.params, &view.portal.monitoring);
    let instance = &view.routed().ok()?.instance;
    let query = AlertQuery {
        labels: params.resolved.labels.clone()?,
        at: params.resolved.at,
        instance: None,
        ad_hoc: view.portal.settings.allows(Access::AdHoc),
    };
    if !monitoring.is_resolved(instance, &view.spec, &query, params.period.now).await {
        return None;
    }
    let firing = monitoring.last_firing(instance, &query, view.spec.alerts.as_ref(), params.period.now);
    let firing = tokio::time::timeout(deadlines::PANEL, firing).await.unwrap_or(Err(Failure::Late));
    Some(ResolvedAlertPanel::of(&query.labels, firing, params))
}

/// How this page was made.
fn account(view: &View, entity: &Arc<Entity>) -> AccountPanel {
    let instance = view.instance.as_ref();
    let panel = AccountPanel::of(entity, &view.spec, instance.ok(), &view.params.period);
    AccountPanel { fault: instance.err().map(PageError::text), problems: problems(view), ..panel }
}
