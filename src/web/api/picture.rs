//! `{entity}/graphs/{n}.svg`: a graph as a picture, for places that show pictures.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use super::graph::asked;
use crate::chart::{Plot, svg};
use crate::monitoring::{Graph, Monitoring};
use crate::web::drawing::FileSize;
use crate::web::panels::chart::{canvas, capped};
use crate::web::panels::remarks::{Level, Remark, of_graph};
use crate::web::panels::stats::texts;
use crate::web::{CachePolicy, Facts, GraphNumber, PageError, PageParams, Subject, WebSettings, form};

#[expect(clippy::too_many_arguments, reason = "each is taken from the request by its type")]
pub async fn show(
    request: HttpRequest,
    size: FileSize,
    subject: Subject,
    number: GraphNumber,
    params: PageParams,
    facts: Facts,
    monitoring: web::Data<Monitoring>,
    settings: web::Data<WebSettings>,
) -> Result<HttpResponse, PageError> {
    let graph = asked(&subject, number, &params, &facts, &monitoring, &settings).await?;
    picture(&request, size, graph, &params).await
}

/// A graph as a picture, whoever asked for it. Drawn on a thread for blocking work: it may have many samples.
pub async fn picture(
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
    let drawn = web::block(draw).await.map_err(|error| PageError::internal("a picture", &error))?;
    Ok(form::answer(request, StatusCode::OK, "image/svg+xml", drawn.into_bytes(), CachePolicy::Live))
}
