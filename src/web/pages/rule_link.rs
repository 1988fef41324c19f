//! A rule's own link (`generatorURL`) as an address of the portal: it leads to the entity with the rule's alert.

use std::sync::Arc;

use actix_web::HttpRequest;
use url::form_urlencoded;

use super::alert_target::AlertTime;
use crate::monitoring::alert_index::AlertIndex;
use crate::monitoring::{AlertIndexer, Expressions};
use crate::promql::PromQl;
use crate::web::links::{AlertLink, Link};
use crate::web::page_error::PageError;
use crate::web::params::FurtherQuery;
use crate::web::request::View;

/// The page of the one entity whose alert rule has the expression. It queries nothing but what annotations name, so
/// it needs no permission.
pub async fn entity_page(
    request: &HttpRequest,
    view: &View,
    indexer: &AlertIndexer,
    expressions: &Expressions,
) -> Result<Option<Link>, PageError> {
    if !is_from_prometheus(request.query_string()) {
        return Ok(None);
    }
    match indexer.index().await {
        Some(index) => Ok(of_rule(view, &index, expressions).await),
        // A reader who may see the graph itself need not wait for the catalog.
        None => view.authorize_graph().map(|()| None).map_err(|_| PageError::CatalogNotRead),
    }
}

/// Prometheus writes such links with no parameter of ours.
fn is_from_prometheus(query: &str) -> bool {
    let names: Vec<_> = form_urlencoded::parse(query.as_bytes()).map(|(name, _)| name).collect();
    let ours =
        |name: &str| matches!(name, "query" | "entity" | "instance") || FurtherQuery::number(name).is_some();
    names.iter().any(|name| name == "g0.expr") && !names.iter().any(|name| ours(name))
}

async fn of_rule(view: &View, index: &Arc<AlertIndex>, expressions: &Expressions) -> Option<Link> {
    let (monitoring, params) = (&view.portal.monitoring, &view.params);
    let query = PromQl::read(params.custom.query.as_deref()?).0?;
    let entity = monitoring.entity_of_expression(index, expressions, &query).await?;
    let time = AlertTime { at: None, text: None, now: params.period.now };
    let alert = time.link(&view.portal, &entity).await;
    let is_timed = ["from", "to", "range"].iter().any(|name| params.is_given(name));
    let alert = if is_timed { AlertLink { from: None, to: None, ..alert } } else { alert };
    Some(view.links().entity_alert(&entity.entity.reference, &alert))
}
