//! One graph: as a page, as the panel that refreshes itself, or as data.

use actix_web::http::StatusCode;
use actix_web::web::{self, Data};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::ad_hoc::{AdHocForm, AdHocPage};
use super::head::Head;
use super::time_bar::TimeBar;
use super::top::Top;
use super::{Shell, panel_context, problems, redirect, rule_link, summary_without_alerts};
use crate::chart::{Plot, svg};
use crate::monitoring::{AlertIndexer, Expressions, Failure, Graph};
use crate::prometheus::Origin;
use crate::web::data;
use crate::web::format::Format;
use crate::web::links::{Link, Page, Source};
use crate::web::page_error::{ErrorText, PageError};
use crate::web::panels::chart::{canvas, capped};
use crate::web::panels::remarks::{Level, Remark, of_graph};
use crate::web::panels::stats::texts;
use crate::web::panels::{GraphPanel, PanelContext, ProblemsPanel};
use crate::web::params::PageParams;
use crate::web::reply::{self, CachePolicy};
use crate::web::request::{FileSize, GraphNumber, GraphRequest, Subject, View, bad_parameter};

#[derive(Template)]
#[template(path = "pages/graph.html")]
pub struct GraphPage<'a> {
    pub shell: Shell<'a>,
    pub top: Top,
    pub bar: TimeBar,
    /// Further expressions of an address of Prometheus, each with a page of its own.
    pub further: Vec<(String, Link)>,
    pub problems: Option<ProblemsPanel>,
    /// Why an ad-hoc page has no graph.
    pub fault: Option<ErrorText>,
    pub graph: Option<GraphPanel>,
}

pub async fn show(
    request: HttpRequest,
    view: View,
    number: GraphNumber,
    format: Format,
    indexer: Data<AlertIndexer>,
    expressions: Data<Expressions>,
) -> Result<HttpResponse, PageError> {
    if format == Format::Page
        && view.is_ad_hoc()
        && let Some(page) = rule_link::entity_page(&request, &view, &indexer, &expressions).await?
    {
        return Ok(redirect(&page));
    }
    view.authorize_graph()?;
    match format {
        Format::Json => data::graph::json(&request, answer(&view, number).await?, &view.params).await,
        Format::Csv => csv(&request, &view, number).await,
        Format::Svg => {
            let size = FileSize::read(request.query_string())?;
            svg(&request, size, answer(&view, number).await?, &view.params).await
        }
        Format::Page | Format::Fragment => page(&request, &view, number, format).await,
    }
}

/// The graph for data.
async fn answer(view: &View, number: GraphNumber) -> Result<Graph, PageError> {
    view.strict()?;
    let further = view.params.custom.more.len();
    if further > 0 {
        let message = format!("asks for a further graph ({further} in all), and a data form holds one");
        return Err(bad_parameter("g1.expr", message));
    }
    if !view.is_ad_hoc() && view.spec.graphs.is_empty() && view.params.custom.query.is_none() {
        return Err(PageError::Failed(Failure::NoAnnotation));
    }
    let graph = view.graph_request(number)?;
    graph.readable()?;
    view.instance.clone()?;
    view.graph(&graph.spec, graph.origin).await.map_err(PageError::Failed)
}

async fn csv(request: &HttpRequest, view: &View, number: GraphNumber) -> Result<HttpResponse, PageError> {
    let graph = answer(view, number).await?;
    let number = number.0.to_string();
    match &view.subject {
        Subject::Entity(entity) => {
            data::csv::graph(request, &[entity.reference.name(), "graph", &number], graph).await
        }
        Subject::AdHoc(_) => {
            let title = view.params.custom.title.as_deref().unwrap_or("graph");
            data::csv::graph(request, &[graph.instance.clone().as_str(), title], graph).await
        }
    }
}

