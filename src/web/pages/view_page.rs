//! The page of a view: the top, then one panel or several.

use actix_web::http::StatusCode;
use askama::Template;

use super::shared_fault::SharedFault;
use super::time_bar::TimeBar;
use super::top::{Tab, Top};
use super::{Shell, summary_without_alerts};
use crate::catalog::Entity;
use crate::web::links::Link;
use crate::web::page_error::ErrorText;
use crate::web::panels::{
    AccountPanel, AlertsPanel, GraphPanel, MembersPanel, MissingPanel, ProblemsPanel, ResolvedAlertPanel,
    StateSummary,
};
use crate::web::params::FurtherQuery;
use crate::web::request::View;

#[derive(Template)]
#[template(path = "pages/view_page.html", blocks = ["content"])]
pub struct ViewPage<'a> {
    pub shell: Shell<'a>,
    pub top: Top<'a>,
    pub bar: TimeBar<'a>,
    pub problems: Option<ProblemsPanel>,
    /// One failure in place of all panels.
    pub fault: Option<ErrorText>,
    /// One failure of several panels.
    pub shared: Option<SharedFault>,
    pub resolved: Option<ResolvedAlertPanel<'a>>,
    pub missing: Option<MissingPanel<'a>>,
    pub members: Option<MembersPanel>,
    pub alerts: Option<AlertsPanel<'a>>,
    /// The graph of a page with one graph.
    pub graph: Option<GraphPanel<'a>>,
    pub graphs: Vec<GraphPanel<'a>>,
    pub account: Option<AccountPanel<'a>>,
}

impl<'a> ViewPage<'a> {
    /// Without panels. `summary` is None on a page without alerts.
    pub fn of(view: &'a View, page: &'a Link, tab: Tab, summary: Option<StateSummary>) -> Self {
        let summary = summary.unwrap_or_else(|| summary_without_alerts(view));
        let top = Top { view, tab, summary };
        let shell = Shell::new(&view.portal.settings, &view.params, page.path(), &top.title());
        let section = if view.is_ad_hoc() { "query" } else { "" };
        Self {
            shell: Shell { icon: top.summary.icon(), section, ..shell },
            top,
            bar: TimeBar::of(view.links(), page),
            problems: None,
            fault: None,
            shared: None,
            resolved: None,
            missing: None,
            members: None,
            alerts: None,
            graph: None,
            graphs: Vec::new(),
            account: None,
        }
    }

    /// 404 if the instance does not exist or the alert is no longer active. Else 200: with other faults the page still
    /// has its form.
    pub fn status(&self) -> StatusCode {
        let is_missing = self.fault.as_ref().is_some_and(|fault| fault.status == StatusCode::NOT_FOUND);
        let is_gone = self.graph.as_ref().is_some_and(GraphPanel::is_gone);
        if is_missing || is_gone { StatusCode::NOT_FOUND } else { StatusCode::OK }
    }

    /// Further queries of an address of Prometheus, each with a page of its own.
    fn further(&self) -> &[FurtherQuery] {
        if self.top.tab == Tab::Graph { &self.top.view.params.custom.more } else { &[] }
    }

    /// The other entities that show the alert of the address, if the catalog has them.
    fn also(&self) -> impl Iterator<Item = &Entity> {
        let view = self.top.view;
        let others = view.params.also.iter().filter_map(|other| view.snapshot.get(other));
        others
            .map(|other| &**other)
            .filter(|other| view.entity().is_ok_and(|own| own.reference != other.reference))
    }

    /// The page of members of an entity that has none.
    fn lacks_members(&self) -> bool {
        self.top.tab == Tab::Members && self.members.is_none()
    }
}
