//! All graphs of an entity.

use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use futures_util::future::join_all;

use super::head::Head;
use super::time_bar::TimeBar;
use super::top::Top;
use super::{Shell, briefly, panel_context, problems, summary_without_alerts};
use crate::prometheus::Origin;
use crate::web::links::Page;
use crate::web::page_error::{ErrorText, PageError};
use crate::web::panels::missing::MissingAnnotation;
use crate::web::panels::{GraphPanel, MissingPanel, PanelContext, ProblemsPanel};
use crate::web::reply;
use crate::web::request::View;

#[derive(Template)]
#[template(path = "pages/graphs.html", blocks = ["content"])]
pub struct GraphsPage<'a> {
    pub shell: Shell<'a>,
    pub top: Top,
    pub bar: TimeBar,
    pub problems: Option<ProblemsPanel>,
    pub fault: Option<ErrorText>,
    pub missing: Option<MissingPanel>,
    pub graphs: Vec<GraphPanel>,
}

pub async fn show(request: HttpRequest, view: View) -> Result<HttpResponse, PageError> {
    let entity = view.entity()?;
    let link = view.links().to(Page::Graphs(&entity.reference));
    let is_missing = view.spec.graphs.is_empty();
    let fault = view.instance.as_ref().err().filter(|_| !is_missing).map(PageError::text);
    let graphs = if fault.is_none() { panels(&view, &panel_context(&view, &link)).await } else { Vec::new() };
    let top = Head::of(&view, entity, "Graphs", summary_without_alerts(&view)).into();
    let page = GraphsPage {
        shell: Shell::of(&view, &link, &top),
        bar: TimeBar::of(&view, &link),
        problems: problems(&view),
        missing: is_missing.then(|| MissingPanel::of(entity, MissingAnnotation::Graphs)),
        fault,
        top,
        graphs,
    };
    reply::page(&request, &page, &page.as_content())
}

/// All graphs at once. Each fails or loads for itself.
pub async fn panels(view: &View, context: &PanelContext<'_>) -> Vec<GraphPanel> {
    let instance = view.instance.as_ref().ok().map(|routed| routed.settings());
    let panels = view.spec.graphs.iter().enumerate().map(async |(at, spec)| {
        let answer = briefly(view.graph(spec, Origin::Known)).await;
        GraphPanel::of(context, instance, at + 1, spec, answer)
    });
    join_all(panels).await
}
