//! An entity's page: its alerts, then every graph.

use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use futures_util::future::join4;

use super::Shell;
use super::head::Head;
use super::scene::{Scene, Wait};
use super::time_bar::TimeBar;
use crate::web::links::Page;
use crate::web::panels::members::MemberList;
use crate::web::panels::missing::MissingAnnotation;
use crate::web::panels::{
    AccountPanel, AlertsPanel, GraphPanel, MembersPanel, MissingPanel, ProblemsPanel, ResolvedAlertPanel,
    StateSummary,
};
use crate::web::{ErrorText, PageError, form};

#[derive(Template)]
#[template(path = "pages/entity.html", blocks = ["content"])]
pub struct EntityPage<'a> {
    pub shell: Shell<'a>,
    pub head: Head,
    pub bar: TimeBar,
    pub problems: Option<ProblemsPanel>,
    /// Stands for all panels.
    pub fault: Option<ErrorText>,
    pub missing: Option<MissingPanel>,
    pub members: Option<MembersPanel>,
    pub landed: Option<ResolvedAlertPanel>,
    pub alerts: Option<AlertsPanel>,
    pub graphs: Vec<GraphPanel>,
    pub account: AccountPanel,
}

pub async fn show(request: HttpRequest, scene: Scene) -> Result<HttpResponse, PageError> {
    let link = scene.links().to(Page::Entity(&scene.entity.reference));
    let setting = scene.setting(link.path());
    let fault = scene.fault();
    let missing = scene.spec.is_empty() && !scene.is_unknown();
    let asks = fault.is_none() && !missing;
    let alerts = async {
        match asks && scene.spec.alerts.is_some() {
            true => Some(scene.alerts(&setting, Wait::Briefly, false).await),
            false => None,
        }
    };
    let graphs = async { if asks { scene.graphs(&setting).await } else { Vec::new() } };
    let members = scene.members(MemberList::First);
    let (alerts, graphs, landed, members) = join4(alerts, graphs, scene.landed(), members).await;
    let leads = members.as_ref().filter(|members| members.leads_page);
    let summary = match &alerts {
        Some(alerts) => alerts.summary.clone(),
        None if fault.is_some() && (scene.spec.alerts.is_some() || scene.is_unknown()) => {
            StateSummary::unknown(None)
        }
        None if leads.is_some() => {
            leads.map_or_else(|| StateSummary::without_alerts(None), |m| m.summary.clone())
        }
        None if missing => StateSummary::without_alerts(None),
        None => scene.summary_without_alerts(),
    };
    let head = scene.head("Overview", summary);
    let page = EntityPage {
        shell: scene.shell(link.path(), &head),
        bar: scene.time_bar(link.path()),
        problems: scene.problems(),
        account: scene.account(),
        missing: (missing && members.is_none())
            .then(|| MissingPanel::of(&scene.entity, MissingAnnotation::Everything)),
        members,
        fault: fault.filter(|_| !missing),
        head,
        landed,
        alerts,
        graphs,
    };
    form::page(&request, &page, &page.as_content())
}