/// Drawn on a thread for blocking work: a graph may have many samples.
async fn svg(
    request: &HttpRequest,
    size: FileSize,
    graph: Graph,
    params: &PageParams,
) -> Result<HttpResponse, PageError> {
    let graph = Graph { graph_type: params.graph_type.unwrap_or(graph.graph_type), ..graph };
    let (params, style) = (params.clone(), size.style(params.theme));
    let canvas = canvas(&params, Some(size.width), size.height);
    let draw = move || {
        let plot = Plot::of(&graph, &params.period, &canvas);
        let matrix = &graph.answer.value;
        let is_empty = matrix.series.is_empty() && matrix.histograms.is_empty() && graph.stats.is_empty();
        let empty = is_empty.then(|| "No data in this range.".to_owned());
        let remarks = of_graph(&graph, Some(&plot), None, &params);
        let (below, above): (Vec<_>, Vec<_>) = remarks.iter().partition(|remark| remark.level == Level::Info);
        let lines = |remarks: Vec<&Remark>| remarks.into_iter().map(ToString::to_string).collect::<Vec<_>>();
        let drawn = empty.into_iter().chain(texts(&graph)).chain(capped(&plot));
        let notes: Vec<String> = lines(above).into_iter().chain(drawn).chain(lines(below)).collect();
        svg::file(&plot, &style, &notes)
    };
    let drawn = web::block(draw).await.map_err(|error| PageError::internal("an SVG file", &error))?;
    Ok(reply::text(request, StatusCode::OK, "image/svg+xml", drawn.into_bytes(), CachePolicy::Live))
}

async fn page(
    request: &HttpRequest,
    view: &View,
    number: GraphNumber,
    format: Format,
) -> Result<HttpResponse, PageError> {
    let link = view.links().to(Page::Graph(view.subject.source(), number.0));
    let has_graph = !view.is_ad_hoc() || view.params.custom.query.is_some();
    let graph = if has_graph { Some(view.graph_request(number)?) } else { None };
    let answer = match &graph {
        Some(graph) => panel(view, &link, number, graph).await.map(Some),
        None => named_instance(view).map(|()| None),
    };
    let (panel, fault) = match answer {
        Ok(panel) => (panel, None),
        Err(fault) if format == Format::Fragment => return Err(fault),
        // The panel of its problems says what is wrong with a query.
        Err(PageError::BrokenQuery(_)) => (None, None),
        Err(fault) => (None, Some(fault.text())),
    };
    if let Some(panel) = panel.as_ref().filter(|_| format == Format::Fragment) {
        return reply::html(request, panel, CachePolicy::Live);
    }
    let top = match &view.subject {
        Subject::Entity(entity) => Head::of(view, entity, "", summary_without_alerts(view)).into(),
        Subject::AdHoc(_) => {
            let heading = view.params.custom.title.as_deref().unwrap_or("Explore: Graph");
            Top::AdHoc(Box::new(AdHocForm::of(view, AdHocPage::Graph, heading)))
        }
    };
    // An instance that no one has is missing. Other faults leave a page with its form.
    let status = fault.as_ref().map(|fault| fault.status).filter(|status| *status == StatusCode::NOT_FOUND);
    let further = view.params.custom.more.iter();
    let page = GraphPage {
        shell: Shell::of(view, &link, &top),
        bar: TimeBar::of(view, &link),
        further: further.map(|query| (query.clone(), view.links().other_query(query))).collect(),
        problems: match &graph {
            Some(GraphRequest { spec, origin: Origin::AdHoc }) => {
                ProblemsPanel::of_query(&spec.source, &spec.problems)
            }
            _ => problems(view),
        },
        fault,
        top,
        graph: panel,
    };
    reply::html_as(request, status.unwrap_or(StatusCode::OK), &page, CachePolicy::Live)
}

/// The panel says of an entity's graph why it cannot be drawn. An ad-hoc page says so itself.
async fn panel(
    view: &View,
    link: &Link,
    GraphNumber(number): GraphNumber,
    graph: &GraphRequest,
) -> Result<GraphPanel, PageError> {
    let context = panel_context(view, link);
    let source = match &view.subject {
        Subject::Entity(entity) => Source::Card(&entity.reference),
        Subject::AdHoc(_) => {
            view.instance.clone()?;
            graph.readable()?;
            Source::AdHoc
        }
    };
    let instance = view.instance.as_ref().ok().map(|routed| routed.settings());
    let answer = view.graph(&graph.spec, graph.origin).await;
    Ok(GraphPanel::of(&PanelContext { source, ..context }, instance, number, &graph.spec, Some(answer)))
}

/// An address without a query that names an instance in vain is wrong already.
fn named_instance(view: &View) -> Result<(), PageError> {
    let custom = &view.params.custom;
    let is_named = view.subject.entity().is_some() || custom.instance.is_some() || custom.lost;
    if is_named { view.instance.clone().map(|_| ()) } else { Ok(()) }
}
