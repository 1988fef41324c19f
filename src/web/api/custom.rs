//! `/graph` and `/alerts` as data: what their addresses describe, in the forms that an entity's have.

use actix_web::{HttpRequest, HttpResponse};

use super::{alerts, graph, picture, sheets, strict};
use crate::monitoring::{AlertTable, Graph};
use crate::web::drawing::FileSize;
use crate::web::params::ParamProblem;
use crate::web::{Custom, PageError};

/// `/graph.json`
pub async fn graph(request: HttpRequest, custom: Custom) -> Result<HttpResponse, PageError> {
    let graph = asked_graph(&custom).await?;
    graph::json(&request, graph, &custom.params).await
}

/// `/graph.csv`
pub async fn graph_sheet(request: HttpRequest, custom: Custom) -> Result<HttpResponse, PageError> {
    let graph = asked_graph(&custom).await?;
    let title = custom.params.custom.title.as_deref();
    sheets::graph(&request, &[graph.instance.clone().as_str(), title.unwrap_or("graph")], graph).await
}

/// `/graph.svg`
pub async fn graph_picture(
    request: HttpRequest,
    size: FileSize,
    custom: Custom,
) -> Result<HttpResponse, PageError> {
    let graph = asked_graph(&custom).await?;
    picture::picture(&request, size, graph, &custom.params).await
}

/// `/alerts.json`
pub async fn alerts(request: HttpRequest, custom: Custom) -> Result<HttpResponse, PageError> {
    let table = asked_alerts(&custom).await?;
    alerts::json(&request, &table, &custom.params)
}

/// `/alerts.csv`
pub async fn alerts_sheet(request: HttpRequest, custom: Custom) -> Result<HttpResponse, PageError> {
    let table = asked_alerts(&custom).await?;
    let rows = alerts::chosen(&table, &custom.params);
    sheets::alerts(&request, &[table.instance.as_str(), "alerts"], &table, rows).await
}

async fn asked_graph(custom: &Custom) -> Result<Graph, PageError> {
    custom.may_query()?;
    strict(&custom.params)?;
    let further = custom.params.custom.more.len();
    if further > 0 {
        let message = format!("asks for a further graph ({further} in all), and a data form holds one");
        return Err(bad("g1.expr", message));
    }
    let spec = custom.graph_spec().ok_or_else(|| bad("query", "is missing".to_owned()))?;
    Custom::readable(&spec)?;
    let instance = custom.instance()?;
    custom.graph(&instance, &spec).await.map_err(PageError::Failed)
}

async fn asked_alerts(custom: &Custom) -> Result<AlertTable, PageError> {
    custom.may_read_rules()?;
    strict(&custom.params)?;
    let instance = custom.instance()?;
    custom.alerts(&instance, &custom.alert_spec()).await.map_err(PageError::Failed)
}

fn bad(parameter: &'static str, message: String) -> PageError {
    PageError::BadParameters(vec![ParamProblem { parameter, message }])
}
