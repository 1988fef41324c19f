//! One graph: as a page, as the panel that refreshes itself, or as data.

use actix_web::http::StatusCode;
use actix_web::web::{self, Data};
use actix_web::{HttpRequest, HttpResponse};

use super::top::Tab;
use super::view_page::ViewPage;
use super::{panel_context, problems, redirect, rule_link};
use crate::chart::Plot;
use crate::chart::svg::{self, SvgStyle};
use crate::monitoring::{AlertIndexer, EmptyReason, Expressions, Failure, Graph, WantedSamples};
use crate::prometheus::Origin;
use crate::web::data;
use crate::web::format::Format;
use crate::web::links::{Link, Page, Source};
use crate::web::page_error::{EmptyText, PageError};
use crate::web::panels::chart::{canvas, capped};
use crate::web::panels::remarks::{Level, Remark, of_graph};
use crate::web::panels::stats::texts;
use crate::web::panels::{GraphPanel, PanelContext, ProblemsPanel};
use crate::web::params::{FurtherQuery, PageParams, ParamProblem};
use crate::web::reply;
use crate::web::request::{GraphNumber, GraphRequest, View, ViewSubject, file_style};

/// An error names this many further graphs.
const MAX_NAMED: usize = 10;

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
            let style = file_style(request.query_string(), view.params.theme)?;
            svg(&request, style, answer(&view, number).await?, &view.params).await
        }
        Format::Page | Format::Fragment => page(&request, &view, number, format).await,
    }
}

/// The graph for data.
async fn answer(view: &View, number: GraphNumber) -> Result<Graph, PageError> {
    view.strict()?;
    if !view.params.custom.more.is_empty() {
        let problem = |further: &FurtherQuery| ParamProblem {
            parameter: further.parameter.clone().into(),
            message: "asks for a further graph, and a data form holds one".to_owned(),
        };
        let problems = view.params.custom.more.iter().take(MAX_NAMED).map(problem);
        return Err(PageError::BadParameters(problems.collect()));
    }
    if !view.is_ad_hoc() && view.spec.graphs.is_empty() && view.params.custom.query.is_none() {
        return Err(PageError::Failed(Failure::NoAnnotation));
    }
    let graph = view.graph_request(number)?;
    graph.readable()?;
    view.instance.clone()?;
    view.graph(&graph.spec, graph.origin, WantedSamples::All).await.map_err(PageError::Failed)
}

async fn csv(request: &HttpRequest, view: &View, number: GraphNumber) -> Result<HttpResponse, PageError> {
    let graph = answer(view, number).await?;
    let number = number.0.to_string();
    match &view.subject {
        ViewSubject::Entity(entity) => {
            data::csv::graph(request, &[entity.reference.name(), "graph", &number], graph, &view.params).await
        }
        ViewSubject::AdHoc(_) => {
            let title = view.params.custom.title.as_deref().unwrap_or("graph");
            data::csv::graph(request, &[graph.instance.clone().as_str(), title], graph, &view.params).await
        }
    }
}

/// Drawn on a thread for blocking work: a graph may have many samples.
async fn svg(
    request: &HttpRequest,
    style: SvgStyle,
    graph: Graph,
    params: &PageParams,
) -> Result<HttpResponse, PageError> {
    let params = params.clone();
    let canvas = canvas(&params, Some(style.width), style.height);
    let draw = move || {
        if graph.answer.value.instant.is_some() {
            return tiles(&graph, &style, &params);
        }
        let plot = Plot::of(&graph, &params.period, &canvas);
        let matrix = &graph.answer.value;
        let is_empty = matrix.series.is_empty() && matrix.histograms.is_empty();
        let is_nan = matches!(graph.empty_reason, EmptyReason::OnlyNan { .. });
        let range = format!("{} to {}", params.from, params.to);
        let empty = (is_empty || is_nan).then(|| format!("{}.", EmptyText::of(&graph, &range).title));
        let remarks = of_graph(&graph, Some(&plot), None, &params);
        let (below, above): (Vec<_>, Vec<_>) = remarks.iter().partition(|remark| remark.level == Level::Info);
        let lines = |remarks: Vec<&Remark>| remarks.into_iter().map(ToString::to_string).collect::<Vec<_>>();
        let drawn = empty.into_iter().chain(capped(&plot));
        let notes: Vec<String> = lines(above).into_iter().chain(drawn).chain(lines(below)).collect();
        (svg::file(&plot, &style, &notes), remarks)
    };
    let drawn = web::block(draw).await;
    let (drawn, remarks) = drawn.map_err(|error| PageError::internal("an SVG file", &error))?;
    let reply = reply::text(request, StatusCode::OK, "image/svg+xml", drawn.into_bytes());
    Ok(data::with_notices(reply, &remarks))
}

/// Single values have no lines.
fn tiles(graph: &Graph, style: &SvgStyle, params: &PageParams) -> (String, Vec<Remark>) {
    let range = format!("{} to {}", params.from, params.to);
    let empty = graph.stats.is_empty().then(|| format!("{}.", EmptyText::of(graph, &range).title));
    let remarks = of_graph(graph, None, None, params);
    let notes: Vec<String> = empty.into_iter().chain(remarks.iter().map(ToString::to_string)).collect();
    let values = (&*texts(graph), graph.stats.len());
    (svg::values_file(&graph.title, values, style, &notes), remarks)
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
        return reply::html(request, panel);
    }
    let page = ViewPage {
        problems: match &graph {
            Some(GraphRequest { spec, origin: Origin::AdHoc }) => {
                ProblemsPanel::of_query(&spec.source, &spec.problems)
            }
            _ => problems(view),
        },
        fault,
        graph: panel,
        ..ViewPage::of(view, &link, Tab::Graph, None)
    };
    reply::html_as(request, page.status(), &page)
}

/// The panel says of an entity's graph why it cannot be drawn. An ad-hoc page says so itself.
async fn panel<'a>(
    view: &'a View,
    link: &'a Link,
    GraphNumber(number): GraphNumber,
    graph: &GraphRequest,
) -> Result<GraphPanel<'a>, PageError> {
    let source = match &view.subject {
        ViewSubject::Entity(entity) => Source::Card(&entity.reference),
        ViewSubject::AdHoc(_) => {
            view.instance.clone()?;
            graph.readable()?;
            Source::AdHoc
        }
    };
    let context = PanelContext { source, ..panel_context(view, link) };
    let answer = view.graph(&graph.spec, graph.origin, WantedSamples::WhatIsThere).await;
    Ok(GraphPanel::of(context, view.instance_settings(), number, &graph.spec, Some(answer)))
}

/// An address without a query that names an instance in vain is wrong already.
fn named_instance(view: &View) -> Result<(), PageError> {
    let custom = &view.params.custom;
    let is_named = view.subject.entity().is_some() || custom.instance.is_some() || custom.lost;
    if is_named { view.instance.clone().map(|_| ()) } else { Ok(()) }
}
