//! An entity's page: its alerts, then every graph. Also what its annotations say, as JSON.

use actix_web::{HttpRequest, HttpResponse};
use futures_util::future::join4;

use super::shared_fault::SharedFault;
use super::top::Tab;
use super::view_page::ViewPage;
use super::{briefly, graphs, is_unknown, members, panel_context, problems, summary_without_alerts};
use crate::annotations::{ALERT, LABELS, RULE};
use crate::monitoring::{AlertQuery, Failure, deadlines};
use crate::web::data;
use crate::web::format::Format;
use crate::web::links::Page;
use crate::web::page_error::PageError;
use crate::web::panels::members::MemberList;
use crate::web::panels::{
    AccountPanel, AlertsPanel, MembersPanel, MissingPanel, PanelContext, ResolvedAlertPanel, StateSummary,
};
use crate::web::reply;
use crate::web::request::{Access, View};

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
    let alerts = async { if has_panels { alerts(&view, context).await } else { None } };
    let graphs = async { if has_panels { graphs::panels(&view, context).await } else { Vec::new() } };
    let members = members::panel(&view, entity, MemberList::First);
    let (mut alerts, mut graphs, resolved, members) = join4(alerts, graphs, resolved(&view), members).await;
    let summary = match &alerts {
        Some(alerts) => alerts.summary.clone(),
        None => summary(&view, fault.is_some(), is_missing, members.as_ref()),
    };
    let is_empty = is_missing && members.is_none();
    let page = ViewPage {
        problems: problems(&view),
        account: Some(AccountPanel { view: &view, entity, problems: problems(&view) }),
        missing: is_empty.then_some(MissingPanel { entity, annotations: &[RULE, ALERT, LABELS] }),
        members,
        fault: fault.filter(|_| !is_missing),
        shared: SharedFault::of(&view, alerts.as_mut(), &mut graphs),
        resolved,
        alerts,
        graphs,
        ..ViewPage::of(&view, &link, Tab::Overview, Some(summary))
    };
    reply::page(&request, &page, &page.as_content())
}

async fn alerts<'a>(view: &'a View, context: PanelContext<'a>) -> Option<AlertsPanel<'a>> {
    view.spec.alerts.as_ref()?;
    let answer =
        briefly(view.portal.monitoring.recorder(), view.alerts(view.params.table.show_inactive)).await;
    Some(AlertsPanel::of(context, view.instance_settings(), answer, false))
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
async fn resolved(view: &View) -> Option<ResolvedAlertPanel<'_>> {
    let (params, monitoring) = (&view.params, &view.portal.monitoring);
    let instance = &view.routed().ok()?.instance;
    let labels = params.resolved_labels.as_ref()?;
    let query = AlertQuery {
        labels: labels.clone(),
        at: params.resolved_at,
        instance: None,
        ad_hoc: view.portal.settings.allows(Access::AdHoc),
    };
    if !monitoring.is_resolved(instance, &view.spec, &query, params.period.now).await {
        return None;
    }
    let firing = monitoring.last_firing(instance, &query, view.spec.alerts.as_ref(), params.period.now);
    let firing = tokio::time::timeout(deadlines::PANEL, firing).await.unwrap_or(Err(Failure::Late));
    Some(ResolvedAlertPanel::of(labels, firing, params))
}
