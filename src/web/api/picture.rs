//! `{entity}/graphs/{n}.svg`: a graph as a picture, for places that show pictures.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use super::graph::asked;
use crate::chart::{Plot, svg};
use crate::monitoring::{Graph, Monitoring};
use crate::web::drawing::FileSize;
use crate::web::panels::Stale;
use crate::web::panels::chart::{canvas, capped, every, gaps};
use crate::web::panels::stats::in_words;
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
    let stale = Stale::of(graph.answer.as_of, graph.answer.failure.as_ref(), params);
    let stale = stale.map(|stale| format!("As of {}: {}", stale.as_of.text, stale.why));
    let (period, sheet) = (params.period, size.sheet(params.theme));
    let canvas = canvas(params, Some(size.width), size.height);
    let draw = move || {
        let plot = Plot::of(&graph, &period, &canvas);
        let matrix = &graph.answer.value;
        let step = format!("One point {}.", every(matrix.window.step_ms()));
        let is_empty = matrix.series.is_empty() && matrix.histograms.is_empty() && graph.stats.is_empty();
        let nothing = is_empty.then(|| "No data in this range.".to_owned());
        let notes =
            stale.into_iter().chain(matrix.warnings.iter().cloned()).chain(nothing).chain(in_words(&graph));
        let notes = notes.chain(capped(&plot));
        let notes: Vec<String> =
            notes.chain(gaps(&plot)).chain([step]).chain(graph.notices.iter().cloned()).collect();
        svg::file(&plot, &sheet, &notes)
    };
    let drawn = web::block(draw).await.map_err(|error| PageError::internal("a picture", &error))?;
    Ok(form::answer(request, StatusCode::OK, "image/svg+xml", drawn.into_bytes(), CachePolicy::Live))
}
