//! One graph alone: a page, or the panel that refreshes itself.

use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::Shell;
use super::head::Head;
use super::scene::Scene;
use super::time_bar::TimeBar;
use crate::web::links::{Page, Source};
use crate::web::panels::{GraphPanel, ProblemsPanel};
use crate::web::{CachePolicy, Format, GraphNumber, PageError, form};

#[derive(Template)]
#[template(path = "pages/graph.html")]
pub struct GraphPage<'a> {
    pub shell: Shell<'a>,
    pub head: Head,
    pub bar: TimeBar,
    pub problems: Option<ProblemsPanel>,
    pub graph: GraphPanel,
}

pub async fn show(
    request: HttpRequest,
    format: Format,
    number: GraphNumber,
    scene: Scene,
) -> Result<HttpResponse, PageError> {
    let link = scene.links().to(Page::Graph(Source::Entity(&scene.entity.reference), number.0));
    let setting = scene.setting(link.path());
    let chosen = scene.chosen(number.0)?;
    let graph = scene.graph_alone(&setting, number.0, &chosen).await;
    if format == Format::Fragment {
        return form::html(&request, &graph, CachePolicy::Live);
    }
    let head = scene.head("", scene.summary_without_alerts());
    let page = GraphPage {
        shell: scene.shell(link.path(), &head),
        bar: scene.time_bar(link.path()),
        problems: match chosen.is_ad_hoc {
            true => ProblemsPanel::of_query(&chosen.spec.source, &chosen.spec.problems),
            false => scene.problems(),
        },
        head,
        graph,
    };
    form::html(&request, &page, CachePolicy::Live)
}
