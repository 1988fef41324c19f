//! All graphs of an entity.

use actix_web::{HttpRequest, HttpResponse};
use futures_util::future::join_all;

use super::shared_fault::SharedFault;
use super::top::Tab;
use super::view_page::ViewPage;
use super::{briefly, panel_context, problems};
use crate::annotations::RULE;
use crate::monitoring::WantedSamples;
use crate::prometheus::Origin;
use crate::web::links::Page;
use crate::web::page_error::PageError;
use crate::web::panels::{GraphPanel, MissingPanel, PanelContext};
use crate::web::params::Folding;
use crate::web::reply;
use crate::web::request::View;

pub async fn show(request: HttpRequest, view: View) -> Result<HttpResponse, PageError> {
    let entity = view.entity()?;
    let link = view.links().to(Page::Graphs(&entity.reference));
    let is_missing = view.spec.graphs.is_empty();
    let fault = view.instance.as_ref().err().filter(|_| !is_missing).map(PageError::text);
    let mut graphs =
        if fault.is_none() { panels(&view, panel_context(&view, &link)).await } else { Vec::new() };
    let page = ViewPage {
        problems: problems(&view),
        missing: is_missing.then_some(MissingPanel { entity, annotations: &[RULE] }),
        fault,
        shared: SharedFault::of(&view, None, &mut graphs),
        graphs,
        ..ViewPage::of(&view, &link, Tab::Graphs, None)
    };
    reply::page(&request, &page, &page.as_content())
}

/// All graphs at once. Each fails or loads for itself.
pub async fn panels<'a>(view: &'a View, context: PanelContext<'a>) -> Vec<GraphPanel<'a>> {
    let panels = view.spec.graphs.iter().enumerate().map(async |(at, spec)| {
        let spec = view.params.graphs.chosen(at + 1, spec.clone());
        let answer = view.graph(&spec, Origin::Known, WantedSamples::WhatIsThere);
        let answer = briefly(view.portal.monitoring.recorder(), answer).await;
        let context = PanelContext { folding: Folding::Line, ..context };
        GraphPanel::of(context, view.instance_settings(), at + 1, &spec, answer)
    });
    join_all(panels).await
}
