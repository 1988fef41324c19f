//! All graphs of an entity.

use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::Shell;
use super::head::Head;
use super::scene::Scene;
use super::time_bar::TimeBar;
use crate::web::links::Page;
use crate::web::panels::missing::MissingAnnotation;
use crate::web::panels::{GraphPanel, MissingPanel, ProblemsPanel};
use crate::web::{ErrorText, PageError, form};

#[derive(Template)]
#[template(path = "pages/graphs.html", blocks = ["content"])]
pub struct GraphsPage<'a> {
    pub shell: Shell<'a>,
    pub head: Head,
    pub bar: TimeBar,
    pub problems: Option<ProblemsPanel>,
    pub fault: Option<ErrorText>,
    pub missing: Option<MissingPanel>,
    pub graphs: Vec<GraphPanel>,
}

pub async fn show(request: HttpRequest, scene: Scene) -> Result<HttpResponse, PageError> {
    let link = scene.links().to(Page::Graphs(&scene.entity.reference));
    let setting = scene.setting(link.path());
    let missing = scene.spec.graphs.is_empty();
    let fault = scene.fault().filter(|_| !missing);
    let graphs = if fault.is_none() { scene.graphs(&setting).await } else { Vec::new() };
    let head = scene.head("Graphs", scene.summary_without_alerts());
    let page = GraphsPage {
        shell: scene.shell(link.path(), &head),
        bar: scene.time_bar(link.path()),
        problems: scene.problems(),
        missing: missing.then(|| MissingPanel::of(&scene.entity, MissingAnnotation::Graphs)),
        fault,
        head,
        graphs,
    };
    form::page(&request, &page, &page.as_content())
}
